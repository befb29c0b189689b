import ControlCore
import Polling
import Testing

extension TransportKind {
    static let tcp = TransportKind(
        name: "TCP", refusal: "ConnectionRefused", loss: "Connection reset by peer", isConnection: true,
        makeScene: { TCPScene($0) })
}

/// Opens TCP connections.
final class TCPScene: TransportScene {
    private let scene: EnvironmentScene
    private var listener: (any Listener)?
    private var onAccept: (any StreamTransport) -> Void = { $0.close() }

    init(_ scene: EnvironmentScene) {
        self.scene = scene
    }

    func open(then body: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void) {
        withListener { [self] port in open(through: port, then: body) }
    }

    func openBreakable(
        then body:
            @escaping (_ near: any TransportEnd, _ far: any TransportEnd, _ breakLine: @escaping () -> Void) -> Void
    ) {
        withListener { [self] port in
            BreakableLine.lay(to: port, in: scene) { [self] line in
                open(through: line.port) { near, far in body(near, far, line.break) }
            }
        }
    }

    func openNear(
        to partner: TransportPartner, timeout: TimeAmount,
        report: @escaping (Result<any TransportEnd, FailedOpening>) -> Void
    ) -> any Cancellable {
        let opening = PreparedOpening()
        func connect(_ host: String, _ port: Int) {
            opening.begin {
                scene.client.connectTCP(host: host, port: port, timeout: timeout) { result in
                    report(result.map { StreamEnd($0) }.mapError { FailedOpening(reason: $0.reason) })
                }
            }
        }
        switch partner {
        case .accepting: withListener { [self] port in connect(scene.serverHost, port) }
        case .refusing: scene.withFreePort { [self] port in connect(scene.serverHost, port) }
        case .silent: scene.withSilentAddress(connect)
        }
        return opening
    }

    private func open(
        through port: Int, then body: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void
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
        scene.connect(to: port) { transport in
            near = transport
            tryBegin()
        }
    }

    /// Lets the server listen, the first time, and gives its port.
    private func withListener(_ body: @escaping (Int) -> Void) {
        if let listener { return body(listener.port) }
        scene.listen { [self] transport in
            onAccept(transport)
        } then: { [self] opened in
            listener = opened
            body(opened.port)
        }
    }
}

/// An opening that begins when the test's side of it is prepared, and can be called off before and after.
final class PreparedOpening: Cancellable {
    private var opening: (any Cancellable)?
    private var isCancelled = false

    func begin(_ open: () -> any Cancellable) {
        guard !isCancelled else { return }
        opening = open()
    }

    func cancel() {
        isCancelled = true
        opening?.cancel()
    }
}
