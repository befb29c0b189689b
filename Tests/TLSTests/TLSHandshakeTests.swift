import TLS
import Testing

@Suite("TLS handshakes")
struct TLSHandshakeTests {
    private let certificates: TestCertificates

    init() throws { certificates = try TestCertificates.shared.get() }

    /// A client that trusts `authority` alone; `nil`: anybody.
    private func client(
        trusting authority: String? = "ca", identity: String? = nil, from minimum: TLSVersion = .tls12,
        to maximum: TLSVersion? = nil
    ) throws -> TLSContext {
        try TLSContext(
            role: .client, minimumVersion: minimum, maximumVersion: maximum,
            verification: authority.map { .authorities(certificates["\($0).pem"]) } ?? .none,
            identity: identity.map(certificates.identity))
    }

    /// A server that shows `identity`, and asks for a certificate of `authority`; `nil`: for none.
    private func server(
        _ identity: String? = "good", trusting authority: String? = nil, isOptional: Bool = false,
        from minimum: TLSVersion = .tls12, to maximum: TLSVersion? = nil
    ) throws -> TLSContext {
        try TLSContext(
            role: .server, minimumVersion: minimum, maximumVersion: maximum,
            verification: authority.map { .authorities(certificates["\($0).pem"]) } ?? .none,
            isPeerCertificateOptional: isOptional, identity: identity.map(certificates.identity))
    }

    @Test(
        "Both ends speak the one version that both allow, and bytes go both ways", arguments: TLSVersion.allCases,
        ["good", "rsa"])
    func versions(_ version: TLSVersion, _ identity: String) throws {
        let pair = try TLSPair(client(from: .tls10), server(identity, from: version, to: version))
        #expect(pair.client.connection.version == nil)
        pair.run()
        #expect(pair.client.isDone && pair.server.isDone, "\(pair.client.error as Any)")
        #expect(pair.client.connection.version == version)
        #expect(pair.server.connection.version == version)
        try pair.client.write(Array("question".utf8))
        try pair.server.write(Array("answer".utf8))
        pair.run()
        #expect(pair.server.received == Array("question".utf8))
        #expect(pair.client.received == Array("answer".utf8))
    }

    @Test("The newest version that both allow is spoken")
    func newest() throws {
        let pair = try TLSPair(client(), server())
        pair.run()
        #expect(pair.client.connection.version == .tls13)
        let older = try TLSPair(client(from: .tls10), server(from: .tls10, to: .tls11))
        older.run()
        #expect(older.client.connection.version == .tls11)
    }

    @Test("Without a version in common, both ends say so")
    func noVersion() throws {
        for (clientContext, serverContext) in [
            (try client(), try server(from: .tls10, to: .tls11)),
            (try client(from: .tls10, to: .tls11), try server()),
            (try client(from: .tls13), try server(to: .tls12)),
        ] {
            let pair = try TLSPair(clientContext, serverContext)
            pair.run()
            #expect(pair.client.error?.kind == .versions, "\(pair.client.error as Any)")
            #expect(pair.client.error?.words.contains("PROTOCOL_VERSION") == true)
            #expect(pair.server.error?.kind == .versions, "\(pair.server.error as Any)")
            #expect(pair.server.error?.words.contains("UNSUPPORTED_PROTOCOL") == true)
        }
    }

    @Test("The fields of a certificate are told")
    func fields() throws {
        let pair = try TLSPair(client(identity: "visitor"), server(trusting: "house"), serverName: "localhost")
        #expect(pair.client.connection.peerCertificate == nil)
        pair.run()
        let certificate = try #require(pair.client.connection.peerCertificate)
        #expect(certificate.bytes == certificates["good.der"])
        #expect(certificate.hostNames == ["localhost", "*.rooms.example"])
        #expect(certificate.addresses == [[127, 0, 0, 1], [0xfe, 0x80] + [UInt8](repeating: 0, count: 13) + [1]])
        #expect(certificate.issuer == "Test Authority")
        #expect(!certificate.isSelfIssued)
        #expect(certificate.notBefore == 1_577_836_800)
        #expect(certificate.notAfter == 4_733_510_400)
        let visitor = try #require(pair.server.connection.peerCertificate)
        #expect(visitor.hostNames == ["visitor.example"])
        #expect(visitor.issuer == "Cellar", "an authority without a common name")
    }

    @Test(
        "An untrusted certificate is refused at both ends, and its fields are known nevertheless",
        arguments: [("good", "house", 20), ("self", "ca", 18), ("expired", "ca", 10), ("good", nil, 20)],
        [TLSVersion.tls12, .tls13])
    func untrusted(_ what: (identity: String, authority: String?, code: Int), _ version: TLSVersion) throws {
        let systemTrust = try TLSContext(role: .client, maximumVersion: version)
        let context = try what.authority.map { try client(trusting: $0, to: version) } ?? systemTrust
        let pair = try TLSPair(context, server(what.identity))
        pair.run()
        #expect(!pair.client.isDone)
        #expect(pair.client.error?.kind == .untrusted(verifyCode: what.code), "\(pair.client.error as Any)")
        #expect(pair.client.error?.words.contains("CERTIFICATE_VERIFY_FAILED") == true)
        let certificate = try #require(pair.client.connection.peerCertificate)
        #expect(certificate.hostNames.first == "localhost")
        #expect(certificate.isSelfIssued == (what.identity == "self"))
        guard case .alert(let alert) = pair.server.error?.kind else {
            Issue.record("no alert: \(pair.server.error as Any)")
            return
        }
        #expect(alert == (what.identity == "expired" ? .certificateExpired : .unknownCA))
    }

