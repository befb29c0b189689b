/// Cuts SML into its tokens. It reads bytes: what stands in quotes keeps its own.
struct SmlScanner {
    enum Token: Equatable {
        case opening
        case closing
        /// The number in brackets.
        case count(Int)
        /// The bytes that stood in quotes.
        case quoted([UInt8])
        /// A name, number or anything else without blanks.
        case word(String)
        case fullStop
        case colon
        case end
    }

    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    /// Where the line begins.
    private var lineStart = 0
    /// Where the last token began.
    private var start = 0
    private var startLine = 1
    private var startOfLine = 0
    /// The token that ``peek()`` has found, and where it ended.
    private var peeked: (token: Token, before: Mark)?

    private struct Mark {
        var start: Int
        var startLine: Int
        var startOfLine: Int
    }

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// An error at the last token.
    func error(_ message: String) -> SmlError {
        let mark = peeked?.before ?? Mark(start: start, startLine: startLine, startOfLine: startOfLine)
        return Self.error(message, bytes, mark)
    }

    private static func error(_ message: String, _ bytes: [UInt8], _ mark: Mark) -> SmlError {
        // Columns count characters, which in UTF-8 begin with any byte but those from 0x80 to 0xBF.
        let column = bytes[mark.startOfLine..<mark.start].reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        return SmlError(line: mark.startLine, column: column, message: message)
    }

    /// The token that ``next()`` will return. Errors are still told at the last one.
    mutating func peek() throws(SmlError) -> Token {
        if let peeked { return peeked.token }
        let before = Mark(start: start, startLine: startLine, startOfLine: startOfLine)
        let token = try read()
        peeked = (token, before)
        return token
    }

    mutating func next() throws(SmlError) -> Token {
        if let peeked {
            self.peeked = nil
            return peeked.token
        }
        return try read()
    }

    private mutating func read() throws(SmlError) -> Token {
        try skipBlanks()
        mark()
        guard let byte = current else { return .end }
        switch byte {
        case UInt8(ascii: "<"):
            index += 1
            return .opening
        case UInt8(ascii: ">"):
            index += 1
            return .closing
        case UInt8(ascii: ":"):
            index += 1
            return .colon
        case UInt8(ascii: "["): return try count()
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return try quoted(until: byte)
        case UInt8(ascii: "."):
            // A full stop, unless a number begins with it.
            if Self.isDigit(self.byte(at: index + 1)) { return word() }
            index += 1
            return .fullStop
        default: return word()
        }
    }

    private mutating func mark() {
        (start, startLine, startOfLine) = (index, line, lineStart)
    }

    private var current: UInt8? { byte(at: index) }

    private func byte(at index: Int) -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private static func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }

    private static func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// Goes on by one byte. A carriage return before a line feed belongs to it.
    private mutating func advance() {
        let isEndOfLine = bytes[index] == 0x0A || bytes[index] == 0x0D && byte(at: index + 1) != 0x0A
        index += 1
        if isEndOfLine {
            line += 1
            lineStart = index
        }
    }

    private mutating func skipBlanks() throws(SmlError) {
        while let byte = current {
            if Self.isBlank(byte) {
                advance()
            } else if byte == UInt8(ascii: "/"), self.byte(at: index + 1) == UInt8(ascii: "/") {
                while let byte = current, !Self.isNewline(byte) { index += 1 }
            } else if byte == UInt8(ascii: "/"), self.byte(at: index + 1) == UInt8(ascii: "*") {
                mark()
                index += 2
                while current != UInt8(ascii: "*") || self.byte(at: index + 1) != UInt8(ascii: "/") {
                    guard current != nil else { throw error("a comment does not end") }
                    advance()
                }
                index += 2
            } else {
                return
            }
        }
    }

    private mutating func count() throws(SmlError) -> Token {
        index += 1
        let first = index
        while let byte = current, byte != UInt8(ascii: "]"), !Self.isNewline(byte) { index += 1 }
        let inside = bytes[first..<index].drop(while: Self.isBlank).prefix { !Self.isBlank($0) }
        guard current == UInt8(ascii: "]"), inside.count < 20, let count = Int(String(decoding: inside, as: UTF8.self)),
            count >= 0
        else {
            throw error("brackets hold a count, such as [2]")
        }
        index += 1
        return .count(count)
    }

    private mutating func quoted(until quote: UInt8) throws(SmlError) -> Token {
        index += 1
        let first = index
        while let byte = current, byte != quote, !Self.isNewline(byte) { index += 1 }
        guard current == quote else { throw error("a text does not end on its line") }
        index += 1
        return .quoted(Array(bytes[first..<index - 1]))
    }

    private mutating func word() -> Token {
        let first = index
        while let byte = current, !Self.isBlank(byte), !Self.endsWord(byte) {
            // The full stop that ends a message may touch the word before it; one inside a number has a digit behind
            // it.
            if byte == UInt8(ascii: "."), !Self.isDigit(self.byte(at: index + 1)), index > first { break }
            index += 1
        }
        if index == first { index += 1 }
        return .word(String(decoding: bytes[first..<index], as: UTF8.self))
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "\""),
            UInt8(ascii: "'"), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
