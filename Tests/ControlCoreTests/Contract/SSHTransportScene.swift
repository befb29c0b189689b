import ControlCore
import Polling
import Testing

extension TransportKind {
    static let ssh = TransportKind(
        name: "SSH", obstacle: SSHDaemon.obstacle, refusal: "ConnectionRefused", loss: "Connection reset by peer",
        liveLoss: "Socket error: Connection reset by peer",
        isConnection: true, directEnvironments: [.simulated],
        // A process on a busy machine takes the time that it gets.
        limit: .seconds(120),
        // A close gives it a second to pass on, and the host's window is 2 MiB.
        burst: 3 * 1024 * 1024,
        // Each login waits for the host's processes.
        lanes: 4,
        makeScene: { SSHTransportScene($0) })
}

/// Opens SSH sessions: live ones by OpenSSH's server, which connects each to a TCP socket of the far program; simulated
/// ones by a service of the far program itself.
final class SSHTransportScene: TransportScene {
    private let scene: EnvironmentScene
    /// Where the near program finds the host, once there is one, and how it logs in.
    private var host: (port: Int, login: SSHLogin)?
    private var onAccept: (any StreamTransport) -> Void = { $0.close() }

    init(_ scene: EnvironmentScene) {
        self.scene = scene
    }

    func prepare(then body: @escaping () -> Void) {
        withHost { _, _ in body() }
    }

    func open(then body: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void) {
        withHost { [self] port, login in open(through: port, login, then: body) }
    }

    func openBreakable(
        then body:
            @escaping (_ near: any TransportEnd, _ far: any TransportEnd, _ breakLine: @escaping () -> Void) -> Void
    ) {
        withHost { [self] port, login in
            BreakableLine.lay(to: port, in: scene) { [self] line in
                open(through: line.port, login) { near, far in body(near, far, line.break) }
            }
        }
    }

    func openNear(
        to partner: TransportPartner, timeout: TimeAmount,
        report: @escaping (Result<any TransportEnd, FailedOpening>) -> Void
    ) -> any Cancellable {
        let opening = PreparedOpening()
        // Who has no host never gets as far as to log in.
        func connect(_ host: String, _ port: Int, _ login: SSHLogin = Self.stranger) {
            opening.begin {
                scene.client.connectSSH(host: host, port: port, login: login, timeout: timeout) { result in
                    report(result.map { StreamEnd($0) }.mapError { FailedOpening(reason: $0.reason) })
                }
            }
        }
        switch partner {
        case .accepting: withHost { [self] port, login in connect(scene.serverHost, port, login) }
        case .refusing: scene.withFreePort { [self] port in connect(scene.serverHost, port) }
        case .silent: scene.withSilentAddress { host, port in connect(host, port) }
        }
        return opening
    }

    private static let stranger = SSHLogin(credentials: Credentials(user: "admin", password: "secret"))

    private func open(
        through port: Int, _ login: SSHLogin,
        then body: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void
    ) {
        var near: (any StreamTransport)?
        var far: (any StreamTransport)?
        func tryBegin() {
            guard let near, let far else { return }
            onAccept = { $0.close() }
            body(StreamEnd(near), StreamEnd(far))
        }
        onAccept = { transport in
            far = transport
            tryBegin()
        }
        scene.client.connectSSH(
            host: scene.serverHost, port: port, login: login, timeout: TransportKind.ssh.limit
        ) { [scene] result in
            switch result {
            case .success(let transport):
                near = transport
                tryBegin()
            case .failure(let failure):
                scene.fail("cannot log in: \(failure)")
            }
        }
    }

    /// Lets the host come up, the first time, and tells where it is and how to log in.
    private func withHost(_ body: @escaping (_ port: Int, _ login: SSHLogin) -> Void) {
        if let host { return body(host.port, host.login) }
        guard scene.liveLoop != nil else { return serve(then: body) }
        scene.listen { [self] transport in
            onAccept(transport)
        } then: { [self] listener in
            SSHDaemon.start(in: scene, forwardingTo: listener.port) { [self] daemon in
                host = (daemon.port, daemon.login)
                body(daemon.port, daemon.login)
            }
        }
    }

    private func serve(then body: @escaping (_ port: Int, _ login: SSHLogin) -> Void) {
        guard let server = scene.server.unwatched as? SimulatedEnvironment else { return scene.fail("no host here") }
        let credentials = Self.stranger.credentials
        let service = SimulatedSSHService(
            hostKey: "key", accounts: [credentials.user: .init(password: credentials.password)])
        server.listenSSH(address: scene.serverHost, port: 0, service: service) { [self] transport in
            onAccept(transport)
        } completion: { [self] result in
            switch result {
            case .success(let listener):
                host = (listener.port, Self.stranger)
                body(listener.port, Self.stranger)
            case .failure(let failure):
                scene.fail("cannot listen: \(failure)")
            }
        }
    }
}
