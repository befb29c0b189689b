import Polling
import Testing

@testable import ControlCore

extension TransportKind {
    static let tls = TransportKind(
        name: "TLS", refusal: "ConnectionRefused", loss: "Connection reset by peer", isConnection: true,
        // A handshake that has to wait for bytes is an error inside, several times.
        heapTraces: 4096,
        makeScene: { TLSTransportScene($0) })
}

/// Opens TCP connections and turns TLS on at both of their ends before a test gets them.
final class TLSTransportScene: TransportScene {
    private let scene: EnvironmentScene
    private let connections: TCPScene
    private var certificates: TLSCertificates?

    init(_ scene: EnvironmentScene) {
        self.scene = scene
        connections = TCPScene(scene)
        certificates = try? TLSCertificates(scene.liveLoop == nil ? .simulated : .live)
    }

    func open(then body: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void) {
        connections.open { [self] near, far in secure(near, far, then: body) }
    }

    func openBreakable(
        then body:
            @escaping (_ near: any TransportEnd, _ far: any TransportEnd, _ breakLine: @escaping () -> Void) ->
            Void
    ) {
        connections.openBreakable { [self] near, far, breakLine in
            secure(near, far) { body($0, $1, breakLine) }
        }
    }

    /// A silent partner is one that takes no connection; one that takes it and stalls has tests of its own.
    func openNear(
        to partner: TransportPartner, timeout: TimeAmount,
        report: @escaping (Result<any TransportEnd, FailedOpening>) -> Void
    ) -> any Cancellable {
        connections.openNear(to: partner, timeout: timeout, report: report)
    }

    private func secure(
        _ near: any TransportEnd, _ far: any TransportEnd,
        then body: @escaping (_ near: any TransportEnd, _ far: any TransportEnd) -> Void
    ) {
        guard let certificates, let client = (near as? StreamEnd)?.stream as? any TLSCapableTransport,
            let server = (far as? StreamEnd)?.stream as? any TLSCapableTransport
        else { return scene.fail("no TLS here") }
        TLSScene(scene: scene, certificates: certificates, client: client, server: server)
            .secure(certificates.client(), certificates.server()) { [scene] clientOutcome, serverOutcome in
                guard case .success = clientOutcome, case .success = serverOutcome else {
                    return scene.fail("not secured: \(clientOutcome), \(serverOutcome)")
                }
                body(near, far)
            }
    }
}
