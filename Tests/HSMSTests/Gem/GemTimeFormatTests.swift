import ControlCore
import Polling
import Testing

@testable import HSMS

@Suite("GEM times")
struct GemTimeFormatTests {
    private struct Zone: LocalTimeZone {
        let seconds: Int
        func secondsFromUTC(at unixTime: Int64) -> Int { seconds }
    }

    /// 2024-02-29 12:34:56.789 UTC.
    private let instant: Int64 = 1_709_210_096_789_000_000

    @Test("An instant is written in each format, in local time")
    func texts() {
        let utc = Zone(seconds: 0)
        let here = Zone(seconds: -12_600)
        #expect(GemTimeFormat.twelve.text(instant, in: utc) == "240229123456")
        #expect(GemTimeFormat.sixteen.text(instant, in: here) == "2024022909045678")
        #expect(GemTimeFormat.extended.text(instant, in: utc) == "2024-02-29T12:34:56.789Z")
        #expect(GemTimeFormat.extended.text(instant, in: here) == "2024-02-29T09:04:56.789-03:30")
        #expect(GemTimeFormat.sixteen.text(-1, in: utc) == "1969123123595999")
    }

    @Test(
        "Every format is read back",
        arguments: [
            ("240229123456", Int64(1_709_210_096_000_000_000)),
            ("20240229123456", 1_709_210_096_000_000_000),
            ("2024022912345678", 1_709_210_096_780_000_000),
            ("2024-02-29T12:34:56.789Z", 1_709_210_096_789_000_000),
            ("2024-02-29T12:34:56", 1_709_210_096_000_000_000),
            ("2024-02-29T14:34:56.5+02:00", 1_709_210_096_500_000_000),
            ("700101000000", 0),
            ("691231235959", 3_155_759_999_000_000_000),
        ])
    func readings(text: String, expected: Int64) {
        #expect(GemTimeFormat.instant(text, in: Zone(seconds: 0)) == expected)
    }

    @Test("Local time is read as such")
    func local() {
        #expect(GemTimeFormat.instant("2024022909045678", in: Zone(seconds: -12_600)) == 1_709_210_096_780_000_000)
        #expect(GemTimeFormat.instant("2024-02-29T12:34:56Z", in: Zone(seconds: 3_600)) == 1_709_210_096_000_000_000)
    }

    @Test(
        "What is no time is refused",
        arguments: [
            "", "2024", "230229123456", "241301000000", "240100000000", "240229240000", "24022912345x",
            "2024-02-29 12:34:56", "2024-02-29T12:34:56.", "2024-02-29T12:34:56+2", "2024-02-29T12:34:56+25:00",
            "2024-02-29T12:60:56Z",
        ])
    func refused(text: String) {
        #expect(GemTimeFormat.instant(text, in: Zone(seconds: 0)) == nil)
    }

    @Test("Trace periods are hours, minutes, seconds and perhaps hundredths")
    func periods() {
        #expect(GemTraces.period("000001") == .seconds(1))
        #expect(GemTraces.period("01020350") == .milliseconds(3_723_500))
        for wrong in ["", "0001", "006000", "000060", "0000xx", "-00001", "0000011"] {
            #expect(GemTraces.period(wrong) == nil)
        }
    }

    @Test("A limit is crossed when the value goes from one bound to the other, not when it wavers between them")
    func limit() {
        var limit = GemLimit(upper: 10, lower: 8)
        #expect(limit.update(9) == nil)
        #expect(limit.zone == .unknown)
        #expect(limit.update(5) == nil)
        #expect(limit.update(9.9) == nil)
        #expect(limit.update(10) == .upward)
        #expect(limit.update(8.5) == nil)
        #expect(limit.update(12) == nil)
        #expect(limit.update(8) == .downward)
    }
}
