import ControlCore
import Lectern
import LoopTesting
import Testing

/// Traces of what a program's own names say.
@Suite("Traces by the program's names")
struct TracedNamesTests {
    /// Notes the full names of the wires of a trace, each once, in their order.
    private final class Wires: WireSink {
        private(set) var names: [String] = []

        func record(_ event: WireEvent) {
            if !names.contains(event.wire.fullName) { names.append(event.wire.fullName) }
        }
    }

    private static let device = """
        for _, protocol in ipairs({'TCP', 'UDP'}) do
            local server = EthernetServerInterfaceEx(5001, protocol)
            event(server, 'ReceiveData', function(client, data) client:Send(data) end)
            server:StartListen()
        end
        """

    /// What `terms` trace of a room at 10.0.0.1, with a device at 10.0.0.9 that listens on port 5001.
    private func trace(
        _ terms: [String], _ room: String, device: String = Self.device, seconds: Double = 5,
        files: [String: String] = [:], _ change: (inout ProgramConfiguration) throws -> Void = { _ in }
    ) throws -> [String] {
        let wires = Wires()
        try ProjectFiles.withFolder(of: files) { folder in
            let stage = Stage()
            try stage.start("device", address: "10.0.0.9", device)
            var configuration = Stage.configuration()
            try change(&configuration)
            let filter = try WireFilter(terms)
            try stage.start(
                "room", address: "10.0.0.1", room, folder: folder, configuration: configuration,
                watch: { TracedEnvironment($0, filter: filter, sink: wires) })
            stage.run(seconds)
            stage.expectNoErrors()
        }
        return wires.names
    }

    @Test(
        "A client is traced by its variable: global, local, with an attribute, a field, with the table before it",
        arguments: [
            ("Projector = %", "Projector", "Projector"), ("local Projector = %", "Projector", "Projector"),
            ("local Projector <const> = %", "Projector", "Projector"),
            ("local Devices = {}\nDevices.Projector = %", "Projector", "Devices.Projector"),
            ("local Devices = {}\nDevices.Projector = %", "Devices.Projector", "Devices.Projector"),
            ("local Devices = {\n  Projector = %,\n}", "Projector", "Devices.Projector"),
            ("Projector = {Interface = %}", "Projector", "Projector.Interface"),
            ("local Projector = GetConnectionHandler(%, print)", "Projector", "Projector"),
        ])
    func clients(_ form: String, _ term: String, _ access: String) throws {
        let room = """
            local Other = EthernetClientInterface('10.0.0.9', 5001)
            \(form.replacing("%", with: "EthernetClientInterface('10.0.0.9', 5001)"))
            Other:Connect(1)
            \(access):Connect(1)
            """
        #expect(try trace([term], room) == ["Projector 10.0.0.9:5001"])
        #expect(try trace([term.lowercased()], room).isEmpty, "case counts")
        let all = try trace(["10.0.0.9"], room)
        #expect(all == ["Other 10.0.0.9:5001", "Projector 10.0.0.9:5001"])
        let quiet = try trace([term], room) { $0.logsConnections = false }
        #expect(quiet == ["Projector 10.0.0.9:5001"], "the log of connections has nothing to do with it")
    }

    @Test("The name of a handler counts as well as that of its interface, and so does that of what a function returns")
    func handlers() throws {
        let room = """
            local link = EthernetClientInterface('10.0.0.9', 5001)
            local Projector = GetConnectionHandler(link, print)
            Projector:Connect(1)
            local factory = require 'factory'
            local Screen = factory('10.0.0.9')
            Screen.link:Connect(1)
            """
        let files = [
            "factory.lua": """
            return function(host)
                local inner = EthernetClientInterface(host, 5001)
                return {link = inner}
            end
            """
        ]
        for term in ["Projector", "link"] {
            #expect(try trace([term], room, files: files) == ["link 10.0.0.9:5001"])
        }
        for term in ["Screen", "inner"] {
            #expect(try trace([term], room, files: files) == ["inner 10.0.0.9:5001"])
        }
    }

    @Test("A name that is both a host and a variable means either")
    func either() throws {
        let room = """
            local device = EthernetClientInterface('10.0.0.9', 5001)
            local second = EthernetClientInterface('device', 5001)
            local third = EthernetClientInterface('10.0.0.9', 5001)
            device:Connect(1) second:Connect(1) third:Connect(1)
            """
        #expect(try trace(["device"], room) == ["device 10.0.0.9:5001", "second device:5001"])
    }

    @Test("A server is traced with all its clients, by its variable or by that of its handler")
    func servers() throws {
        let room = """
            local Panels = EthernetServerInterfaceEx(9000)
            Panels:StartListen()
            local Keypads = GetConnectionHandler(EthernetServerInterfaceEx(9001))
            Keypads:StartListen()
            local Old = EthernetServerInterface(9002)
            Old:StartListen()
            """
        let device = """
            for port = 9000, 9002 do EthernetClientInterface('10.0.0.1', port):Connect(1) end
            """
        for (term, port) in [("Panels", 9000), ("Keypads", 9001), ("Old", 9002)] {
            let found = try trace([term], room, device: "Wait(1, function() \(device) end)")
            #expect(found.first == "\(term) :\(port)" && found.count == 2, "\(found)")
            #expect(found.last?.hasPrefix("\(term) :\(port) 10.0.0.9:") == true)
        }
    }

