public import Polling

/// Runs something once, after a time: the program's `Wait`.
///
/// A wait that is pending is kept alive by the environment.
public final class OneShotWait: DeadlineNode {
    /// What waits have in common. A program may have a hundred thousand of them, which need not keep it each for
    /// itself.
    public final class Common {
        // No access to a slot holds on to it while other code runs: it is read, then called.
        /// Called with the wait when the time is over.
        @exclusivity(unchecked) public var onExpired: ((OneShotWait) -> Void)?
        /// ``OneShotWait/isActive`` changed to the value that is given.
        @exclusivity(unchecked) public var onActivityChanged: ((OneShotWait, Bool) -> Void)?
        fileprivate let environment: any Environment

        /// Makes what waits in `environment` have in common.
        public init(environment: any Environment) { self.environment = environment }
    }

    /// What this wait shares with others.
    public let common: Common
    /// How long a run takes, as given at the start or by ``change(_:)``.
    @exclusivity(unchecked) public private(set) var time: TimeAmount
    /// Who stands for it elsewhere. Not kept alive, nor counted: whoever sets it clears it before it goes.
    @exclusivity(unchecked) public unowned(unsafe) var counterpart: AnyObject?

    /// Makes a wait that is not pending; ``restart()`` starts it.
    /// - Parameters:
    ///   - common: what it shares with others: the environment, and what is called.
    ///   - time: 0 s to ``Polling/TimeAmount/longestDelay``.
    /// - Throws: when `time` is out of its range.
    public init(_ common: Common, time: TimeAmount) throws(ParameterError) {
        try Self.check(time)
        self.common = common
        self.time = time
    }

    /// Makes a wait by itself; see ``init(_:time:)``.
    public convenience init(environment: any Environment, time: TimeAmount) throws(ParameterError) {
        try self.init(Common(environment: environment), time: time)
    }

    /// Called with the wait when the time is over, for all that share ``common``.
    public var onExpired: ((OneShotWait) -> Void)? {
        get { common.onExpired }
        set { common.onExpired = newValue }
    }

    /// ``isActive`` changed to the value that is given, for all that share ``common``.
    public var onActivityChanged: ((OneShotWait, Bool) -> Void)? {
        get { common.onActivityChanged }
        set { common.onActivityChanged = newValue }
    }

    /// Whether it is pending.
    public var isActive: Bool { isArmed }

    /// Starts it, or starts it anew: it expires ``time`` from now, whether it was pending, expired or cancelled.
    public func restart() {
        run(until: now + time)
    }

    /// Prevents the expiry. Harmless when it is not pending.
    public func cancel() {
        guard isActive else { return }
        disarm()
        common.onActivityChanged?(self, false)
    }

    /// Puts the pending expiry off by `extra`, or forward when that is negative, but not before now. ``time`` stays.
    /// Without effect when it is not pending.
    public func add(_ extra: TimeAmount) {
        guard let deadline else { return }
        let rest = max(deadline - now, .zero)
        let bounded = max(min(extra, .longestDelay), .zero - .longestDelay)
        run(until: now + (rest + bounded).boundedDelay)
    }

    /// Sets ``time`` for this and later runs: when pending, it expires the new time from now.
    /// - Throws: when `time` is out of its range; then nothing changes.
    public func change(_ time: TimeAmount) throws(ParameterError) {
        try Self.check(time)
        self.time = time
        if isActive { restart() }
    }

    private var now: Deadline { common.environment.now }

    private func run(until deadline: Deadline) {
        let wasActive = isActive
        common.environment.arm(self, at: deadline)
        // An environment that is closed arms nothing.
        if isActive != wasActive { common.onActivityChanged?(self, isActive) }
    }

    /// Tells that the time is over.
    public override func fire() {
        common.onExpired?(self)
        // A callback that restarts the wait leaves it active.
        if !isActive { common.onActivityChanged?(self, false) }
    }

    private static func check(_ time: TimeAmount) throws(ParameterError) {
        guard time >= .zero, time <= .longestDelay else {
            throw ParameterError(
                parameter: "Time",
                problem: "is \(time.secondsText)",
                allowed: "0 s to \(TimeAmount.longestDelay.secondsText)"
            )
        }
    }
}

extension OneShotWait: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }

    /// See ``cancel()``.
    package func close() { cancel() }
}
