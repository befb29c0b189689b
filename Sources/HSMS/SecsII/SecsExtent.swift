/// How large an item is, with everything in it. It is found as the item is made, from those of its parts: an item that
/// has one part many times may be too large for any memory as soon as it is written out, and that must be known before.
struct SecsExtent: Sendable {
    /// The bytes on the wire; at ``most`` it may be any number above.
    let bytes: UInt32
    /// The items, lists and this one included; at ``most`` it may be any number above.
    let items: UInt32
    /// The values of a language with few types, see ``SecsItem/value``; at ``most`` it may be any number above.
    let values: UInt32
    /// The lists inside one another; 0 for what is no list.
    let depth: UInt16

    /// Where the counts end.
    static let most = UInt32.max

    init(_ content: SecsItem.Content, _ spelling: SecsItem.Spelling) {
        guard case .list(let parts) = content else {
            let length = content.byteLength
            bytes = Self.clamped(1 + Self.lengthBytes(length, spelling) + UInt64(length))
            items = 1
            values = Self.clamped(content.plainValues)
            depth = 0
            return
        }
        // A list has less than 2^32 parts, so the sums cannot overflow.
        var bytes = 1 + Self.lengthBytes(parts.count, spelling)
        var items: UInt64 = 1
        var values: UInt64 = 1
        var depth: UInt16 = 0
        for part in parts {
            bytes += UInt64(part.extent.bytes)
            items += UInt64(part.extent.items)
            values += UInt64(part.extent.values)
            depth = max(depth, part.extent.depth)
        }
        self.bytes = Self.clamped(bytes)
        self.items = Self.clamped(items)
        self.values = Self.clamped(values)
        self.depth = depth + 1
    }

    /// Whether it is more than is ever written, compared or printed.
    var isTooLarge: Bool { bytes > SecsLimits.largestText || items > SecsLimits.mostItems }

    private static func clamped(_ count: UInt64) -> UInt32 { UInt32(clamping: count) }

    private static func lengthBytes(_ length: Int, _ spelling: SecsItem.Spelling) -> UInt64 {
        switch spelling {
        case .canonical: UInt64(SecsItem.lengthBytes(for: length))
        case .lengthBytes(let count), .booleans(_, lengthBytes: let count): UInt64(count)
        }
    }
}

extension SecsItem {
    /// The bytes that the item takes on the wire, with everything in it. Known at once, however large it is;
    /// 4,294,967,295 stands for any number from there on.
    public var encodedBytes: Int { Int(extent.bytes) }

    /// How many items it is made of, lists and itself included. Known at once; 4,294,967,295 stands for any number from
    /// there on.
    public var itemCount: Int { Int(extent.items) }

    /// How many lists are inside one another; 0 for what is no list.
    public var depth: Int { Int(extent.depth) }

    /// How many values ``value`` has, its lists included. Known at once; 4,294,967,295 stands for any number from there
    /// on.
    public var valueCount: Int { Int(extent.values) }

    /// About the bytes of memory that it holds, with everything in it. Known at once. What an item holds twice counts
    /// twice.
    public var heldBytes: Int {
        // The values of an array lie in one piece behind its head.
        let item = MemoryLayout<SecsItem>.size + 32
        return encodedBytes + itemCount * item
    }

    /// Checks that the item can be written, compared and printed.
    /// - Throws: when it is too large or too deep for that.
    public func checkSize() throws(SecsEncodingError) {
        guard extent.depth <= SecsLimits.deepest else { throw .tooDeep }
        guard !extent.isTooLarge else { throw .tooLarge(bytes: encodedBytes, items: itemCount) }
    }

    /// Checks that ``value`` can be made.
    /// - Throws: when it is too large or too deep for that.
    public func checkValues() throws(SecsEncodingError) {
        try checkSize()
        guard valueCount <= SecsLimits.mostItems else { throw .tooManyValues(valueCount) }
    }
}

extension SecsItem.Content {
    /// The bytes of the values of what is no list.
    fileprivate var byteLength: Int {
        switch self {
        case .list: 0
        case .binary(let bytes), .ascii(let bytes), .jis8(let bytes), .u1(let bytes): bytes.count
        case .localized(let text): text.map { $0.bytes.count + 2 } ?? 0
        case .boolean(let values): values.count
        case .i1(let values): values.count
        case .i2(let values): values.count * 2
        case .u2(let values): values.count * 2
        case .i4(let values): values.count * 4
        case .u4(let values): values.count * 4
        case .f4(let values): values.count * 4
        case .i8(let values): values.count * 8
        case .u8(let values): values.count * 8
        case .f8(let values): values.count * 8
        }
    }

    /// How many plain values what is no list becomes: a text is one, and so is a single number.
    fileprivate var plainValues: UInt64 {
        let count: Int
        switch self {
        case .list, .binary, .ascii, .jis8, .localized: return 1
        case .u1(let values): count = values.count
        case .boolean(let values): count = values.count
        case .i1(let values): count = values.count
        case .i2(let values): count = values.count
        case .u2(let values): count = values.count
        case .i4(let values): count = values.count
        case .u4(let values): count = values.count
        case .f4(let values): count = values.count
        case .i8(let values): count = values.count
        case .u8(let values): count = values.count
        case .f8(let values): count = values.count
        }
        return count == 1 ? 1 : UInt64(count) + 1
    }
}
