import Glibc
import Polling
import TLS
import Testing

@testable import ControlCore

@Suite("Certificates")
struct CertificateTests {
    @Test("A fingerprint is read with and without colons, in either case, and nothing else is")
    func fingerprints() throws {
        let text = TestCertificates.goodFingerprint
        let fingerprint = try #require(CertificateFingerprint(text))
        #expect(fingerprint.description == text)
        #expect(CertificateFingerprint(text.lowercased()) == fingerprint)
        #expect(CertificateFingerprint(text.split(separator: ":").joined()) == fingerprint)
        let bare = text.split(separator: ":").joined()
        for wrong in ["", "AB", String(text.dropLast()), text + ":00", "+" + bare.dropFirst(), "Ä" + bare.dropFirst(2)]
        {
            #expect(CertificateFingerprint(wrong) == nil, "\(wrong)")
        }
    }

    @Test(
        "A certificate is for the names in it: exactly, by a wildcard for one label, or as the address",
        arguments: [
            ("device.example", true), ("DEVICE.Example.", true), ("example", false), ("xdevice.example", false),
            ("a.rooms.example", true), ("a.b.rooms.example", false), ("rooms.example", false),
            (".rooms.example", false),
            ("x.example", false), ("10.0.0.9", true), ("10.0.0.90", false), ("fe80::1", true),
            ("FE80:0:0::1", true), ("::ffff:10.0.0.9", true), ("*.rooms.example", true), ("10.0.0", false),
        ])
    func names(_ name: String, _ expected: Bool) {
        let certificate = SimulatedCertificate(
            names: ["device.example", "*.rooms.example", "*.example", "10.0.0.9", "fe80::1"])
        #expect(certificate.peerCertificate.isFor(name) == expected)
    }

    @Test(
        "Names that look alike in Unicode are different names",
        arguments: [
            ("\u{212A}iosk.example", "kiosk.example"), ("caf\u{E9}.example", "cafe\u{301}.example"),
            ("caf\u{C9}.example", "caf\u{E9}.example"), ("x.caf\u{E9}.example", "*.cafe\u{301}.example"),
        ])
    func lookalikes(_ one: String, _ other: String) {
        for (name, pattern) in [(one, other), (other, one)] {
            #expect(!SimulatedCertificate(names: [pattern]).peerCertificate.isFor(name))
        }
        #expect(SimulatedCertificate(names: [one]).peerCertificate.isFor(one))
    }

    @Test(
        "A host is the same in every spelling that the resolver takes for it",
        arguments: [
            ("Device.Example", "device.example.", true), ("device.example.", "DEVICE.EXAMPLE.", true),
            ("\u{212A}iosk", "kiosk", true), ("10.0.0.9", "10.9", true), ("0xA.0.0.9", "10.0.0.9", true),
            ("::ffff:10.0.0.9", "10.0.0.9", true), ("FE80:0::1", "fe80::1", true), ("fe80::1%1", "fe80::1", true),
            ("device.example", "device.example..", false), ("device", "device.example", false), ("", "a", false),
            ("10.0.0.9", "10.0.0.90", false), ("10.0.0.9 x", "10.0.0.9", false), ("10.0.0.9", "device", false),
        ])
    func spellings(_ left: String, _ right: String, _ expected: Bool) {
        #expect(HostName.areSame(left, right) == expected)
        #expect(HostName.areSame(right, left) == expected)
    }

    @Test("A server is asked for by its name without the final dot, and not by an address")
    func serverName() throws {
        func hello(_ name: String) throws -> String {
            let terms = TLSTerms(role: .client, peerName: name, verification: .none)
            let connection = try TLSContexts().connection(for: terms)
            _ = try connection.handshake()
            var text = ""
            connection.withOutput { bytes in
                text = String(decoding: bytes, as: Unicode.ASCII.self)
                return bytes.count
            }
            return text
        }
        let dotted = try hello("device.example.")
        #expect(dotted.contains("device.example") && !dotted.contains("device.example."))
        #expect(try !hello("10.0.0.9").contains("10.0.0.9"))
    }

    @Test("What is wrong with a certificate is told in one line, whatever is written into it")
    func hostileNames() {
        let names = (0..<20).map { "a\($0)\n\u{1B}[2Jb" }
        let certificate = SimulatedCertificate(names: names, issuer: "e\nvil").peerCertificate
        let terms = TLSTerms(role: .client, peerName: "x")
        let name = certificate.problem(under: terms, isTrusted: true, now: 1_700_000_000) ?? ""
        let issuer = certificate.problem(under: terms, isTrusted: false, now: 1_700_000_000) ?? ""
        #expect(name.hasPrefix("name 'x' is not among a0??[2Jb, a1") && name.hasSuffix(", …"))
        #expect(issuer == "unknown issuer 'e?vil'")
    }

    @Test("The bounds of validity belong to it")
    func validity() {
        let certificate = SimulatedCertificate(names: ["x"], notBefore: 86_400, notAfter: 172_800).peerCertificate
        let terms = TLSTerms(role: .client, peerName: "x")
        func problem(_ now: Int64) -> String? { certificate.problem(under: terms, isTrusted: true, now: now) }
        #expect(problem(86_399) == "not valid before 1970-01-02")
        #expect(problem(86_400) == nil)
        #expect(problem(172_800) == nil)
        #expect(problem(172_801) == "expired on 1970-01-03")
    }

    @Test("What ends TLS is told by its name: in the handshake, and on the stream behind it")
    func failureWords() {
        func text(_ kind: TLSError.Kind, inHandshake: Bool) -> String {
            tlsErrorText(TLSError(kind: kind, words: "SSL_ROUTINES"), inHandshake: inHandshake)
        }
        let always: [(TLSError.Kind, String)] = [
            (.keepsRenegotiating, "the peer asks to renegotiate again and again"),
            (
                .halfMessage,
                "the peer has sent half a message of TLS, and nothing can be sent until it sends the rest"
            ),
            (.alert(.internalError), "the peer broke off with the alert 'internal error'"),
            (.alert(TLSAlert(rawValue: 99)), "the peer broke off with the alert 99"),
            (.alert(.unknownCA), "the peer does not trust this side's certificate"),
            (.other, "ssl routines"),
        ]
        for (kind, words) in always {
            #expect(text(kind, inHandshake: true) == "TLS: \(words)")
            #expect(text(kind, inHandshake: false) == "TLS: \(words)")
        }
        #expect(text(.notTLS, inHandshake: true) == "TLS: the peer does not speak TLS")
        #expect(text(.notTLS, inHandshake: false) == "TLS: the peer has sent something else than TLS")
        #expect(text(.alert(.handshakeFailure), inHandshake: true).hasPrefix("TLS: the peer refused the handshake"))
        #expect(
            text(.alert(.handshakeFailure), inHandshake: false)
                == "TLS: the peer broke off with the alert 'handshake failure'")
        #expect(tlsErrorText(TLSError(kind: .other), inHandshake: false) == "TLS: the stream is broken")
        #expect(wireErrorText(SystemError(EPIPE)) == "Connection reset by peer")
    }

    @Test("An identity shows no secret, however it is printed")
    func secrets() {
        let identity = TLSIdentity(
            certificateChain: [1], privateKey: Array("secret".utf8), passphrase: Array("secret".utf8))
        let terms = TLSTerms(role: .server, identity: identity)
        var dumped = ""
        dump(terms, to: &dumped)
        for text in ["\(identity)", "\(terms)", String(reflecting: terms), dumped] {
            #expect(!text.contains("secret") && !text.contains("115"), "\(text)")
        }
    }
}
