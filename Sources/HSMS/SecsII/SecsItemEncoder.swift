public import Bytes

extension SecsItem {
    /// Appends the item to `buffer`, with as few length bytes as do, or as many as it was received with.
    /// - Throws: when it is too long, too large or too deep for SECS-II; `buffer` is then as it was. Size and depth are
    ///   known before anything is written.
    public func encode(into buffer: inout ByteBuffer) throws(SecsEncodingError) {
        try checkSize()
        let start = buffer.writerIndex
        buffer.reserveCapacity(minimumWritableBytes: encodedBytes)
        do {
            try writeAll(to: &buffer)
        } catch {
            buffer.moveWriterIndex(to: start)
            throw error
        }
    }

    /// The item as the text of a message.
    /// - Throws: when it is too long, too large or too deep for SECS-II.
    public func encoded() throws(SecsEncodingError) -> ByteBuffer {
        var buffer = ByteBuffer()
        try encode(into: &buffer)
        return buffer
    }

    /// The least number of length bytes that can tell `length`.
    static func lengthBytes(for length: Int) -> UInt8 {
        length <= 0xFF ? 1 : length <= 0xFFFF ? 2 : 3
    }

    /// The recursion has an end: the depth was checked.
    private func writeAll(to buffer: inout ByteBuffer) throws(SecsEncodingError) {
        guard case .list(let items) = content else { return try write(to: &buffer) }
        try writeHeader(items.count, to: &buffer)
        for item in items { try item.writeAll(to: &buffer) }
    }

    /// Writes what is no list.
    private func write(to buffer: inout ByteBuffer) throws(SecsEncodingError) {
        switch content {
        case .list: preconditionFailure("lists are written by their parts")
        case .binary(let bytes), .ascii(let bytes), .jis8(let bytes), .u1(let bytes):
            try writeHeader(bytes.count, to: &buffer)
            buffer.writeBytes(bytes)
        case .boolean(let values):
            try writeHeader(values.count, to: &buffer)
            if case .booleans(let written, _) = spelling {
                buffer.writeBytes(written)
            } else {
                for value in values { buffer.writeInteger(value ? 1 : 0, as: UInt8.self) }
            }
        case .localized(nil): try writeHeader(0, to: &buffer)
        case .localized(let text?):
            try writeHeader(text.bytes.count + 2, to: &buffer)
            buffer.writeInteger(text.encoding)
            buffer.writeBytes(text.bytes)
        case .i8(let values): try writeIntegers(values, to: &buffer)
        case .i1(let values): try writeIntegers(values, to: &buffer)
        case .i2(let values): try writeIntegers(values, to: &buffer)
        case .i4(let values): try writeIntegers(values, to: &buffer)
        case .f8(let values):
            try writeHeader(values.count * 8, to: &buffer)
            for value in values { buffer.writeInteger(value.bitPattern) }
        case .f4(let values):
            try writeHeader(values.count * 4, to: &buffer)
            for value in values { buffer.writeInteger(value.bitPattern) }
        case .u8(let values): try writeIntegers(values, to: &buffer)
        case .u2(let values): try writeIntegers(values, to: &buffer)
        case .u4(let values): try writeIntegers(values, to: &buffer)
        }
    }

    private func writeIntegers<Value: FixedWidthInteger>(
        _ values: [Value], to buffer: inout ByteBuffer
    ) throws(SecsEncodingError) {
        try writeHeader(values.count * MemoryLayout<Value>.size, to: &buffer)
        for value in values { buffer.writeInteger(value) }
    }

    private func writeHeader(_ length: Int, to buffer: inout ByteBuffer) throws(SecsEncodingError) {
        guard length <= Self.maximumLength else { throw .tooLong(format, length: length) }
        let lengthBytes =
            switch spelling {
            case .canonical: Self.lengthBytes(for: length)
            case .lengthBytes(let count), .booleans(_, lengthBytes: let count): count
            }
        buffer.writeInteger(format.rawValue << 2 | lengthBytes)
        if lengthBytes > 2 { buffer.writeInteger(UInt8(length >> 16)) }
        if lengthBytes > 1 { buffer.writeInteger(UInt8(truncatingIfNeeded: length >> 8)) }
        buffer.writeInteger(UInt8(truncatingIfNeeded: length))
    }
}