    @Test("UDP clients and servers, serial ports and the connections of SOCS are traced by their variables")
    func otherWires() throws {
        let room = """
            local Lamp = EthernetClientInterface('10.0.0.9', 5001, {Protocol = 'UDP'})
            Lamp:Send('x')
            local Sensors = EthernetServerInterfaceEx(6000, 'UDP')
            Sensors:StartListen()
            local Display = SerialInterface(ProcessorDevice('Main'), 'COM1')
            local Meter = require 'socs.tcp'.TCPInterface('10.0.0.9', 5001, 2)
            Meter:send('x')
            """
        let expected = [
            "Lamp": "Lamp udp 10.0.0.9:5001", "Sensors": "Sensors udp :6000", "Display": "Display 10.0.0.9:5001",
            "Meter": "Meter 10.0.0.9:5001",
        ]
        for (term, wire) in expected {
            #expect(try trace([term], room) { try $0.mapPort("Main:COM1=tcp://10.0.0.9:5001") } == [wire])
        }
    }

    @Test("HSMS connections are traced by their variables, by the names that they are given, and peers by theirs")
    func hsms() throws {
        let room = """
            local secsgem = require 'secsgem'
            local Etcher = secsgem.GemHostHandler('10.0.0.9', 5001, true, 0, 'line one')
            Etcher:enable()
            local Low = secsgem.HsmsActiveConnection('10.0.0.9', 5001)
            Low:enable()
            local manager = secsgem.HsmsConnectionManager()
            manager:add_peer('stocker', '10.0.0.9', 5001, true, 0)
            manager:add_peer('washer', '10.0.0.9', 5005, false, 0)
            """
        let device = Self.device + "\nTimer(1, function() EthernetClientInterface('10.0.0.1', 5005):Connect(1) end)"
        let active = [
            "Etcher": "line one 10.0.0.9:5001", "Low": "Low 10.0.0.9:5001", "stocker": "stocker 10.0.0.9:5001",
        ]
        for (term, wire) in active { #expect(try trace([term], room, device: device) == [wire]) }
        let washer = try trace(["washer"], room, device: device)
        #expect(!washer.isEmpty && washer.allSatisfy { $0.hasPrefix("washer :5005 10.0.0.9:") }, "\(washer)")
        let managed = try trace(["manager"], room, device: device)
        #expect(managed.contains("stocker 10.0.0.9:5001") && managed.contains("manager :5005"), "\(managed)")
    }

    // MARK: - The hint at the end

    private final class Log: ProgramLogSink, Sendable {
        let texts = Locked<[String]>([])

        func write(_ entry: ProgramLogEntry) { texts.withLock { $0.append(entry.text) } }
    }

    @Test(
        "What named nothing is told with the names that there were; that only case differs, and what was never opened")
    func hints() async throws {
        var configuration = Stage.configuration()
        var trace = TraceConfiguration()
        trace.only = ["nobody", "panels", "Projector", "Panels"]
        trace.lines = "/dev/null"
        configuration.trace = trace
        let log = Log()
        let text = """
            local Panels = EthernetServerInterfaceEx(0)
            Panels:StartListen()
            local Projector = EthernetClientInterface('127.0.0.1', 1)
            ExitProgram(0)
            """
        try await ControlHost(
            source: .text(text, name: "room.lua", folder: "/tmp"), configuration: configuration, log: { log }
        ).run()
        let hints = log.texts.withLock { $0.filter { $0.hasPrefix("the trace has nothing") } }
        #expect(hints.count == 3, "\(hints)")
        #expect(hints.first?.hasPrefix("the trace has nothing of 'nobody': there were Panels :") == true, "\(hints)")
        let ofCase =
            "the trace has nothing of 'panels': the program writes it 'Panels', and case counts; there were Panels :"
        #expect(hints.contains { $0.hasPrefix(ofCase) }, "\(hints)")
        let unopened =
            "the trace has nothing of 'Projector': the program has it, and never opened it; there were Panels :"
        #expect(hints.contains { $0.hasPrefix(unopened) }, "\(hints)")
    }

    @Test("The lines have the name before the address; a capture has it in its comments")
    func shown() throws {
        var lines = ""
        let stage = Stage()
        try stage.start("device", address: "10.0.0.9", Self.device)
        try stage.start(
            "room", address: "10.0.0.1",
            "local Projector = EthernetClientInterface('10.0.0.9', 5001)\nProjector:Connect(1)\nProjector:Send('P')",
            watch: { environment in
                TracedEnvironment(environment, sink: WireLines(timeZone: environment.timeZone) { lines += $0 })
            })
        stage.run(1)
        #expect(lines.contains(" Projector 10.0.0.9:5001 > \"P\"  1\n"), "\(lines)")
        var capture: [UInt8] = []
        let second = Stage()
        try second.start(
            "room", address: "10.0.0.1",
            "local Projector = EthernetClientInterface('10.0.0.9', 5001)\nProjector:Connect(1)",
            watch: { TracedEnvironment($0, sink: PacketCapture { capture += $0 }) })
        second.run(3)
        #expect(
            String(decoding: capture, as: UTF8.self).contains("Projector 10.0.0.9:5001: not opened: "),
            "\(capture.count)")
    }
}
