import Bytes
import Polling
import Testing

@testable import ControlCore

/// What only a simulation can show of TLS.
@Suite("Simulated TLS")
struct SimulatedTLSTests {
    private func connection(
        _ world: SimulatedWorld, accept: @escaping (any TLSCapableTransport) -> Void
    ) throws -> any TLSCapableTransport {
        let client = world.environment(named: "client", address: "10.0.0.1")
        let server = world.environment(named: "server", address: "10.0.0.2")
        server.listenTCP(address: nil, port: 443) { transport in
            if let transport = transport as? any TLSCapableTransport { accept(transport) }
        } completion: { _ in
        }
        var end: (any StreamTransport)?
        client.connectTCP(host: "10.0.0.2", port: 443, timeout: nil) { end = try? $0.get() }
        world.run(for: .seconds(1))
        return try #require(end as? any TLSCapableTransport)
    }

    @Test("Splitting loses nothing, and a changed byte ends the connection", arguments: [false, true])
    func corruption(_ isCorrupt: Bool) throws {
        let world = SimulatedWorld(seed: 3)
        world.network.inject(.split([1, 2, 3, 1000]))
        let recorder = StreamRecorder()
        let certificates = try TLSCertificates(.simulated)
        let client = try connection(world) { server in
            server.startTLS(certificates.server(), timeout: nil) { _ in server.start(delegate: recorder) }
        }
        var outcome: Result<TLSSession, ConnectFailure>?
        client.startTLS(certificates.client(), timeout: nil) { outcome = $0 }
        world.run(for: .seconds(1))
        #expect((try? outcome?.get())??.version == .tls13)
        if isCorrupt { world.network.inject(.corrupt(probability: 0.001)) }
        let block = ByteBuffer(repeating: 65, count: 100_000)
        client.send(block)
        client.close()
        world.run(for: .seconds(5))
        if isCorrupt {
            #expect(recorder.closes == [.failed("TLS: bytes were changed on their way")])
            // What came before the change is whole; what came behind it is not delivered.
            #expect(recorder.received.readableBytes < block.readableBytes)
            #expect(recorder.received == block.getSlice(at: 0, length: recorder.received.readableBytes))
        } else {
            #expect(recorder.received == block)
            #expect(recorder.closes == [.peer])
        }
    }

    @Test("A certificate expires by the host's wall clock")
    func wallClock() throws {
        let world = SimulatedWorld(seed: 3)
        let certificate = SimulatedCertificate(names: ["10.0.0.2"], notAfter: 1_767_225_600 + 3600)
        let terms = TLSTerms(role: .server, verification: .none, identity: certificate.identity)
        let client = world.environment(named: "client", address: "10.0.0.1")
        let server = world.environment(named: "server", address: "10.0.0.2")
        server.listenTCP(address: nil, port: 443) { transport in
            (transport as? any TLSCapableTransport)?.startTLS(terms, timeout: nil) { _ in }
        } completion: { _ in
        }
        func connect() -> Result<TLSSession, ConnectFailure>? {
            var outcome: Result<TLSSession, ConnectFailure>?
            client.connectTCP(host: "10.0.0.2", port: 443, timeout: nil) { result in
                guard let transport = (try? result.get()) as? any TLSCapableTransport else { return }
                transport.startTLS(TLSTerms(role: .client, peerName: "10.0.0.2"), timeout: nil) { outcome = $0 }
            }
            world.run(for: .seconds(10))
            return outcome
        }
        #expect((try? connect()?.get())??.version == .tls13)
        client.jumpWallClock(by: .hours(1))
        #expect(connect() == .failure(.certificateError("expired on 2026-01-01")))
        client.trustedIssuers = []
        client.jumpWallClock(by: .hours(-1))
        #expect(connect() == .failure(.certificateError("unknown issuer 'Common Authority'")))
    }
}
