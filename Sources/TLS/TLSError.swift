import CTLS

/// Why a handshake or a stream has failed.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is, whatever the library's words are.
    public enum Kind: Hashable, Sendable {
        /// The peer's certificate is refused. The code is OpenSSL's, such as 18 for one that is self-signed.
        case untrusted(verifyCode: Int)
        /// The peer's certificate is refused by ``TLSConnection/judgePeer(alone:_:)``.
        case refused
        /// The peer, a client, has shown no certificate.
        case noPeerCertificate
        /// There is no version that both sides allow. Either side may have found out.
        case versions
        /// The peer speaks something else than TLS, or takes this side for such a peer.
        case notTLS
        /// The peer has ended the stream with an alert, other than those that have a case of their own.
        case alert(TLSAlert)
        /// There is no cipher that both sides allow.
        case noSharedCipher
        /// Bytes have changed on their way. Either side may have found out.
        case badRecord
        /// The peer has closed during the handshake.
        case endOfStream
        /// The peer asks again and again to renegotiate, which is refused.
        case keepsRenegotiating
        /// The peer has sent half a message of TLS, behind which more than is kept waits to be sent.
        case halfMessage
        /// Something else; the words tell.
        case other
    }

    /// What kind of failure it is.
    public let kind: Kind
    /// The library's reasons, oldest first, separated by spaces, such as `CERTIFICATE_VERIFY_FAILED`. Empty for
    /// ``Kind/endOfStream``.
    public let words: String

    /// Bundles a kind and the library's words.
    public init(kind: Kind, words: String = "") {
        self.kind = kind
        self.words = words
    }

    /// The failure of a handshake whose peer has ended the stream.
    public static let endOfStream = TLSError(kind: .endOfStream)

    /// The words, or the kind when there are none.
    public var description: String { words.isEmpty ? "\(kind)" : words }

    /// Takes over a failure of the library.
    init(_ failure: ctls_failure) {
        let code = Int(failure.code)
        let kind: Kind =
            switch failure.kind {
            case .untrusted: .untrusted(verifyCode: code)
            case .refused: .refused
            case .no_peer_certificate: .noPeerCertificate
            case .versions: .versions
            case .not_tls: .notTLS
            case .alert: .alert(TLSAlert(rawValue: UInt8(truncatingIfNeeded: code)))
            case .no_shared_cipher: .noSharedCipher
            case .bad_record: .badRecord
            case .end_of_stream: .endOfStream
            case .renegotiating: .keepsRenegotiating
            case .half_message: .halfMessage
            case .none, .other: .other
            }
        self.init(kind: kind, words: failure.text)
    }
}

extension ctls_failure {
    /// The words, without what is behind their end.
    var text: String {
        withUnsafeBytes(of: words) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

/// An alert of TLS by its number, as RFC 8446 and its forerunners list them.
public struct TLSAlert: RawRepresentable, Hashable, Sendable {
    /// The number.
    public let rawValue: UInt8

    /// The alert with this number.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Nothing that both sides speak, or no certificate.
    public static let handshakeFailure = TLSAlert(rawValue: 40)
    /// The certificate is damaged, or not signed as it should be.
    public static let badCertificate = TLSAlert(rawValue: 42)
    /// The certificate is of a kind that the peer does not know.
    public static let unsupportedCertificate = TLSAlert(rawValue: 43)
    /// The certificate's issuer has called it back.
    public static let certificateRevoked = TLSAlert(rawValue: 44)
    /// The certificate is not valid now.
    public static let certificateExpired = TLSAlert(rawValue: 45)
    /// The certificate is refused for another reason.
    public static let certificateUnknown = TLSAlert(rawValue: 46)
    /// The certificate's issuer is not known.
    public static let unknownCA = TLSAlert(rawValue: 48)
    /// A signature or a check of the handshake is wrong.
    public static let decryptError = TLSAlert(rawValue: 51)
    /// What the peer offers is too weak.
    public static let insufficientSecurity = TLSAlert(rawValue: 71)
    /// Something is wrong with the side that has sent it.
    public static let internalError = TLSAlert(rawValue: 80)
    /// The server does not go by the name that it was asked for.
    public static let unrecognizedName = TLSAlert(rawValue: 112)
    /// The client has shown no certificate.
    public static let certificateRequired = TLSAlert(rawValue: 116)
}
