import ControlCore
import Polling
import Testing

@Suite("WeeklyClock")
struct WeeklyClockTests {
    /// A host in Berlin whose wall clock stands at a date and a UTC time of day.
    private func berlin(_ year: Int, _ month: Int, _ day: Int, utc seconds: Int = 0) -> SimulatedEnvironment {
        let environment = SimulatedEnvironment(seed: 1)
        environment.timeZone = RuleTimeZone.european(offset: 3600)
        environment.wallClock =
            (CivilTime.daysSince1970(year: year, month: month, day: day) * 86_400 + Int64(seconds)) * 1_000_000_000
        return environment
    }

    /// An enabled clock, and what it noted: the planned local time, and the seconds by which it came late.
    private func clock(
        _ environment: SimulatedEnvironment, _ times: [String], _ days: [String] = []
    ) throws -> (clock: WeeklyClock, log: () -> [String]) {
        let clock = try WeeklyClock(environment: environment, times: times, days: days)
        var log: [String] = []
        clock.onTime = { _, time in
            let now = CivilTime(
                unixTime: Int64((Double(environment.wallClock) / 1e9).rounded(.down)), in: environment.timeZone)
            let late =
                (now.hour - time.hour) * 3_600 + (now.minute - time.minute) * 60 + (now.second - time.second)
            log.append("\(time.weekday.name) \(time.day) \(time.hour):\(time.minute):\(time.second) +\(late)")
        }
        clock.enable()
        return (
            clock,
            {
                defer { log = [] }
                return log
            }
        )
    }

