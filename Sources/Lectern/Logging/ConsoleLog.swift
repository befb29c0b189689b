public import ControlCore

/// Writes a program's log as lines for people or as JSON for machines.
public final class ConsoleLog: ProgramLogSink {
    /// How entries look.
    public enum Format: String, CaseIterable, Sendable {
        /// `2026-11-21 13:45:01.123 ERROR Timer main.lua:4 tick: main.lua:5: …`, the traceback indented below.
        case text
        /// One object a line with `time`, `severity`, `topic` unless it is the program, `task`, `text` and `traceback`.
        case json
    }

    private let format: Format
    private let level: ProgramLogEntry.Severity
    private let colours: Bool
    private let timeZone: any LocalTimeZone
    private let output: (String) -> Void

    /// Makes a log.
    /// - Parameters:
    ///   - format: lines for people, or JSON.
    ///   - level: less severe entries are left out.
    ///   - colours: whether severities are coloured, for a terminal.
    ///   - timeZone: the zone of the times.
    ///   - output: takes finished text, line ends included.
    public init(
        format: Format, level: ProgramLogEntry.Severity, colours: Bool, timeZone: any LocalTimeZone,
        output: @escaping (String) -> Void
    ) {
        self.format = format
        self.level = level
        self.colours = colours
        self.timeZone = timeZone
        self.output = output
    }

    /// Writes an entry, if it is severe enough.
    public func write(_ entry: ProgramLogEntry) {
        guard entry.severity >= level else { return }
        output(format == .text ? text(entry) : json(entry))
    }

    // MARK: - Text

    private func text(_ entry: ProgramLogEntry) -> String {
        var line = "\(time(entry, separator: " ")) "
        let severity = entry.severity.rawValue.uppercased()
        line += colours ? "\u{1B}[\(Self.colour(entry.severity))m\(severity)\u{1B}[0m" : severity
        line += String(repeating: " ", count: 8 - severity.count)
        // What a program prints speaks for itself; a fault is useless without its task.
        if entry.severity > .info, let task = entry.task { line += "\(Self.printable(task)): " }
        let lines = entry.text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        line += lines.map { Self.printable(String($0)) }.joined(separator: "\n    ")
        for frame in entry.traceback { line += "\n    \(Self.printable(frame))" }
        return line + "\n"
    }

    private static func colour(_ severity: ProgramLogEntry.Severity) -> String {
        switch severity {
        case .debug: "2"
        case .info: "32"
        case .warning: "33"
        case .error: "31"
        }
    }

    /// Control characters written out, so that no device's bytes drive the terminal.
    private static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0 != "\t" && $0.isControlForPeople }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\r": result += "\\r"
            case "\t": result += "\t"
            case let control where control.isControlForPeople:
                result +=
                    control.value < 256
                    ? "\\x" + Self.twoDigits(Int(control.value), radix: 16)
                    : "\\u{\(String(control.value, radix: 16))}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    // MARK: - JSON

    private func json(_ entry: ProgramLogEntry) -> String {
        let offset = timeZone.secondsFromUTC(at: entry.time / 1_000_000_000)
        let sign = offset < 0 ? "-" : "+"
        let zone = "\(sign)\(Self.twoDigits(abs(offset) / 3600)):\(Self.twoDigits(abs(offset) / 60 % 60))"
        var line = "{\"time\":\"\(time(entry, separator: "T"))\(zone)\",\"severity\":\"\(entry.severity.rawValue)\""
        if entry.topic != .program { line += ",\"topic\":\"\(entry.topic.rawValue)\"" }
        if let task = entry.task { line += ",\"task\":\(task.quotedForJSON)" }
        line += ",\"text\":\(entry.text.quotedForJSON)"
        if !entry.traceback.isEmpty {
            line += ",\"traceback\":[\(entry.traceback.map(\.quotedForJSON).joined(separator: ","))]"
        }
        return line + "}\n"
    }

    // MARK: - Time

    private func time(_ entry: ProgramLogEntry, separator: String) -> String {
        let seconds = entry.time / 1_000_000_000
        let local = CivilTime(unixTime: seconds, in: timeZone)
        let milliseconds = Int(entry.time / 1_000_000 % 1000)
        let date = "\(local.year)-\(Self.twoDigits(local.month))-\(Self.twoDigits(local.day))"
        let time = "\(Self.twoDigits(local.hour)):\(Self.twoDigits(local.minute)):\(Self.twoDigits(local.second))"
        return "\(date)\(separator)\(time).\(milliseconds < 100 ? "0" : "")\(Self.twoDigits(milliseconds))"
    }

    private static func twoDigits(_ value: Int, radix: Int = 10) -> String {
        value < radix ? "0\(String(value, radix: radix))" : String(value, radix: radix)
    }
}
