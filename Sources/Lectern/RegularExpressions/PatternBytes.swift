/// The character classes of Python's pattern and template syntax.
extension UInt8 {
    var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isOctalDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(self) }
    var isASCIILetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }

    /// The value of a hexadecimal digit, or nil.
    var hexadecimalValue: UInt8? {
        if isASCIIDigit {
            return self - UInt8(ascii: "0")
        }
        let letter = self | 0x20
        return (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(letter) ? letter - UInt8(ascii: "a") + 10 : nil
    }

    /// The byte that this letter after a backslash means in patterns and templates alike, or nil.
    var pythonControlEscape: UInt8? {
        switch self {
        case UInt8(ascii: "a"): 0x07
        case UInt8(ascii: "f"): 0x0c
        case UInt8(ascii: "n"): 0x0a
        case UInt8(ascii: "r"): 0x0d
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "v"): 0x0b
        default: nil
        }
    }
}

extension Character {
    /// The character of an ASCII byte.
    init(_ byte: UInt8) {
        self.init(Unicode.Scalar(byte))
    }
}

extension ArraySlice<UInt8> {
    /// The value of these octal digits.
    var octalValue: Int {
        reduce(0) { $0 * 8 + Int($1 - UInt8(ascii: "0")) }
    }

    /// The value of these decimal digits, or `limit + 1` when it is over `limit`.
    func decimalValue(atMost limit: Int) -> Int {
        var value = 0
        for digit in self {
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
            if value > limit {
                return limit + 1
            }
        }
        return value
    }

    /// These bytes as they stand in the text of a Python error: ASCII as it is.
    var pythonText: String {
        map { $0 < 0x80 ? String(Character($0)) : "\\x" + String($0, radix: 16) }.joined()
    }

    /// These bytes in quotes, as Python shows a string in an error.
    var pythonRepresentation: String {
        let quote =
            contains(UInt8(ascii: "'")) && !contains(UInt8(ascii: "\"")) ? UInt8(ascii: "\"") : UInt8(ascii: "'")
        let digits = Array("0123456789abcdef".utf8)
        var text = [quote]
        for byte in self {
            switch byte {
            case UInt8(ascii: "\\"), quote: text += [UInt8(ascii: "\\"), byte]
            case 0x09: text += "\\t".utf8
            case 0x0a: text += "\\n".utf8
            case 0x0d: text += "\\r".utf8
            case 0x20...0x7e: text.append(byte)
            default: text += [UInt8(ascii: "\\"), UInt8(ascii: "x"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text + [quote], as: UTF8.self)
    }

    /// Whether these bytes are a name: a letter or underscore, then letters, digits and underscores.
    var isIdentifier: Bool {
        guard let first, !first.isASCIIDigit else {
            return false
        }
        return allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "_") }
    }
}
