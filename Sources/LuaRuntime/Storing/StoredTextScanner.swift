/// Goes through a text of JSON, piece by piece.
package struct StoredTextScanner {
    /// A word of JSON.
    package enum Word: String, Sendable {
        /// The words.
        case null, `true`, `false`
    }

    /// What a value is, by its beginning.
    package enum Kind: Equatable, Sendable {
        /// Its bracket is behind the scanner: the elements or members follow.
        case object, array
        /// It follows.
        case string, number
        /// It is behind the scanner.
        case word(Word)
    }

    private let text: [UInt8]
    /// Where the scanner is, from 0.
    package private(set) var position = 0
    /// The containers that are open.
    private var depth = 0

    /// A scanner at the beginning of a text.
    package init(_ text: [UInt8]) { self.text = text }

    /// The bytes of a part of the text.
    package subscript(_ range: Range<Int>) -> ArraySlice<UInt8> { text[range] }

    private var byte: UInt8? { position < text.count ? text[position] : nil }

    private mutating func skipSpace() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func damage(_ expected: String) -> StoredTextDamage {
        StoredTextDamage(position < text.count ? "\(expected) should be" : "the text ends", at: position)
    }

    private mutating func take(_ wanted: UInt8, _ name: String) throws(StoredTextDamage) {
        skipSpace()
        guard byte == wanted else { throw damage(name) }
        position += 1
    }

    /// What the next value is.
    package mutating func next() throws(StoredTextDamage) -> Kind {
        skipSpace()
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depth < StoredBounds.textDepth else {
                throw StoredTextDamage(
                    "more than \(StoredBounds.textDepth) lists and objects within one another", at: position)
            }
            depth += 1
            defer { position += 1 }
            return byte == UInt8(ascii: "{") ? .object : .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), .some(0x30...0x39): return .number
        default:
            for word in [Word.null, .true, .false] where text[position...].starts(with: word.rawValue.utf8) {
                position += word.rawValue.utf8.count
                return .word(word)
            }
            throw damage("a value")
        }
    }

    /// Whether an element follows in an array; it is closed, when none does.
    package mutating func hasElement(isFirst: Bool) throws(StoredTextDamage) -> Bool {
        try goesOn(isFirst: isFirst, UInt8(ascii: "]"), "']'")
    }

    /// Whether a member follows in an object; it is closed, when none does.
    package mutating func hasMember(isFirst: Bool) throws(StoredTextDamage) -> Bool {
        try goesOn(isFirst: isFirst, UInt8(ascii: "}"), "'}'")
    }

    private mutating func goesOn(isFirst: Bool, _ end: UInt8, _ name: String) throws(StoredTextDamage) -> Bool {
        skipSpace()
        if byte == end {
            position += 1
            depth -= 1
            return false
        }
        if !isFirst { try take(UInt8(ascii: ","), "a comma or \(name)") }
        skipSpace()
        return true
    }

    /// The bytes of a member's name; its value follows.
    package mutating func name() throws(StoredTextDamage) -> [UInt8] {
        let name = try stringValue()
        try take(UInt8(ascii: ":"), "a colon")
        return name
    }

    /// The bytes of a string where nothing else may be.
    package mutating func stringValue() throws(StoredTextDamage) -> [UInt8] {
        guard try next() == .string else { throw damage("a string") }
        return try string()
    }

    /// The digits of the number that follows.
    package mutating func number() throws(StoredTextDamage) -> String {
        let start = position
        while let byte, (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte) { position += 1 }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    /// The bytes of the string that follows.
    package mutating func string() throws(StoredTextDamage) -> [UInt8] {
        try take(UInt8(ascii: "\""), "a string")
        var bytes: [UInt8] = []
        while let byte {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return bytes
            case UInt8(ascii: "\\"): bytes += try escape()
            case ..<0x20:
                position -= 1
                throw damage("an escape")
            default: bytes.append(byte)
            }
        }
        throw damage("the end of a string")
    }

    /// The UTF-8 of an escape, behind its backslash.
    private mutating func escape() throws(StoredTextDamage) -> [UInt8] {
        guard let byte else { throw damage("an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "u"):
            var value = try unit()
            if (0xD800..<0xDC00).contains(value), text[position...].starts(with: "\\u".utf8) {
                position += 2
                let low = try unit()
                guard (0xDC00..<0xE000).contains(low) else { throw damage("the second half of a pair") }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw damage("a character") }
            return Array(String(Character(scalar)).utf8)
        default:
            position -= 1
            throw damage("an escape")
        }
    }

    private mutating func unit() throws(StoredTextDamage) -> UInt32 {
        guard position + 4 <= text.count,
            let value = UInt32(String(decoding: text[position..<position + 4], as: UTF8.self), radix: 16),
            text[position] != UInt8(ascii: "+")
        else { throw damage("four hexadecimal digits") }
        position += 4
        return value
    }

    /// Goes over a value, and tells where it is.
    package mutating func skipValue() throws(StoredTextDamage) -> Range<Int> {
        skipSpace()
        let start = position
        switch try next() {
        case .object:
            var isFirst = true
            while try hasMember(isFirst: isFirst) {
                isFirst = false
                _ = try name()
                _ = try skipValue()
            }
        case .array:
            var isFirst = true
            while try hasElement(isFirst: isFirst) {
                isFirst = false
                _ = try skipValue()
            }
        case .string: _ = try string()
        case .number: _ = try number()
        case .word: break
        }
        return start..<position
    }

    /// Nothing more may follow.
    package mutating func expectEnd() throws(StoredTextDamage) {
        skipSpace()
        guard position == text.count else { throw damage("the end of the text") }
    }
}
