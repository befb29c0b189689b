import ControlCore
import Testing

@Suite("CivilTime")
struct CivilTimeTests {
    private func text(_ time: CivilTime) -> String {
        "\(time.year)-\(time.month)-\(time.day) \(time.hour):\(time.minute):\(time.second) \(time.weekday.name) \(time.yearDay)"
    }

    // Each checked against `date -u -d @N`.
    @Test(
        "Known instants are read right",
        arguments: [
            (0, "1970-1-1 0:0:0 Thursday 1"),
            (-1, "1969-12-31 23:59:59 Wednesday 365"),
            (951_782_399, "2000-2-28 23:59:59 Monday 59"),
            (951_782_400, "2000-2-29 0:0:0 Tuesday 60"),
            (978_307_199, "2000-12-31 23:59:59 Sunday 366"),
            (1_709_251_200, "2024-3-1 0:0:0 Friday 61"),
            (1_767_225_600, "2026-1-1 0:0:0 Thursday 1"),
            (4_107_542_400, "2100-3-1 0:0:0 Monday 60"),
        ] as [(Int64, String)])
    func known(unixTime: Int64, expected: String) {
        #expect(text(CivilTime(unixTime: unixTime, in: RuleTimeZone.utc)) == expected)
    }

    @Test("Every day from 1900 to 2100 follows the one before")
    func consecutive() {
        var previous = CivilTime(
            unixTime: CivilTime.daysSince1970(year: 1900, month: 1, day: 1) * 86_400, in: RuleTimeZone.utc)
        let last = CivilTime.daysSince1970(year: 2100, month: 12, day: 31)
        var wrong = 0
        for day in (CivilTime.daysSince1970(year: 1900, month: 1, day: 1) + 1)...last {
            let time = CivilTime(unixTime: day * 86_400, in: RuleTimeZone.utc)
            let isNext =
                (time.day == previous.day + 1 && time.month == previous.month && time.year == previous.year)
                || (time.day == 1 && previous.day >= 28
                    && (time.month == previous.month + 1 || (time.month == 1 && time.year == previous.year + 1)))
            let weekdayFollows = time.weekday.rawValue == (previous.weekday.rawValue + 1) % 7
            let yearDayFollows = time.yearDay == previous.yearDay + 1 || (time.yearDay == 1 && time.month == 1)
            let returns = CivilTime.daysSince1970(year: time.year, month: time.month, day: time.day) == day
            if !isNext || !weekdayFollows || !yearDayFollows || !returns { wrong += 1 }
            previous = time
        }
        #expect(wrong == 0)
        #expect(previous.year == 2100 && previous.yearDay == 365)
    }

    @Test("Local time and daylight saving follow the zone, north and south")
    func zones() {
        let berlin = RuleTimeZone.european(offset: 3600)
        let summer = CivilTime(unixTime: 1_782_900_000, in: berlin)
        #expect(summer.hour == 12 && summer.isDaylightSaving)
        let winter = CivilTime(unixTime: 1_767_225_600, in: berlin)
        #expect(winter.hour == 1 && !winter.isDaylightSaving)
        let south = RuleTimeZone(
            standardOffset: 36_000, daylightOffset: 39_600,
            begin: .init(month: 10, week: 1, time: 7_200, reference: .wall),
            end: .init(month: 4, week: 1, time: 10_800, reference: .wall))
        #expect(CivilTime(unixTime: 1_767_225_600, in: south).isDaylightSaving)
        #expect(!CivilTime(unixTime: 1_782_900_000, in: south).isDaylightSaving)
    }
}
