public import Bytes
public import ControlCore

/// A session to one peer over which SECS-II messages go: what a ``SecsHandler`` needs of the layer below.
///
/// A session belongs to one event loop. It chooses system bytes, waits T3 for replies, and on equipment reports a
/// foreign device ID (S9F1) and a reply that did not come (S9F9) by itself. ``HsmsSession`` is the one for HSMS.
public protocol SecsSession: AnyObject {
    /// The environment in which the session lives.
    var environment: any Environment { get }

    /// Who this side is.
    var role: HsmsConfiguration.Role { get }

    /// Whether the session is selected, so that messages may be sent.
    var isSelected: Bool { get }

    /// Who gets what comes in. The session does not keep it.
    var observer: (any SecsSessionObserver)? { get set }

    /// Sends a primary message and awaits its reply.
    /// - Parameters:
    ///   - stream: 0…127.
    ///   - function: an odd number, 1…255.
    ///   - text: the encoded item; empty for none.
    ///   - completion: called exactly once, after this call has returned.
    func sendRequest(
        stream: UInt8, function: UInt8, text: ByteBuffer, completion: @escaping (HsmsOutcome) -> Void)

    /// Sends a primary message that expects no reply; does not wait.
    /// - Throws: when the session is not selected, or the message could not be queued.
    func sendUnanswered(stream: UInt8, function: UInt8, text: ByteBuffer) throws(IOFault)

    /// Gives the session up, so that both sides begin anew: the session establishes it again, or lets the peer do so,
    /// as after any loss. Without a session it does nothing. Does not wait; the observer is told on a later turn.
    func renewSession()

    /// Replies to a primary message; does not wait.
    /// - Parameters:
    ///   - primary: its header.
    ///   - function: the reply's function; 0 aborts.
    ///   - text: the encoded item; empty for none.
    /// - Throws: when the session is not selected, or the message could not be queued.
    func sendReply(to primary: HsmsHeader, function: UInt8, text: ByteBuffer) throws(IOFault)
}

/// Who gets what comes in on a ``SecsSession``. Everything is called on the session's event loop, one after another.
public protocol SecsSessionObserver: AnyObject {
    /// The session has been selected.
    func sessionSelected()
    /// The session has ended. What became of open requests was told before.
    func sessionDeselected()
    /// A primary message has come.
    func sessionReceived(_ packet: HsmsPacket)
}
