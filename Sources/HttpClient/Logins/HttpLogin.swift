import ByteText
public import ControlCore

/// How the one who asks proves itself to a server. Its description shows no secret, so it may be logged.
public enum HttpLogin: Hashable, Sendable, CustomStringConvertible {
    /// By user and password, in the way that the server asks for, of Digest and Basic the better one: the first request
    /// goes without them.
    case automatic(Credentials)
    /// By user and password in clear, with every request: Basic.
    case basic(Credentials)
    /// By a digest of the password, once the server has asked for it: Digest. Basic is refused.
    case digest(Credentials)
    /// By a token, with every request: Bearer.
    case bearer(String)

    /// Which way, and no secret.
    public var description: String {
        switch self {
        case .automatic(let credentials): "\(credentials)"
        case .basic(let credentials): "Basic \(credentials)"
        case .digest(let credentials): "Digest \(credentials)"
        case .bearer: "Bearer ***"
        }
    }

    /// What a trace must not show: password or token, and what stands for them on the wire.
    var secrets: [[UInt8]] {
        switch self {
        case .automatic(let credentials), .basic(let credentials):
            [credentials.password.rawBytes, Array(Self.encoded(credentials).utf8)]
        case .digest(let credentials): [credentials.password.rawBytes]
        case .bearer(let token): [token.rawBytes]
        }
    }

    /// How many bytes of memory it keeps.
    var heldBytes: Int { secrets.reduce(64) { $0 + $1.count } }

    /// Finds what cannot be sent.
    func check() throws(ParameterError) {
        func isClean(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
        switch self {
        case .automatic(let credentials), .basic(let credentials), .digest(let credentials):
            guard isClean(credentials.user), isClean(credentials.password) else {
                throw ParameterError(
                    parameter: "auth", problem: "has a control character", allowed: "{user, password} without any")
            }
            if case .digest = self { return }
            guard !credentials.user.utf8.contains(UInt8(ascii: ":")) else {
                throw ParameterError(
                    parameter: "auth", problem: "has ':' in the user's name", allowed: "{user, password}")
            }
        case .bearer(let token):
            guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                throw ParameterError(
                    parameter: "auth", problem: "has a token with spaces or other bytes", allowed: "a token in ASCII")
            }
        }
    }

    // MARK: Basic

    /// The value of `Authorization` of Basic.
    static func basicValue(_ credentials: Credentials) -> String { "Basic \(encoded(credentials))" }

    private static func encoded(_ credentials: Credentials) -> String {
        let text = credentials.user.rawBytes + [UInt8(ascii: ":")] + credentials.password.rawBytes
        return String(decoding: Base64.encode(text), as: UTF8.self)
    }
}
