/// What became of a request that awaits an answer.
public enum HsmsOutcome: Equatable, Sendable {
    /// The answer. That of a control message may refuse, see ``HsmsPacket/selectStatus`` and its kin.
    case reply(HsmsPacket)
    /// No answer came within T3, or T6 for a control message, which also ends the connection.
    case timedOut
    /// The peer has sent Reject.req, see ``HsmsPacket/rejectReason``.
    case rejected(HsmsPacket)
    /// The peer has aborted the transaction by function 0.
    case aborted(HsmsPacket)
    /// The peer has sent an error message of stream 9 that concerns the request.
    case errorReported(HsmsPacket)
    /// There is no connection. Nothing was sent.
    case notConnected
    /// The session is not established. Nothing was sent.
    case notSelected
    /// The session or the connection ended while the answer was awaited.
    case closed
    /// The peer does not take what is queued, or too many requests are unanswered. Nothing was sent.
    case busy

    /// The answer; `nil` for every other outcome. This is what the documented calls return.
    public var reply: HsmsPacket? {
        if case .reply(let packet) = self { packet } else { nil }
    }

    /// The message that decided the outcome; `nil` when none came.
    public var packet: HsmsPacket? {
        switch self {
        case .reply(let packet), .rejected(let packet), .aborted(let packet), .errorReported(let packet): packet
        case .timedOut, .notConnected, .notSelected, .closed, .busy: nil
        }
    }

    /// The stable word for the outcome.
    public var reason: String {
        switch self {
        case .reply: "Reply"
        case .timedOut: "TimedOut"
        case .rejected: "Rejected"
        case .aborted: "Aborted"
        case .errorReported: "ErrorReported"
        case .notConnected: "NotConnected"
        case .notSelected: "NotSelected"
        case .closed: "Closed"
        case .busy: "Busy"
        }
    }
}
