import ControlCore
import Glibc
import Testing

/// Daylight saving time is what the zone's rules call so. Each zone is read in a process of its own: `TZ` is the
/// process's.
@Suite("Daylight saving time of the machine's zone")
struct DaylightSavingTests {
    @Test("It is the C library's, where offsets would mislead")
    func systemZones() async {
        await #expect(processExitsWith: .success) {
            let cases: [(zone: String, unixTime: Int64, isDaylightSaving: Bool)] = [
                ("Europe/Dublin", 1_736_899_200, true), ("Europe/Dublin", 1_752_537_600, false),
                ("Asia/Almaty", 1_705_276_800, false), ("America/Caracas", 1_459_468_800, false),
                ("America/Caracas", 1_464_739_200, false), ("Africa/Casablanca", 1_710_849_600, true),
                ("Africa/Casablanca", 1_716_206_400, false), ("CET-1CEST,M8.1.6,M12.5.0/3", 1_736_899_200, false),
                ("CET-1CEST,M8.1.6,M12.5.0/3", 1_757_894_400, true), ("Europe/Berlin", 1_752_537_600, true),
            ]
            for one in cases {
                setenv("TZ", one.zone, 1)
                let time = CivilTime(unixTime: one.unixTime, in: SystemTimeZone())
                #expect(time.isDaylightSaving == one.isDaylightSaving, "\(one)")
                // What os.time does with a Clock's table gives the instant again.
                var fields = tm()
                fields.tm_year = Int32(time.year - 1900)
                fields.tm_mon = Int32(time.month - 1)
                fields.tm_mday = Int32(time.day)
                fields.tm_hour = Int32(time.hour)
                fields.tm_min = Int32(time.minute)
                fields.tm_sec = Int32(time.second)
                fields.tm_isdst = time.isDaylightSaving ? 1 : 0
                #expect(mktime(&fields) == time_t(one.unixTime), "\(one)")
            }
        }
    }

    @Test("A zone that knows offsets only is guessed")
    func guessed() {
        struct Berlin: LocalTimeZone {
            func secondsFromUTC(at unixTime: Int64) -> Int {
                RuleTimeZone.european(offset: 3600).secondsFromUTC(at: unixTime)
            }
        }
        #expect(Berlin().isDaylightSaving(at: 1_752_537_600))
        #expect(!Berlin().isDaylightSaving(at: 1_736_899_200))
    }
}
