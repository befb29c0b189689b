import Polling

/// Calls back at times of day on days of the week, in local time: the program's `Clock`.
///
/// - A time that the change to summer time leaves out does not come; one that the change to winter time repeats comes
///   twice.
/// - The wall clock is looked at no less than once a minute. When it was set forward by at most a minute, the times
///   that were jumped over still come; after a larger jump they do not. When it was set back, by up to a day, times
///   that had come do not come again.
///
/// An enabled clock is kept alive by the environment.
public final class WeeklyClock {
    /// What a clock is doing. Raw values are the words that programs see.
    public enum State: String, Equatable, Sendable {
        /// It calls back.
        case enabled = "Enabled"
        /// It does not.
        case disabled = "Disabled"
    }

    /// Called at each time, with the local time that was planned.
    public var onTime: ((WeeklyClock, CivilTime) -> Void)?
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?
    /// The times as given, `HH:MM:SS`.
    public private(set) var times: [String]
    /// The names of the days as given; empty: every day.
    public private(set) var days: [String]
    /// Whether it calls back.
    public private(set) var state = State.disabled

    private static let nanosecondsPerSecond: Int64 = 1_000_000_000
    /// The longest sleep, and the longest jump of the wall clock over which times still come: a minute.
    private static let longestSleep = 60 * nanosecondsPerSecond

    private let environment: any Environment
    private var schedule: WeeklySchedule
    private var scheduled: (any Cancellable)?
    /// The wall clock at the last look: up to it, inclusive, everything was called.
    private var seen: Int64 = 0
    private var seenAt: Deadline
    /// Instants that were called in the last day of the wall clock, ascending.
    private var called: [Int64] = []

    /// Makes a disabled clock; ``enable()`` starts it.
    /// - Parameters:
    ///   - environment: the world whose time and time zone it goes by.
    ///   - times: `HH:MM:SS`, 24 hours, at least one.
    ///   - days: `Monday`…`Sunday`; empty: every day.
    /// - Throws: when a string is not of that form.
    public init(environment: any Environment, times: [String], days: [String] = []) throws(ParameterError) {
        self.environment = environment
        self.times = times
        self.days = days
        schedule = WeeklySchedule(secondsOfDay: try Self.parse(times: times), days: try Self.parse(days: days))
        seenAt = environment.now
    }

    /// Whether it is enabled.
    public var isActive: Bool { state == .enabled }

    /// Starts calling back. Times up to and including the present second have passed. Idempotent.
    public func enable() {
        guard state == .disabled else { return }
        state = .enabled
        called = []
        startAfresh()
        onActivityChanged?(true)
    }

    /// Ends calling back. Idempotent.
    public func disable() {
        guard state == .enabled else { return }
        state = .disabled
        scheduled?.cancel()
        scheduled = nil
        onActivityChanged?(false)
    }

    /// Replaces the times, at once.
    /// - Throws: as the initializer; then nothing changes.
    public func setTimes(_ times: [String]) throws(ParameterError) {
        schedule = WeeklySchedule(secondsOfDay: try Self.parse(times: times), days: schedule.days)
        self.times = times
        if isActive { startAfresh() }
    }

    /// Replaces the days, at once; empty: every day.
    /// - Throws: as the initializer; then nothing changes.
    public func setDays(_ days: [String]) throws(ParameterError) {
        schedule = WeeklySchedule(secondsOfDay: schedule.secondsOfDay, days: try Self.parse(days: days))
        self.days = days
        if isActive { startAfresh() }
    }

    private func startAfresh() {
        seen = environment.wallClock
        seenAt = environment.now
        sleep()
    }

    /// Sleeps until the next time comes, but no longer than a minute: the wall clock may be set meanwhile.
    private func sleep() {
        scheduled?.cancel()
        var delay = Self.longestSleep
        if let next = schedule.nextInstant(after: Self.second(of: seen), in: environment.timeZone) {
            delay = min(delay, next * Self.nanosecondsPerSecond - seen)
        }
        scheduled = environment.schedule(at: seenAt + .nanoseconds(delay)) { self.look() }
    }

    private static func second(of wallClock: Int64) -> Int64 {
        wallClock.floorDivided(by: nanosecondsPerSecond)
    }

    private func look() {
        let wallClock = environment.wallClock
        let elapsed = (environment.now - seenAt).nanoseconds
        var from = Self.second(of: seen)
        if wallClock - seen - elapsed > Self.longestSleep || wallClock < seen {
            // The wall clock was set. What counts is the time that really went by, on the new clock.
            from = Self.second(of: wallClock - elapsed)
        }
        let wall = Self.second(of: wallClock)
        seen = wallClock
        seenAt = environment.now
        called.removeAll { $0 < wall - CivilTime.secondsPerDay || $0 > wall + CivilTime.secondsPerDay }
        var due: [Int64] = []
        while let instant = schedule.nextInstant(after: due.last ?? from, in: environment.timeZone), instant <= wall {
            due.append(instant)
        }
        let fresh = due.filter { !called.contains($0) }
        called.append(contentsOf: fresh)
        sleep()
        let planned = scheduled
        for instant in fresh {
            // The callback may disable the clock or give it other times; then the rest is no longer due.
            guard isActive, scheduled === planned else { return }
            onTime?(self, CivilTime(unixTime: instant, in: environment.timeZone))
        }
    }

    private static func parse(times: [String]) throws(ParameterError) -> [Int] {
        guard !times.isEmpty else {
            throw ParameterError(parameter: "Times", problem: "is empty", allowed: "times such as '08:30:00'")
        }
        var seconds: Set<Int> = []
        for time in times {
            guard let second = secondOfDay(time) else {
                throw ParameterError(
                    parameter: "Times", problem: "'\(time)' is not a time of day", allowed: "'00:00:00' to '23:59:59'")
            }
            seconds.insert(second)
        }
        return seconds.sorted()
    }

    private static func secondOfDay(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 8, bytes[2] == UInt8(ascii: ":"), bytes[5] == UInt8(ascii: ":") else { return nil }
        var parts: [Int] = []
        for start in [0, 3, 6] {
            let digits = bytes[start...(start + 1)].map { Int($0) - Int(UInt8(ascii: "0")) }
            guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
            parts.append(digits[0] * 10 + digits[1])
        }
        guard parts[0] < 24, parts[1] < 60, parts[2] < 60 else { return nil }
        return parts[0] * 3_600 + parts[1] * 60 + parts[2]
    }

    private static func parse(days: [String]) throws(ParameterError) -> Set<Weekday> {
        var parsed: Set<Weekday> = []
        for name in days {
            guard let day = Weekday(name: name) else {
                throw ParameterError(
                    parameter: "Days", problem: "'\(name)' is not a day", allowed: "'Monday' to 'Sunday'")
            }
            parsed.insert(day)
        }
        return parsed
    }
}

extension WeeklyClock: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }

    /// See ``disable()``.
    package func close() { disable() }
}
