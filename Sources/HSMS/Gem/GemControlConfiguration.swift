/// How equipment begins in the control state model.
public struct GemControlConfiguration: Hashable, Sendable {
    /// The state at the start.
    public enum InitialState: Sendable {
        /// Off-line until the operator switches on-line.
        case equipmentOffline
        /// S1F1 is sent when communication is established.
        case attemptOnline
        /// Off-line until the host sends S1F17.
        case hostOffline
        /// On-line at once.
        case online
    }

    /// The state after an attempt to go on-line that failed.
    public enum FailedAttemptState: Sendable {
        /// Off-line until the operator tries again.
        case equipmentOffline
        /// Off-line until the host sends S1F17.
        case hostOffline
    }

    /// The state at the start; by default ``InitialState/attemptOnline``.
    public var initialState = InitialState.attemptOnline
    /// The state after a failed attempt; by default ``FailedAttemptState/hostOffline``.
    public var failedAttemptState = FailedAttemptState.hostOffline
    /// Whether on-line begins as remote rather than local; by default it does.
    public var isRemote = true

    /// The defaults.
    public init() {}
}
