import Polling
import Testing

@testable import ControlCore

/// The certificates that a test of either environment uses: real ones on sockets, modelled ones in a simulation.
struct TLSCertificates {
    /// For the scene's server, of an authority that nobody knows but who was given ``authority``.
    let good: TLSIdentity
    let expired: TLSIdentity
    /// For other.example, *.rooms.example and 10.0.0.9.
    let other: TLSIdentity
    let selfSigned: TLSIdentity
    /// The authority of all but the last.
    let authority: [UInt8]
    /// Of ``good``.
    let fingerprint: CertificateFingerprint

    init(_ kind: EnvironmentKind) throws {
        switch kind {
        case .live, .liveOnRing:
            good = TestCertificates.good
            expired = TestCertificates.expired
            other = TestCertificates.other
            selfSigned = TestCertificates.selfSigned
            authority = TestCertificates.authority
            fingerprint = try #require(CertificateFingerprint(TestCertificates.goodFingerprint))
        case .simulated:
            let names = ["localhost", "device.example", "10.0.0.2"]
            let certificate = SimulatedCertificate(names: names, issuer: "Test Authority")
            good = certificate.identity
            expired =
                SimulatedCertificate(
                    names: names, issuer: "Test Authority", notBefore: 1_262_304_000, notAfter: 1_293_840_000
                ).identity
            other =
                SimulatedCertificate(
                    names: ["other.example", "*.rooms.example", "10.0.0.9"], issuer: "Test Authority"
                ).identity
            selfSigned = SimulatedCertificate(names: names, issuer: nil).identity
            authority = SimulatedCertificate(names: ["Test Authority"], issuer: nil).bytes
            fingerprint = certificate.fingerprint
        }
    }

    /// A client that trusts ``authority`` alone.
    func client(of name: String? = "localhost") -> TLSTerms {
        TLSTerms(role: .client, peerName: name, verification: .authorities(authority))
    }

    /// A server that shows `identity`, by default ``good``, and asks for nothing.
    func server(_ identity: TLSIdentity? = nil) -> TLSTerms {
        TLSTerms(role: .server, verification: .none, identity: identity ?? good)
    }
}

/// Two ends of a connection on which TLS is to be turned on, in either environment.
struct TLSScene {
    let scene: EnvironmentScene
    let certificates: TLSCertificates
    let client: any TLSCapableTransport
    let server: any TLSCapableTransport

    typealias Outcome = Result<TLSSession, ConnectFailure>

    /// Turns TLS on at both ends, and tells how that went when both know.
    func secure(
        _ clientTerms: TLSTerms, _ serverTerms: TLSTerms, timeout: TimeAmount = .seconds(5),
        then body: @escaping (_ client: Outcome, _ server: Outcome) -> Void
    ) {
        var clientOutcome: Outcome?
        var serverOutcome: Outcome?
        func tryGoOn() {
            if let clientOutcome, let serverOutcome { body(clientOutcome, serverOutcome) }
        }
        server.startTLS(serverTerms, timeout: timeout) { outcome in
            #expect(serverOutcome == nil)
            serverOutcome = outcome
            tryGoOn()
        }
        client.startTLS(clientTerms, timeout: timeout) { outcome in
            #expect(clientOutcome == nil)
            clientOutcome = outcome
            tryGoOn()
        }
        #expect(clientOutcome == nil && serverOutcome == nil, "no completion comes from inside the call")
    }
}

/// Opens a connection in an environment of the given kind and hands its ends to `body`, neither of them started.
func withTLSScene(
    _ kind: EnvironmentKind,
    at location: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (TLSScene) -> Void
) async throws {
    try await withScene(kind, at: location) { scene in
        scene.open { client, server in
            guard let certificates = try? TLSCertificates(kind), let client = client as? any TLSCapableTransport,
                let server = server as? any TLSCapableTransport
            else {
                scene.fail("no TLS here", at: location)
                return
            }
            body(TLSScene(scene: scene, certificates: certificates, client: client, server: server))
        }
    }
}
