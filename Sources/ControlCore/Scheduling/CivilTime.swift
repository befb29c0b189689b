/// A local date and time of day in the proleptic Gregorian calendar, as `os.date('*t')` gives it.
public struct CivilTime: Equatable, Sendable {
    /// The year, such as 2025.
    public let year: Int
    /// The month, 1…12.
    public let month: Int
    /// The day of the month, 1…31.
    public let day: Int
    /// The hour, 0…23.
    public let hour: Int
    /// The minute, 0…59.
    public let minute: Int
    /// The second, 0…59.
    public let second: Int
    /// The day of the week.
    public let weekday: Weekday
    /// The day of the year, 1…366.
    public let yearDay: Int
    /// Whether the zone's rules call it daylight saving time.
    public let isDaylightSaving: Bool

    static let secondsPerDay: Int64 = 86_400

    /// The local time at an instant.
    /// - Parameters:
    ///   - unixTime: seconds since 1970-01-01 00:00:00 UTC.
    ///   - timeZone: the zone whose local time it is.
    public init(unixTime: Int64, in timeZone: any LocalTimeZone) {
        let offset = timeZone.secondsFromUTC(at: unixTime)
        let local = unixTime + Int64(offset)
        let days = local.floorDivided(by: Self.secondsPerDay)
        let secondOfDay = Int(local - days * Self.secondsPerDay)
        let (year, month, day) = Self.date(daysSince1970: days)
        self.year = year
        self.month = month
        self.day = day
        hour = secondOfDay / 3_600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60
        weekday = Self.weekday(daysSince1970: days)
        let newYear = Self.daysSince1970(year: year, month: 1, day: 1)
        yearDay = Int(days - newYear) + 1
        isDaylightSaving = timeZone.isDaylightSaving(at: unixTime)
    }

    /// The number of a date's day, counted from 1970-01-01, which is 0.
    ///
    /// The year is taken to begin in March, so that the leap day is its last; eras of 400 years are all alike.
    public static func daysSince1970(year: Int, month: Int, day: Int) -> Int64 {
        let marchYear = Int64(month > 2 ? year : year - 1)
        let era = marchYear.floorDivided(by: 400)
        let yearOfEra = marchYear - era * 400
        let marchMonth = Int64((month + 9) % 12)
        let dayOfYear = (153 * marchMonth + 2) / 5 + Int64(day) - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The date of a day number; the inverse of ``daysSince1970(year:month:day:)``.
    static func date(daysSince1970 days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), Int(month), Int(day))
    }

    /// The weekday of a day number. 1970-01-01 was a Thursday.
    static func weekday(daysSince1970 days: Int64) -> Weekday {
        let index = Int(days + 3 - (days + 3).floorDivided(by: 7) * 7)
        return Weekday.allCases[index]
    }
}

extension Int64 {
    /// The quotient, rounded towards minus infinity.
    func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
