public import Polling

/// Why a call of a ``TCPInterface`` failed.
public struct ConnectionFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// What happened.
    public enum Reason: Equatable, Sendable {
        /// There is no connection, and receiving does not make one.
        case notConnected
        /// No connection could be made.
        case unreachable(ConnectFailure)
        /// Nothing came in this time. The connection stays.
        case silent(TimeAmount)
        /// The device did not take the message in this time.
        case notTaken(TimeAmount)
        /// The device has closed the connection.
        case closedByPeer
        /// The connection broke. The system's text.
        case broken(String)
        /// This side closed the connection, or began a new one, while the call waited.
        case closed
    }

    /// The device as `host:port`.
    public let peer: String
    /// What happened.
    public let reason: Reason

    /// Describes a failed call.
    public init(peer: String, reason: Reason) {
        self.peer = peer
        self.reason = reason
    }

    /// The whole as one line, for messages.
    public var description: String {
        switch reason {
        case .notConnected: "\(peer) is not connected"
        case .unreachable(let failure): "no connection to \(peer): \(failure.reason)"
        case .silent(let time): "\(peer) sent nothing for \(time.secondsText)"
        case .notTaken(let time): "\(peer) did not take the message in \(time.secondsText)"
        case .closedByPeer: "\(peer) has closed the connection"
        case .broken(let text): "the connection to \(peer) broke: \(text)"
        case .closed: "the connection to \(peer) was closed on this side"
        }
    }
}
