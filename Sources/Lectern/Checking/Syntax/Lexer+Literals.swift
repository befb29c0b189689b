internal import Glibc

extension Lexer {
    // MARK: - Strings

    /// A string in quotes, with what its escapes mean.
    mutating func quoted(_ quote: UInt8) throws(SyntaxError) -> [UInt8] {
        at += 1
        var string: [UInt8] = []
        while let byte = peek() {
            switch byte {
            case quote:
                at += 1
                return string
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                throw error
            case UInt8(ascii: "\\"):
                at += 1
                try escape(into: &string)
            default:
                string.append(byte)
                at += 1
            }
        }
        throw error
    }

    /// What follows a backslash.
    private mutating func escape(into string: inout [UInt8]) throws(SyntaxError) {
        guard let byte = peek() else { throw error }
        switch byte {
        case UInt8(ascii: "n"): string.append(0x0A)
        case UInt8(ascii: "r"): string.append(0x0D)
        case UInt8(ascii: "t"): string.append(0x09)
        case UInt8(ascii: "a"): string.append(0x07)
        case UInt8(ascii: "b"): string.append(0x08)
        case UInt8(ascii: "v"): string.append(0x0B)
        case UInt8(ascii: "f"): string.append(0x0C)
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): string.append(byte)
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
            string.append(0x0A)
            endLine()
            return
        case UInt8(ascii: "x"):
            guard let high = peek(1)?.hexadecimalValue, let low = peek(2)?.hexadecimalValue else { throw error }
            string.append(high << 4 | low)
            at += 3
            return
        case UInt8(ascii: "z"):
            at += 1
            while let blank = peek(), (0x09...0x0D).contains(blank) || blank == 0x20 {
                if blank == 0x0A || blank == 0x0D { endLine() } else { at += 1 }
            }
            return
        case UInt8(ascii: "u"):
            try codePoint(into: &string)
            return
        case _ where byte.isASCIIDigit:
            var value = 0
            for _ in 0..<3 {
                guard let digit = peek(), digit.isASCIIDigit else { break }
                value = value * 10 + Int(digit - UInt8(ascii: "0"))
                at += 1
            }
            guard let byte = UInt8(exactly: value) else { throw error }
            string.append(byte)
            return
        default: throw error
        }
        at += 1
    }

    /// `u{XXX}`: up to 31 bits, in the form that UTF-8 once had for so many.
    private mutating func codePoint(into string: inout [UInt8]) throws(SyntaxError) {
        guard peek(1) == UInt8(ascii: "{"), peek(2)?.hexadecimalValue != nil else { throw error }
        at += 2
        var value: UInt32 = 0
        while let digit = peek()?.hexadecimalValue {
            guard value <= 0x7FFF_FFFF >> 4 else { throw error }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        guard peek() == UInt8(ascii: "}") else { throw error }
        at += 1
        guard value >= 0x80 else {
            string.append(UInt8(value))
            return
        }
        var tail: [UInt8] = []
        var most: UInt32 = 0x3F
        repeat {
            tail.append(UInt8(0x80 | value & 0x3F))
            value >>= 6
            most >>= 1
        } while value > most
        string.append(UInt8(truncatingIfNeeded: ~most << 1 | value))
        string += tail.reversed()
    }

    /// A long string or comment, `[[…]]` or `[=[…]=]`; nil, and nothing is read, when there is none here.
    mutating func longBracket() throws(SyntaxError) -> [UInt8]? {
        guard peek() == UInt8(ascii: "[") else { return nil }
        var level = 0
        while peek(1 + level) == UInt8(ascii: "=") { level += 1 }
        guard peek(1 + level) == UInt8(ascii: "[") else { return nil }
        at += 2 + level
        // A line end right behind the opening does not count.
        if let byte = peek(), byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { endLine() }
        var string: [UInt8] = []
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "]"):
                var signs = 0
                while peek(1 + signs) == UInt8(ascii: "=") { signs += 1 }
                if signs == level, peek(1 + signs) == UInt8(ascii: "]") {
                    at += 2 + level
                    return string
                }
                string += text[at...at + signs]
                at += 1 + signs
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                string.append(UInt8(ascii: "\n"))
                endLine()
            default:
                string.append(byte)
                at += 1
            }
        }
        throw error
    }

    // MARK: - Numbers

    /// A number, whole or not, as Lua reads one.
    mutating func number() throws(SyntaxError) -> Token.Kind {
        let start = at
        let isHexadecimal = peek() == UInt8(ascii: "0") && peek(1).map { $0 | 0x20 } == UInt8(ascii: "x")
        let exponent = isHexadecimal ? UInt8(ascii: "p") : UInt8(ascii: "e")
        if isHexadecimal { at += 2 }
        while let byte = peek() {
            if byte | 0x20 == exponent {
                at += 1
                if let sign = peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { at += 1 }
            } else if byte.hexadecimalValue != nil || byte == UInt8(ascii: ".") {
                at += 1
            } else {
                break
            }
        }
        // A letter behind it makes it no number.
        if let byte = peek(), byte.isWord { throw error }
        let digits = text[start..<at]
        if let value = isHexadecimal ? Self.wrapped(digits.dropFirst(2)) : Self.whole(digits) { return .integer(value) }
        var end = 0
        let value = String(decoding: digits, as: UTF8.self).withCString { bytes in
            var rest: UnsafeMutablePointer<CChar>?
            let value = strtod(bytes, &rest)
            end = rest.map { UnsafePointer($0) - bytes } ?? 0
            return value
        }
        guard end == digits.count else { throw error }
        return .float(value)
    }

    /// Nil for what is not whole, or too large to be.
    private static func whole(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard digits.allSatisfy(\.isASCIIDigit) else { return nil }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    /// A whole number of base 16, of which Lua keeps the lowest 64 bits. Nil for what is not whole.
    private static func wrapped(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in digits {
            guard let digit = byte.hexadecimalValue else { return nil }
            value = value << 4 | UInt64(digit)
        }
        return Int64(bitPattern: value)
    }
}
