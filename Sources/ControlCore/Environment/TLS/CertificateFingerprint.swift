internal import Digests

/// The SHA-256 digest of a certificate, which stands for it.
public struct CertificateFingerprint: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    let bytes: [UInt8]

    /// The digest of a certificate in DER form.
    init(ofCertificate bytes: [UInt8]) {
        // Without OpenSSL there is no TLS, but a simulated world has certificates even then: theirs is equal to none
        // that anybody has written down.
        self.bytes = (try? MessageDigest.digest(of: bytes, by: .sha256)) ?? []
    }

    /// Reads 64 hexadecimal digits; colons between the bytes may be left out.
    public init?(_ text: String) {
        let digits = text.split(separator: ":", omittingEmptySubsequences: false)
        let isSplit = digits.count > 1
        guard isSplit ? digits.count == 32 && digits.allSatisfy({ $0.utf8.count == 2 }) : text.utf8.count == 64 else {
            return nil
        }
        let characters = Array(digits.joined())
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: characters.count - 1, by: 2) {
            // Two digits: `UInt8("+f", radix: 16)` would be a number, too.
            guard characters[index].isHexDigit, characters[index + 1].isHexDigit,
                let byte = UInt8(String(characters[index...index + 1]), radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Bytes in hexadecimal digits with colons between them, as `openssl x509 -fingerprint -sha256` prints them.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: ":")
    }
}
