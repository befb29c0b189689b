/// What became of a call of `connect`.
public enum ConnectOutcome: Equatable, Sendable {
    /// The connection was opened.
    case connected
    /// It was open already; nothing was done and no event fired.
    case connectedAlready
    /// The attempt failed.
    case failed(ConnectFailure)

    /// The stable word that programs see: `Connected`, `ConnectedAlready` or the failure's reason.
    public var text: String {
        switch self {
        case .connected: "Connected"
        case .connectedAlready: "ConnectedAlready"
        case .failed(let failure): failure.reason
        }
    }

    /// What a person needs to know beyond the ``text``; see ``ConnectFailure/detail``.
    public var detail: String? {
        if case .failed(let failure) = self { failure.detail } else { nil }
    }
}

extension ConnectFailure {
    /// The attempt was called off by `disconnect()` before it had come to an end. Its reason is `Disconnected`.
    public static var calledOff: ConnectFailure { .other("Disconnected") }
}
