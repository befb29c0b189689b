import ControlCore

/// The dates of cookies, which servers write in many ways: RFC 6265, 5.1.1.
enum CookieDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// Seconds since 1970 UTC; `nil` when `text` is no date.
    static func seconds(_ text: String) -> Int64? {
        var time: (hour: Int, minute: Int, second: Int)?
        var day: Int?
        var month: Int?
        var year: Int?
        func isDelimiter(_ character: Character) -> Bool {
            !(character.isASCII && (character.isLetter || character.isNumber) || character == ":")
        }
        for token in text.lowercased().split(whereSeparator: isDelimiter) {
            if time == nil, let found = self.time(token) {
                time = found
            } else if day == nil, let number = number(token, 1...2) {
                day = number
            } else if month == nil, let index = months.firstIndex(of: String(token.prefix(3))) {
                month = index + 1
            } else if year == nil, let number = number(token, 2...4) {
                year = number < 70 ? number + 2000 : number < 100 ? number + 1900 : number
            }
        }
        guard let time, let day, let month, let year, (1...31).contains(day), year >= 1601, time.hour < 24,
            time.minute < 60, time.second < 60
        else { return nil }
        let days = CivilTime.daysSince1970(year: year, month: month, day: day)
        return days * 86_400 + Int64(time.hour * 3_600 + time.minute * 60 + time.second)
    }

    private static func time(_ token: Substring) -> (hour: Int, minute: Int, second: Int)? {
        let parts = token.split(separator: ":", omittingEmptySubsequences: false).compactMap { number($0, 1...2) }
        guard parts.count == 3 else { return nil }
        return (parts[0], parts[1], parts[2])
    }

    private static func number(_ token: Substring, _ digits: ClosedRange<Int>) -> Int? {
        digits.contains(token.utf8.count) ? Int(token) : nil
    }
}
