import Bytes
import ControlCore
import Glibc
import Lectern
import LoopTesting
import Testing

/// What a trace shows of whole programs.
@Suite("Traced programs")
struct TracedProgramTests {
    /// The lines of a trace.
    private final class Trace {
        private(set) var text = ""

        /// Watches a program with all its wires.
        func watch(_ environment: any Environment) -> any Environment {
            TracedEnvironment(
                environment, sink: WireLines(timeZone: environment.timeZone) { [self] in text += $0 })
        }

        /// What was sent and received, without times and names.
        var pieces: [String] {
            text.split(separator: "\n").compactMap { line in
                line.firstRange(of: #/ [<>] /#).map { String(line[$0].dropFirst() + line[$0.upperBound...]) }
            }
        }
    }

    @Test("A program runs the same with a trace as without")
    func same() throws {
        func run(_ watch: ((SimulatedEnvironment) -> any Environment)?) throws -> [String] {
            let stage = Stage()
            stage.world.network.inject(.split([1, 2, 3, 1000]))
            try stage.start(
                "device",
                """
                local server = EthernetServerInterfaceEx(23)
                server.ReceiveData = function(client, data) client:Send(data:upper()) end
                server:StartListen()
                """)
            let room = try stage.start(
                "room",
                """
                local dev = EthernetClientInterface('device', 23)
                event(dev, 'ReceiveData', function(_, data) print(data) end)
                event(dev, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
                dev:Connect(5)
                print(dev:SendAndWait('power?\\n', 2, {deliTag = '\\n'}))
                Timer(1, function() dev:Send('tick' .. math.random(100)) end)
                """, watch: watch)
            stage.run(30)
            stage.stop("room")
            stage.run(3)
            return room.timeline
        }
        let trace = Trace()
        let plain = try run(nil)
        #expect(plain.count > 20)
        #expect(try run(trace.watch) == plain)
        #expect(trace.pieces.contains("> \"power?\\n\"  7"))
        #expect(trace.text.contains(" = closed by the program"))
    }

    @Test("The password of a declared module is never shown, though the device gets it and sends it back")
    func modulePassword() throws {
        let trace = Trace()
        let stage = Stage()
        try stage.start(
            "device", address: "10.0.0.2",
            """
            local server = EthernetServerInterfaceEx(23)
            server.Connected = function(client) client:Send('Password: ') end
            server.ReceiveData = function(client, data) print(data) client:Send('you said ' .. data .. '\\r\\nready> ') end
            server:StartListen()
            """)
        try stage.start(
            "room", address: "10.0.0.1",
            """
            local module = DeviceModule {
                name = 'Acme', connections = {Ethernet = {port = 23}}, framing = {delimiter = '\\r'},
                login = {{prompt = 'Password: $', send = 'password'}, done = 'ready> '},
                commands = {Power = {values = {On = '1', Off = '0'}, set = 'P{value}\\r'}},
            }
            local dev = module.EthernetClass('10.0.0.2')
            dev.devicePassword = 'swordfish'
            dev:Connect(1)
            dev:Send('again swordfish\\r')
            """, watch: trace.watch)
        stage.run(5)
        #expect(stage.actors["device"]?.lines.contains { $0.contains("swordfish") } == true)
        #expect(trace.pieces.contains { $0.hasPrefix("> \"***\\r\"") }, "\(trace.text)")
        #expect(trace.pieces.contains { $0.hasPrefix("< ") && $0.contains("you said ***") }, "\(trace.text)")
        #expect(!trace.text.contains("swordf"), "\(trace.text)")
    }

    @Test("The devicePassword of a module that is written by hand is never shown once it has a handler")
    func handWrittenModule() throws {
        let trace = Trace()
        let stage = Stage()
        try stage.start("device", address: "10.0.0.2", "local s = EthernetServerInterfaceEx(23) s:StartListen()")
        let room = try stage.start(
            "room", address: "10.0.0.1",
            """
            local dev = {Interface = EthernetClientInterface('10.0.0.2', 23), devicePassword = 'swordfish'}
            function dev:Update() self.Interface:Send('P?\\r') end
            function dev:SubscribeStatus() end
            local handler = GetConnectionHandler(dev, 'Power')
            event(handler, 'Connected', function() dev.Interface:Send('login swordfish\\r') end)
            handler:Connect()
            """, watch: trace.watch)
        stage.run(2)
        #expect(room.errors.isEmpty, "\(room.lines)")
        #expect(trace.pieces.contains("> \"login ***\\r\"  16"), "\(trace.text)")
    }

    @Test("The password of an interface's Credentials is never shown, also where the program sends it itself")
    func credentials() throws {
        let trace = Trace()
        let stage = Stage()
        try stage.start(
            "device", address: "10.0.0.2", "local s = EthernetServerInterfaceEx(23) s:StartListen()")
        try stage.start(
            "room", address: "10.0.0.1",
            """
            local dev = EthernetClientInterface('10.0.0.2', 23, {Credentials = {'admin', 'swordfish'}})
            dev:Connect(1)
            dev:Send('admin\\rswordfish\\r')
            """, watch: trace.watch)
        stage.run(2)
        #expect(trace.pieces == ["> \"admin\\r***\\r\"  16"], "\(trace.text)")
    }

