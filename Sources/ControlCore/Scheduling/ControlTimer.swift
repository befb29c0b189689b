public import Polling

/// A repeating timer: the program's `Timer`.
///
/// Ticks come at multiples of the interval from the start, without drift. A tick that is due while ``isBusy`` is set is
/// skipped and not counted; ticks never stack up. A timer that is not stopped or paused is kept alive by the
/// environment.
public final class ControlTimer: DeadlineNode {
    /// What a timer is doing. Raw values are the words that programs see.
    public enum State: String, Equatable, Sendable {
        /// It ticks.
        case running = "Running"
        /// It keeps the rest of its interval until it is resumed.
        case paused = "Paused"
        /// It starts anew when it is resumed.
        case stopped = "Stopped"
    }

    /// The shortest interval: 0.01 s. The longest is ``Polling/TimeAmount/longestDelay``.
    public static let shortestInterval = TimeAmount.milliseconds(10)

    /// What timers have in common. A program may have many thousands of them, which need not keep it each for itself.
    public final class Common {
        // No access to a slot holds on to it while other code runs: it is read, then called.
        /// Called at each tick with the timer and the number of the tick, counted from 1.
        @exclusivity(unchecked) public var onTick: ((ControlTimer, Int) -> Void)?
        /// The state changed to the value that is given. Restarting a running timer changes nothing.
        @exclusivity(unchecked) public var onStateChanged: ((ControlTimer, State) -> Void)?
        /// ``ControlTimer/isActive`` changed to the value that is given.
        @exclusivity(unchecked) public var onActivityChanged: ((ControlTimer, Bool) -> Void)?
        /// Asked before a command of the program takes effect, with whether the timer is to run; `false` keeps it as it
        /// is.
        var commandGate: ((_ run: Bool) -> Bool)?
        /// Told when ``ControlTimer/isActive`` has changed, before the slot is. For connection handlers, which leave
        /// the slot free.
        var activityObserver: (() -> Void)?
        fileprivate let environment: any Environment

        /// Makes what timers in `environment` have in common.
        public init(environment: any Environment) { self.environment = environment }
    }

    /// What this timer shares with others.
    public let common: Common
    /// Who stands for it elsewhere. Not kept alive, nor counted: whoever sets it clears it before it goes.
    @exclusivity(unchecked) public unowned(unsafe) var counterpart: AnyObject?
    // The variables without a check of exclusive access are of numbers, which no access holds on to while other code
    // runs.
    /// Set it while what a tick has begun goes on; ticks that are due meanwhile are skipped.
    @exclusivity(unchecked) public var isBusy = false
    /// What it is doing.
    @exclusivity(unchecked) public private(set) var state = State.stopped

    /// The time between two ticks.
    @exclusivity(unchecked) public private(set) var interval: TimeAmount
    /// How many ticks came since the start.
    @exclusivity(unchecked) public private(set) var count = 0

    @exclusivity(unchecked) private var nextTick = Deadline.distantFuture
    /// What was left of the interval when it was paused.
    private var remainder: TimeAmount

    /// Makes a stopped timer; ``restart()`` starts it.
    /// - Throws: when `interval` is out of its range.
    public init(_ common: Common, interval: TimeAmount) throws(ParameterError) {
        try Self.check(interval, parameter: "Interval")
        self.common = common
        self.interval = interval
        remainder = interval
    }

    /// Makes a timer by itself; see ``init(_:interval:)``.
    public convenience init(environment: any Environment, interval: TimeAmount) throws(ParameterError) {
        try self.init(Common(environment: environment), interval: interval)
    }

    /// Called at each tick with the timer and the number of the tick, counted from 1, for all that share ``common``.
    public var onTick: ((ControlTimer, Int) -> Void)? {
        get { common.onTick }
        set { common.onTick = newValue }
    }

