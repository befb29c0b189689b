extension SecsItem: CustomStringConvertible {
    /// The item in SML, as ``init(sml:)`` reads it.
    public var description: String {
        var writer = SmlWriter()
        writer.write(self)
        return writer.text
    }
}

extension SecsMessage: CustomStringConvertible {
    /// The message in SML, as ``init(sml:)`` reads it, with a full stop at the end.
    public var description: String {
        let head = expectsReply ? "\(name) W" : name
        return item.map { "\(head)\n\($0)\n." } ?? "\(head) ."
    }
}

/// Writes items in SML, the one way in which this project prints them.
///
/// Lists stand over several lines and tell their count; all else is one line. What is not printable ASCII stands outside
/// the quotes, as `0x0A`.
struct SmlWriter {
    private(set) var text = ""

    mutating func write(_ item: SecsItem, indentation: Int = 0) {
        text += String(repeating: " ", count: indentation)
        text += "<\(item.format.name)"
        switch item.content {
        case .list(let items):
            guard !items.isEmpty else { break }
            text += " [\(items.count)]\n"
            for item in items {
                write(item, indentation: indentation + 2)
                text += "\n"
            }
            text += String(repeating: " ", count: indentation)
        case .binary(let bytes):
            for byte in bytes { text += " \(Self.hexadecimal(byte))" }
        case .boolean(let values):
            for value in values { text += value ? " T" : " F" }
        case .ascii(let bytes), .jis8(let bytes): writeText(bytes)
        case .localized(nil): break
        case .localized(let localized?):
            text += " \(localized.encoding)"
            writeText(localized.bytes)
        case .i8(let values): writeValues(values)
        case .i1(let values): writeValues(values)
        case .i2(let values): writeValues(values)
        case .i4(let values): writeValues(values)
        case .f8(let values): writeValues(values)
        case .f4(let values): writeValues(values)
        case .u8(let values): writeValues(values)
        case .u1(let values): writeValues(values)
        case .u2(let values): writeValues(values)
        case .u4(let values): writeValues(values)
        }
        text += ">"
    }

    private mutating func writeValues<Value: CustomStringConvertible>(_ values: [Value]) {
        for value in values { text += " \(value)" }
    }

    private mutating func writeText(_ bytes: [UInt8]) {
        var isQuoted = false
        for byte in bytes {
            let isPlain = (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"")
            if isPlain != isQuoted {
                text += isPlain ? " \"" : "\""
                isQuoted = isPlain
            }
            text += isPlain ? String(UnicodeScalar(byte)) : " \(Self.hexadecimal(byte))"
        }
        if isQuoted { text += "\"" }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "0x0\(digits)" : "0x\(digits)"
    }
}
