public import Bytes
public import Polling

/// An open, ordered stream of bytes to one peer: TCP, SSH and serial lines look the same from above. Some can turn TLS
/// on, see ``TLSCapableTransport``.
///
/// A transport is owned by whoever got it from the environment. It belongs to the environment's loop.
public protocol StreamTransport: AnyObject {
    /// The peer's address; `nil` when the transport has none.
    var remoteAddress: SocketAddress? { get }

    /// The local address; `nil` when the transport has none.
    var localAddress: SocketAddress? { get }

    /// Bytes handed to ``send(_:)`` that the system has not taken yet.
    var queuedBytes: Int { get }

    /// False from the moment at which ``close()`` was called or the peer's end was seen.
    var isOpen: Bool { get }

    /// Begins to read. Called once; bytes that arrived before are delivered first.
    /// - Parameter delegate: held strongly until ``StreamDelegate/transportDidClose(_:reason:)`` was delivered.
    func start(delegate: any StreamDelegate)

    /// Stops (`false`) or resumes (`true`) reading, so that the peer is slowed down instead of bytes being dropped.
    ///
    /// Nothing is delivered after `false`, the peer's close and a failure included: both wait behind the bytes that
    /// came before them until reading resumes. Meanwhile ``isOpen`` tells that the stream has ended. A ``close()`` of
    /// one's own is reported even so. Delivery resumes after the call with `true`, not inside it.
    func setReading(_ reading: Bool)

    /// Sends all of `bytes`, in order. Never waits; ``queuedBytes`` tells what is still to go.
    /// On a transport that is not open it does nothing: callers check ``isOpen`` first.
    func send(_ bytes: ByteBuffer)

    /// Closes the stream. What was queued is still sent, for at most 1 s; if the peer has not taken it by then, the
    /// stream is reset. What has arrived and what still arrives is dropped: only the close is reported.
    /// Idempotent. ``StreamDelegate/transportDidClose(_:reason:)`` follows exactly once, never from inside this call.
    func close()
}

/// Receives what happens on a ``StreamTransport``, in order, on the loop.
public protocol StreamDelegate: AnyObject {
    /// Bytes arrived: as much as came at once, at most 64 KiB, never none. Not called from inside a call of the
    /// stream's own members.
    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer)

    /// ``StreamTransport/queuedBytes`` fell below the low-water mark (32 KiB) after having been above 64 KiB.
    func transportDidDrain(_ transport: any StreamTransport)

    /// The stream is closed, whoever closed it. Called once, and nothing follows. After a ``StreamTransport/close()``
    /// it comes when the queue is sent; the socket itself may wait for the peer's close a little longer.
    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason)
}

/// Why a stream ended.
public enum CloseReason: Equatable, Sendable {
    /// This side called ``StreamTransport/close()``.
    case local
    /// The peer closed its side in good order.
    case peer
    /// The connection broke: reset, timed out, unreachable. The system's text.
    case failed(String)
}

/// A listening socket.
public protocol Listener: AnyObject {
    /// The port it listens on.
    var port: Int { get }

    /// Told why no connection can be accepted at present, and what comes next; once a minute at most. Those who connect
    /// wait meanwhile.
    var onTrouble: ((String) -> Void)? { get set }

    /// Stops listening and frees the port. Accepted connections stay. Idempotent.
    func close()
}

/// Why a connection could not be opened.
public enum ConnectFailure: Error, Equatable, Sendable {
    /// The time-out passed, or the system gave up waiting.
    case timedOut
    /// The host's name was not resolved.
    case hostError
    /// The peer refused.
    case connectionRefused
    /// No route to the host.
    case hostUnreachable
    /// No route to its network.
    case networkUnreachable
    /// The peer's certificate was not accepted: what is wrong with it.
    case certificateError(String)
    /// The host did not let the user in. Who was refused, and which ways were tried.
    case authenticationFailed(detail: String)
    /// An SSH host shows another key than the known one. Which file knows it, and how to forget it.
    case hostKeyChanged(detail: String)
    /// An SSH host is not known, and the policy allows no new one.
    case hostKeyUnknown(detail: String)
    /// The host answers, but no SSH session came about. What went wrong.
    case handshakeFailed(detail: String)
    /// Anything else: the system's text.
    case other(String)

    /// The stable word that programs see as the result of `Connect`.
    public var reason: String {
        switch self {
        case .timedOut: "TimedOut"
        case .hostError: "HostError"
        case .connectionRefused: "ConnectionRefused"
        case .hostUnreachable: "HostUnreachable"
        case .networkUnreachable: "NetworkUnreachable"
        case .certificateError: "CertificateError"
        case .authenticationFailed: "AuthenticationFailed"
        case .hostKeyChanged: "HostKeyChanged"
        case .hostKeyUnknown: "HostKeyUnknown"
        case .handshakeFailed: "HandshakeFailed"
        case .other(let text): text
        }
    }

    /// What a person needs to know beyond the ``reason``; `nil` when that says it all. Holds no secret.
    public var detail: String? {
        switch self {
        case .certificateError(let detail), .authenticationFailed(let detail), .hostKeyChanged(let detail),
            .hostKeyUnknown(let detail), .handshakeFailed(let detail):
            detail
        case .timedOut, .hostError, .connectionRefused, .hostUnreachable, .networkUnreachable, .other: nil
        }
    }

    /// The reason and what is to be said beyond it, for messages.
    public var text: String { detail.map { "\(reason): \($0)" } ?? reason }
}

/// Why a port could not be listened on.
public enum ListenFailure: Error, Equatable, Sendable {
    /// Somebody else has the port, or it needs a privilege that the process lacks.
    case portUnavailable
    /// The interface does not exist on this machine. Its name or address.
    case interfaceUnavailable(String)
    /// Anything else: the system's text.
    case other(String)

    /// The stable words that programs see as the result of `StartListen`.
    public var reason: String {
        switch self {
        case .portUnavailable: "PortUnavailable"
        case .interfaceUnavailable(let name): "InterfaceUnavailable: \(name)"
        case .other(let text): text
        }
    }
}
