import ControlCore
import Lectern
import Testing

/// The time that a Clock hands over is that of os.date and os.time. Cases found by trial; this file only grows.
@Suite("Trials: the time of a Clock")
struct ClockTimeTrialTests {
    /// IST-1GMT0,M10.5.0,M3.5.0/1: in Dublin it is winter that is daylight saving time.
    private static let dublin = RuleTimeZone(
        standardOffset: 3600, daylightOffset: 0, begin: .init(month: 10, week: 5, time: 3600, reference: .utc),
        end: .init(month: 3, week: 5, time: 3600, reference: .utc))
    /// CET-1CEST,M8.1.6,M12.5.0/3: neither 1 January nor 1 July is in it.
    private static let autumn = RuleTimeZone(
        standardOffset: 3600, daylightOffset: 7200,
        begin: .init(month: 8, week: 1, weekday: 6, time: 7200, reference: .wall),
        end: .init(month: 12, week: 5, time: 10800, reference: .wall))
    /// An offset that changed for good on 5 January.
    private static let moved = RuleTimeZone(
        offset: -16_200, transitions: [(unixTime: 1_767_571_200, offset: -14_400, isDaylightSaving: false)])

    private func lines(_ text: String, in zone: RuleTimeZone, seconds: Double) throws -> [String] {
        let stage = Stage()
        try stage.start("room", "")
        let environment = try #require(stage.actors["room"]).environment
        environment.timeZone = zone
        let room = try stage.start("room", text)
        stage.run(seconds)
        for error in room.errors { Issue.record("\(error)") }
        return room.lines
    }

    @Test(
        "Over a year, each day's table of a Clock is that of os.date, and os.time of it is the time",
        arguments: [dublin, autumn, moved, .european(offset: 3600), .american(offset: -18_000), .utc])
    func aYear(_ zone: RuleTimeZone) throws {
        let lines = try lines(
            """
            local days, wrong, kinds = 0, 0, {}
            local clock = Clock({'00:30:00', '12:00:00'}, nil, function(clock, t)
                local now = os.date('*t')
                for name, value in pairs(now) do if t[name] ~= value then wrong = wrong + 1 print(name, t[name], value) end end
                if os.time(t) ~= os.time() or os.time(now) ~= os.time() then wrong = wrong + 1 print(os.time(t) - os.time()) end
                if os.date('%H:%M:%S') ~= ('%02d:%02d:%02d'):format(t.hour, t.min, t.sec) then wrong = wrong + 1 end
                days = days + 1
                kinds[tostring(t.isdst)] = true
                -- Ten hours later the next time is still to come: a Clock that is enabled looks at the time each minute.
                clock:Disable()
                Wait(36000, function() clock:Enable() end)
            end)
            clock:Enable()
            Wait(366 * 86400, function() print(days > 700, wrong, kinds['true'], kinds['false']) end)
            """, in: zone, seconds: 367 * 86_400)
        let hasDaylightSaving = zone != .utc && zone != Self.moved
        #expect(lines == ["true\t0\t\(hasDaylightSaving ? "true" : "nil")\ttrue"])
    }

    @Test("os.time and os.date of a simulation reckon in its zone as the C library does")
    func reckoning() throws {
        let lines = try lines(
            """
            print(os.time({year = 2026, month = 7, day = 1, hour = 12}))               -- 10:00 UTC
            print(os.time({year = 2026, month = 1, day = 1, hour = 12, isdst = true})) -- reckoned by summer's offset
            print(os.time({year = 2026, month = 13, day = 32, hour = 25, min = -1, sec = 61}))
            local t = {year = 2026, month = 14, day = 1}
            os.time(t)
            print(t.year, t.month, t.hour, t.isdst, t.wday, t.yday)
            local twice = {year = 2026, month = 10, day = 25, hour = 2, min = 30, isdst = true}
            local first = os.time(twice)
            twice = {year = 2026, month = 10, day = 25, hour = 2, min = 30, isdst = false}
            print(os.time(twice) - first)
            print(os.date('%Y-%m-%d %H:%M:%S %z %%z', 1782900000), os.date('!%H', 1782900000), os.date('*t', 1782900000).isdst)
            print(os.time({year = '2026', month = 7.0, day = 1, hour = 12}))
            print(pcall(os.date, '*t', 1 << 62))
            """, in: .european(offset: 3600), seconds: 1)
        #expect(
            lines.dropLast() == [
                "1782900000", "1767261600", "1801526401", "2027\t2\t12\tfalse\t2\t32", "3600",
                "2026-07-01 12:00:00 +0200 %z\t10\ttrue", "1782900000",
            ])
        #expect(lines.last?.hasPrefix("false\troom.lua:13: ") == true)
    }
}
