public import NIOCore

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

    /// The shortest interval: 0.01 s. The longest is ``NIOCore/TimeAmount/longestDelay``.
    public static let shortestInterval = TimeAmount.milliseconds(10)

    // The variables without a check of exclusive access are of values that no access holds on to while other code runs.

    /// Called at each tick with the timer and the number of the tick, counted from 1.
    @exclusivity(unchecked) public var onTick: ((ControlTimer, Int) -> Void)?
    /// The state changed to the value that is given. Restarting a running timer changes nothing.
    public var onStateChanged: ((ControlTimer, State) -> Void)?
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((ControlTimer, Bool) -> Void)?
    /// Set it while what a tick has begun goes on; ticks that are due meanwhile are skipped.
    @exclusivity(unchecked) public var isBusy = false

    /// The time between two ticks.
    @exclusivity(unchecked) public private(set) var interval: TimeAmount
    /// How many ticks came since the start.
    @exclusivity(unchecked) public private(set) var count = 0
    /// What it is doing.
    @exclusivity(unchecked) public private(set) var state = State.stopped

    /// Asked before a command of the program takes effect, with whether the timer is to run; `false` keeps it as it is.
    var commandGate: ((_ run: Bool) -> Bool)?

    /// Told when ``isActive`` has changed, before the slot is. For connection handlers, which leave the slot free.
    var activityObserver: (() -> Void)?

    private let environment: any Environment
    @exclusivity(unchecked) private var nextTick = NIODeadline.distantFuture
    /// What was left of the interval when it was paused.
    private var remainder: TimeAmount

    /// Makes a stopped timer; ``restart()`` starts it.
    /// - Throws: when `interval` is out of its range.
    public init(environment: any Environment, interval: TimeAmount) throws(ParameterError) {
        try Self.check(interval, parameter: "Interval")
        self.environment = environment
        self.interval = interval
        remainder = interval
    }

    /// Whether it ticks.
    public var isActive: Bool { state == .running }

    /// Sets a new interval. While running, the next tick comes one new interval from now; while paused, one new interval
    /// after it is resumed. ``count`` and ``state`` stay.
    /// - Throws: when `interval` is out of its range; then nothing changes.
    public func change(_ interval: TimeAmount) throws(ParameterError) {
        try Self.check(interval, parameter: "Interval")
        self.interval = interval
        remainder = interval
        if state == .running { run(after: interval) }
    }

    /// Halts it; the rest of the interval and ``count`` are kept. A timer that does not run stays as it is.
    public func pause() {
        guard commandGate?(false) ?? true else { return }
        performPause()
    }

    /// Goes on after ``pause()`` with the rest of the interval, or starts after ``stop()``. A running timer stays as it
    /// is.
    public func resume() {
        guard commandGate?(true) ?? true else { return }
        performResume()
    }

    /// Sets ``count`` to 0 and starts; the first tick comes after one interval.
    public func restart() {
        guard commandGate?(true) ?? true else { return }
        performRestart()
    }

    /// Ends it and sets ``count`` to 0.
    public func stop() {
        guard commandGate?(false) ?? true else { return }
        halt()
        count = 0
        remainder = interval
        setState(.stopped)
    }

    func performPause() {
        guard state == .running else { return }
        remainder = max(nextTick - environment.now, .zero)
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
        nextTick = environment.now + delay
        environment.arm(self, at: nextTick)
    }

    private func halt() {
        disarm()
    }

    override func fire() {
        // The next tick is planned first, from the planned time of this one: the callback may change anything.
        let late = max(environment.now - nextTick, .zero)
        nextTick = nextTick + interval * (1 + late.nanoseconds / interval.nanoseconds)
        environment.arm(self, at: nextTick)
        guard !isBusy else { return }
        count += 1
        onTick?(self, count)
    }

    private func setState(_ new: State) {
        guard state != new else { return }
        let wasActive = isActive
        state = new
        if isActive != wasActive { activityObserver?() }
        onStateChanged?(self, new)
        // The slot may have changed it again, and told of that already.
        if isActive != wasActive, state == new { onActivityChanged?(self, isActive) }
    }
}
