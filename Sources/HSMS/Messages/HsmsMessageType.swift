/// The kind of an HSMS message: byte 5 of its header, which SEMI E37 calls SType.
public enum HsmsMessageType: UInt8, Sendable {
    /// Carries a SECS-II message.
    case data = 0
    /// Asks to establish the session.
    case selectRequest = 1
    /// Answers ``selectRequest``.
    case selectResponse = 2
    /// Asks to end the session and to keep the connection.
    case deselectRequest = 3
    /// Answers ``deselectRequest``.
    case deselectResponse = 4
    /// Asks whether the peer is there.
    case linktestRequest = 5
    /// Answers ``linktestRequest``.
    case linktestResponse = 6
    /// Says that a message cannot be handled in the present state, or not at all.
    case rejectRequest = 7
    /// Ends the session and the connection; has no answer.
    case separateRequest = 9

    /// The name that SEMI E37 gives the message, for logs.
    public var name: String {
        switch self {
        case .data: "Data message"
        case .selectRequest: "Select.req"
        case .selectResponse: "Select.rsp"
        case .deselectRequest: "Deselect.req"
        case .deselectResponse: "Deselect.rsp"
        case .linktestRequest: "Linktest.req"
        case .linktestResponse: "Linktest.rsp"
        case .rejectRequest: "Reject.req"
        case .separateRequest: "Separate.req"
        }
    }
}
