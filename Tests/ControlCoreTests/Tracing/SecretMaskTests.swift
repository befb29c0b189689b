import Bytes
import Testing

@testable import ControlCore

@Suite("Secrets in a trace")
struct SecretMaskTests {
    /// The pieces of one direction as they are shown, when `secrets` are known.
    private func shown(_ pieces: [String], hiding secrets: [String]) -> [String] {
        let registry = SecretRegistry()
        for secret in secrets { registry.add(Array(secret.utf8)) }
        var mask = SecretMask(registry)
        return pieces.map { String(buffer: mask.hide(in: ByteBuffer(string: $0)).bytes) }
    }

    @Test("A secret is overwritten wherever it is, as often as it comes, and nothing else is")
    func whole() {
        #expect(
            shown(["login admin secret\r", "secretsecret", "secre t"], hiding: ["secret"])[0...1] == [
                "login admin ******\r", "************",
            ])
        #expect(shown(["the word"], hiding: ["secret"]) == ["the word"])
        #expect(shown(["aXbXc"], hiding: [""]) == ["aXbXc"])
        #expect(shown(["onion abcabcabd"], hiding: ["abcabd", "ion a"]) == ["on*****bc******"])
    }

    @Test("A secret that comes in pieces is overwritten but for its first two bytes")
    func split() {
        #expect(shown(["say secr", "et now"], hiding: ["secret"]) == ["say ****", "** now"])
        #expect(shown(["s", "ecret"], hiding: ["secret"]) == ["s", "*****"])
        #expect(shown("secret.".map(String.init), hiding: ["secret"]) == ["s", "e", "*", "*", "*", "*", "."])
    }

    @Test("A secret of one or two bytes is overwritten where a line is nothing else")
    func short() {
        #expect(shown(["7\r\n", "17", "7"], hiding: ["7"]) == ["*\r\n", "17", "*"])
    }

    @Test("The places of secrets are told apart from each other")
    func places() {
        let registry = SecretRegistry()
        registry.add(Array("secret".utf8))
        registry.add(Array("retry".utf8))
        var mask = SecretMask(registry)
        var bytes = ByteBuffer(string: "..a secretry, secret")
        bytes.moveReaderIndex(forwardBy: 2)
        let piece = mask.hide(in: bytes)
        #expect(piece.secrets == [2..<10, 12..<18])
        #expect(String(buffer: piece.bytes) == "a ********, ******")
    }

    @Test("Datagrams do not go on in each other")
    func datagrams() {
        let registry = SecretRegistry()
        registry.add(Array("secret".utf8))
        var mask = SecretMask(registry)
        let pieces = ["se", "cret", "secret"].map { mask.hide(in: ByteBuffer(string: $0), isWhole: true).bytes }
        #expect(pieces.map { String(buffer: $0) } == ["se", "cret", "******"])
    }
}
