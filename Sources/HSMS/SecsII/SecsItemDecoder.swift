public import Bytes

extension SecsItem {
    /// Reads the text of a message: nothing, or exactly one item.
    ///
    /// Reading is strict: a length that runs past the end, a missing length, an odd byte or bytes after the item are
    /// errors. Non-minimal length bytes are legal in SEMI E5, and are kept (see ``SecsItem``). Memory is taken for what
    /// the bytes hold, not for what they announce.
    /// - Returns: nil when there are no bytes.
    public static func decode(
        _ text: ByteBuffer, limits: SecsLimits = SecsLimits()
    ) throws(SecsDecodingError) -> SecsItem? {
        guard text.readableBytes > 0 else { return nil }
        return try text.withUnsafeReadableBytes { SecsItemDecoder.decode($0, limits: limits) }.get()
    }

    /// Reads the text of a message; see ``decode(_:limits:)-(ByteBuffer,_)``.
    public static func decode(
        _ text: [UInt8], limits: SecsLimits = SecsLimits()
    ) throws(SecsDecodingError) -> SecsItem? {
        guard !text.isEmpty else { return nil }
        return try text.withUnsafeBytes { SecsItemDecoder.decode($0, limits: limits) }.get()
    }
}

/// Reads one item from bytes, without recursion.
struct SecsItemDecoder {
    private struct OpenList {
        var missing: Int
        var items: [SecsItem]
        let spelling: SecsItem.Spelling
    }

    private let bytes: UnsafeRawBufferPointer
    private let limits: SecsLimits
    private var offset = 0

    /// Reads all of `bytes`. A result instead of a throw: it passes through closures without losing the error's type.
    static func decode(_ bytes: UnsafeRawBufferPointer, limits: SecsLimits) -> Result<SecsItem, SecsDecodingError> {
        do throws(SecsDecodingError) {
            return .success(try SecsItemDecoder(bytes, limits: limits).decode())
        } catch {
            return .failure(error)
        }
    }

    private init(_ bytes: UnsafeRawBufferPointer, limits: SecsLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    private consuming func decode() throws(SecsDecodingError) -> SecsItem {
        guard bytes.count <= limits.maximumBytes else { throw error(.tooManyBytes(limit: limits.maximumBytes), at: 0) }
        var open: [OpenList] = []
        var seen = 0
        // The items that lists have announced and that are still to come. Each takes two bytes at least, so a list that
        // promises more than the rest can hold is refused before memory is taken for it.
        var owed = 1
        while true {
            let start = offset
            let (format, length, lengthBytes) = try header()
            seen += 1
            owed -= 1
            guard seen <= limits.maximumItems else { throw error(.tooManyItems(limit: limits.maximumItems), at: start) }
            let spelling: SecsItem.Spelling =
                lengthBytes == SecsItem.lengthBytes(for: length) ? .canonical : .lengthBytes(lengthBytes)
            var item: SecsItem
            if format == .list {
                guard open.count < limits.maximumDepth else {
                    throw error(.tooDeep(limit: limits.maximumDepth), at: start)
                }
                owed += length
                guard owed <= (bytes.count - offset) / 2 else { throw error(.truncated, at: start) }
                guard seen + owed <= limits.maximumItems else {
                    throw error(.tooManyItems(limit: limits.maximumItems), at: start)
                }
                if length > 0 {
                    var items: [SecsItem] = []
                    items.reserveCapacity(length)
                    open.append(OpenList(missing: length, items: items, spelling: spelling))
                    continue
                }
                item = SecsItem(.list([]), spelling: spelling)
            } else {
                guard length <= bytes.count - offset else { throw error(.truncated, at: start) }
                let values = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
                offset += length
                guard let leaf = Self.leaf(format, values, spelling: spelling, lengthBytes: lengthBytes) else {
                    throw error(.unevenLength(format, length: length), at: start)
                }
                item = leaf
            }
            while true {
                guard !open.isEmpty else {
                    guard offset == bytes.count else { throw error(.trailingBytes(bytes.count - offset), at: offset) }
                    return item
                }
                open[open.count - 1].items.append(item)
                open[open.count - 1].missing -= 1
                guard open[open.count - 1].missing == 0 else { break }
                let list = open.removeLast()
                item = SecsItem(.list(list.items), spelling: list.spelling)
            }
        }
    }

    private func error(_ reason: SecsDecodingError.Reason, at offset: Int) -> SecsDecodingError {
        SecsDecodingError(reason: reason, offset: offset)
    }

    private mutating func header() throws(SecsDecodingError) -> (SecsFormat, length: Int, lengthBytes: UInt8) {
        guard offset < bytes.count else { throw error(.truncated, at: offset) }
        let first = bytes[offset]
        guard let format = SecsFormat(rawValue: first >> 2) else {
            throw error(.unknownFormat(first >> 2), at: offset)
        }
        let lengthBytes = Int(first & 3)
        guard lengthBytes > 0 else { throw error(.missingLength, at: offset) }
        guard lengthBytes < bytes.count - offset else { throw error(.truncated, at: offset) }
        var length = Int(bytes[offset + 1])
        if lengthBytes > 1 { length = length << 8 | Int(bytes[offset + 2]) }
        if lengthBytes > 2 { length = length << 8 | Int(bytes[offset + 3]) }
        offset += 1 + lengthBytes
        return (format, length, UInt8(lengthBytes))
    }

    /// An item that is no list; nil when the bytes are no whole number of values.
    private static func leaf(
        _ format: SecsFormat, _ bytes: UnsafeRawBufferPointer, spelling: SecsItem.Spelling, lengthBytes: UInt8
    ) -> SecsItem? {
        guard bytes.count % format.valueSize == 0 else { return nil }
        let content: SecsItem.Content
        switch format {
        case .list: preconditionFailure("a list is no leaf")
        case .binary: content = .binary(Array(bytes))
        case .boolean:
            let written = Array(bytes)
            content = .boolean(written.map { $0 != 0 })
            if written.contains(where: { $0 > 1 }) {
                return SecsItem(content, spelling: .booleans(written, lengthBytes: lengthBytes))
            }
        case .ascii: content = .ascii(Array(bytes))
        case .jis8: content = .jis8(Array(bytes))
        case .localized:
            guard bytes.count != 1 else { return nil }
            content = .localized(
                bytes.isEmpty
                    ? nil
                    : LocalizedText(
                        encoding: UInt16(bytes[0]) << 8 | UInt16(bytes[1]), bytes: Array(bytes.dropFirst(2))))
        case .i8: content = .i8(integers(bytes))
        case .i1: content = .i1(integers(bytes))
        case .i2: content = .i2(integers(bytes))
        case .i4: content = .i4(integers(bytes))
        case .f8: content = .f8((integers(bytes) as [UInt64]).map(Double.init(bitPattern:)))
        case .f4: content = .f4((integers(bytes) as [UInt32]).map(Float.init(bitPattern:)))
        case .u8: content = .u8(integers(bytes))
        case .u1: content = .u1(Array(bytes))
        case .u2: content = .u2(integers(bytes))
        case .u4: content = .u4(integers(bytes))
        }
        return SecsItem(content, spelling: spelling)
    }

    private static func integers<Value: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer) -> [Value] {
        let size = MemoryLayout<Value>.size
        return Array(unsafeUninitializedCapacity: bytes.count / size) { values, count in
            for index in 0..<bytes.count / size {
                let value = bytes.loadUnaligned(fromByteOffset: index * size, as: Value.self)
                values.initializeElement(at: index, to: Value(bigEndian: value))
            }
            count = bytes.count / size
        }
    }
}
