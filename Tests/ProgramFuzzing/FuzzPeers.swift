import Bytes
internal import ControlCore
internal import Lectern
internal import LuaRuntime
import Polling

/// What generated programs talk to: a host `device` with servers that answer, garble, flood and hang up, a serial line,
/// equipment that speaks HSMS, and clients that knock at the servers of the room; and an amplifier with SSH.
final class FuzzPeers {
    private let amplifier: Amplifier
    private let device: Program
    private let environment: SimulatedEnvironment
    /// Set when the device's program has ended, which nothing that the room does may cause.
    private(set) var ending: Program.Ending?

    private static let text = """
        local answers = EthernetServerInterfaceEx(5000)
        answers.ReceiveData = function(client, data) client:Send('Pwr1\\r\\n') end
        answers:StartListen()
        local garbles = EthernetServerInterfaceEx(5001)
        local round = 0
        garbles.Connected = function(client)
            round = round + 1
            if round % 4 == 0 then client:Disconnect() else client:Send(('\\255\\0x\\r'):rep(round % 3 * 4000 + 1)) end
        end
        garbles.ReceiveData = function(client, data)
            round = round + 1
            if round % 5 == 0 then client:Disconnect() elseif round % 3 == 0 then client:Send(data .. data) end
        end
        garbles:StartListen()
        local echo = EthernetServerInterfaceEx(5002, 'UDP')
        echo.ReceiveData = function(client, data) client:Send(data) end
        echo:StartListen()
        local equipment = GemEquipmentHandler('room', 5003, false, 0, 'tool', {initial_control_state = 'ONLINE'})
        equipment:add_status_variable(10, 'Pressure', 'Pa', 7)
        equipment:enable()
        local nonsense = EthernetServerInterfaceEx(5004)
        nonsense.Connected = function(client) client:Send('\\0\\0\\0\\10\\0\\0\\129\\1\\0\\0\\0\\0\\0\\1\\0\\0\\0\\200\\1\\2') end
        nonsense.ReceiveData = function(client, data) client:Send(data:reverse()) end
        nonsense:StartListen()
        local line = SerialInterface(ProcessorDevice('Main'), 'COM1')
        line.ReceiveData = function(port, data) if #data < 100 then port:Send('Pwr1\\r\\nrest') end end
        local host = GemHostHandler('room', 6004, true, 0, 'knocks', {T5 = 0.3})
        host:enable()
        local ports = {6000, 6001, 6002}
        Timer(0.15, function(_, n)
            local c = EthernetClientInterface('room', ports[n % 3 + 1])
            if c:Connect(1) == 'Connected' then
                c:Send(('P\\r\\255\\0'):rep(n % 7 * 100 + 1))
                time.sleep(0.1)
                c:Disconnect()
            end
        end)
        local talks = EthernetClientInterface('room', 6003, 'UDP')
        Timer(0.2, function() talks:Send('datagram') end)
        """

    init(in world: SimulatedWorld, room: SimulatedEnvironment, folder: String) throws {
        amplifier = Amplifier(in: world)
        environment = world.environment(named: "device", address: "10.0.0.2")
        _ = world.serialLine(from: room, "/dev/ttyUSB0", to: environment, "/dev/ttyUSB0")
        var configuration = ProgramConfiguration()
        try configuration.mapPort("Main:COM1=/dev/ttyUSB0")
        configuration.limits.slowTaskWarning = .zero
        configuration.limits.taskBurst = .seconds(30)
        device = try Program(
            source: .text(Self.text, name: "device.lua", folder: folder), environment: environment,
            configuration: configuration, log: MemoryLog(capacity: 1))
        device.onEnded = { [unowned self] in ending = $0 }
        try device.start()
    }

    /// Ends them; the world has still to run until all is closed.
    func end() {
        device.stop()
        environment.close()
    }

    /// A device with SSH on port 22, for the user `admin` with the password `secret`.
    private final class Amplifier: StreamDelegate {
        let service = SimulatedSSHService(
            hostKey: "SHA256:amplifier", accounts: ["admin": .init(password: "secret")])
        private let environment: SimulatedEnvironment
        private var sessions: [any StreamTransport] = []

        init(in world: SimulatedWorld) {
            environment = world.environment(named: "amplifier", address: "10.0.0.3")
            environment.listenSSH(address: nil, port: 22, service: service) { [unowned self] session in
                sessions.append(session)
                session.start(delegate: self)
            } completion: { _ in
            }
        }

        deinit { environment.close() }

        func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
            transport.send(ByteBuffer(string: String(buffer: bytes) == "volume?\r" ? "60\r\n" : "unknown\r\n"))
        }

        func transportDidDrain(_ transport: any StreamTransport) {}

        func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
            sessions.removeAll { $0 === transport }
        }
    }
}
