public import ControlCore

/// How a time is written in a message: the values of the equipment constant TimeFormat.
public enum GemTimeFormat: UInt8, Sendable {
    /// `YYMMDDhhmmss`: 12 characters.
    case twelve = 0
    /// `YYYYMMDDhhmmsscc`, cc being hundredths of a second: 16 characters.
    case sixteen = 1
    /// `YYYY-MM-DDThh:mm:ss.sss` and the zone, such as `+01:00` or `Z`.
    case extended = 2

    /// The text of an instant.
    /// - Parameters:
    ///   - nanoseconds: since 1970-01-01 00:00:00 UTC.
    ///   - timeZone: the zone whose local time it is.
    public func text(_ nanoseconds: Int64, in timeZone: any LocalTimeZone) -> String {
        let second = nanoseconds / 1_000_000_000 - (nanoseconds % 1_000_000_000 < 0 ? 1 : 0)
        let fraction = nanoseconds - second * 1_000_000_000
        let time = CivilTime(unixTime: second, in: timeZone)
        let clock = Self.digits(time.hour, 2) + Self.digits(time.minute, 2) + Self.digits(time.second, 2)
        let day = Self.digits(time.month, 2) + Self.digits(time.day, 2)
        switch self {
        case .twelve: return Self.digits(time.year % 100, 2) + day + clock
        case .sixteen: return Self.digits(time.year, 4) + day + clock + Self.digits(Int(fraction / 10_000_000), 2)
        case .extended:
            let date = "\(Self.digits(time.year, 4))-\(Self.digits(time.month, 2))-\(Self.digits(time.day, 2))"
            let clock = "\(Self.digits(time.hour, 2)):\(Self.digits(time.minute, 2)):\(Self.digits(time.second, 2))"
            let milliseconds = Self.digits(Int(fraction / 1_000_000), 3)
            let zone = Self.zone(timeZone.secondsFromUTC(at: second))
            return "\(date)T\(clock).\(milliseconds)\(zone)"
        }
    }

    /// The instant that a text of any of the formats tells, in nanoseconds since 1970 UTC; nil for no time.
    ///
    /// Years of two digits are 1970 to 2069. A text of 14 characters (`YYYYMMDDhhmmss`), which older hosts send, is
    /// read too, and an extended one without a zone means local time.
    public static func instant(_ text: String, in timeZone: any LocalTimeZone) -> Int64? {
        let bytes = Array(text.utf8)
        if bytes.contains(UInt8(ascii: "T")) { return extendedInstant(bytes, in: timeZone) }
        guard [12, 14, 16].contains(bytes.count), var year = number(bytes.prefix(bytes.count == 12 ? 2 : 4)) else {
            return nil
        }
        if bytes.count == 12 { year += year < 70 ? 2_000 : 1_900 }
        let rest = Array(bytes.dropFirst(bytes.count == 12 ? 2 : 4))
        let hundredths = rest.count == 12 ? number(rest.suffix(2)) : 0
        guard let month = number(rest[0..<2]), let day = number(rest[2..<4]), let hour = number(rest[4..<6]),
            let minute = number(rest[6..<8]), let second = number(rest[8..<10]), let hundredths
        else { return nil }
        guard let seconds = unixTime(year, month, day, hour, minute, second) else { return nil }
        return nanoseconds(utc(fromLocal: seconds, in: timeZone), Int64(hundredths) * 10_000_000)
    }

    private static func extendedInstant(_ bytes: [UInt8], in timeZone: any LocalTimeZone) -> Int64? {
        let marks: [(Int, Character)] = [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":")]
        guard bytes.count >= 19, marks.allSatisfy({ bytes[$0.0] == $0.1.asciiValue }),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            let seconds = unixTime(year, month, day, hour, minute, second)
        else { return nil }
        var rest = bytes[19...]
        var fraction: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            guard !digits.isEmpty, digits.count <= 9, var value = number(digits) else { return nil }
            for _ in digits.count..<9 { value *= 10 }
            fraction = Int64(value)
            rest = rest.dropFirst(1 + digits.count)
        }
        if rest.isEmpty { return nanoseconds(utc(fromLocal: seconds, in: timeZone), fraction) }
        if rest.elementsEqual("Z".utf8) { return nanoseconds(seconds, fraction) }
        let zone = Array(rest)
        guard zone.count == 6, zone[0] == UInt8(ascii: "+") || zone[0] == UInt8(ascii: "-"),
            zone[3] == UInt8(ascii: ":"),
            let hours = number(zone[1..<3]), let minutes = number(zone[4..<6]), hours < 24, minutes < 60
        else { return nil }
        let offset = Int64(hours * 3_600 + minutes * 60) * (zone[0] == UInt8(ascii: "-") ? -1 : 1)
        return nanoseconds(seconds - offset, fraction)
    }

    /// Nanoseconds from 1970; nil for a time that they cannot tell: after the year 2262.
    private static func nanoseconds(_ seconds: Int64, _ fraction: Int64) -> Int64? {
        let (whole, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !isOver else { return nil }
        let (sum, isOverNow) = whole.addingReportingOverflow(fraction)
        return isOverNow ? nil : sum
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }

    private static func zone(_ seconds: Int) -> String {
        guard seconds != 0 else { return "Z" }
        let minutes = abs(seconds) / 60
        return "\(seconds < 0 ? "-" : "+")\(digits(minutes / 60, 2)):\(digits(minutes % 60, 2))"
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
    }

    /// The seconds from 1970 to a date and time of day, as if it were UTC; nil when there is no such date or time.
    private static func unixTime(
        _ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int
    ) -> Int64? {
        guard (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60 else { return nil }
        let first = CivilTime.daysSince1970(year: year, month: month, day: 1)
        let next = CivilTime.daysSince1970(
            year: month == 12 ? year + 1 : year, month: month == 12 ? 1 : month + 1, day: 1)
        guard Int64(day) <= next - first else { return nil }
        return (first + Int64(day) - 1) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
    }

    /// The zone's offset is asked at the guess that the offset of the local reading gives; where clocks are put back,
    /// the later of the two instants is taken.
    private static func utc(fromLocal local: Int64, in timeZone: any LocalTimeZone) -> Int64 {
        let guess = local - Int64(timeZone.secondsFromUTC(at: local))
        return local - Int64(timeZone.secondsFromUTC(at: guess))
    }
}