    @Test("Times come on their days, at the second")
    func week() throws {
        // 2026-01-01 is a Thursday.
        let environment = berlin(2026, 1, 1)
        let (_, log) = try clock(environment, ["21:00:00", "08:30:05"], ["Friday", "Monday"])
        environment.world.run(for: .hours(24 * 7))
        #expect(
            log() == [
                "Friday 2 8:30:5 +0", "Friday 2 21:0:0 +0", "Monday 5 8:30:5 +0", "Monday 5 21:0:0 +0",
            ])
    }

    @Test("Nothing comes before it is enabled or after it is disabled, nor a time that has passed")
    func enabling() throws {
        let environment = berlin(2026, 1, 1, utc: 8 * 3_600)
        let (clock, log) = try clock(environment, ["09:00:00", "10:00:00"])
        #expect(clock.state == .enabled && clock.isActive)
        environment.world.run(for: .hours(2))
        #expect(log() == ["Thursday 1 10:0:0 +0"])
        clock.disable()
        clock.disable()
        environment.world.run(for: .hours(48))
        #expect(log() == [])
        #expect(environment.world.pendingEvents == 0)
    }

    @Test("A time in the hour that spring leaves out does not come")
    func spring() throws {
        // 2026-03-29, 01:00 UTC: from 02:00 to 03:00.
        let environment = berlin(2026, 3, 28, utc: 12 * 3_600)
        let (_, log) = try clock(environment, ["01:59:59", "02:00:00", "02:30:00", "03:00:00"])
        environment.world.run(for: .hours(24))
        #expect(log() == ["Sunday 29 1:59:59 +0", "Sunday 29 3:0:0 +0"])
    }

    @Test("A time in the hour that autumn repeats comes twice")
    func autumn() throws {
        // 2026-10-25, 01:00 UTC: from 03:00 back to 02:00.
        let environment = berlin(2026, 10, 24, utc: 12 * 3_600)
        let (_, log) = try clock(environment, ["01:59:59", "02:00:00", "02:30:00", "03:00:00"])
        environment.world.run(for: .hours(24))
        #expect(
            log() == [
                "Sunday 25 1:59:59 +0", "Sunday 25 2:0:0 +0", "Sunday 25 2:30:0 +0", "Sunday 25 2:0:0 +0",
                "Sunday 25 2:30:0 +0", "Sunday 25 3:0:0 +0",
            ])
    }

    @Test("A change at midnight keeps the day's last hour")
    func midnight() throws {
        // From 00:00 back to 23:00 of the day before, at noon after the start.
        let environment = SimulatedEnvironment(seed: 1)
        environment.timeZone = RuleTimeZone(offset: 3_600, transitions: [(unixTime: 1_767_308_400, offset: 0)])
        environment.wallClock = 1_767_268_800 * 1_000_000_000
        let (_, log) = try clock(environment, ["23:30:00", "00:10:00"])
        environment.world.run(for: .hours(24))
        #expect(log() == ["Thursday 1 23:30:0 +0", "Thursday 1 23:30:0 +0", "Friday 2 0:10:0 +0"])
    }

    @Test("A wall clock set forward by less than a minute loses no time; by more, it does")
    func forward() throws {
        let environment = berlin(2026, 1, 1, utc: 8 * 3_600)
        let (_, log) = try clock(environment, ["09:10:00", "09:30:00", "10:00:00"])
        // 09:09:30 local time, jumping to 09:10:20.
        environment.world.run(for: .seconds(570))
        environment.jumpWallClock(by: .seconds(50))
        environment.world.run(for: .seconds(60))
        #expect(log() == ["Thursday 1 9:10:0 +50"])
        // 09:11:20, jumping to 09:41:20: half past nine never was.
        environment.jumpWallClock(by: .minutes(30))
        environment.world.run(for: .minutes(60))
        #expect(log().map { $0.prefix(18) } == ["Thursday 1 10:0:0 "])
    }

    @Test("After a jump the next time comes within a minute of its moment")
    func promptAfterJump() throws {
        let environment = berlin(2026, 1, 1)
        let (_, log) = try clock(environment, ["12:00:00"])
        environment.world.run(for: .seconds(90))
        environment.jumpWallClock(by: .seconds(11 * 3_600 - 90 - 70))
        environment.world.run(for: .seconds(200))
        #expect(log() == ["Thursday 1 12:0:0 +0"])
    }

    @Test("A wall clock set back repeats no time; times that had not come still do")
    func backward() throws {
        let environment = berlin(2026, 1, 1, utc: 8 * 3_600)
        let (_, log) = try clock(environment, ["09:10:00", "09:20:00"])
        environment.world.run(for: .minutes(15))
        #expect(log() == ["Thursday 1 9:10:0 +0"])
        environment.jumpWallClock(by: .minutes(-10))
        environment.world.run(for: .minutes(14))
        #expect(log() == [])
        environment.world.run(for: .minutes(2))
        #expect(log() == ["Thursday 1 9:20:0 +0"])
    }

    @Test("New times and days hold at once, and a callback may set them")
    func replacing() throws {
        let environment = berlin(2026, 1, 1)
        let (clock, log) = try clock(environment, ["12:00:00"])
        try clock.setTimes(["02:00:00", "02:00:00", "03:00:00"])
        environment.world.run(for: .hours(12))
        #expect(log() == ["Thursday 1 2:0:0 +0", "Thursday 1 3:0:0 +0"])
        try clock.setDays(["Saturday"])
        environment.world.run(for: .hours(60))
        #expect(log() == ["Saturday 3 2:0:0 +0", "Saturday 3 3:0:0 +0"])
        try clock.setDays([])
        #expect(clock.days == [])
        clock.onTime = { clock, _ in clock.disable() }
        environment.world.run(for: .hours(48))
        #expect(clock.state == .disabled)
    }

    @Test(
        "Strings that are no times or days are refused by name, and nothing changes",
        arguments: ["", "8:00:00", "08:00", "24:00:00", "08:60:00", "08:00:60", "08-00-00", "0a:00:00", "08:00:00 "])
    func badTimes(text: String) throws {
        let environment = SimulatedEnvironment(seed: 1)
        let clock = try WeeklyClock(environment: environment, times: ["08:00:00"])
        let error = #expect(throws: ParameterError.self) { try clock.setTimes(["09:00:00", text]) }
        #expect(error?.problem.contains("'\(text)'") == true)
        #expect(clock.times == ["08:00:00"])
        let dayError = #expect(throws: ParameterError.self) { try clock.setDays(["Monday", "monday"]) }
        #expect(dayError?.problem.contains("'monday'") == true)
        #expect(throws: ParameterError.self) { try WeeklyClock(environment: environment, times: []) }
    }
}
