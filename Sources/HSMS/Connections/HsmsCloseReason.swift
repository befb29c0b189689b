internal import ControlCore

/// Why a connection ended.
public enum HsmsCloseReason: Equatable, Sendable, CustomStringConvertible {
    /// This side asked for it.
    case local
    /// The peer closed the TCP connection.
    case peer
    /// The TCP connection broke. The system's text.
    case failed(String)
    /// The peer's bytes are no HSMS messages, or too long ones.
    case malformed(HsmsFrameError)
    /// A message came to a halt in the middle for longer than T8.
    case intercharacterTimeout
    /// A control message was not answered within T6.
    case controlTimeout(HsmsMessageType)
    /// The connection stood without a session for longer than T7.
    case notSelectedTimeout
    /// The peer refused the session.
    case selectRefused(HsmsSelectStatus)
    /// The peer has rejected Select.req.
    case selectRejected(HsmsRejectReason)
    /// The peer has sent Separate.req, or this side has.
    case separated
    /// The peer has sent what SEMI E37.1 forbids at this point, and the conformance is strict.
    case violation(HsmsHeader)
    /// The peer takes no data, so that answers to it cannot be queued any more.
    case sendQueueFull
    /// The peer has connected anew, and the newer connection took the place of this one.
    case replaced

    /// The reason in a few words, for messages.
    public var description: String {
        switch self {
        case .local: "closed by this side"
        case .peer: "closed by the peer"
        case .failed(let text): text
        case .malformed(let error): error.description
        case .intercharacterTimeout: "T8: a message came to a halt"
        case .controlTimeout(let type): "T6: no answer to \(type.name)"
        case .notSelectedTimeout: "T7: no session was selected"
        case .selectRefused(let status): "the peer refused the session with status \(status.rawValue)"
        case .selectRejected(let reason): "the peer rejected Select.req for reason \(reason.rawValue)"
        case .separated: "separated"
        case .violation(let header): "not allowed here: \(header)"
        case .sendQueueFull: "the peer takes no data"
        case .replaced: "replaced by a newer connection of the peer"
        }
    }
}

extension HsmsCloseReason {
    /// What it is for people; `nil` when this side has closed the connection.
    var trouble: ConnectionTrouble? {
        switch self {
        case .local: nil
        case .peer: ConnectionTrouble("ClosedByPeer", detail: description)
        case .failed(let text): ConnectionTrouble("Lost", detail: text)
        case .malformed, .violation:
            ConnectionTrouble(
                "Malformed", detail: description,
                advice: "Does the peer speak HSMS on this port, and not another protocol?")
        case .intercharacterTimeout: ConnectionTrouble("T8", detail: description)
        case .controlTimeout:
            ConnectionTrouble("T6", detail: description, advice: "Does the peer speak HSMS on this port?")
        case .notSelectedTimeout:
            ConnectionTrouble(
                "T7", detail: description,
                advice: "One side must be active and select: is 'active' right on both sides?")
        case .selectRefused, .selectRejected:
            ConnectionTrouble(
                "NotSelected", detail: description,
                advice: "Does the peer know this session ID, and has it another connection already?")
        case .separated: ConnectionTrouble("Separated", detail: "one side has ended the session")
        case .sendQueueFull: ConnectionTrouble("NotTaken", detail: description)
        case .replaced: ConnectionTrouble("Replaced", detail: description)
        }
    }
}
