import TLS
import Testing

@Suite("TLS contexts")
struct TLSContextTests {
    private let certificates: TestCertificates

    init() throws { certificates = try TestCertificates.shared.get() }

    private func error(
        identity: TLSContext.Identity? = nil, verification: TLSContext.Verification = .none,
        minimum: TLSVersion = .tls12
    ) -> TLSContextError? {
        do throws(TLSContextError) {
            _ = try TLSContext(
                role: .server, minimumVersion: minimum, verification: verification, identity: identity)
            return nil
        } catch { return error }
    }

    private func error(_ chain: String, _ key: String, passphrase: String? = nil) -> TLSContextError? {
        error(
            identity: TLSContext.Identity(
                certificateChain: certificates[chain], privateKey: certificates[key],
                passphrase: passphrase.map { Array($0.utf8) }))
    }

    @Test("Certificate and key may stand in one text, in any order, beside other blocks")
    func bundles() {
        #expect(error("both.pem", "both.pem") == nil)
        #expect(error("all.key", "all.key") == nil)
        #expect(error("rsa.pem", "rsa.key") == nil)
    }

    @Test("What cannot be read is told apart: the chain, the key, the authorities")
    func unreadable() {
        let nonsense = Array("nonsense".utf8)
        let good = certificates.identity("good")
        for bytes in [nonsense, []] {
            #expect(
                error(identity: TLSContext.Identity(certificateChain: bytes, privateKey: good.privateKey))
                    == .certificateChain)
            #expect(
                error(identity: TLSContext.Identity(certificateChain: good.certificateChain, privateKey: bytes))
                    == .privateKey)
            #expect(error(verification: .authorities(bytes)) == .authorities)
        }
        #expect(error("good.key", "good.key") == .certificateChain)
        #expect(error("good.pem", "good.pem") == .privateKey)
        #expect(error(verification: .authorities(good.privateKey)) == .authorities)
    }

    @Test("A text whose second certificate is damaged is refused")
    func damaged() {
        let text = String(decoding: certificates["ca.pem"], as: UTF8.self)
        let broken = text.replacing("MII", with: "MMM", maxReplacements: 1)
        #expect(error(verification: .authorities(Array((text + text).utf8))) == nil)
        #expect(error(verification: .authorities(Array((text + broken).utf8))) == .authorities)
        #expect(
            error(
                identity: TLSContext.Identity(
                    certificateChain: certificates["good.pem"] + Array(broken.utf8),
                    privateKey: certificates["good.key"])) == .certificateChain)
    }

    @Test("A key of another certificate is told from one that cannot be read")
    func foreignKeys() {
        for key in ["self.key", "rsa.key"] {
            guard case .identity(let words) = error("good.pem", key) else {
                Issue.record("\(key) was taken")
                continue
            }
            #expect(!words.isEmpty)
        }
    }

    @Test("A key of more than 8192 bits is refused before it costs anything")
    func largeKeys() {
        func error(_ bits: Int) -> TLSContextError? {
            self.error(
                identity: TLSContext.Identity(
                    certificateChain: certificates["rsa.pem"], privateKey: TestCertificates.emptyKey(bits: bits)))
        }
        #expect(error(8193) == .largeKey)
        #expect(error(16_384) == .largeKey)
        guard case .identity = error(8192) else {
            Issue.record("not judged: \(error(8192) as Any)")
            return
        }
    }

    @Test("An encrypted key is opened by its passphrase alone", arguments: ["locked.key", "oldlocked.key"])
    func passphrases(_ key: String) {
        let chain = key == "locked.key" ? "good.pem" : "rsa.pem"
        #expect(error(chain, key, passphrase: "very secret") == nil)
        #expect(error(chain, key, passphrase: "quite wrong") == .privateKey)
        #expect(error(chain, key, passphrase: "") == .privateKey)
        #expect(error(chain, key, passphrase: String(repeating: "long", count: 10_000)) == .privateKey)
        #expect(error(chain, key) == .privateKey)
    }

    @Test("An identity shows no secret, however it is printed")
    func secrets() {
        let identity = TLSContext.Identity(
            certificateChain: [1], privateKey: Array("secret".utf8), passphrase: Array("secret".utf8))
        var dumped = ""
        dump(identity, to: &dumped)
        for text in ["\(identity)", String(reflecting: identity), dumped] {
            #expect(!text.contains("secret") && !text.contains("115"), "\(text)")
        }
    }

    @Test("Every range of versions and kind of verification makes a context")
    func terms() {
        for version in TLSVersion.allCases {
            #expect(error(identity: certificates.identity("good"), minimum: version) == nil)
            #expect(error(verification: .systemTrust, minimum: version) == nil)
        }
    }
}
