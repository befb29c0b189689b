import Bytes
import Polling
import Testing

@testable import ControlCore

/// A controller at 10.0.0.1 and a device at 10.0.0.2:22 that serves SSH, in a network without latency. The device
/// thinks 0.05 s about each way of logging in.
final class SSHScenario {
    let world: SimulatedWorld
    let controller: SimulatedEnvironment
    let device: SimulatedEnvironment
    let service = SimulatedSSHService(
        hostKey: "key-1", accounts: ["admin": .init(password: "secret"), "robot": .init(keyFiles: ["keys/good"])])
    private(set) var sessions: [any StreamTransport] = []
    private(set) var log: [String] = []

    init(seed: UInt64 = 1) {
        world = SimulatedWorld(seed: seed)
        world.network.latency = .zero
        controller = world.environment(named: "controller", address: "10.0.0.1")
        device = world.environment(named: "device", address: "10.0.0.2")
        device.listenSSH(address: nil, port: 22, service: service) { session in
            self.sessions.append(session)
            let shell = StreamRecorder()
            shell.onReceive = { transport, bytes in transport.send(bytes) }
            shell.onClose = { _ in self.sessions.removeAll { $0 === session } }
            session.start(delegate: shell)
            session.send("> ")
        } completion: { result in
            if case .failure(let failure) = result { Issue.record("cannot listen: \(failure)") }
        }
        world.run(for: .zero)
    }

    /// Notes what happened, with the virtual time in seconds.
    func note(_ text: String) {
        let milliseconds = controller.now.uptimeNanoseconds / 1_000_000
        log.append("\(Double(milliseconds) / 1000) \(text)")
    }

    /// Takes out what was noted.
    func takeLog() -> [String] {
        defer { log = [] }
        return log
    }

    func client(
        user: String = "admin", password: String = "secret", settings: SSHSettings = SSHSettings(), port: Int = 22
    ) throws -> EthernetClientInterface {
        let client = try EthernetClientInterface(
            environment: controller, hostname: "10.0.0.2", port: port, protocol: .ssh,
            credentials: Credentials(user: user, password: password), ssh: settings)
        client.onConnected = { self.note("Connected") }
        client.onDisconnected = { self.note("Disconnected") }
        client.onReceiveData = { self.note("Data \(String(buffer: $0))") }
        client.report.onLine = { [unowned client] level, text in
            if level == .warning, text.saysMoreThanReason { self.note("Fault \(client.peer): \(text.withoutAdvice)") }
        }
        return client
    }

    func connect(_ client: EthernetClientInterface, timeout: TimeAmount? = nil) -> any Cancellable {
        client.connect(timeout: timeout) { self.note("Connect: \($0.text)") }
    }
}
