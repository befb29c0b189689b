import ControlCore
import Lectern
import LuaRuntime
import Polling
import Testing

/// Answers that are long, answers that are too long, and clients that take nothing: each has a bound that is said.
/// Faults that were found by trial; this file only grows.
@Suite("Long answers and slow clients", .needsMemory)
struct LongAnswerTrialTests {
    /// A device that answers a number and a line feed with so many x and END.
    private static let device = """
        tcp = EthernetServerInterfaceEx(23)
        local line = ''
        tcp.ReceiveData = function(client, data)
            line = line .. data
            local count, rest = line:match('^(%d+)\\n(.*)$')
            if count then line = rest client:Send(('x'):rep(tonumber(count)) .. 'END') end
        end
        tcp:StartListen()
        """

    private static let ask = """
        D = EthernetClientInterface('10.0.0.2', 23)
        got = 0
        D.ReceiveData = function(_, data) got = got + #data end
        D:Connect(1)
        function try(count, delimiter)
            got = 0
            local ok, result = pcall(D.SendAndWait, D, count .. '\\n', 3, delimiter)
            print(count, ok, ok and #result or result.kind .. ': ' .. result.message)
            time.sleep(3)
            print('ReceiveData', got)
        end

        """

    private static func stage(_ room: String, stringBytes: Int? = nil) throws -> Stage {
        let stage = Stage()
        stage.world.network.latency = .zero
        var configuration = Stage.configuration()
        if let stringBytes { configuration.limits.stringBytes = stringBytes }
        try stage.start("room", "")
        try stage.start("device", device)
        stage.run(0)
        try stage.start("room", ask + room, configuration: configuration)
        return stage
    }

