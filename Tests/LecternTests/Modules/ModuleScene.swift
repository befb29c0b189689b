import ControlCore
import Lectern
import Polling
import Testing

/// A module of docs/examples/modules in a room, and its simulator in a device, joined by all that the module may use:
/// the device has the simulator's ports at `device` (10.0.0.2), a shell behind SSH at `shell` (10.0.0.3, port 22,
/// `admin` with `secret`), its serial port COM1 is wired to COM1 of the room, or else to port 4001 of the device server
/// `server` (10.0.0.4).
final class ModuleScene {
    /// How the room reaches the device.
    enum Way: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case tcp, udp, ssh, serial, serialOverEthernet

        var testDescription: String { rawValue }

        /// The expression that makes the device's object, of the module in `Module`.
        /// - Parameters:
        ///   - port: the simulator's.
        ///   - password: for the shell.
        ///   - model: nil for a module without models.
        func device(port: Int, password: String = "secret", model: String? = nil) -> String {
            var named = model.map { ["Model = '\($0)'"] } ?? []
            if self == .ssh { named.append("Credentials = {'admin', '\(password)'}") }
            let (name, place) =
                switch self {
                case .tcp: ("EthernetClass", "'device', \(port)")
                case .udp: ("UDPClass", "'device', \(port)")
                case .ssh: ("SSHClass", "'shell', 22")
                case .serial: ("SerialClass", "ProcessorDevice('Room'), 'COM1'")
                case .serialOverEthernet: ("SerialOverEthernetClass", "'server', 4001")
                }
            return "Module.\(name)(\(place)\(named.isEmpty ? "" : ", {\(named.joined(separator: ", "))}"))"
        }
    }

    static let folder = "docs/examples/modules"

    let stage = Stage()
    let ssh = SimulatedSSHService(hostKey: "SHA256:device", accounts: ["admin": .init(password: "secret")])
    /// The room's end of the serial line, or the device server's.
    private(set) var cable: SimulatedSerialPort!
    private let module: String
    private let way: Way
    private let port: Int
    private var configuration = Stage.configuration()
    private let hosts: [String: SimulatedEnvironment]
    private(set) var room: Stage.Actor!

    /// - Parameters:
    ///   - module: the module's file without `.lua`; its simulator has `_simulator` behind it.
    ///   - port: the simulator's port for TCP or UDP, which `ssh` is joined to as well.
    init(_ module: String, over way: Way, port: Int = 0) throws {
        self.module = module
        self.way = way
        self.port = port
        var hosts: [String: SimulatedEnvironment] = [:]
        for name in ["room", "device", "shell", "server"] { hosts[name] = try stage.start(name, "").environment }
        self.hosts = hosts
        try configuration.mapPort("Room:COM1=/dev/ttyUSB0")
        try configuration.mapPort("Device:COM1=/dev/ttyUSB0")
        let end = try host(way == .serialOverEthernet ? "server" : "room")
        cable = stage.world.serialLine(from: end, "/dev/ttyUSB0", to: try host("device"), "/dev/ttyUSB0").near
    }

    private func host(_ name: String) throws -> SimulatedEnvironment { try #require(hosts[name]) }

    /// Serves the shell, and the device server's port with the settings of the line.
    /// - Parameter serial: the device's settings.
    func serveGateways(serial: SerialSettings = SerialSettings()) throws {
        let shell = try host("shell")
        shell.listenSSH(address: nil, port: 22, service: ssh) { [port] session in
            _ = StreamRelay(from: session) { completion in
                shell.connectTCP(host: "device", port: port, timeout: .seconds(1)) { completion(try? $0.get()) }
            }
        } completion: { _ in
        }
        let server = try host("server")
        server.listenTCP(address: nil, port: 4001) { client in
            _ = StreamRelay(from: client) { completion in
                server.openSerial(path: "/dev/ttyUSB0", settings: serial) { completion(try? $0.get()) }
            }
        } completion: { _ in
        }
    }

    /// Switches the device on: the simulator's program, and `more` of it.
    @discardableResult
    func startDevice(_ more: String = "") throws -> Stage.Actor {
        let text = try ProjectFiles.text(of: "\(Self.folder)/\(module)_simulator.lua")
        return try stage.start(
            "device", text + "\n" + more, file: "\(module)_simulator.lua",
            folder: "\(ProjectFiles.root)/\(Self.folder)",
            configuration: configuration)
    }

    /// Takes its power away: connections break, and nothing listens.
    func stopDevice() { stage.stop("device") }

    /// Starts the room: `Module` is the module, `Device` the device, and `report(command…)` prints the changes of some
    /// statuses as `command value {Qualifier=value}`.
    @discardableResult
    func startRoom(_ text: String, device: String? = nil) throws -> Stage.Actor {
        let prelude = """
            local function qualified(qualifier)
                if not qualifier then return '' end
                local parts = {}
                for name, value in pairs(qualifier) do parts[#parts + 1] = name .. '=' .. tostring(value) end
                table.sort(parts)
                return ' {' .. table.concat(parts, ', ') .. '}'
            end
            Module = require '\(module)'
            Device = \(device ?? way.device(port: port))
            function report(...)
                for _, name in ipairs({...}) do
                    Device:SubscribeStatus(name, nil, function(command, value, qualifier)
                        print(command .. ' ' .. tostring(value) .. qualified(qualifier))
                    end)
                end
            end

            """
        room = try stage.start(
            "room", prelude + text, folder: "\(ProjectFiles.root)/\(Self.folder)", configuration: configuration)
        return room
    }

    func run(_ seconds: Double) { stage.run(seconds) }

    /// What the room has printed, without warnings.
    var lines: [String] { (room?.entries ?? []).filter { $0.severity == .info }.map(\.text) }

    /// What the device has printed and logged.
    var deviceLines: [String] { stage.actors["device"]?.lines ?? [] }

    /// What the room has warned of.
    var warnings: [String] { (room?.entries ?? []).filter { $0.severity == .warning }.map(\.text) }

    /// Expects that neither program has failed anywhere.
    func expectNoErrors(sourceLocation: SourceLocation = #_sourceLocation) {
        stage.expectNoErrors(sourceLocation: sourceLocation)
    }
}
