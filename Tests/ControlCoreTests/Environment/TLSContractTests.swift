import Bytes
import Polling
import Testing

@testable import ControlCore

/// What every environment promises of TLS over its streams.
@Suite("TLS contract")
struct TLSContractTests {
    @Test("Both ends agree on the newest version, and bytes arrive in order", arguments: EnvironmentKind.allCases)
    func agreement(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            let clientSide = StreamRecorder()
            let serverSide = StreamRecorder()
            clientSide.onReceive = { [unowned clientSide] _, _ in
                guard clientSide.received.readableBytes == 4000 else { return }
                #expect(clientSide.text == (1000..<2000).map { "\($0)" }.joined())
                #expect(serverSide.text == clientSide.text)
                tls.scene.end()
            }
            serverSide.onReceive = { transport, bytes in transport.send(bytes) }
            tls.secure(tls.certificates.client(), tls.certificates.server()) { client, server in
                #expect(
                    client == .success(TLSSession(version: .tls13, peerFingerprint: tls.certificates.fingerprint)))
                #expect(server == .success(TLSSession(version: .tls13, peerFingerprint: nil)))
                #expect(tls.client.tlsSession?.version == .tls13)
                tls.server.start(delegate: serverSide)
                tls.client.start(delegate: clientSide)
                for number in 1000..<2000 { tls.client.send("\(number)") }
            }
        }
    }

    @Test(
        "A certificate is refused with what is wrong with it, at both ends, and the stream ends",
        arguments: EnvironmentKind.allCases,
        ["expired", "other", "selfSigned", "unknown", "pin", "address"])
    func refusals(_ kind: EnvironmentKind, _ mistake: String) async throws {
        try await withTLSScene(kind) { tls in
            let certificates = tls.certificates
            var terms = certificates.client()
            var identity = certificates.good
            var expected = ""
            switch mistake {
            case "expired":
                identity = certificates.expired
                expected = "expired on 2011-01-01"
            case "other":
                identity = certificates.other
                expected = "name 'localhost' is not among other.example, *.rooms.example, 10.0.0.9"
            case "selfSigned":
                identity = certificates.selfSigned
                expected = "self-signed"
            case "unknown":
                terms.verification = .systemTrust
                expected = "unknown issuer 'Test Authority'"
            case "pin":
                identity = certificates.other
                terms.verification = .pinned([certificates.fingerprint])
                expected = "fingerprint differs: the peer has "
            default:
                identity = certificates.other
                terms.peerName = tls.scene.serverHost
                expected =
                    "name '\(tls.scene.serverHost)' is not among other.example, *.rooms.example, 10.0.0.9"
            }
            let clientSide = StreamRecorder()
            clientSide.onClose = { reason in
                guard case .failed(let text) = reason else {
                    tls.scene.fail("closed: \(reason)")
                    return
                }
                #expect(text.hasPrefix("CertificateError: \(expected)"))
                #expect(clientSide.received.readableBytes == 0)
                #expect(!tls.client.isOpen)
                tls.scene.end()
            }
            tls.client.start(delegate: clientSide)
            tls.server.startTLS(certificates.server(identity), timeout: .seconds(5)) { outcome in
                // In TLS 1.3 a server is done before the client has judged it, and may send at once.
                if case .success = outcome { tls.server.send("for nobody") }
            }
            tls.client.startTLS(terms, timeout: .seconds(5)) { outcome in
                guard case .failure(let failure) = outcome else {
                    tls.scene.fail("it was accepted")
                    return
                }
                #expect(failure.reason == "CertificateError")
                #expect(failure.detail?.hasPrefix(expected) == true, "\(failure)")
                #expect(clientSide.closes.isEmpty, "the completion comes before the end")
            }
        }
    }

    @Test(
        "A pin, an address, a wildcard and no verification let the peer in", arguments: EnvironmentKind.allCases, 0..<5)
    func acceptances(_ kind: EnvironmentKind, _ number: Int) async throws {
        try await withTLSScene(kind) { tls in
            let certificates = tls.certificates
            var terms = certificates.client()
            var identity = certificates.good
            switch number {
            case 0: terms.verification = .pinned([certificates.fingerprint])
            case 1: terms.peerName = tls.scene.serverHost
            case 2:
                identity = certificates.other
                terms.peerName = "Foyer.Rooms.Example"
            case 3:
                identity = certificates.expired
                terms.verification = .none
            default:
                identity = certificates.selfSigned
                terms.verification = .authorities(certificates.selfSigned.certificateChain)
            }
            tls.secure(terms, certificates.server(identity)) { client, server in
                #expect((try? client.get()) != nil, "\(client)")
                #expect((try? server.get()) != nil, "\(server)")
                tls.scene.end()
            }
        }
    }

    @Test("A peer that knows only older versions is refused with a word about it", arguments: EnvironmentKind.allCases)
    func oldVersions(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            var server = tls.certificates.server()
            server.minimumVersion = .tls10
            server.maximumVersion = .tls11
            tls.secure(tls.certificates.client(), server) { client, server in
                #expect(client == .failure(.other("TLS: the peer offers only versions older than TLS 1.2")))
                #expect((try? server.get()) == nil)
                tls.scene.end()
            }
        }
    }

    @Test("An older version is spoken when both ends allow it", arguments: EnvironmentKind.allCases)
    func allowedOldVersion(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            var clientTerms = tls.certificates.client()
            clientTerms.minimumVersion = .tls10
            var serverTerms = tls.certificates.server()
            serverTerms.minimumVersion = .tls10
            serverTerms.maximumVersion = .tls11
            tls.secure(clientTerms, serverTerms) { client, _ in
                #expect((try? client.get())?.version == .tls11, "\(client)")
                tls.scene.end()
            }
        }
    }

    @Test("A peer without TLS is told from one that stalls", arguments: EnvironmentKind.allCases, [true, false])
    func otherPeers(_ kind: EnvironmentKind, _ talks: Bool) async throws {
        try await withTLSScene(kind) { tls in
            let serverSide = StreamRecorder()
            if talks { serverSide.onReceive = { transport, _ in transport.send("220 welcome, stranger\r\n") } }
            tls.server.start(delegate: serverSide)
            let begin = tls.scene.client.now
            tls.client.startTLS(tls.certificates.client(), timeout: .milliseconds(300)) { outcome in
                if talks {
                    #expect(outcome == .failure(.other("TLS: the peer does not speak TLS")))
                } else {
                    #expect(outcome == .failure(.timedOut))
                    #expect(tls.scene.client.now - begin >= .milliseconds(300))
                }
                #expect(!tls.client.isOpen)
                tls.scene.end()
            }
        }
    }

    @Test("A peer that closes during the handshake is a failure that says so", arguments: EnvironmentKind.allCases)
    func closedDuringHandshake(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            let serverSide = StreamRecorder()
            serverSide.onReceive = { transport, _ in transport.close() }
            tls.server.start(delegate: serverSide)
            tls.client.startTLS(tls.certificates.client(), timeout: .seconds(5)) { outcome in
                #expect(
                    outcome == .failure(.other("TLS: the peer closed the connection during the handshake")))
                tls.scene.end()
            }
        }
    }

    @Test("TLS over an open stream keeps what was said before, and its order", arguments: EnvironmentKind.allCases)
    func midStream(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            let clientSide = StreamRecorder()
            let serverSide = StreamRecorder()
            serverSide.onReceive = { [unowned serverSide] transport, _ in
                if serverSide.text == "STARTTLS\n" {
                    transport.send("go ahead\n")
                    tls.server.startTLS(tls.certificates.server(), timeout: .seconds(5)) { outcome in
                        #expect((try? outcome.get()) != nil)
                    }
                    transport.send("in secret\n")
                } else if serverSide.text.hasSuffix("bye\n") {
                    transport.close()
                }
            }
            clientSide.onReceive = { [unowned clientSide] transport, _ in
                guard clientSide.text == "go ahead\n" else { return }
                tls.client.startTLS(tls.certificates.client(), timeout: .seconds(5)) { outcome in
                    #expect((try? outcome.get()) != nil)
                    #expect(clientSide.text == "go ahead\n", "nothing through TLS before the completion")
                    transport.send("bye\n")
                }
                transport.send("held\n")
                #expect(transport.queuedBytes == 5)
            }
            clientSide.onClose = { reason in
                #expect(reason == .peer)
                #expect(clientSide.text == "go ahead\nin secret\n")
                #expect(serverSide.text == "STARTTLS\nheld\nbye\n")
                tls.scene.end()
            }
            tls.server.start(delegate: serverSide)
            tls.client.start(delegate: clientSide)
            tls.client.send("STARTTLS\n")
        }
    }

    @Test(
        "What arrived unprotected at an end that does not read belongs to TLS, which breaks off over it",
        arguments: EnvironmentKind.allCases)
    func injection(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            let clientSide = StreamRecorder()
            clientSide.onClose = { [unowned clientSide] _ in
                #expect(clientSide.text == "")
                tls.scene.end()
            }
            tls.client.start(delegate: clientSide)
            tls.client.setReading(false)
            tls.server.start(delegate: StreamRecorder())
            tls.server.send("injected\n")
            tls.scene.client.schedule(after: .milliseconds(50)) {
                tls.client.startTLS(tls.certificates.client(), timeout: .milliseconds(300)) { outcome in
                    #expect(outcome == .failure(.other("TLS: the peer does not speak TLS")))
                    tls.client.setReading(true)
                }
            }
        }
    }

    @Test("1 MB arrives whole through a receiver that pauses, then the close", arguments: EnvironmentKind.allCases)
    func largeTransfer(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            let block = ByteBuffer(bytes: (0..<16 * 1024).map { UInt8(truncatingIfNeeded: $0 / 251 + $0) })
            var left = 64
            func fill() {
                while left > 0, tls.client.queuedBytes <= StreamLimits.highWaterMark {
                    tls.client.send(block)
                    left -= 1
                }
                if left == 0 { tls.client.close() }
            }
            let clientSide = StreamRecorder()
            clientSide.onDrain = { _ in fill() }
            let serverSide = StreamRecorder()
            serverSide.onReceive = { transport, bytes in
                #expect(bytes.readableBytes <= 64 * 1024)
                transport.setReading(false)
                tls.scene.server.execute { transport.setReading(true) }
            }
            serverSide.onClose = { [unowned serverSide] reason in
                #expect(reason == .peer)
                #expect(serverSide.received.readableBytes == 64 * block.readableBytes)
                var rest = serverSide.received
                while let next = rest.readSlice(length: block.readableBytes) {
                    guard next == block else {
                        tls.scene.fail("the bytes changed on their way")
                        return
                    }
                }
                tls.scene.end()
            }
            tls.secure(tls.certificates.client(), tls.certificates.server()) { _, _ in
                tls.server.start(delegate: serverSide)
                tls.client.start(delegate: clientSide)
                fill()
            }
        }
    }

    @Test(
        "What is sent during the handshake counts as queued, and a sender that waits is told when it has gone",
        arguments: EnvironmentKind.allCases)
    func heldBytes(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            let clientSide = StreamRecorder()
            let serverSide = StreamRecorder()
            clientSide.onDrain = { [unowned clientSide] transport in
                #expect(transport.queuedBytes < StreamLimits.lowWaterMark)
                #expect(clientSide.drains == 1)
                tls.client.close()
            }
            serverSide.onClose = { [unowned serverSide] _ in
                #expect(serverSide.received.readableBytes == 100_000)
                tls.scene.end()
            }
            tls.client.start(delegate: clientSide)
            tls.server.start(delegate: serverSide)
            tls.secure(tls.certificates.client(), tls.certificates.server()) { _, _ in }
            tls.client.send(ByteBuffer(repeating: 7, count: 100_000))
            #expect(tls.client.queuedBytes >= 100_000)
        }
    }

    @Test("A close is reported once at each end, and what was sent before arrives", arguments: EnvironmentKind.allCases)
    func close(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            let clientSide = StreamRecorder()
            let serverSide = StreamRecorder()
            func tryEnd() {
                guard clientSide.closes.count + serverSide.closes.count == 2 else { return }
                // A little later, so that a second report would be seen.
                tls.scene.client.schedule(after: .milliseconds(20)) {
                    #expect(clientSide.closes == [.local])
                    #expect(serverSide.closes == [.peer])
                    #expect(serverSide.text == "farewell")
                    tls.scene.end()
                }
            }
            clientSide.onClose = { _ in tryEnd() }
            serverSide.onClose = { _ in tryEnd() }
            tls.secure(tls.certificates.client(), tls.certificates.server()) { _, _ in
                tls.server.start(delegate: serverSide)
                tls.client.start(delegate: clientSide)
                tls.client.send("farewell")
                tls.client.close()
                tls.client.close()
            }
        }
    }

    @Test("A close during the handshake calls it off", arguments: EnvironmentKind.allCases, [true, false])
    func closeDuringHandshake(_ kind: EnvironmentKind, _ byCancelling: Bool) async throws {
        try await withTLSScene(kind) { tls in
            tls.server.start(delegate: StreamRecorder())
            let clientSide = StreamRecorder()
            var outcomes: [Result<TLSSession, ConnectFailure>] = []
            clientSide.onClose = { reason in
                tls.scene.client.execute {
                    #expect(reason == .local)
                    #expect(outcomes == (byCancelling ? [] : [.failure(.calledOff)]))
                    tls.scene.end()
                }
            }
            tls.client.start(delegate: clientSide)
            let handshake = tls.client.startTLS(tls.certificates.client(), timeout: nil) { outcomes.append($0) }
            tls.scene.client.schedule(after: .milliseconds(20)) {
                if byCancelling { handshake.cancel() } else { tls.client.close() }
            }
        }
    }

    @Test(
        "A server lets in clients that its authorities know, and no others", arguments: EnvironmentKind.allCases, 0..<4)
    func clientCertificates(_ kind: EnvironmentKind, _ number: Int) async throws {
        try await withTLSScene(kind) { tls in
            let certificates = tls.certificates
            var serverTerms = certificates.server()
            serverTerms.verification = .authorities(certificates.authority)
            var clientTerms = certificates.client()
            var expected: ConnectFailure?
            switch number {
            case 0: clientTerms.identity = certificates.good
            case 1: expected = .certificateError("the peer has shown none")
            case 2:
                clientTerms.identity = certificates.selfSigned
                expected = .certificateError("self-signed")
            default: serverTerms.isPeerCertificateOptional = true
            }
            tls.server.startTLS(serverTerms, timeout: .seconds(5)) { outcome in
                switch outcome {
                case .success(let session):
                    #expect(expected == nil)
                    #expect(session.peerFingerprint == (number == 0 ? certificates.fingerprint : nil))
                case .failure(let failure):
                    #expect(failure == expected)
                }
                tls.scene.end()
            }
            tls.client.startTLS(clientTerms, timeout: .seconds(5)) { _ in }
        }
    }

    @Test(
        "A server with another name or another pin does not see the client's certificate",
        arguments: EnvironmentKind.allCases, [true, false])
    func shyClient(_ kind: EnvironmentKind, _ isPinned: Bool) async throws {
        try await withTLSScene(kind) { tls in
            let certificates = tls.certificates
            var clientTerms = certificates.client()
            clientTerms.identity = certificates.good
            if isPinned { clientTerms.verification = .pinned([certificates.fingerprint]) }
            var serverTerms = certificates.server(certificates.other)
            serverTerms.verification = .authorities(certificates.authority)
            tls.secure(clientTerms, serverTerms) { client, server in
                guard case .failure(.certificateError) = client else { return tls.scene.fail("\(client)") }
                // Else it would have agreed, or known the certificate.
                #expect(server == .failure(.other("TLS: the peer does not accept this side's certificate")))
                tls.scene.end()
            }
        }
    }

    @Test("TLS is turned on once, and not on a closed stream", arguments: EnvironmentKind.allCases)
    func twice(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            tls.secure(tls.certificates.client(), tls.certificates.server()) { _, _ in
                tls.client.startTLS(tls.certificates.client(), timeout: nil) { outcome in
                    #expect(outcome == .failure(.other("TLS is on already")))
                    #expect(tls.client.isOpen)
                    tls.client.close()
                    tls.client.startTLS(tls.certificates.client(), timeout: nil) { outcome in
                        #expect(outcome == .failure(.calledOff))
                        tls.scene.end()
                    }
                }
            }
        }
    }

    @Test("Terms that are of no use are refused with the parameter's name", arguments: EnvironmentKind.allCases)
    func uselessTerms(_ kind: EnvironmentKind) async throws {
        try await withTLSScene(kind) { tls in
            func problem(_ terms: TLSTerms) -> String {
                do throws(ParameterError) {
                    try tls.scene.client.checkTLS(terms)
                    return "none"
                } catch { return "\(error.parameter) \(error.problem)" }
            }
            let nonsense = Array("nonsense".utf8)
            #expect(problem(tls.certificates.client()) == "none")
            #expect(problem(tls.certificates.server()) == "none")
            #expect(problem(TLSTerms(role: .server)) == "certificate is missing")
            #expect(
                problem(TLSTerms(role: .client, verification: .authorities(nonsense)))
                    == "ca_certs has no readable certificate")
            #expect(
                problem(
                    TLSTerms(role: .client, identity: TLSIdentity(certificateChain: nonsense, privateKey: nonsense)))
                    == "certificate has no readable certificate")
            #expect(
                problem(TLSTerms(role: .client, minimumVersion: .tls13, maximumVersion: .tls12))
                    == "ssl_version is TLS 1.3 to TLS 1.2")
            tls.scene.end()
        }
    }
}