    @Test("Answers of some million bytes come whole, whatever ends them")
    func long() throws {
        let stage = try Self.stage(
            """
            try('1048580', {deliTag = 'END'})
            try('2000000', {deliLen = 2000000})
            try('2000000', {deliRex = re.compile('END')})
            try('2000000', {deliRex = re.compile('END$')})
            try('2000000')
            """)
        stage.run(60)
        #expect(
            stage.actors["room"]?.lines == [
                "1048580\ttrue\t1048583", "ReceiveData\t0", "2000000\ttrue\t2000000", "ReceiveData\t3",
                "2000000\ttrue\t2000003", "ReceiveData\t0", "2000000\ttrue\t2000003", "ReceiveData\t0",
                "2000000\ttrue\t2000003", "ReceiveData\t0",
            ], "\(String(describing: stage.actors["room"]?.timeline))")
        stage.expectNoErrors()
    }

    @Test("An answer over the limit is an error that says so, and without a delimiter it is cut, which is told")
    func tooLong() throws {
        let stage = try Self.stage(
            """
            try('200000', {deliTag = 'NEVER'})
            try('200000', {deliRex = re.compile('NEVER')})
            try('200000')
            """, stringBytes: 100_000)
        stage.run(60)
        let refusal =
            "200000\tfalse\tIOError: SendAndWait: more than 100000 bytes came (limits.stringSize) and the delimiter did not; "
            + "they go to ReceiveData"
        #expect(
            stage.actors["room"]?.lines == [
                refusal, "ReceiveData\t200003", refusal, "ReceiveData\t200003",
                "SendAndWait without a delimiter: more than 100000 bytes came (limits.stringSize); the rest goes to "
                    + "ReceiveData",
                "200000\ttrue\t100000", "ReceiveData\t100003",
            ], "\(String(describing: stage.actors["room"]?.timeline))")
    }

    @Test("A delimiter that cannot be met is refused")
    func unmeetable() throws {
        let stage = try Self.stage(
            """
            local half = ('x'):rep(60000)
            for _, delimiter in ipairs({{deliLen = 0}, {deliLen = 100001}, {deliTag = ''}, {deliTag = half .. half}}) do
                local _, problem = pcall(D.SendAndWait, D, '1\\n', 3, delimiter)
                print(problem.kind, (problem.message:gsub('of Eth.*%.SendAndWait', '')))
            end
            """, stringBytes: 100_000)
        stage.run(1)
        let lines = stage.actors["room"]?.lines ?? []
        #expect(lines.count == 4 && lines.allSatisfy { $0.hasPrefix("ValueError\t") }, "\(lines)")
        #expect(
            lines.dropFirst().first?.contains("deliLen' is 100001, but a response has at most 100000 bytes") == true)
    }

    // MARK: - Clients that take nothing

    /// A server whose program fills its clients, who take nothing.
    private static func flooded(
        clients: Int, _ program: String, seconds: Double
    ) throws -> (stage: Stage, clients: [EthernetClientInterface]) {
        let stage = Stage()
        stage.world.network.latency = .zero
        try stage.start("host", address: "10.0.0.2", program)
        stage.run(0)
        let visitors = stage.world.environment(named: "visitors", address: "10.0.0.9")
        let clients = try (0..<clients).map { _ in
            let client = try EthernetClientInterface(environment: visitors, hostname: "10.0.0.2", port: 23)
            client.setReceiving(false)
            client.connect(timeout: .seconds(1)) { _ in }
            return client
        }
        stage.run(seconds)
        return (stage, clients)
    }

    @Test("At most 128 KiB wait for a client that takes nothing, and Send says so where it cannot wait")
    func slowClient() throws {
        let (stage, clients) = try Self.flooded(
            clients: 1,
            """
            tcp = EthernetServerInterfaceEx(23)
            tcp.Connected = function(client)
                Wait(1, function()
                    local sent = 0
                    local done, problem = pcall(function()
                        ('x'):rep(4000):gsub('x', function()
                            client:Send(('y'):rep(1000))
                            sent = sent + 1000
                        end)
                    end)
                    print(done, problem.kind, (problem.message:gsub('%d+%.%d+%.%d+%.%d+:%d+', 'CLIENT')))
                    done, problem = pcall(function()
                        ('x'):gsub('x', function() client:Send(('y'):rep(200000)) end)
                    end)
                    print(done, problem.kind, problem.message)
                end)
            end
            tcp:StartListen()
            """, seconds: 5)
        let areConnected = clients.allSatisfy { $0.isConnected }
        #expect(areConnected)
        let lines = stage.actors["host"]?.lines ?? []
        #expect(lines.count == 2, "\(lines)")
        #expect(
            lines.first?.hasPrefix("false\tIOError\t") == true
                && lines.first?.contains("CLIENT takes no data: ") == true
                && lines.first?.contains("bytes wait to be sent, the limit is 131072") == true, "\(lines)")
        #expect(
            lines.last
                == "false\tIOError\ta message of 200000 bytes is too large to be sent where Send cannot wait: at most 131072 bytes "
                + "wait for one client", "\(lines)")
    }

    @Test("A message that is larger than what may wait comes whole, and what is sent meanwhile comes behind it")
    func pieces() throws {
        let stage = Stage()
        stage.world.network.latency = .zero
        try stage.start("room", "")
        try stage.start(
            "host",
            """
            tcp = EthernetServerInterfaceEx(23)
            tcp.Connected = function(client)
                Wait(0, function() client:Send('a' .. ('x'):rep(3000000) .. 'b') print('first') end)
                Wait(0, function() client:Send('c' .. ('y'):rep(500000) .. 'd') print('second') end)
                Wait(0, function() client:Send('e') print('third') end)
            end
            tcp:StartListen()
            """)
        stage.run(0)
        try stage.start(
            "room",
            """
            local parts, got = {}, 0
            local C = EthernetClientInterface('10.0.0.2', 23)
            C.ReceiveData = function(_, data)
                parts[#parts + 1], got = data, got + #data
                if got % 7 == 0 then time.sleep(0.001) end
            end
            C:Connect(1)
            Wait(9, function()
                local all = table.concat(parts)
                print(#all, all == 'a' .. ('x'):rep(3000000) .. 'bc' .. ('y'):rep(500000) .. 'de')
            end)
            """)
        stage.run(10)
        #expect(stage.actors["room"]?.lines == ["3500005\ttrue"])
        #expect(stage.actors["host"]?.lines.sorted() == ["first", "second", "third"])
        stage.expectNoErrors()
    }

    @Test("When too much waits for all clients together, those who take least are disconnected, and the log says so")
    func allClients() throws {
        let (stage, clients) = try Self.flooded(
            clients: 160,
            """
            tcp = EthernetServerInterfaceEx(23)
            tcp:StartListen()
            gone = 0
            tcp.Disconnected = function() gone = gone + 1 end
            Wait(5, function()
                local text = ('x'):rep(1000000)
                for _, client in ipairs(tcp.Clients) do
                    Wait(0, function() pcall(client.Send, client, text) end)
                end
            end)
            Wait(9, function() print('left', #tcp.Clients, gone) end)
            """, seconds: 10)
        #expect(clients.count == 160)
        let host = try #require(stage.actors["host"])
        let warnings = host.entries.filter { $0.severity == .warning }.map(\.text)
        let last = try #require(host.lines.last { $0.hasPrefix("left") })
        let numbers = last.split(separator: "\t").compactMap { Int($0) }
        try #require(numbers.count == 2, "\(last)")
        #expect(numbers[0] + numbers[1] == 160, "\(last)")
        #expect(numbers[1] > 0 && numbers[0] >= 120, "\(last)")
        let told = ["is disconnected: ", "more than 16777216 for all clients"]
        #expect(warnings.contains { warning in told.allSatisfy { warning.contains($0) } })
    }

    @Test("A server has at most 1,000 clients unless it is told otherwise, and tells once of those that it turns away")
    func tooManyClients() throws {
        let stage = Stage()
        stage.world.network.latency = .zero
        try stage.start("room", "")
        try stage.start(
            "host",
            """
            tcp = EthernetServerInterfaceEx(23)
            tcp:StartListen()
            Wait(5, function() print(#tcp.Clients) end)
            """)
        stage.run(0)
        try stage.start(
            "room",
            "held = {} for i = 1, 1005 do held[i] = EthernetClientInterface('10.0.0.2', 23) held[i]:Connect(1) end")
        stage.run(6)
        #expect(
            stage.actors["host"]?.lines == [
                "port 23: 1000 clients are connected, and further ones are closed at once; MaxClients sets another bound",
                "1000",
            ], "\(String(describing: stage.actors["host"]?.lines))")
    }
}
