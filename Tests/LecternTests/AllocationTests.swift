import AllocationCount
import ControlCore
import Lectern
import LuaRuntime
import Testing

/// How often memory is asked for where programs spend their lives. The bounds are what was measured when they were set,
/// and a little: what goes beyond them makes every message dearer. A debug build keeps on the heap what a release build
/// does not.
@Suite("Allocations", .enabled(if: allocations_are_counted(), "the address sanitizer has a heap of its own"))
struct AllocationTests {
    @Test("A message that a server's ReceiveData sends back takes at most 12 allocations, in a release build 3")
    func echo() async throws {
        let lines = LiveProgramTests.Lines()
        let server = """
            local server, count, before = EthernetServerInterfaceEx(0), 0
            server.ReceiveData = function(client, data)
                client:Send(data)
                count = count + 1
                if count == 1000 then before = allocations() end
                if count == 3000 then print((allocations() - before) / 2000) end
            end
            server:StartListen()
            ready(server.IPPort)
            """
        try await LiveProgramTests().withDevice(
            server, lines: lines,
            register: { runtime in
                runtime.setGlobal(
                    LuaFunction("allocations", "How often this thread has asked for memory.") {
                        (call) throws(LuaFault) in
                        call.returning(Int(allocation_count()))
                    })
            }
        ) { port, _ in
            let client = ControlHost(
                source: .text(
                    """
                    local c = EthernetClientInterface('127.0.0.1', \(port))
                    assert(c:Connect(10) == 'Connected')
                    local message = ('x'):rep(64)
                    for i = 1, 3000 do assert(c:SendAndWait(message, 10, {deliLen = 64}) == message) end
                    ExitProgram(0)
                    """, name: "client.lua", folder: "/tmp"), configuration: Stage.configuration(),
                log: lines.sink("client"))
            try await client.run()
        }
        #expect(lines.texts("client").isEmpty)
        let perMessage = try #require(lines.texts("device").first.flatMap(Double.init))
        print("an echoed message takes \(perMessage) allocations")
        #if DEBUG
            #expect(perMessage < 12.5)
        #else
            #expect(perMessage < 3.5)
        #endif
    }

    @Test("A poll by a connection handler, its response and what both sides do about it take at most 80 allocations")
    func poll() throws {
        let stage = Stage()
        try stage.start(
            "device",
            """
            local server = EthernetServerInterfaceEx(5000)
            server.ReceiveData = function(client) client:Send('Pwr1\\r\\n') end
            server:StartListen()
            """)
        let room = try stage.start(
            "room",
            """
            local polls, status = 0, re.compile('Pwr([01])\\r\\n')
            local h = GetConnectionHandler(EthernetClientInterface('device', 5000), function(interface)
                if status:search(interface:SendAndWait('P\\r', 0.3, {deliTag = '\\r\\n'})) then
                    polls = polls + 1
                    interface:ResponseAccepted()
                end
            end, {pollFrequency = 0.1})
            h:Connect(3)
            Wait(300, function() print(polls) end)
            """)
        stage.run(100)
        let before = allocation_count()
        stage.run(100)
        let perPoll = Double(allocation_count() - before) / 1000
        stage.run(101)
        let polls = try #require(room.lines.first.flatMap(Int.init))
        #expect((2980...3001).contains(polls))
        print("a poll takes \(perPoll) allocations")
        #expect(perPoll < 80.5)
    }
}
