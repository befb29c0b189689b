/// The states of SEMI E37. The descriptions are the names that secsgem gives them.
public enum HsmsConnectionState: String, Sendable, CustomStringConvertible {
    /// There is no TCP connection.
    case notConnected = "NOT-CONNECTED"
    /// There is one, and no session.
    case notSelected = "CONNECTED_NOT-SELECTED"
    /// A session is established; with general sessions, at least one.
    case selected = "CONNECTED_SELECTED"

    /// The state's name.
    public var description: String { rawValue }
}
