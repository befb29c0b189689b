/// Cuts SML into its tokens.
struct SmlScanner {
    enum Token: Equatable {
        case opening
        case closing
        /// The number in brackets.
        case count(Int)
        /// What stood in quotes.
        case quoted(String)
        /// A name, number or anything else without blanks.
        case word(String)
        case fullStop
        case colon
        case end
    }

    private let characters: [Character]
    private var index = 0
    private var line = 1
    private var column = 1
    /// Where the last token began.
    private var place = (line: 1, column: 1)

    init(_ text: String) {
        characters = Array(text)
    }

    /// An error at the last token.
    func error(_ message: String) -> SmlError {
        SmlError(line: place.line, column: place.column, message: message)
    }

    /// The token that ``next()`` will return.
    func peek() throws(SmlError) -> Token {
        var copy = self
        return try copy.next()
    }

    mutating func next() throws(SmlError) -> Token {
        try skipBlanks()
        place = (line, column)
        guard let character = current else { return .end }
        switch character {
        case "<":
            advance()
            return .opening
        case ">":
            advance()
            return .closing
        case ":":
            advance()
            return .colon
        case "[": return try count()
        case "\"", "'": return try quoted(until: character)
        case ".":
            // A full stop, unless a number begins with it.
            if let after = self.character(at: index + 1), after.isNumber { return word() }
            advance()
            return .fullStop
        default: return word()
        }
    }

    private var current: Character? { character(at: index) }

    private func character(at index: Int) -> Character? {
        characters.indices.contains(index) ? characters[index] : nil
    }

    private mutating func advance() {
        if characters[index].isNewline {
            line += 1
            column = 1
        } else {
            column += 1
        }
        index += 1
    }

    private mutating func skipBlanks() throws(SmlError) {
        while let character = current {
            if character.isWhitespace {
                advance()
            } else if character == "/", self.character(at: index + 1) == "/" {
                while let character = current, !character.isNewline { advance() }
            } else if character == "/", self.character(at: index + 1) == "*" {
                place = (line, column)
                advance()
                advance()
                while current != "*" || self.character(at: index + 1) != "/" {
                    guard current != nil else { throw error("a comment does not end") }
                    advance()
                }
                advance()
                advance()
            } else {
                return
            }
        }
    }

    private mutating func count() throws(SmlError) -> Token {
        advance()
        var digits = ""
        while let character = current, character != "]" {
            guard !character.isNewline else { break }
            digits.append(character)
            advance()
        }
        let trimmed = String(digits.drop(while: \.isWhitespace).prefix { !$0.isWhitespace })
        guard current == "]", let count = Int(trimmed), count >= 0 else {
            throw error("brackets hold a count, such as [2]")
        }
        advance()
        return .count(count)
    }

    private mutating func quoted(until quote: Character) throws(SmlError) -> Token {
        advance()
        var text = ""
        while let character = current, character != quote {
            guard !character.isNewline else { break }
            text.append(character)
            advance()
        }
        guard current == quote else { throw error("a text does not end on its line") }
        advance()
        return .quoted(text)
    }

    private mutating func word() -> Token {
        var text = ""
        while let character = current, !character.isWhitespace, !"<>[]\"':".contains(character) {
            // The full stop that ends a message may touch the word before it; one inside a number has a digit behind it.
            if character == ".", self.character(at: index + 1)?.isNumber != true, !text.isEmpty { break }
            text.append(character)
            advance()
        }
        if text.isEmpty, let character = current {
            text.append(character)
            advance()
        }
        return .word(text)
    }
}