    /// The state changed to the value that is given, for all that share ``common``. Restarting a running timer changes
    /// nothing.
    public var onStateChanged: ((ControlTimer, State) -> Void)? {
        get { common.onStateChanged }
        set { common.onStateChanged = newValue }
    }

    /// ``isActive`` changed to the value that is given, for all that share ``common``.
    public var onActivityChanged: ((ControlTimer, Bool) -> Void)? {
        get { common.onActivityChanged }
        set { common.onActivityChanged = newValue }
    }

    /// Whether it ticks.
    public var isActive: Bool { state == .running }

    /// Sets a new interval. While running, the next tick comes one new interval from now; while paused, one new
    /// interval after it is resumed. ``count`` and ``state`` stay.
    /// - Throws: when `interval` is out of its range; then nothing changes.
    public func change(_ interval: TimeAmount) throws(ParameterError) {
        try Self.check(interval, parameter: "Interval")
        self.interval = interval
        remainder = interval
        if state == .running { run(after: interval) }
    }

    /// Halts it; the rest of the interval and ``count`` are kept. A timer that does not run stays as it is.
    public func pause() {
        guard common.commandGate?(false) ?? true else { return }
        performPause()
    }

    /// Goes on after ``pause()`` with the rest of the interval, or starts after ``stop()``. A running timer stays as it
    /// is.
    public func resume() {
        guard common.commandGate?(true) ?? true else { return }
        performResume()
    }

    /// Sets ``count`` to 0 and starts; the first tick comes after one interval.
    public func restart() {
        guard common.commandGate?(true) ?? true else { return }
        performRestart()
    }

    /// Ends it and sets ``count`` to 0.
    public func stop() {
        guard common.commandGate?(false) ?? true else { return }
        halt()
        count = 0
        remainder = interval
        setState(.stopped)
    }

    func performPause() {
        guard state == .running else { return }
        remainder = max(nextTick - common.environment.now, .zero)
        halt()
        setState(.paused)
    }

    func performResume() {
        guard state != .running else { return }
        run(after: remainder)
        setState(.running)
    }

    /// - Parameter firstAfter: when the first tick comes; `nil`: after one interval.
    func performRestart(firstAfter delay: TimeAmount? = nil) {
        count = 0
        run(after: delay ?? interval)
        setState(.running)
    }

    /// Puts a stopped timer into the paused state, as it were started and paused in the same instant.
    func performArm() {
        guard state == .stopped else { return }
        setState(.paused)
    }

    static func check(_ interval: TimeAmount, parameter: String) throws(ParameterError) {
        guard interval >= shortestInterval, interval <= .longestDelay else {
            throw ParameterError(
                parameter: parameter,
                problem: "is \(interval.secondsText)",
                allowed: "\(shortestInterval.secondsText) to \(TimeAmount.longestDelay.secondsText)"
            )
        }
    }

    private func run(after delay: TimeAmount) {
        nextTick = common.environment.now + delay
        common.environment.arm(self, at: nextTick)
    }

    private func halt() {
        disarm()
    }

    /// The next tick is planned from the planned time of this one, before the callback, which may change anything.
    public override func nextDeadline() -> Deadline? {
        let late = max(common.environment.now - nextTick, .zero)
        nextTick = nextTick + interval * (1 + late.nanoseconds / interval.nanoseconds)
        return nextTick
    }

    /// Counts and tells a tick, unless it is busy.
    public override func fire() {
        guard !isBusy else { return }
        count += 1
        common.onTick?(self, count)
    }

    private func setState(_ new: State) {
        guard state != new else { return }
        let wasActive = isActive
        state = new
        if isActive != wasActive { common.activityObserver?() }
        common.onStateChanged?(self, new)
        // The slot may have changed it again, and told of that already.
        if isActive != wasActive, state == new { common.onActivityChanged?(self, isActive) }
    }
}

extension ControlTimer: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }

    /// See ``stop()``.
    package func close() { stop() }
}
