import TLS
import Testing

@Suite("TLS streams")
struct TLSStreamTests {
    private let certificates: TestCertificates

    init() throws { certificates = try TestCertificates.shared.get() }

    /// Two ends whose handshake is done.
    private func pair(_ version: TLSVersion = .tls13) throws -> TLSPair {
        let client = try TLSContext(role: .client, minimumVersion: version, verification: .none)
        let server = try TLSContext(
            role: .server, minimumVersion: version, maximumVersion: version, verification: .none,
            identity: certificates.identity("good"))
        let pair = try TLSPair(client, server)
        pair.run()
        try #require(pair.client.isDone && pair.server.isDone)
        return pair
    }

    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 / 251 + $0) }
    }

    @Test("A megabyte goes both ways at once", arguments: TLSVersion.allCases)
    func largeTransfer(_ version: TLSVersion) throws {
        let pair = try pair(version)
        let there = Self.pattern(1_500_000)
        let back = Array(Self.pattern(500_001).reversed())
        try pair.client.write(there)
        try pair.server.write(back)
        pair.run(portion: 10_000)
        #expect(pair.server.received == there)
        #expect(pair.client.received == back)
    }

    @Test("A full record that comes byte by byte arrives whole", arguments: TLSVersion.allCases)
    func byteByByte(_ version: TLSVersion) throws {
        let pair = try pair(version)
        let sent = Self.pattern(16_384)
        try pair.client.write(sent)
        pair.run(portion: 1)
        #expect(pair.server.received == sent)
    }

    @Test("Many records in one feed are read in one go, as far as there is room")
    func manyRecords() throws {
        let pair = try pair()
        for number in 0..<100 { try pair.client.write([UInt8(number)]) }
        try pair.client.write([])
        pair.server.feed(pair.client.takeOutput())
        var bytes = [UInt8](repeating: 255, count: 60)
        let reads = try (0..<4).map { _ in
            try bytes.withUnsafeMutableBytes { try pair.server.connection.read(into: $0) }
        }
        #expect(reads == [60, 40, 0, 0])
        #expect(bytes[..<40] == Array(60..<100)[...])
        let empty = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        #expect(try pair.server.connection.read(into: empty) == 0)
    }

    @Test("Output stays until it has been sent, part by part")
    func partialOutput() throws {
        let pair = try pair()
        let sent = Self.pattern(100_000)
        try pair.client.write(sent)
        var waiting = pair.client.connection.outputCount
        #expect(waiting > 100_000)
        while waiting > 0 {
            pair.client.connection.withOutput { bytes in
                let part = UnsafeRawBufferPointer(rebasing: bytes.prefix(7000))
                pair.server.connection.feed(part)
                return part.count
            }
            #expect(pair.client.connection.outputCount == max(0, waiting - 7000))
            waiting = pair.client.connection.outputCount
        }
        struct NotNow: Error {}
        try pair.client.write([1])
        #expect(throws: NotNow.self) { try pair.client.connection.withOutput { _ in throw NotNow() } }
        pair.run()
        #expect(pair.server.received == sent + [1])
    }

    @Test("A farewell ends one direction; what follows it is ignored", arguments: [TLSVersion.tls12, .tls13])
    func farewell(_ version: TLSVersion) throws {
        let pair = try pair(version)
        try pair.client.write([1, 2, 3])
        pair.client.connection.close()
        let farewell = pair.client.takeOutput()
        pair.client.connection.close()
        try pair.client.write([4])
        #expect(pair.client.connection.outputCount == 0, "nothing is sent after the farewell")
        #expect(!pair.server.connection.hasPeerClosed)
        pair.server.feed(farewell + Array("no record".utf8))
        pair.server.step()
        #expect(pair.server.received == [1, 2, 3])
        #expect(pair.server.connection.hasPeerClosed && pair.server.error == nil)
        pair.server.feed(Array("no record either".utf8))
        pair.server.step()
        #expect(pair.server.error == nil)
        try pair.server.write([5, 6])
        pair.server.connection.close()
        pair.run()
        #expect(pair.client.received == [5, 6])
        #expect(pair.client.connection.hasPeerClosed && pair.client.error == nil)
    }

    @Test("A close before the handshake is done says nothing")
    func earlyClose() throws {
        let end = try TLSPair.End(TLSContext(role: .client, verification: .none), serverName: nil)
        end.connection.close()
        #expect(end.connection.outputCount == 0)
        end.step()
        _ = end.takeOutput()
        end.connection.close()
        #expect(end.connection.outputCount == 0)
    }

    @Test("Bytes that changed on their way are told, after what came before them", arguments: TLSVersion.allCases)
    func changedBytes(_ version: TLSVersion) throws {
        let pair = try pair(version)
        try pair.client.write([1, 2, 3])
        let good = pair.client.takeOutput()
        try pair.client.write(Self.pattern(100))
        var changed = pair.client.takeOutput()
        changed[changed.count - 20] ^= 1
        pair.server.feed(good + changed)
        pair.server.step()
        #expect(pair.server.received == [1, 2, 3])
        #expect(pair.server.error?.kind == .badRecord, "\(pair.server.error as Any)")
        #expect(pair.server.error?.words.contains("BAD_RECORD_MAC") == true)
        let failure = try #require(pair.server.error)
        #expect(throws: failure) { try pair.server.write([4]) }
        pair.run()
        #expect(pair.client.error?.kind == .badRecord, "the alert says so")
    }

    @Test("Bytes that are no record break the stream", arguments: TLSVersion.allCases)
    func intruder(_ version: TLSVersion) throws {
        let pair = try pair(version)
        pair.client.feed(Array("this is no record of TLS".utf8))
        pair.client.step()
        #expect(pair.client.error?.kind == .notTLS, "\(pair.client.error as Any)")
        #expect(!pair.client.connection.hasPeerClosed)
    }

    @Test("Hundreds of damaged streams end in an error or a wait")
    func damage() throws {
        for seed in 0..<500 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let pair = try pair(seed % 2 == 0 ? .tls12 : .tls13)
            for _ in 0..<3 { try pair.client.write(Self.pattern(.random(in: 1...300, using: &generator))) }
            var bytes = pair.client.takeOutput()
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            pair.server.feed(bytes)
            pair.server.step()
            try? pair.server.write([1])
            pair.run()
            #expect(pair.client.received.count <= 1)
        }
    }
}

