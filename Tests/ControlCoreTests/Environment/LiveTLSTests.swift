import Bytes
import Glibc
import Polling
import Testing

@testable import ControlCore

/// What only sockets can show of TLS.
@Suite("TLS on sockets")
struct LiveTLSTests {
    /// How many descriptors of the process are sockets with `port` at either end.
    private static func sockets(at port: Int) -> Int {
        (0..<4096).count { descriptor in
            [getsockname, getpeername].contains { name in
                // Family and port as the system writes them; the port is in network order.
                var address = [UInt8](repeating: 0, count: 16)
                var length = socklen_t(address.count)
                let isNamed = address.withUnsafeMutableBytes { bytes in
                    bytes.withMemoryRebound(to: sockaddr.self) { generic in
                        name(CInt(descriptor), generic.baseAddress.unsafelyUnwrapped, &length) == 0
                    }
                }
                return isNamed && Int(address[0]) == Int(AF_INET) && Int(address[2]) << 8 | Int(address[3]) == port
            }
        }
    }

    /// Opens TLS connections to itself and closes them, one after the other.
    private final class Cycles {
        let scene: EnvironmentScene
        let certificates: TLSCertificates
        var left: Int
        var port = 0
        var listener: (any Listener)?
        weak var lastTransport: TCPTransport?
        weak var lastLayer: TLSLayer?

        init(_ scene: EnvironmentScene, count: Int) throws {
            self.scene = scene
            certificates = try TLSCertificates(.live)
            left = count
        }

        func begin() {
            scene.listen { [self] transport in
                guard let transport = transport as? any TLSCapableTransport else { return }
                transport.startTLS(certificates.server(), timeout: .seconds(10)) { _ in
                    transport.start(delegate: StreamRecorder())
                }
            } then: { [self] listener in
                self.listener = listener
                port = listener.port
                next()
            }
        }

        private func next() {
            guard left > 0 else {
                // The other ends close a turn or two later.
                awaitNone(tries: 200)
                return
            }
            left -= 1
            scene.connect(to: port) { [self] transport in
                guard let transport = transport as? any TLSCapableTransport else {
                    scene.fail("no TLS here")
                    return
                }
                // One in four is refused.
                lastTransport = transport as? TCPTransport
                let name = left % 4 == 0 ? "nobody.example" : "localhost"
                transport.startTLS(certificates.client(of: name), timeout: .seconds(10)) { [self] outcome in
                    #expect(((try? outcome.get()) != nil) == (left % 4 != 0), "\(outcome)")
                    lastLayer = lastTransport?.tls
                    #expect(lastLayer != nil)
                    let recorder = StreamRecorder()
                    recorder.onClose = { [self] _ in next() }
                    transport.start(delegate: recorder)
                    transport.send("one line\n")
                    transport.close()
                }
            }
        }

        private func awaitNone(tries: Int) {
            // The listener stays until the end: else a connection of another test could get its port.
            let open = LiveTLSTests.sockets(at: port) - 1
            guard open > 0 || lastLayer != nil, tries > 0 else {
                #expect(open == 0)
                #expect(lastTransport == nil && lastLayer == nil, "nothing keeps what is closed")
                listener?.close()
                scene.end()
                return
            }
            scene.client.schedule(after: .milliseconds(10)) { [self] in awaitNone(tries: tries - 1) }
        }
    }

    @Test("1,000 connections with TLS come and go, and leave no descriptor")
    func cycles() async throws {
        try await withScene(.live, limit: .seconds(120)) { scene in
            do { try Cycles(scene, count: 1000).begin() } catch { scene.fail("\(error)") }
        }
    }

    @Test("A peer that ends without the farewell of TLS has closed in good order, and its bytes are kept")
    func raggedEnd() async throws {
        try await withTLSScene(.live) { tls in
            let clientSide = StreamRecorder()
            clientSide.onClose = { [unowned clientSide] reason in
                #expect(reason == .peer)
                #expect(clientSide.text == "last words")
                tls.scene.end()
            }
            tls.secure(tls.certificates.client(), tls.certificates.server()) { _, _ in
                tls.client.start(delegate: clientSide)
                tls.server.send("last words")
                (tls.server as? TCPTransport)?.source.finishOutput()
            }
        }
    }

    @Test("Bytes that are no TLS break an open connection, with a word about it, once")
    func intruder() async throws {
        try await withTLSScene(.live) { tls in
            let clientSide = StreamRecorder()
            clientSide.onClose = { reason in
                guard case .failed(let text) = reason else {
                    tls.scene.fail("closed: \(reason)")
                    return
                }
                #expect(text == "TLS: the peer has sent something else than TLS")
                tls.scene.client.schedule(after: .milliseconds(20)) {
                    #expect(clientSide.closes.count == 1)
                    tls.scene.end()
                }
            }
            tls.secure(tls.certificates.client(), tls.certificates.server()) { _, _ in
                tls.client.start(delegate: clientSide)
                guard let wire = (tls.server as? TCPTransport)?.source else {
                    tls.scene.fail("no TLS here")
                    return
                }
                wire.send(ByteBuffer(string: "this is no record of TLS"))
            }
        }
    }

