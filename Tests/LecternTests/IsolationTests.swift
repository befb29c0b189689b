import ControlCore
import Lectern
import LoopTesting
import LuaRuntime
import Testing

/// A fault stays where it happened.
@Suite("Isolation of faults")
struct IsolationTests {
    /// A client that asks the program's server once a second and prints the answers.
    static let client = """
        local c = EthernetClientInterface('room', 7000)
        c:Connect()
        Timer(1, function(_, n) print(c:SendAndWait('are you there\\n', 0.5, {deliTag = '\\n'}):strip()) end)
        """

    static let answering = """
        local server = EthernetServerInterfaceEx(7000)
        server.ReceiveData = function(client, data) client:Send('yes\\n') end
        server:StartListen()

        """

    /// The milliseconds after which a task is ended. What is no culprit fits in on a busy machine, too.
    static let burst = Int(80 * Machine.slowness)

    static func configuration() -> ProgramConfiguration {
        var configuration = Stage.configuration()
        configuration.limits.memoryBytes = 8 << 20
        configuration.limits.slowTaskWarning = .milliseconds(20)
        configuration.limits.taskBurst = .milliseconds(burst)
        return configuration
    }

    @Test(
        "A program that misbehaves in one callback answers on its other interface, and the log names task and line",
        arguments: [
            ("while true do end", "the task ran for \(burst) ms"),
            ("while true do pcall(function() while true do end end) end", "the task ran for \(burst) ms"),
            ("coroutine.wrap(function() while true do end end)()", "the task ran for \(burst) ms"),
            (
                "setmetatable({}, {__gc = function() while true do end end}) collectgarbage()",
                "the task ran for \(burst) ms"
            ),
            ("string.gsub('aa', 'a', function() while true do end end)", "the task ran for \(burst) ms"),
            ("return ('a'):rep(5000):match('.-.-.-.-b')", "pattern"),
            ("local t = {} while true do t[#t + 1] = {} end", "not enough memory"),
            ("T = {} while true do T[#T + 1] = 'x' .. #T end", "not enough memory"),
            ("local function f() return 1 + f() end f()", ""),
            (
                """
                local last for i = 1, 100000 do local before = last last = coroutine.create(function() \
                local x <close> = setmetatable({}, {__close = function() if before then coroutine.close(before) end end}) \
                coroutine.yield() end) coroutine.resume(last) end coroutine.close(last)
                """, ""
            ),
        ])
    func misbehaviour(_ text: String, _ message: String) throws {
        let stage = Stage()
        var configuration = Self.configuration()
        // Filling the memory and counting a pattern's steps take their time on a busy machine.
        if message == "not enough memory" || message == "pattern" { configuration.limits.taskBurst = .seconds(30) }
        let room = try stage.start(
            "room", Self.answering + "Wait(5, function()\n\(text) end)", configuration: configuration)
        let client = try stage.start("client", Self.client)
        stage.run(20)
        #expect(client.lines.count >= 18)
        #expect(client.lines.allSatisfy { $0 == "yes" }, "\(client.lines)")
        let errors = room.errors.filter { $0.task != nil }
        #expect(errors.count == 1, "\(errors)")
        let error = try #require(errors.first)
        #expect(error.text.contains(message), "\(error)")
        #expect(error.task?.hasPrefix(text.contains("__gc") ? "finalizer" : "Wait room.lua:4") == true, "\(error)")
        #expect(
            error.text.contains("room.lua:5") || error.traceback.contains { $0.contains("room.lua:5") }, "\(error)")
        #expect(room.ending == nil)
    }

    @Test("An error in every kind of callback is logged once with traceback, and the rest goes on")
    func callbackErrors() throws {
        let stage = Stage()
        var configuration = Stage.configuration()
        configuration.endsOnMainError = false
        try stage.start("device", ProgramTests.device)
        let room = try stage.start(
            "room",
            """
            local function fail(what) error(what .. ' failed') end
            local dev = EthernetClientInterface('device', 5000)
            dev.Connected = function() fail('Connected') end
            dev.ReceiveData = function() fail('ReceiveData') end
            dev.Disconnected = function() fail('Disconnected') end
            dev:Connect()
            dev:Send('P\\r')
            Timer(1, function(_, count) fail('Timer') end)
            Wait(1.5, function() fail('Wait') end)
            local now = os.time()
            Clock({os.date('!%H:%M:%S', now + 2)}, nil, function() fail('Clock') end):Enable()
            local h = GetConnectionHandler(EthernetClientInterface('device', 5000), function() fail('query') end)
            Wait(2.2, function() h:Connect() end)
            Wait(3.5, function() dev:Disconnect() end)
            Wait(4.9, function() print('still running') end)
            local server = EthernetServerInterfaceEx(6000)
            server.Connected = function() fail('server') end
            server:StartListen()
            EthernetClientInterface('room', 6000):Connect()
            Wait(0.1)(function() coroutine.wrap(function() fail('coroutine') end)() end)
            pause = nil
            error('main chunk')
            """, configuration: configuration)
        stage.run(5)
        let failed = room.errors.map { $0.text.split(separator: " ").dropFirst().joined(separator: " ") }
        for what in ["Connected", "ReceiveData", "Disconnected", "Wait", "Clock", "server", "coroutine"] {
            #expect(failed.filter { $0 == "\(what) failed" }.count == 1, "\(what): \(failed)")
        }
        // What repeats within a minute is told three times, and counted then.
        #expect(failed.filter { $0 == "Timer failed" }.count == 3, "\(failed)")
        #expect(failed.filter { $0 == "query failed" }.count == 2)
        #expect(failed.filter { $0.hasSuffix("main chunk") }.count == 1, "\(failed)")
        #expect(room.errors.filter { $0.traceback.isEmpty || $0.task == nil }.map(\.text) == [])
        #expect(room.lines.contains("still running"))
    }

    @Test("An error in the main chunk before its first wait is the caller's, with file, line and message")
    func mainChunkErrors() {
        let stage = Stage()
        #expect(throws: ProgramError.self) { try stage.start("room", "local x = nil\nx.y = 1") }
        do {
            try stage.start("other", "\nerror('no')")
            Issue.record("it loaded")
        } catch {
            #expect("\(error)" == "other.lua:2: no")
        }
        do {
            try stage.start("third", "x = = 1")
            Issue.record("it loaded")
        } catch {
            #expect("\(error)" == "third.lua:1: unexpected symbol near '='")
        }
    }

    @Test("A program that holds all of its memory for good is ended with a reason")
    func memoryForGood() throws {
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            keep = {}
            Timer(1, function() for i = 1, 1e9 do keep[#keep + 1] = {('x'):rep(100) .. i} end end)
            """, configuration: Self.configuration())
        stage.run(60)
        #expect(room.ending == .outOfMemory, "\(room.lines)")
    }
}
