public import NIOCore

/// Runs something once, after a time: the program's `Wait`.
///
/// A wait that is pending is kept alive by the environment.
public final class OneShotWait: DeadlineNode {
    /// Called with the wait when the time is over.
    public var onExpired: ((OneShotWait) -> Void)?
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((OneShotWait, Bool) -> Void)?
    /// How long a run takes, as given at the start or by ``change(_:)``.
    public private(set) var time: TimeAmount

    private let environment: any Environment
    private var deadline = NIODeadline.distantPast

    /// Makes a wait that is not pending; ``restart()`` starts it.
    /// - Parameter time: 0 s to ``NIOCore/TimeAmount/longestDelay``.
    /// - Throws: when `time` is out of its range.
    public init(environment: any Environment, time: TimeAmount) throws(ParameterError) {
        try Self.check(time)
        self.environment = environment
        self.time = time
    }

    /// Whether it is pending.
    public private(set) var isActive = false

    /// Starts it, or starts it anew: it expires ``time`` from now, whether it was pending, expired or cancelled.
    public func restart() {
        run(until: environment.now + time)
    }

    /// Prevents the expiry. Harmless when it is not pending.
    public func cancel() {
        guard isActive else { return }
        disarm()
        isActive = false
        onActivityChanged?(self, false)
    }

    /// Puts the pending expiry off by `extra`, or forward when that is negative, but not before now. ``time`` stays.
    /// Without effect when it is not pending.
    public func add(_ extra: TimeAmount) {
        guard isActive else { return }
        let rest = max(deadline - environment.now, .zero)
        let bounded = max(min(extra, .longestDelay), .zero - .longestDelay)
        run(until: environment.now + (rest + bounded).boundedDelay)
    }

    /// Sets ``time`` for this and later runs: when pending, it expires the new time from now.
    /// - Throws: when `time` is out of its range; then nothing changes.
    public func change(_ time: TimeAmount) throws(ParameterError) {
        try Self.check(time)
        self.time = time
        if isActive { restart() }
    }

    private func run(until deadline: NIODeadline) {
        let wasActive = isActive
        self.deadline = deadline
        isActive = true
        environment.arm(self, at: deadline)
        if !wasActive { onActivityChanged?(self, true) }
    }

    override func fire() {
        isActive = false
        onExpired?(self)
        // A callback that restarts the wait leaves it active.
        if !isActive { onActivityChanged?(self, false) }
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
