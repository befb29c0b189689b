import TLS

extension ConnectFailure {
    /// The failure that `error`, of a handshake, stands for.
    /// - Parameters:
    ///   - certificate: what the peer has shown until then.
    ///   - now: seconds since 1970 UTC.
    init(handshake error: TLSError, terms: TLSTerms, certificate: PeerCertificate?, now: Int64) {
        switch error.kind {
        case .untrusted:
            // Without a descriptor the trusted certificates cannot be read.
            if let trouble = DescriptorTrouble.now {
                self = .other("TLS: \(trouble.text)")
                return
            }
            let problem = certificate?.problem(under: terms, isTrusted: false, now: now)
            self = .certificateError(problem ?? "it is not trusted")
        case .refused:
            let problem = certificate?.problem(under: terms, isTrusted: true, now: now)
            self = .certificateError(problem ?? "it is not accepted")
        case .noPeerCertificate:
            self = .certificateError("the peer has shown none")
        case .versions:
            self = .other(terms.versionProblem)
        default:
            self = .other(tlsErrorText(error, inHandshake: true))
        }
    }
}

/// What went wrong with TLS, in words for people.
/// - Parameter inHandshake: it was during the handshake; else on the stream behind it.
func tlsErrorText(_ error: TLSError, inHandshake: Bool) -> String {
    "TLS: \(tlsErrorWords(error, inHandshake))"
}

private func tlsErrorWords(_ error: TLSError, _ inHandshake: Bool) -> String {
    switch error.kind {
    case .untrusted: return "the peer's certificate is not trusted"
    case .refused: return "the peer's certificate is not accepted"
    case .noPeerCertificate: return "the peer has shown no certificate"
    case .versions: return "the peer offers no version in common"
    case .notTLS: return inHandshake ? "the peer does not speak TLS" : "the peer has sent something else than TLS"
    case .noSharedCipher: return "the peer speaks no cipher in common"
    case .badRecord: return "bytes were changed on their way"
    case .endOfStream: return "the peer closed the connection during the handshake"
    case .keepsRenegotiating: return "the peer asks to renegotiate again and again"
    case .halfMessage: return "the peer has sent half a message of TLS, and nothing can be sent until it sends the rest"
    case .alert(let alert):
        if let text = certificateAlerts[alert] { return text }
        if inHandshake, let text = handshakeAlerts[alert] { return text }
        let name = alertNames[alert.rawValue].map { "'\($0)'" } ?? "\(alert.rawValue)"
        return "the peer broke off with the alert \(name)"
    case .other:
        // The library's own word, such as DECRYPTION_FAILED_OR_BAD_RECORD_MAC.
        let code = error.words.split(separator: " ").last {
            $0.contains("_") && $0.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" }
        }
        guard let code else { return inHandshake ? "the handshake failed" : "the stream is broken" }
        return code.lowercased().split(separator: "_").joined(separator: " ")
    }
}

/// These come behind the handshake too: in TLS 1.3, that is where a client learns of them.
private let certificateAlerts: [TLSAlert: String] = [
    .unknownCA: "the peer does not trust this side's certificate",
    .certificateExpired: "the peer says that this side's certificate has expired",
    .badCertificate: "the peer does not accept this side's certificate",
    .unsupportedCertificate: "the peer does not accept this side's certificate",
    .certificateRevoked: "the peer does not accept this side's certificate",
    .certificateUnknown: "the peer does not accept this side's certificate",
    .certificateRequired: "the peer asks for a certificate",
]

private let handshakeAlerts: [TLSAlert: String] = [
    .unrecognizedName: "the peer does not go by this name",
    .handshakeFailure: "the peer refused the handshake: nothing that both sides speak, or no certificate",
]

/// What RFC 8446 and its forerunners call the others.
private let alertNames: [UInt8: String] = [
    21: "decryption failed", 22: "record overflow", 30: "decompression failure", 40: "handshake failure",
    47: "illegal parameter", 49: "access denied", 50: "decode error", 51: "decrypt error", 60: "export restriction",
    71: "insufficient security", 80: "internal error", 86: "inappropriate fallback", 90: "user canceled",
    100: "no renegotiation", 109: "missing extension", 110: "unsupported extension", 112: "unrecognized name",
    113: "bad certificate status response", 115: "unknown PSK identity", 120: "no application protocol",
]
