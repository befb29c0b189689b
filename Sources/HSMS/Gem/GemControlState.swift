/// The control state of equipment; see SEMI E30's control state model. The numbers are those of the status variable
/// ControlState.
public enum GemControlState: UInt8, Sendable {
    /// Off-line because the operator wants it; the host cannot change that.
    case equipmentOffline = 1
    /// Going on-line: S1F1 is sent, or will be as soon as communication is established.
    case attemptOnline = 2
    /// Off-line because the host wants it, or did not answer.
    case hostOffline = 3
    /// On-line, the operator in command.
    case onlineLocal = 4
    /// On-line, the host in command.
    case onlineRemote = 5

    /// Whether it is one of the two on-line states.
    public var isOnline: Bool { self == .onlineLocal || self == .onlineRemote }
}