/// Against another process, for what two ends of this library never send.
@Suite("TLS with another process")
struct TLSProcessTests {
    private let certificates: TestCertificates

    init() throws { certificates = try TestCertificates.shared.get() }

    /// Goes on with the handshake until it is done or has failed.
    private func agree(_ end: TLSPair.End, with server: OpenSSLServer) throws {
        while !end.isDone, end.error == nil {
            end.step()
            try server.send(end.takeOutput())
            if !end.isDone, end.error == nil { end.feed([try server.receive()]) }
        }
    }

    /// A client that has got half a message and holds an "a" back.
    private func halfMessage() throws -> (OpenSSLServer, TLSPair.End) {
        // A ticket with the client's certificate in it takes more than one record of 512 bytes.
        let server = try OpenSSLServer(certificates, ["-Verify", "1", "-CAfile", "house.pem", "-max_send_frag", "512"])
        let context = try TLSContext(
            role: .client, minimumVersion: .tls13, verification: .authorities(certificates["ca.pem"]),
            identity: certificates.identity("visitor"))
        let end = try TLSPair.End(context, serverName: nil)
        try agree(end, with: server)
        try #require(end.error == nil)
        var wasHeld = false
        while !wasHeld {
            end.feed([try server.receive()])
            end.step()
            // Something is written after every byte, until it does not go out at once.
            try end.write(Array("a".utf8))
            wasHeld = end.connection.outputCount == 0
            #expect(end.connection.heldCount == (wasHeld ? 1 : 0))
            try server.send(end.takeOutput())
        }
        return (server, end)
    }

    @Test("What is written between two halves of a message of the peer is sent when the second one has come")
    func halfMessages() throws {
        let (server, end) = try halfMessage()
        try end.write(Array("bcd\n".utf8))
        end.connection.close()
        #expect(end.connection.outputCount == 0)
        #expect(end.connection.heldCount == 5)
        while end.connection.outputCount == 0 {
            end.feed([try server.receive()])
            end.step()
        }
        #expect(end.connection.heldCount == 0)
        try server.send(end.takeOutput())
        while !end.received.contains(10) {
            end.feed([try server.receive()])
            end.step()
            try #require(end.error == nil)
        }
        #expect(end.received.starts(with: Array("dcba".utf8)))
        #expect(end.received.allSatisfy { Array("abcd\n".utf8).contains($0) })
    }

    @Test("No more than a mebibyte waits behind half a message")
    func endlessHalf() throws {
        let (server, end) = try halfMessage()
        try end.write([UInt8](repeating: 1, count: 1 << 20 - 1))
        #expect(end.connection.heldCount == 1 << 20)
        do throws(TLSError) {
            try end.connection.write([2].span.bytes)
            Issue.record("it was taken")
        } catch { #expect(error.kind == .halfMessage) }
        withExtendedLifetime(server) {}
    }

    @Test("A peer that asks to renegotiate again and again is put up with for so long as this side sends")
    func renegotiation() throws {
        let server = try OpenSSLServer(certificates, ["-tls1_2"], isCommanded: true)
        let end = try TLSPair.End(TLSContext(role: .client, verification: .none), serverName: nil)
        try agree(end, with: server)
        try #require(end.connection.version == .tls12)
        /// Has it ask once. What answers it is not sent, as the server would break off over that.
        func ask() throws {
            try server.command("r")
            let before = end.connection.outputCount
            while end.connection.outputCount == before, end.error == nil {
                end.feed([try server.receive()])
                end.step()
            }
        }
        for _ in 0..<3 {
            for _ in 0..<16 { try ask() }
            #expect(end.error == nil)
            try end.write([1])
        }
        for _ in 0..<16 { try ask() }
        #expect(end.error == nil)
        try ask()
        #expect(end.error?.kind == .keepsRenegotiating, "\(end.error as Any)")
    }

    @Test(
        "A key exchange whose numbers the peer chooses is for the oldest devices alone",
        arguments: [TLSVersion.tls11, .tls12])
    func costlyExchange(_ oldest: TLSVersion) throws {
        let server = try OpenSSLServer(
            certificates,
            ["-cert", "rsa.pem", "-key", "rsa.key", "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"])
        let context = try TLSContext(role: .client, minimumVersion: oldest, verification: .none)
        let end = try TLSPair.End(context, serverName: nil)
        try agree(end, with: server)
        #expect(end.isDone == (oldest < .tls12))
        #expect(end.error?.kind == (oldest < .tls12 ? nil : .alert(.handshakeFailure)))
    }
}
