/// Times of day on days of the week, in local time, and the instants at which they come. A value without a clock.
struct WeeklySchedule: Equatable {
    /// Seconds of the day, ascending, each once.
    let secondsOfDay: [Int]
    /// Empty: every day.
    let days: Set<Weekday>

    /// The first instant after `unixTime` at which a time comes.
    ///
    /// A local time that the zone leaves out in spring does not come; one that it repeats in autumn comes twice.
    /// - Returns: seconds since 1970 UTC; `nil` when there is none in the next eight days.
    func nextInstant(after unixTime: Int64, in timeZone: any LocalTimeZone) -> Int64? {
        guard !secondsOfDay.isEmpty else { return nil }
        let local = unixTime + Int64(timeZone.secondsFromUTC(at: unixTime))
        let today = local.floorDivided(by: CivilTime.secondsPerDay)
        var earliest: Int64?
        var foundOn: Int64?
        // Yesterday too: around a change at midnight its last hour may still come.
        for day in (today - 1)...(today + 8) {
            // The day after too, for the same reason; later days cannot come before.
            if let foundOn, day > foundOn + 1 { break }
            guard days.isEmpty || days.contains(CivilTime.weekday(daysSince1970: day)) else { continue }
            guard let found = firstInstant(on: day, after: unixTime, in: timeZone) else { continue }
            earliest = min(found, earliest ?? .max)
            foundOn = foundOn ?? day
        }
        return earliest
    }

    private func firstInstant(on day: Int64, after unixTime: Int64, in timeZone: any LocalTimeZone) -> Int64? {
        let midnight = day * CivilTime.secondsPerDay
        // The offsets well before and well after the day; a change of offset within it lies between them.
        let before = Int64(timeZone.secondsFromUTC(at: midnight - CivilTime.secondsPerDay))
        let after = Int64(timeZone.secondsFromUTC(at: midnight + 2 * CivilTime.secondsPerDay))
        var earliest: Int64?
        for offset in before == after ? [before] : [before, after] {
            // The first time of day that comes after `unixTime` under this offset, and is valid under it.
            var index = firstIndex(above: unixTime + offset - midnight)
            while index < secondsOfDay.count {
                let instant = midnight + Int64(secondsOfDay[index]) - offset
                if Int64(timeZone.secondsFromUTC(at: instant)) == offset {
                    if instant < earliest ?? .max { earliest = instant }
                    break
                }
                index += 1
            }
        }
        return earliest
    }

    private func firstIndex(above secondOfDay: Int64) -> Int {
        var low = 0
        var high = secondsOfDay.count
        while low < high {
            let middle = (low + high) / 2
            if Int64(secondsOfDay[middle]) > secondOfDay { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
