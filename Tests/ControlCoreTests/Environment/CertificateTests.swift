import Testing

@testable import ControlCore

@Suite("Certificates")
struct CertificateTests {
    @Test(
        "SHA-256 gives the digests of the standard's examples",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1000),
                "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"
            ),
        ])
    func digests(_ text: String, _ expected: String) {
        let hex = SHA256.digest(of: Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        #expect(hex.joined() == expected)
    }

    @Test("SHA-256 is right at every length around a block's end")
    func lengths() {
        // A chain over all lengths; the last digest was computed with Python's hashlib.
        var digest: [UInt8] = []
        for length in 50...130 { digest = SHA256.digest(of: digest + [UInt8](repeating: 7, count: length)) }
        let hex = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hex == "010c22b66f480ee2af83fc1ce6e26b0069c4cbf85564635613ed58c20bc34f80")
    }

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
