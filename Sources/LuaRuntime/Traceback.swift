/// Turns Lua's traceback text into the lines that a program's author wants to see.
enum Traceback {
    /// The most lines shown; the middle is left out beyond.
    private static let most = 22

    /// Drops headings, frames of the host itself and frames without a place; marks where one coroutine resumed another.
    static func lines(_ text: String) -> [String] {
        var lines: [String] = []
        var pendingMark = false
        let frames = text.split(separator: "\n", omittingEmptySubsequences: true)
        for (index, line) in frames.enumerated() {
            if line == "stack traceback:" {
                pendingMark = !lines.isEmpty
                continue
            }
            let frame = line.drop { $0 == "\t" || $0 == " " }
            let next = index + 1 < frames.count ? frames[index + 1].drop { $0 == "\t" } : ""
            if frame.hasPrefix("[C]: ") && next.hasPrefix("[lectern") { continue }  // what the prelude calls
            if frame.hasPrefix("[C]: in ?") || frame.hasPrefix("[lectern") || frame == "(...tail calls...)" { continue }
            if pendingMark {
                lines.append("resumed by")
                pendingMark = false
            }
            lines.append(String(frame))
        }
        if lines.last == "resumed by" { lines.removeLast() }
        guard lines.count > most else { return lines }
        let half = most / 2
        return lines.prefix(half) + ["... \(lines.count - 2 * half) more ..."] + lines.suffix(half)
    }
}
