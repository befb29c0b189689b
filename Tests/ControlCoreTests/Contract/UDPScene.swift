import ControlCore
import Polling
import Testing

extension TransportKind {
    static let udp = TransportKind(
        name: "UDP", refusal: "ConnectionRefused", isConnection: false, canBeCalledOff: false,
        makeScene: { UDPScene($0) })
}

/// Opens pairs of UDP sockets that talk to each other. The near one has a partner, the far one hears everybody.
final class UDPScene: TransportScene {
    private let scene: EnvironmentScene
    /// The system's choice at the first opening.
    private var farPort = 0

    init(_ scene: EnvironmentScene) {
        self.scene = scene
    }

    func open(then body: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void) {
        scene.server.openDatagrams(DatagramOptions(address: scene.serverHost, port: farPort)) { [self] result in
            switch result {
            case .success(let far):
                open(to: far, then: body)
            case .failure(.portUnavailable) where farPort != 0 && scene.liveLoop != nil:
                // While it was closed, the system gave the port to another test.
                farPort = 0
                open(then: body)
            case .failure(let failure):
                scene.fail("cannot open: \(failure)")
            }
        }
    }

    private func open(
        to far: any DatagramTransport, then body: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void
    ) {
        guard let farAddress = far.localAddress else { return scene.fail("no address") }
        farPort = farAddress.port
        openNear(to: farAddress) { [self] result in
            guard let near = try? result.get(), let nearAddress = near.socket.localAddress else {
                return scene.fail("cannot open: \(result)")
            }
            body(near, DatagramEnd(far, partner: nearAddress))
        }
    }

    func openBreakable(
        then body:
            @escaping (_ near: any TransportEnd, _ far: any TransportEnd, _ breakLine: @escaping () -> Void) -> Void
    ) {
        scene.fail("nobody notices the end of a UDP partner")
    }

    /// A UDP socket opens whoever its partner is. A refusal is heard after the first datagram.
    func openNear(
        to partner: TransportPartner, timeout: TimeAmount,
        report: @escaping (Result<any TransportEnd, FailedOpening>) -> Void
    ) -> any Cancellable {
        switch partner {
        case .accepting:
            scene.openDatagrams(DatagramOptions(address: scene.serverHost)) { [self] far in
                far.start(delegate: DatagramRecorder())
                guard let address = far.localAddress else { return scene.fail("no address") }
                openNear(to: address) { result in report(result.map { $0 }) }
            }
        case .refusing:
            scene.withFreePort { [self] port in
                guard let nobody = try? SocketAddress(ipAddress: scene.serverHost, port: port) else {
                    return scene.fail("no address")
                }
                openNear(to: nobody) { result in
                    guard let near = try? result.get() else { return report(result.map { $0 }) }
                    near.onFail = { report(.failure(FailedOpening(reason: $0.reason))) }
                    near.start()
                    near.send("is anybody there?")
                }
            }
        case .silent:
            scene.fail("UDP waits for no answer")
        }
        return UnstoppableOpening()
    }

    private func openNear(
        to partner: SocketAddress, report: @escaping (Result<DatagramEnd, FailedOpening>) -> Void
    ) {
        scene.client.openDatagrams(DatagramOptions(address: scene.clientHost, peer: partner)) { result in
            report(
                result.map { DatagramEnd($0, partner: partner) }
                    .mapError { FailedOpening(reason: $0.reason) })
        }
    }
}

extension EnvironmentScene {
    /// Opens a socket at the server.
    func openDatagrams(_ options: DatagramOptions, then body: @escaping (any DatagramTransport) -> Void) {
        server.openDatagrams(options) { [self] result in
            switch result {
            case .success(let transport): body(transport)
            case .failure(let failure): fail("cannot open: \(failure)")
            }
        }
    }
}