    @Test("A certificate that is its own authority is accepted by who trusts it, and anything by who asks for nothing")
    func accepted() throws {
        for (authority, identity) in [("self", "self"), (nil, "self"), (nil, "expired")] {
            let pair = try TLSPair(client(trusting: authority), server(identity))
            pair.run()
            #expect(pair.client.isDone && pair.server.isDone)
            #expect(pair.client.connection.peerCertificate?.isSelfIssued == (identity == "self"))
            #expect(pair.server.connection.peerCertificate == nil)
        }
    }

    @Test("A server lets in clients that its authority knows", arguments: [TLSVersion.tls11, .tls12, .tls13])
    func knownClients(_ version: TLSVersion) throws {
        for isOptional in [true, false] {
            let pair = try TLSPair(
                client(identity: "visitor", from: .tls10, to: version),
                server(trusting: "house", isOptional: isOptional, from: .tls10))
            pair.run()
            #expect(pair.client.isDone && pair.server.isDone)
            #expect(pair.server.connection.peerCertificate?.hostNames == ["visitor.example"])
        }
        let nobody = try TLSPair(
            client(from: .tls10, to: version), server(trusting: "house", isOptional: true, from: .tls10))
        nobody.run()
        #expect(nobody.client.isDone && nobody.server.isDone)
        #expect(nobody.server.connection.peerCertificate == nil)
    }

    @Test(
        "A client whose certificate is missing or refused learns it: in TLS 1.3 by reading, after its handshake",
        arguments: [nil, "self", "good"] as [String?], [TLSVersion.tls12, .tls13])
    func refusedClients(_ identity: String?, _ version: TLSVersion) throws {
        for isOptional in identity == nil ? [false] : [false, true] {
            let pair = try TLSPair(
                client(identity: identity, to: version), server(trusting: "house", isOptional: isOptional))
            pair.run()
            #expect(!pair.server.isDone)
            #expect(pair.client.isDone == (version == .tls13))
            let alert: TLSAlert =
                identity != nil ? .unknownCA : version == .tls13 ? .certificateRequired : .handshakeFailure
            #expect(pair.client.error?.kind == .alert(alert), "\(pair.client.error as Any)")
            if identity == nil {
                #expect(pair.server.error?.kind == .noPeerCertificate)
                #expect(pair.server.error?.words.contains("PEER_DID_NOT_RETURN_A_CERTIFICATE") == true)
                #expect(pair.server.connection.peerCertificate == nil)
            } else {
                // Where "good" is shown, its authority comes along.
                let code = identity == "self" ? 18 : 19
                #expect(pair.server.error?.kind == .untrusted(verifyCode: code))
                #expect(pair.server.connection.peerCertificate?.hostNames.first == "localhost")
            }
        }
    }

    @Test(
        "A server that the client's owner refuses does not get to see the client's certificate",
        arguments: [TLSVersion.tls12, .tls13], [false, true])
    func judgement(_ version: TLSVersion, _ isAlone: Bool) throws {
        for isGood in [true, false] {
            let pair = try TLSPair(
                client(trusting: isAlone ? nil : "ca", identity: "visitor", to: version), server(trusting: "house"))
            var judged: [TLSCertificate] = []
            pair.client.connection.judgePeer(alone: isAlone) { certificate in
                judged.append(certificate)
                return isGood
            }
            pair.run()
            #expect(judged.map(\.bytes) == [certificates["good.der"]])
            #expect(pair.client.isDone == isGood && pair.server.isDone == isGood)
            #expect(pair.client.connection.peerCertificate?.bytes == certificates["good.der"])
            #expect((pair.server.connection.peerCertificate != nil) == isGood)
            #expect(pair.client.error?.kind == (isGood ? nil : .refused))
            #expect(pair.server.error?.kind == (isGood ? nil : .alert(.badCertificate)))
        }
    }

    @Test("The owner is not asked about a certificate that the library refuses, unless its judgement counts alone")
    func judgedAlone() throws {
        for name in ["good", "expired", "self"] {
            for isAlone in [true, false] {
                let pair = try TLSPair(client(trusting: "house"), server(name))
                var count = 0
                pair.client.connection.judgePeer(alone: isAlone) { _ in
                    count += 1
                    return true
                }
                pair.run()
                #expect(count == (isAlone ? 1 : 0))
                #expect(pair.client.isDone == isAlone, "\(pair.client.error as Any)")
            }
        }
    }

