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
        case .noPeerCertificate:
            self = .certificateError("the peer has shown none")
        case .versions:
            self = .other(terms.versionProblem)
        default:
            self = .other(tlsErrorText(error))
        }
    }
}

/// What went wrong on a stream with TLS, in words for people.
func tlsErrorText(_ error: TLSError) -> String {
    "TLS: \(tlsErrorWords(error))"
}

private func tlsErrorWords(_ error: TLSError) -> String {
    switch error.kind {
    case .untrusted: return "the peer's certificate is not trusted"
    case .noPeerCertificate: return "the peer has shown no certificate"
    case .versions: return "the peer offers no version in common"
    case .notTLS: return "the peer does not speak TLS"
    case .noSharedCipher: return "the peer speaks no cipher in common"
    case .badRecord: return "bytes were changed on their way"
    case .endOfStream: return "the peer closed the connection during the handshake"
    case .alert(let alert):
        if let text = alertTexts[alert] { return text }
    case .other:
        break
    }
    // The library's own word, such as DECRYPTION_FAILED_OR_BAD_RECORD_MAC.
    let code = error.words.split(separator: " ").last {
        $0.contains("_") && $0.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" }
    }
    guard let code else { return "the handshake failed" }
    return code.lowercased().split(separator: "_").joined(separator: " ")
}

private let alertTexts: [TLSAlert: String] = [
    .unknownCA: "the peer does not trust this side's certificate",
    .certificateExpired: "the peer says that this side's certificate has expired",
    .badCertificate: "the peer does not accept this side's certificate",
    .unsupportedCertificate: "the peer does not accept this side's certificate",
    .certificateRevoked: "the peer does not accept this side's certificate",
    .certificateUnknown: "the peer does not accept this side's certificate",
    .certificateRequired: "the peer asks for a certificate",
    .unrecognizedName: "the peer does not go by this name",
    .handshakeFailure: "the peer refused the handshake: nothing that both sides speak, or no certificate",
]
