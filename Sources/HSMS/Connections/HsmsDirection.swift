/// Which way a message went.
public enum HsmsDirection: Sendable {
    /// From the peer.
    case received
    /// To the peer.
    case sent
}
