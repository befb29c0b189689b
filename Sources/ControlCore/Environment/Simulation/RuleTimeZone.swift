/// A time zone by rules: an offset, and what summer does to it. It depends on no database, so it is the same
/// everywhere.
public struct RuleTimeZone: LocalTimeZone, Equatable, Sendable {
    /// By which clock a change of the offset is timed.
    public enum Reference: Equatable, Sendable {
        /// UTC, as in the European Union.
        case utc
        /// Local time before the change, as in the United States.
        case wall
    }

    /// When in a year the offset changes.
    public struct Change: Equatable, Sendable {
        /// 1 to 12.
        public var month: Int
        /// Which of the month's days of this name: 1 to 4, or 5 for the last.
        public var week: Int
        /// 0 (Sunday) to 6 (Saturday).
        public var weekday: Int
        /// Seconds since midnight.
        public var time: Int
        /// Whose midnight.
        public var reference: Reference

        /// Describes a change; see the properties.
        public init(month: Int, week: Int, weekday: Int = 0, time: Int, reference: Reference) {
            precondition((1...12).contains(month) && (1...5).contains(week) && (0...6).contains(weekday))
            self.month = month
            self.week = week
            self.weekday = weekday
            self.time = time
            self.reference = reference
        }
    }

    private enum Rule: Equatable {
        case fixed
        case yearly(daylightOffset: Int, begin: Change, end: Change)
        case list([Transition])
    }

    private struct Transition: Equatable {
        var time: Int64
        var offset: Int
        /// Nil where the list does not say.
        var isDaylightSaving: Bool?
    }

    private let standardOffset: Int
    private let rule: Rule

    /// A zone that is always `offset` seconds ahead of UTC.
    public init(offset: Int) {
        standardOffset = offset
        rule = .fixed
    }

    /// A zone that changes every year.
    /// - Parameters:
    ///   - standardOffset: seconds ahead of UTC, in winter.
    ///   - daylightOffset: the same, in summer.
    ///   - begin: when summer time begins. On the southern half of the earth that is later in the year than `end`.
    ///   - end: when it ends.
    public init(standardOffset: Int, daylightOffset: Int, begin: Change, end: Change) {
        self.standardOffset = standardOffset
        rule = .yearly(daylightOffset: daylightOffset, begin: begin, end: end)
    }

    /// A zone that changes at given moments.
    /// - Parameters:
    ///   - offset: seconds ahead of UTC before the first of them.
    ///   - transitions: from which Unix time on which offset holds, in any order. Which of them is daylight saving time
    ///     is guessed from the offsets of the year's halves.
    public init(offset: Int, transitions: [(unixTime: Int64, offset: Int)]) {
        standardOffset = offset
        rule = .list(
            transitions.map { Transition(time: $0.unixTime, offset: $0.offset) }.sorted { $0.time < $1.time })
    }

    /// A zone that changes at given moments, and says which of its times is daylight saving time.
    /// - Parameters:
    ///   - offset: seconds ahead of UTC before the first of them, in standard time.
    ///   - transitions: from which Unix time on which offset holds, in any order.
    public init(offset: Int, transitions: [(unixTime: Int64, offset: Int, isDaylightSaving: Bool)]) {
        standardOffset = offset
        rule = .list(
            transitions.map { Transition(time: $0.unixTime, offset: $0.offset, isDaylightSaving: $0.isDaylightSaving) }
                .sorted { $0.time < $1.time })
    }

    /// UTC.
    public static let utc = RuleTimeZone(offset: 0)

    /// A zone of the European Union, with summer time from the last Sunday of March to the last of October, 01:00 UTC.
    /// - Parameter offset: seconds ahead of UTC in winter; 3600 in Berlin.
    public static func european(offset: Int) -> RuleTimeZone {
        RuleTimeZone(
            standardOffset: offset, daylightOffset: offset + 3600,
            begin: Change(month: 3, week: 5, time: 3600, reference: .utc),
            end: Change(month: 10, week: 5, time: 3600, reference: .utc))
    }

    /// A zone of the United States, with daylight time from the second Sunday of March to the first of November, 02:00.
    /// - Parameter offset: seconds ahead of UTC in winter; -18000 in New York.
    public static func american(offset: Int) -> RuleTimeZone {
        RuleTimeZone(
            standardOffset: offset, daylightOffset: offset + 3600,
            begin: Change(month: 3, week: 2, time: 7200, reference: .wall),
            end: Change(month: 11, week: 1, time: 7200, reference: .wall))
    }

    /// Seconds to add to UTC for local time at `unixTime` (seconds since 1970 UTC).
    public func secondsFromUTC(at unixTime: Int64) -> Int {
        switch rule {
        case .fixed:
            return standardOffset
        case .list(let transitions):
            return transitions.last { $0.time <= unixTime }?.offset ?? standardOffset
        case .yearly(let daylightOffset, let begin, let end):
            return isSummer(at: unixTime, daylightOffset, begin, end) ? daylightOffset : standardOffset
        }
    }

    /// Whether the rules call the time at `unixTime` daylight saving time. Its offset may be the smaller one, as in
    /// Dublin.
    public func isDaylightSaving(at unixTime: Int64) -> Bool {
        switch rule {
        case .fixed:
            return false
        case .list(let transitions):
            guard let last = transitions.last(where: { $0.time <= unixTime }) else { return false }
            return last.isDaylightSaving ?? guessedDaylightSaving(at: unixTime)
        case .yearly(let daylightOffset, let begin, let end):
            return isSummer(at: unixTime, daylightOffset, begin, end)
        }
    }

    private func isSummer(at unixTime: Int64, _ daylightOffset: Int, _ begin: Change, _ end: Change) -> Bool {
        let year = Self.year(at: unixTime + Int64(standardOffset))
        let summer = Self.moment(of: begin, in: year, offsetBefore: standardOffset)
        let winter = Self.moment(of: end, in: year, offsetBefore: daylightOffset)
        return summer < winter
            ? unixTime >= summer && unixTime < winter
            : unixTime >= summer || unixTime < winter
    }

    private static func moment(of change: Change, in year: Int64, offsetBefore: Int) -> Int64 {
        let first = days(toYear: year, month: change.month)
        // 1970-01-01 was a Thursday.
        let weekdayOfFirst = Int(((first + 4) % 7 + 7) % 7)
        var day = first + Int64((change.weekday - weekdayOfFirst + 7) % 7 + 7 * (change.week - 1))
        let next = change.month == 12 ? days(toYear: year + 1, month: 1) : days(toYear: year, month: change.month + 1)
        if day >= next { day -= 7 }
        let offset = change.reference == .wall ? offsetBefore : 0
        return day * 86400 + Int64(change.time - offset)
    }

    /// Days from 1970-01-01 to the first of a month of the Gregorian calendar.
    private static func days(toYear year: Int64, month: Int) -> Int64 {
        // Years are counted from March, so that the leap day is their last, and in eras of 400 years, which are all
        // alike.
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let monthFromMarch = Int64((month + 9) % 12)
        let dayOfYear = (153 * monthFromMarch + 2) / 5
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The Gregorian year in which `localTime` lies, seconds since 1970-01-01 00:00:00 local time.
    private static func year(at localTime: Int64) -> Int64 {
        let day = localTime >= 0 ? localTime / 86400 : (localTime - 86399) / 86400
        // A guess from the mean length of a year is off by one at most.
        var year = 1970 + day * 400 / 146_097
        while days(toYear: year, month: 1) > day { year -= 1 }
        while days(toYear: year + 1, month: 1) <= day { year += 1 }
        return year
    }
}
