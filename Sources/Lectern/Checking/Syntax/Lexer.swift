/// Takes Lua text apart into its words. Works on bytes: a program may hold any.
struct Lexer {
    let text: [UInt8]
    var at: Int
    var line = 1
    /// Where the present line begins.
    var lineStart: Int

    /// Begins behind a byte order mark and a `#!` line, as programs are loaded.
    init(_ text: [UInt8]) {
        self.text = text
        at = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        lineStart = at
        if peek() == UInt8(ascii: "#") {
            while let byte = peek(), byte != UInt8(ascii: "\n") { at += 1 }
        }
    }

    /// The next word; ``Token/Kind/end`` again and again at the end of the text.
    mutating func next() throws(SyntaxError) -> Token {
        try skipBlanks()
        let (start, line, column) = (at, line, at - lineStart + 1)
        let kind = try kind()
        return Token(kind: kind, place: SourcePlace(line: line, column: column, start: start, end: at))
    }

    func peek(_ offset: Int = 0) -> UInt8? { at + offset < text.count ? text[at + offset] : nil }

    /// What is wrong is here.
    var error: SyntaxError { SyntaxError(line: line, column: max(1, at - lineStart + 1)) }

    private mutating func skipBlanks() throws(SyntaxError) {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): endLine()
            case UInt8(ascii: " "), UInt8(ascii: "\t"), 0x0B, 0x0C: at += 1
            case UInt8(ascii: "-") where peek(1) == UInt8(ascii: "-"):
                at += 2
                if try longBracket() == nil {
                    while let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: "\r") { at += 1 }
                }
            default: return
            }
        }
    }

    /// Goes over a line end: `\n`, `\r`, or both in either order, which count as one.
    mutating func endLine() {
        let first = text[at]
        at += 1
        if let second = peek(), second != first, second == UInt8(ascii: "\n") || second == UInt8(ascii: "\r") {
            at += 1
        }
        line += 1
        lineStart = at
    }

    private mutating func kind() throws(SyntaxError) -> Token.Kind {
        guard let byte = peek() else { return .end }
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""):
            return .string(try quoted(byte))
        case UInt8(ascii: "["):
            if let string = try longBracket() { return .string(string) }
        case _ where byte.isASCIIDigit, UInt8(ascii: ".") where peek(1)?.isASCIIDigit == true:
            return try number()
        case _ where byte.isWord:
            let start = at
            while let byte = peek(), byte.isWord { at += 1 }
            let name = String(decoding: text[start..<at], as: UTF8.self)
            return Keyword(rawValue: name).map(Token.Kind.word) ?? .name(name)
        default: break
        }
        return .symbol(try symbol(byte))
    }

    /// The longest sign that begins here.
    private mutating func symbol(_ byte: UInt8) throws(SyntaxError) -> Symbol {
        for length in [3, 2, 1] where at + length <= text.count {
            // A sign of three bytes are only the dots.
            if length == 3 && byte != UInt8(ascii: ".") { continue }
            guard let symbol = Symbol(rawValue: String(decoding: text[at..<at + length], as: UTF8.self)) else {
                continue
            }
            at += length
            return symbol
        }
        throw error
    }
}
