public import Polling

/// When a handler tries again after a loss or a failed attempt.
public struct RetryPolicy: Equatable, Sendable {
    /// How the time between attempts goes on.
    public enum Kind: String, CaseIterable, Sendable {
        /// Always the same time, as documented.
        case fixed = "Fixed"
        /// The first attempt comes at once, or nearly so; then the time grows up to a limit. All times are spread, so
        /// that devices that vanish together are not tried in lockstep. A refusal, such as of a password, is not tried
        /// again until the program connects anew.
        case backoff = "Backoff"
    }

    /// How the time goes on.
    public let kind: Kind
    /// The time between attempts; with ``Kind/backoff`` the one after the first failed retry.
    public let time: TimeAmount
    /// The longest time between attempts; of meaning for ``Kind/backoff`` only.
    public let limit: TimeAmount

    /// The latest that the first retry of ``Kind/backoff`` comes: 1 s.
    static let firstWithin = TimeAmount.seconds(1)

    /// Bundles a policy.
    public init(_ kind: Kind, time: TimeAmount, limit: TimeAmount) {
        self.kind = kind
        self.time = time
        self.limit = max(time, limit)
    }

    /// The time to the next attempt.
    /// - Parameters:
    ///   - retries: how many there were since the connection last stood for a while.
    ///   - random: for the spread.
    func delay(after retries: Int, random: UInt64) -> TimeAmount {
        guard kind == .backoff else { return time }
        let part = Double(random % 1000) / 1000
        guard retries > 0 else { return min(time, Self.firstWithin) * part }
        let doublings = min(retries - 1, 30)
        let grown = min(Double(time.nanoseconds) * Double(1 << doublings), Double(limit.nanoseconds))
        return .nanoseconds(Int64(grown * (0.75 + part / 2)))
    }

    /// What comes next, for people.
    func text(after trouble: ConnectionTrouble, isRetrying: Bool) -> String {
        switch kind {
        case .fixed: isRetrying ? "again every \(time.plainText)" : "again in \(time.plainText)"
        case .backoff where trouble.isRefusal: "not again until Connect is called"
        case .backoff: "again at once, then less and less often, at most \(limit.plainText) apart"
        }
    }

    /// Whether it is tried again after `failure`.
    func continues(after failure: ConnectFailure) -> Bool {
        kind == .fixed || !failure.isRefusal
    }
}

extension TimeAmount {
    fileprivate static func * (amount: TimeAmount, factor: Double) -> TimeAmount {
        .nanoseconds(Int64(Double(amount.nanoseconds) * factor))
    }
}
