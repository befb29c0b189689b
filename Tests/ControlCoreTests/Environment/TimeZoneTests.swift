import Glibc
import Testing

@testable import ControlCore

@Suite("Time zones")
struct TimeZoneTests {
    /// Unix time of a moment in UTC, computed by the C library.
    private static func utc(
        _ year: Int32, _ month: Int32, _ day: Int32, _ hour: Int32 = 0, _ minute: Int32 = 0
    ) -> Int64 {
        var parts = tm()
        parts.tm_year = year - 1900
        parts.tm_mon = month - 1
        parts.tm_mday = day
        parts.tm_hour = hour
        parts.tm_min = minute
        return Int64(timegm(&parts))
    }

    @Test("European summer time begins and ends at 01:00 UTC on the last Sunday")
    func european() {
        let berlin = RuleTimeZone.european(offset: 3600)
        #expect(berlin.secondsFromUTC(at: Self.utc(2026, 3, 29, 0, 59)) == 3600)
        #expect(berlin.secondsFromUTC(at: Self.utc(2026, 3, 29, 1, 0)) == 7200)
        #expect(berlin.secondsFromUTC(at: Self.utc(2026, 10, 25, 0, 59)) == 7200)
        #expect(berlin.secondsFromUTC(at: Self.utc(2026, 10, 25, 1, 0)) == 3600)
        // The last Sunday is the 31st here.
        #expect(berlin.secondsFromUTC(at: Self.utc(2024, 3, 31, 0, 59)) == 3600)
        #expect(berlin.secondsFromUTC(at: Self.utc(2024, 3, 31, 1, 0)) == 7200)
    }

    @Test("American daylight time begins and ends at 02:00 local time")
    func american() {
        let newYork = RuleTimeZone.american(offset: -18000)
        #expect(newYork.secondsFromUTC(at: Self.utc(2026, 3, 8, 6, 59)) == -18000)
        #expect(newYork.secondsFromUTC(at: Self.utc(2026, 3, 8, 7, 0)) == -14400)
        #expect(newYork.secondsFromUTC(at: Self.utc(2026, 11, 1, 5, 59)) == -14400)
        #expect(newYork.secondsFromUTC(at: Self.utc(2026, 11, 1, 6, 0)) == -18000)
    }

    @Test("In the south, summer spans the new year")
    func southern() {
        let sydney = RuleTimeZone(
            standardOffset: 36000, daylightOffset: 39600,
            begin: .init(month: 10, week: 1, time: 7200, reference: .wall),
            end: .init(month: 4, week: 1, time: 10800, reference: .wall))
        #expect(sydney.secondsFromUTC(at: Self.utc(2025, 12, 31, 20)) == 39600)
        #expect(sydney.secondsFromUTC(at: Self.utc(2026, 4, 4, 15, 59)) == 39600)
        #expect(sydney.secondsFromUTC(at: Self.utc(2026, 4, 4, 16, 0)) == 36000)
        #expect(sydney.secondsFromUTC(at: Self.utc(2026, 10, 3, 15, 59)) == 36000)
        #expect(sydney.secondsFromUTC(at: Self.utc(2026, 10, 3, 16, 0)) == 39600)
    }

    @Test("Listed changes hold from their moment on")
    func listed() {
        let zone = RuleTimeZone(
            offset: 100, transitions: [(unixTime: 2000, offset: 300), (unixTime: 1000, offset: 200)])
        #expect([999, 1000, 1999, 2000, .max].map { zone.secondsFromUTC(at: $0) } == [100, 200, 200, 300, 300])
        #expect(RuleTimeZone.utc.secondsFromUTC(at: .min) == 0)
    }

    @Test("The rules agree with the C library's, hour by hour, over 30 years")
    func againstSystem() {
        // A POSIX rule needs no database. The test process reads it once, and no other test depends on the zone.
        setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1)
        let system = SystemTimeZone()
        defer {
            unsetenv("TZ")
            tzset()
        }
        let rules = RuleTimeZone.european(offset: 3600)
        var time = Self.utc(2000, 1, 1)
        let end = Self.utc(2030, 1, 1)
        var differences = 0
        while time < end {
            if system.secondsFromUTC(at: time) != rules.secondsFromUTC(at: time) { differences += 1 }
            time += 3600
        }
        #expect(differences == 0)
    }

    @Test("Equal seeds give equal numbers, and the first are the published ones")
    func splitMix() {
        var generator = SplitMix64(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
        #expect((0..<1000).allSatisfy { _ in (0..<1).contains(generator.nextUnit()) })
    }
}
