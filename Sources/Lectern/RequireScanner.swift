internal import ByteText

/// Finds the modules that a Lua text requires by a literal name: `require 'name'` and `require("name")`.
///
/// It knows comments and strings, so that what is commented out or quoted is not taken for a call.
struct RequireScanner {
    private let text: [UInt8]
    private var at = 0
    private var line = 1

    /// Names and lines, in the order of the text.
    static func requirements(_ text: [UInt8]) -> [(name: String, line: Int)] {
        var scanner = RequireScanner(text: text)
        return scanner.scan()
    }

    private init(text: [UInt8]) { self.text = text }

    private enum Token: Equatable {
        case name([UInt8])
        case string([UInt8])
        case symbol(UInt8)
    }

    private mutating func scan() -> [(name: String, line: Int)] {
        var found: [(String, Int)] = []
        /// The tokens before the present one, the latest last.
        var before: [Token] = []
        while let token = next() {
            if case .string(let name) = token, Self.isCall(before) {
                found.append((String(rawBytes: name), line))
            }
            before.append(token)
            if before.count > 3 { before.removeFirst() }
        }
        return found
    }

    /// Whether `before` ends with `require` or `require(`, and that is no field or method of something else.
    private static func isCall(_ before: [Token]) -> Bool {
        var rest = before[...]
        if rest.last == .symbol(UInt8(ascii: "(")) { rest = rest.dropLast() }
        guard rest.popLast() == .name(Array("require".utf8)) else { return false }
        return rest.last != .symbol(UInt8(ascii: ".")) && rest.last != .symbol(UInt8(ascii: ":"))
    }

    private mutating func next() -> Token? {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\n"):
                line += 1
                at += 1
            case 0...0x20:
                at += 1
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
                at += 2
                if longBracket() == nil {
                    while let byte = peek(), byte != UInt8(ascii: "\n") { at += 1 }
                }
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                return .string(quoted(byte))
            case UInt8(ascii: "["):
                if let string = longBracket() { return .string(string) }
                at += 1
                return .symbol(byte)
            case _ where Self.isWord(byte):
                let start = at
                while let byte = peek(), Self.isWord(byte) { at += 1 }
                return .name(Array(text[start..<at]))
            default:
                at += 1
                return .symbol(byte)
            }
        }
        return nil
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        at + offset < text.count ? text[at + offset] : nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// A string in quotes. Escapes stay as they are written: no module's name needs one.
    private mutating func quoted(_ quote: UInt8) -> [UInt8] {
        at += 1
        var string: [UInt8] = []
        while let byte = peek(), byte != quote {
            if byte == UInt8(ascii: "\n") { line += 1 }
            string.append(byte)
            at += 1
            if byte == UInt8(ascii: "\\"), let escaped = peek() {
                if escaped == UInt8(ascii: "\n") { line += 1 }
                string.append(escaped)
                at += 1
            }
        }
        at += 1
        return string
    }

    /// A long string or comment, `[[…]]` or `[=[…]=]`; nil, and nothing is read, when there is none here.
    private mutating func longBracket() -> [UInt8]? {
        guard peek() == UInt8(ascii: "[") else { return nil }
        var level = 0
        while peek(1 + level) == UInt8(ascii: "=") { level += 1 }
        guard peek(1 + level) == UInt8(ascii: "[") else { return nil }
        at += 2 + level
        let end =
            [UInt8(ascii: "]")] + Array(repeating: UInt8(ascii: "="), count: level) + [UInt8(ascii: "]")]
        let start = at
        while at < text.count, !text[at...].starts(with: end) {
            if text[at] == UInt8(ascii: "\n") { line += 1 }
            at += 1
        }
        let string = Array(text[start..<at])
        at += end.count
        return string
    }
}
