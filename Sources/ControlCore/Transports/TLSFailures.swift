import NIOCore
import NIOSSL

extension ConnectFailure {
    /// The failure that `error`, caught during a handshake, stands for.
    /// - Parameters:
    ///   - certificate: what the peer has shown until then.
    ///   - now: seconds since 1970 UTC.
    init(handshake error: any Error, terms: TLSTerms, certificate: PeerCertificate?, now: Int64) {
        if let error = error as? IOError {
            self = .other("TLS: \(systemErrorText(error.errnoCode))")
            return
        }
        let words = tlsErrorWords(error)
        func says(_ word: String) -> Bool { words.contains(word) }
        if says("CERTIFICATE_VERIFY_FAILED") {
            // Without a descriptor the trusted certificates cannot be read.
            if let trouble = DescriptorTrouble.now {
                self = .other("TLS: \(trouble.text)")
                return
            }
            let problem = certificate?.problem(under: terms, isTrusted: false, now: now)
            self = .certificateError(problem ?? "it is not trusted")
        } else if says("PEER_DID_NOT_RETURN_A_CERTIFICATE") {
            self = .certificateError("the peer has shown none")
        } else if says("UNSUPPORTED_PROTOCOL") || says("PROTOCOL_VERSION") {
            self = .other(terms.versionProblem)
        } else {
            self = .other(tlsErrorText(error))
        }
    }
}

/// What went wrong on a stream with TLS, in words for people.
func tlsErrorText(_ error: any Error) -> String {
    if error is IOError { return systemErrorText(of: error) }
    let words = tlsErrorWords(error)
    for (word, text) in tlsErrorTexts where words.contains(word) { return "TLS: \(text)" }
    // The library's own word, such as DECRYPTION_FAILED_OR_BAD_RECORD_MAC, without its source positions.
    let code = words.split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }).last {
        $0.contains("_") && $0.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" }
    }
    guard let code else { return "TLS: the handshake failed" }
    return "TLS: \(code.lowercased().split(separator: "_").joined(separator: " "))"
}

/// Whether `error` only says that a peer has ended the stream without the farewell of TLS. Many devices do.
func isRaggedEnd(_ error: any Error) -> Bool {
    switch error {
    case NIOSSLError.uncleanShutdown, NIOSSLError.shutdownFailed: true
    default: error is NIOSSLCloseTimedOutError
    }
}

/// The library's words for what went wrong. Everything that is asked about them is an identifier in capitals.
private func tlsErrorWords(_ error: any Error) -> String {
    switch error {
    case NIOSSLError.handshakeFailed(.sslError(let stack)), NIOSSLError.handshakeFailed(.unknownError(let stack)),
        BoringSSLError.sslError(let stack), BoringSSLError.unknownError(let stack):
        // The source file and the line behind ` at ` are of no use to anybody.
        stack.map { error in
            let text = error.description
            return text[..<(text.firstRange(of: " at ")?.lowerBound ?? text.endIndex)]
        }.joined(separator: " ")
    default:
        "\(error)"
    }
}

private let tlsErrorTexts = [
    ("EOF during", "the peer closed the connection during the handshake"),
    ("UNKNOWN_CA", "the peer does not trust this side's certificate"),
    ("ALERT_CERTIFICATE_EXPIRED", "the peer says that this side's certificate has expired"),
    ("ALERT_BAD_CERTIFICATE", "the peer does not accept this side's certificate"),
    ("ALERT_UNSUPPORTED_CERTIFICATE", "the peer does not accept this side's certificate"),
    ("ALERT_CERTIFICATE_UNKNOWN", "the peer does not accept this side's certificate"),
    ("CERTIFICATE_REQUIRED", "the peer asks for a certificate"),
    ("UNRECOGNIZED_NAME", "the peer does not go by this name"),
    ("HANDSHAKE_FAILURE", "the peer refused the handshake: nothing that both sides speak, or no certificate"),
    ("NO_SHARED_CIPHER", "the peer speaks no cipher in common"),
    ("WRONG_VERSION_NUMBER", "the peer does not speak TLS"),
    ("HTTP_REQUEST", "the peer does not speak TLS"),
    ("HTTPS_PROXY_REQUEST", "the peer does not speak TLS"),
    ("UNEXPECTED_MESSAGE", "the peer does not speak TLS"),
    ("UNEXPECTED_RECORD", "the peer does not speak TLS"),
    ("BAD_RECORD_MAC", "bytes were changed on their way"),
    ("UNSUPPORTED_PROTOCOL", "the peer offers no version in common"),
    ("PROTOCOL_VERSION", "the peer offers no version in common"),
]