    @Test("Messages of a secsgem program are told by their headers")
    func hsms() throws {
        let trace = Trace()
        let stage = Stage()
        try stage.start(
            "etcher", address: "10.0.0.2",
            """
            local secsgem = require 'secsgem'
            secsgem.GemEquipmentHandler('10.0.0.1', 5000, false, 0, 'host'):enable()
            """)
        try stage.start(
            "room", address: "10.0.0.1",
            """
            local secsgem = require 'secsgem'
            secsgem.GemHostHandler('10.0.0.2', 5000, true, 0, 'etcher'):enable()
            """, watch: trace.watch)
        stage.run(20)
        #expect(trace.pieces.first?.hasPrefix("> HSMS Select.req session ffff system ") == true, "\(trace.text)")
        #expect(trace.pieces.contains { $0.contains(#/[<>] HSMS S1F13 W session 0 system .* hex \d+ of \d+$/#) })
        #expect(trace.pieces.contains { $0.contains(#/[<>] HSMS S1F14 session 0 system /#) })
    }

    // MARK: - Hosts

    /// Notes events from any loop.
    private final class Notes: WireSink, Sendable {
        let events = Locked<[WireEvent]>([])

        func record(_ event: WireEvent) { events.withLock { $0.append(event) } }
    }

    private final class Log: ProgramLogSink, Sendable {
        let entries = Locked<[ProgramLogEntry]>([])
        var texts: [String] { entries.withLock { $0.filter { $0.topic == .program }.map(\.text) } }

        func write(_ entry: ProgramLogEntry) { entries.withLock { $0.append(entry) } }
    }

    private static let ownPeer = """
        local server = EthernetServerInterfaceEx(0)
        server.ReceiveData = function(client, data) client:Send(data) end
        server:StartListen()
        local dev = EthernetClientInterface('127.0.0.1', server.IPPort)
        dev:Connect(5)
        print(dev:SendAndWait('ping secret\\n', 5, {deliTag = '\\n'}))
        ExitProgram(0)
        """

    private func host(
        _ configuration: ProgramConfiguration, log: Log, notes: Notes? = nil, _ text: String = Self.ownPeer
    ) -> ControlHost {
        var trace: (@Sendable () -> any WireSink)?
        if let notes { trace = { notes } }
        return ControlHost(
            source: .text(text, name: "room.lua", folder: "/tmp"), configuration: configuration, trace: trace,
            log: { log })
    }

    @Test("A host's own sink hears of all that goes over live sockets, up to their close")
    func embedded() async throws {
        let (log, notes) = (Log(), Notes())
        try await host(Stage.configuration(), log: log, notes: notes).run()
        let events = notes.events.withLock { $0 }
        #expect(events.first?.wire.kind == .listener)
        let client = events.filter { $0.wire.name.hasPrefix("127.0.0.1:") }.map(\.content)
        let ping = WireEvent.Piece(bytes: ByteBuffer(string: "ping secret\n"))
        #expect(client == [.opened, .sent(ping), .received(ping), .closed(.local)])
        #expect(log.texts == ["ping secret\n"])
    }

    @Test(
        "Lines and a capture are written to files that only their user reads, whole at the end; terms that named nothing are told"
    )
    func files() async throws {
        try await ProjectFiles.withFolder(of: ["trace.log": "", "trace.pcapng": ""]) { folder in
            // The files are made anew, not filled.
            for file in ["trace.log", "trace.pcapng"] { unlink("\(folder)/\(file)") }
            var configuration = Stage.configuration()
            var trace = TraceConfiguration()
            trace.only = ["127.0.0.1", "projector"]
            trace.lines = "\(folder)/trace.log"
            trace.capture = "\(folder)/trace.pcapng"
            trace.secrets = ["secret"]
            configuration.trace = trace
            let log = Log()
            try await host(configuration, log: log).run()
            let lines = try ProjectFiles.text(at: "\(folder)/trace.log")
            #expect(
                lines.contains("> \"ping ***\\n\"  12\n") && lines.hasSuffix("= closed by the program\n"), "\(lines)")
            let reader = CaptureReader(try ProjectFiles.bytes(at: "\(folder)/trace.pcapng"))
            #expect(reader.problems.isEmpty)
            #expect(reader.streams().values.map { $0.0 } == ["ping ******\n"])
            for file in ["trace.log", "trace.pcapng"] {
                var status = stat()
                let isThere = stat("\(folder)/\(file)", &status) == 0
                #expect(isThere && status.st_mode & 0o777 == 0o600)
            }
            let note = try #require(log.texts.last)
            #expect(note.hasPrefix("the trace has nothing of 'projector': there were server :"), "\(note)")
        }
    }

    @Test(
        "A file that cannot be written stops the start; a full disk ends the trace, is told once, and the program goes on"
    )
    func badFiles() async throws {
        var configuration = Stage.configuration()
        configuration.trace = TraceConfiguration()
        configuration.trace?.lines = "/nowhere/trace.log"
        let refused = await #expect(throws: ProgramError.self) {
            try await host(configuration, log: Log()).run()
        }
        #expect(refused?.message == "the trace cannot be written: /nowhere/trace.log: No such file or directory")
        configuration.trace?.capture = "/nowhere/trace.log"
        let twice = await #expect(throws: ProgramError.self) { try await host(configuration, log: Log()).run() }
        #expect(twice?.message.hasSuffix("is both for the lines and for the packets; name two files") == true)
        configuration.trace?.capture = nil
        configuration.trace?.lines = "/dev/full"
        let log = Log()
        try await host(configuration, log: log).run()
        #expect(log.texts.filter { $0 == "the trace on /dev/full ends early: No space left on device" }.count == 1)
        #expect(log.texts.contains { $0.hasPrefix("ping secret") })
    }

    @Test("What there is to say of the trace is said of a program that does not load, too")
    func failedStart() async throws {
        var configuration = Stage.configuration()
        configuration.trace = TraceConfiguration()
        configuration.trace?.only = ["projector"]
        let log = Log()
        await #expect(throws: ProgramError.self) { try await host(configuration, log: log, "error('no')").run() }
        #expect(log.texts == ["the trace has nothing of 'projector': the program opened nothing"])
    }
}
