/// Why a message was not sent, or a reply did not come.
public enum SecsFailure: Error, Hashable, Sendable {
    /// No reply came within T3.
    case timedOut
    /// The peer's HSMS layer refused the message.
    case rejected(HsmsRejectReason)
    /// The peer aborted the transaction (SxF0).
    case aborted
    /// Equipment reported an error in stream 9; nil when it is none of SEMI E5.
    case errorMessage(HsmsErrorMessage?)
    /// The reply's text is no SECS-II.
    case malformedReply(SecsDecodingError)
    /// The reply is another message than the one that belongs to the request, or not in its form.
    case unexpectedReply(SecsMessage)
    /// The message cannot be written in SECS-II; nothing was sent.
    case unencodable(SecsEncodingError)
    /// There is no connection; nothing was sent.
    case notConnected
    /// There is no selected session; nothing was sent.
    case notSelected
    /// Communication is not established by S1F13 and S1F14; nothing was sent.
    case notCommunicating
    /// The equipment is off-line; nothing was sent.
    case offline
    /// The message waits in the spool until the host asks for it (equipment only).
    case spooled
    /// Too much waits to be sent or answered; nothing was sent.
    case busy
    /// The session ended before the reply came.
    case closed
}

/// What becomes of something that a peer is asked.
public typealias SecsResult<Value> = Result<Value, SecsFailure>
