/// What became of a mail.
public enum MailOutcome: Equatable, Sendable {
    /// The server has taken it, for all recipients but these.
    case sent(refused: [MailRefusal])
    /// It was not sent. The reason is the stable word that programs see, the detail what a person needs to know beyond.
    case failed(reason: String, detail: String?)

    /// The stable word that programs see.
    public var word: String {
        switch self {
        case .sent: "Sent"
        case .failed(let reason, _): reason
        }
    }

    /// What a person needs to know beyond the ``word``; nil: nothing.
    public var detail: String? {
        switch self {
        case .sent(let refused):
            refused.isEmpty ? nil : "not to " + refused.map { "\($0.address) (\($0.reply))" }.joined(separator: ", ")
        case .failed(_, let detail): detail
        }
    }

    static func failed(_ failure: ConnectFailure) -> MailOutcome {
        .failed(reason: failure.reason, detail: failure.detail)
    }
}

/// A recipient whom the server does not take mail for.
public struct MailRefusal: Equatable, Sendable {
    /// The recipient's address.
    public let address: String
    /// What the server said.
    public let reply: String
}