    @Test("A server without a certificate has no cipher in common with anybody")
    func noCipher() throws {
        let pair = try TLSPair(client(to: .tls12), server(nil))
        pair.run()
        #expect(pair.server.error?.kind == .noSharedCipher, "\(pair.server.error as Any)")
        #expect(pair.client.error?.kind == .alert(.handshakeFailure))
    }

    @Test("Bytes that come one by one make the same handshake", arguments: TLSVersion.allCases)
    func byteByByte(_ version: TLSVersion) throws {
        let pair = try TLSPair(
            client(identity: "visitor", from: .tls10), server(trusting: "house", from: version, to: version))
        pair.run(portion: 1)
        #expect(pair.client.isDone && pair.server.isDone)
        #expect(pair.client.connection.version == version)
    }

    @Test("A client's first message has the name that it asks for; none is put out before the handshake begins")
    func serverName() throws {
        let context = try client()
        let end = try TLSPair.End(context, serverName: "device.example")
        #expect(end.connection.outputCount == 0)
        end.step()
        #expect(String(decoding: end.takeOutput(), as: Unicode.ASCII.self).contains("device.example"))
        #expect(throws: TLSError.self) {
            try TLSConnection(context, serverName: String(repeating: "x", count: 300))
        }
    }

    @Test(
        "A peer that does not speak TLS is told as such",
        arguments: ["HTTP/1.1 400 Bad Request\r\n\r\n", "220 welcome, stranger\r\n", "GET / HTTP/1.0\r\n\r\n"])
    func otherProtocols(_ text: String) throws {
        for context in [try client(), try server()] {
            let end = try TLSPair.End(context, serverName: nil)
            end.step()
            end.feed(Array(text.utf8))
            end.step()
            #expect(end.error?.kind == .notTLS, "\(end.error as Any)")
            #expect(end.error?.words == (text.hasPrefix("GET") ? "HTTP_REQUEST" : "WRONG_VERSION_NUMBER"))
        }
    }

    @Test("A failure stays, and nothing of it gets to another connection of the thread")
    func isolation() throws {
        let context = try client()
        let broken = try TLSPair.End(context, serverName: nil)
        broken.feed(Array("no TLS at all".utf8))
        broken.step()
        let failure = try #require(broken.error)
        let pair = try TLSPair(context, server())
        for _ in 0..<3 {
            pair.run(portion: 100)
            #expect(throws: failure) { try broken.connection.handshake() }
        }
        #expect(pair.client.isDone && pair.client.error == nil && pair.server.error == nil)
    }

    @Test("A farewell during the handshake is an early end")
    func earlyFarewell() throws {
        let end = try TLSPair.End(client(), serverName: nil)
        end.step()
        end.feed([21, 3, 3, 0, 2, 1, 0])
        end.step()
        #expect(end.error == .endOfStream)
    }

    @Test("Alerts of a server are told by their number", arguments: [42, 43, 44, 46, 112, 80] as [UInt8])
    func alerts(_ number: UInt8) throws {
        let end = try TLSPair.End(client(), serverName: "x.example")
        end.step()
        end.feed([21, 3, 3, 0, 2, 2, number])
        end.step()
        #expect(end.error?.kind == .alert(TLSAlert(rawValue: number)), "\(end.error as Any)")
    }

    @Test("Contexts serve connections on several threads at once")
    func threads() async throws {
        let clientContext = try client(identity: "visitor")
        let serverContext = try server(trusting: "house")
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    (0..<25).count { _ in
                        guard let pair = try? TLSPair(clientContext, serverContext) else { return false }
                        pair.run()
                        return pair.client.isDone && pair.server.isDone
                    }
                }
            }
            for await count in group { #expect(count == 25) }
        }
    }

    @Test("Thousands of damaged handshakes end in an error or a wait")
    func damage() throws {
        let contexts = [try client(), try server()]
        var records: [[UInt8]] = []
        let pair = try TLSPair(contexts[0], contexts[1])
        pair.client.step()
        records.append(pair.client.takeOutput())
        pair.server.feed(records[0])
        pair.server.step()
        records.append(pair.server.takeOutput())
        for seed in 0..<4000 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let isServer = seed % 2 == 1
            let end = try TLSPair.End(contexts[isServer ? 1 : 0], serverName: nil)
            end.step()
            var bytes = records[isServer ? 0 : 1]
            if seed % 4 < 2 {
                bytes = (0..<Int.random(in: 1...200, using: &generator)).map { _ in
                    .random(in: 0...255, using: &generator)
                }
                if seed % 8 < 4 { bytes = [.random(in: 20...24, using: &generator), 3, 3, 0, 100] + bytes }
            } else {
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                bytes.removeLast(.random(in: 0..<bytes.count / 4, using: &generator))
            }
            end.feed(bytes)
            end.step()
            end.feed(bytes)
            end.step()
            #expect(!end.isDone || end.connection.version != nil)
            if let error = end.error { #expect(error.kind != .endOfStream || bytes.contains(21)) }
        }
    }
}
