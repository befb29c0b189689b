import Bytes
import ControlCore

/// An amplifier in a simulated world with an SSH server on port 22, for the user `admin` with the password `secret`.
/// Its shell answers `volume?` and a carriage return with `60`.
final class SSHDevice: StreamDelegate {
    let service = SimulatedSSHService(
        hostKey: "SHA256:amplifier",
        accounts: ["admin": .init(password: "secret"), "robot": .init(keyFiles: ["keys/room"])])
    private let environment: SimulatedEnvironment
    private var sessions: [any StreamTransport] = []

    init(in world: SimulatedWorld, address: String) {
        environment = world.environment(named: "amplifier", address: address)
        environment.listenSSH(address: nil, port: 22, service: service) { [unowned self] session in
            sessions.append(session)
            session.start(delegate: self)
        } completion: { _ in
        }
    }

    func hangUp() {
        for session in sessions { session.close() }
    }

    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        transport.send(ByteBuffer(string: String(buffer: bytes) == "volume?\r" ? "60\r\n" : "unknown\r\n"))
    }

    func transportDidDrain(_ transport: any StreamTransport) {}

    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        sessions.removeAll { $0 === transport }
    }
}
