extension SecsItem: CustomStringConvertible {
    /// The item in SML, as ``init(sml:)-(String)`` reads it; of one that is too large for that, its format and size.
    public var description: String {
        do throws(SecsEncodingError) {
            return try sml()
        } catch {
            return "<\(format.name) \(error)>"
        }
    }

    /// The item in SML, as ``init(sml:)-(String)`` reads it.
    /// - Throws: when it is too large or too deep for that; size and depth are known before anything is made.
    public func sml() throws(SecsEncodingError) -> String {
        var writer = SmlWriter()
        try writer.write(self)
        return writer.text
    }

    /// The item in SML, or only its format and size where that would be longer than a message for people may be.
    public var briefDescription: String {
        SmlWriter.longest(self) <= 16 << 10 ? description : "<\(format.name) of \(encodedBytes) bytes>"
    }
}

extension SecsMessage: CustomStringConvertible {
    /// The message in SML, as ``init(sml:)-(String)`` reads it, with a full stop at the end.
    public var description: String { text(item?.description) }

    /// The message in SML, as ``init(sml:)-(String)`` reads it.
    /// - Throws: when it is too large or too deep for that.
    public func sml() throws(SecsEncodingError) -> String {
        guard let item else { return text(nil) }
        return text(try item.sml())
    }

    /// The message in SML, or only its head and size where that would be longer than a message for people may be.
    public var briefDescription: String { text(item?.briefDescription) }

    private func text(_ item: String?) -> String {
        let head = expectsReply ? "\(name) W" : name
        return item.map { "\(head)\n\($0)\n." } ?? "\(head) ."
    }
}

/// Writes items in SML, the one way in which this project prints them.
///
/// Lists stand over several lines and tell their count; all else is one line. What is not printable ASCII stands
/// outside the quotes, as `0x0A`.
struct SmlWriter {
    /// Only ASCII.
    private var bytes: [UInt8] = []

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The most bytes that an item can take in SML: a byte of binary takes five, one of a text four and a half, one of
    /// a number less; and each item has its frame.
    static func longest(_ item: SecsItem) -> Int {
        5 * item.encodedBytes + item.itemCount * (2 * item.depth + 24)
    }

    /// - Throws: before anything is written.
    mutating func write(_ item: SecsItem) throws(SecsEncodingError) {
        try item.checkSize()
        guard Self.longest(item) <= SecsLimits.longestSML else { throw .tooLongToPrint }
        writeAll(item, indentation: 0)
    }

    /// The recursion has an end: the depth was checked.
    private mutating func writeAll(_ item: SecsItem, indentation: Int) {
        guard case .list(let items) = item.content, !items.isEmpty else { return writeLine(item, indentation) }
        indent(indentation)
        append("<L [\(items.count)]\n")
        for item in items {
            writeAll(item, indentation: indentation + 2)
            bytes.append(UInt8(ascii: "\n"))
        }
        indent(indentation)
        bytes.append(UInt8(ascii: ">"))
    }

    /// Writes what stands on one line: all but lists that hold something.
    private mutating func writeLine(_ item: SecsItem, _ indentation: Int) {
        indent(indentation)
        append("<\(item.format.name)")
        switch item.content {
        case .list: break
        case .binary(let values): for byte in values { writeHexadecimal(byte) }
        case .boolean(let values): for value in values { append(value ? " T" : " F") }
        case .ascii(let values), .jis8(let values): writeText(values)
        case .localized(nil): break
        case .localized(let localized?):
            append(" \(localized.encoding)")
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
        bytes.append(UInt8(ascii: ">"))
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func indent(_ width: Int) {
        for _ in 0..<width { bytes.append(UInt8(ascii: " ")) }
    }

    private mutating func writeValues<Value: CustomStringConvertible>(_ values: [Value]) {
        for value in values {
            bytes.append(UInt8(ascii: " "))
            append(value.description)
        }
    }

    private mutating func writeText(_ text: [UInt8]) {
        var isQuoted = false
        for byte in text {
            let isPlain = (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\"")
            if isPlain != isQuoted {
                if isPlain { bytes.append(UInt8(ascii: " ")) }
                bytes.append(UInt8(ascii: "\""))
                isQuoted = isPlain
            }
            if isPlain { bytes.append(byte) } else { writeHexadecimal(byte) }
        }
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
    }

    private mutating func writeHexadecimal(_ byte: UInt8) {
        append(" 0x")
        bytes.append(Self.digit(byte >> 4))
        bytes.append(Self.digit(byte & 15))
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