    @Test("A farewell of the peer does not keep it from what was queued for it")
    func halfClose() async throws {
        try await withTLSScene(.live) { tls in
            let count = 64 << 18
            let serverSide = StreamRecorder()
            let clientSide = StreamRecorder()
            clientSide.onClose = { reason in
                #expect(reason == .peer)
                // The other end reads only now that this one knows of its farewell.
                tls.server.setReading(true)
            }
            serverSide.onReceive = { [unowned serverSide] _, _ in
                if serverSide.received.readableBytes == count { tls.scene.end() }
            }
            serverSide.onClose = { [unowned serverSide] reason in
                guard serverSide.received.readableBytes < count else { return }
                tls.scene.fail("\(reason) after \(serverSide.received.readableBytes) bytes")
            }
            tls.secure(tls.certificates.client(), tls.certificates.server()) { _, _ in
                tls.client.start(delegate: clientSide)
                tls.server.start(delegate: serverSide)
                tls.server.setReading(false)
                for _ in 0..<64 { tls.client.send(ByteBuffer(repeating: 7, count: 1 << 18)) }
                #expect(tls.client.queuedBytes > 0)
                (tls.server as? TCPTransport)?.tls?.takeLeave()
            }
        }
    }

    @Test("The alert over a failure gets to the peer, behind what was queued for it")
    func queuedAlert() async throws {
        try await withTLSScene(.live) { tls in
            let count = 64 << 18
            let serverSide = StreamRecorder()
            let clientSide = StreamRecorder()
            clientSide.onClose = { reason in
                #expect(reason == .failed("TLS: packet length too long"))
                tls.server.setReading(true)
            }
            serverSide.onClose = { [unowned serverSide] reason in
                #expect(reason == .failed("TLS: the peer broke off with the alert 'record overflow'"))
                #expect(serverSide.received.readableBytes == count)
                tls.scene.end()
            }
            tls.secure(tls.certificates.client(), tls.certificates.server()) { _, _ in
                tls.client.start(delegate: clientSide)
                tls.server.start(delegate: serverSide)
                tls.server.setReading(false)
                for _ in 0..<64 { tls.client.send(ByteBuffer(repeating: 7, count: 1 << 18)) }
                #expect(tls.client.queuedBytes > 0)
                guard let wire = (tls.server as? TCPTransport)?.source else { return tls.scene.fail("no TLS here") }
                // A record that is too long.
                wire.send(ByteBuffer(bytes: [23, 3, 3, 0xFF, 0xFF]))
            }
        }
    }

    @Test("A peer that takes nothing holds a close up for no more than a second")
    func stuckClose() async throws {
        try await withTLSScene(.live) { tls in
            let clientSide = StreamRecorder()
            tls.secure(tls.certificates.client(), tls.certificates.server()) { _, _ in
                tls.client.start(delegate: clientSide)
                tls.server.start(delegate: StreamRecorder())
                tls.server.setReading(false)
                // More than the system takes for a peer that does not read.
                for _ in 0..<64 { tls.client.send(ByteBuffer(repeating: 7, count: 1 << 18)) }
                #expect(tls.client.queuedBytes > 0)
                let begin = tls.scene.client.now
                clientSide.onClose = { reason in
                    #expect(reason == .local)
                    #expect(tls.scene.client.now - begin < .seconds(3))
                    tls.scene.end()
                }
                tls.client.close()
            }
        }
    }

    @Test("A key of another certificate, and one that is encrypted, are refused before anything is connected")
    func keys() async throws {
        try await withTLSScene(.live) { tls in
            let good = tls.certificates.good
            let other = tls.certificates.other
            func problem(_ identity: TLSIdentity) -> String {
                do throws(ParameterError) {
                    try tls.scene.client.checkTLS(TLSTerms(role: .server, verification: .none, identity: identity))
                    return "none"
                } catch { return "\(error.parameter) \(error.problem)" }
            }
            #expect(problem(good) == "none")
            #expect(
                problem(TLSIdentity(certificateChain: good.certificateChain, privateKey: other.privateKey))
                    == "certificate cannot be used")
            #expect(
                problem(
                    TLSIdentity(
                        certificateChain: good.certificateChain, privateKey: tls.certificates.authority,
                        passphrase: Array("secret".utf8))) == "certificate has no readable private key")
            tls.scene.end()
        }
    }
}
