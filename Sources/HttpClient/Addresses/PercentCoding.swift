import ByteText

/// How bytes stand in URLs and forms.
public enum PercentCoding {
    /// A name and a value of a query or a form.
    public typealias Field = (name: String, value: String)

    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Bytes that stand for themselves everywhere: RFC 3986 calls them unreserved.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~".utf8.contains(byte)
        }
    }

    /// Adds `byte` as `%` and two digits.
    static func escape(_ byte: UInt8, into text: inout [UInt8]) {
        text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// The bytes of `text`, with all but the unreserved ones escaped: a part of a path, or a name or value of a query.
    public static func escaped(_ text: String) -> String {
        String(decoding: escaped(text, spaceAsPlus: false), as: UTF8.self)
    }

    private static func escaped(_ text: String, spaceAsPlus: Bool) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text.rawBytes {
            if isUnreserved(byte) {
                result.append(byte)
            } else if spaceAsPlus, byte == UInt8(ascii: " ") {
                result.append(UInt8(ascii: "+"))
            } else {
                escape(byte, into: &result)
            }
        }
        return result
    }

    /// Names and values as the query of a URL, without `?`.
    public static func query(_ fields: [Field]) -> String { joined(fields, spaceAsPlus: false) }

    /// Names and values as the body of a form: `application/x-www-form-urlencoded`.
    public static func form(_ fields: [Field]) -> String { joined(fields, spaceAsPlus: true) }

    private static func joined(_ fields: [Field], spaceAsPlus: Bool) -> String {
        var result: [UInt8] = []
        for (index, field) in fields.enumerated() {
            if index > 0 { result.append(UInt8(ascii: "&")) }
            result += escaped(field.name, spaceAsPlus: spaceAsPlus)
            result.append(UInt8(ascii: "="))
            result += escaped(field.value, spaceAsPlus: spaceAsPlus)
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The bytes that `text` stands for; a `%` without two digits stands for itself.
    static func unescaped(_ text: some Collection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            let next = rest.prefix(2)
            if byte == UInt8(ascii: "%"), next.count == 2, let value = number(next) {
                result.append(value)
                rest = rest.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private static func number(_ digits: some Collection<UInt8>) -> UInt8? {
        var value: UInt8 = 0
        for digit in digits {
            guard let part = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
            value = value << 4 | UInt8(part)
        }
        return value
    }
}
