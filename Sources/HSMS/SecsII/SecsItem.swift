/// A SECS-II item: a list of items, or a text, or an array of values of one format.
///
/// ```
/// let item: SecsItem = [.u1(0), .u2(1337), [.ascii("START"), .boolean(true)]]
/// ```
///
/// Items are equal when their contents are. An item that was decoded remembers how it was written, so that encoding it
/// gives the same bytes again: SEMI E5 lets a sender use more length bytes than it needs, and any byte but 0 for true.
public struct SecsItem: Sendable {
    /// What an item holds, by format.
    public enum Content: Hashable, Sendable {
        /// Other items.
        case list([SecsItem])
        /// Bytes.
        case binary([UInt8])
        /// Truth values.
        case boolean([Bool])
        /// The bytes of a text, one a character.
        case ascii([UInt8])
        /// The bytes of a text in JIS-8.
        case jis8([UInt8])
        /// A text with its encoding; nil when the item has no bytes at all.
        case localized(LocalizedText?)
        /// Signed integers of 8 bytes.
        case i8([Int64])
        /// Signed integers of 1 byte.
        case i1([Int8])
        /// Signed integers of 2 bytes.
        case i2([Int16])
        /// Signed integers of 4 bytes.
        case i4([Int32])
        /// Numbers of 8 bytes.
        case f8([Double])
        /// Numbers of 4 bytes.
        case f4([Float])
        /// Unsigned integers of 8 bytes.
        case u8([UInt64])
        /// Unsigned integers of 1 byte.
        case u1([UInt8])
        /// Unsigned integers of 2 bytes.
        case u2([UInt16])
        /// Unsigned integers of 4 bytes.
        case u4([UInt32])
    }

    /// How a decoded item was written, where that is not how ``encode(into:)`` would write it by itself.
    enum Spelling: Sendable {
        case canonical
        /// With so many length bytes, more than needed.
        case lengthBytes(UInt8)
        /// Truth values other than 0 and 1, with so many length bytes.
        case booleans([UInt8], lengthBytes: UInt8)
    }

    /// What the item holds.
    public let content: Content
    let spelling: Spelling
    /// How large it is, with everything in it.
    let extent: SecsExtent

    /// An item with that content.
    /// - Precondition: lists are nested at most ``SecsLimits/deepestHeld`` deep. What may be deeper is asked for its
    ///   ``depth`` before it is put into a list.
    public init(_ content: Content) {
        self.init(content, spelling: .canonical)
    }

    init(_ content: Content, spelling: Spelling) {
        self.content = content
        self.spelling = spelling
        extent = SecsExtent(content, spelling)
        precondition(extent.depth <= SecsLimits.deepestHeld, "lists are nested over \(SecsLimits.deepestHeld) deep")
    }

    /// The most bytes of one item's values, and the most items of a list: what three length bytes can tell.
    public static let maximumLength = 0xFF_FFFF

    /// The format of the content.
    public var format: SecsFormat {
        switch content {
        case .list: .list
        case .binary: .binary
        case .boolean: .boolean
        case .ascii: .ascii
        case .jis8: .jis8
        case .localized: .localized
        case .i8: .i8
        case .i1: .i1
        case .i2: .i2
        case .i4: .i4
        case .f8: .f8
        case .f4: .f4
        case .u8: .u8
        case .u1: .u1
        case .u2: .u2
        case .u4: .u4
        }
    }
}

extension SecsItem: Hashable {
    /// Whether format and values are equal, however the items were written.
    ///
    /// It takes time for what both hold at most, and no recursion. Items that are too large to be written
    /// (``checkSize()``) are equal only if they are one and the same.
    public static func == (left: SecsItem, right: SecsItem) -> Bool {
        guard left.extent.items == right.extent.items, left.extent.depth == right.extent.depth else { return false }
        guard case .list(let first) = left.content, case .list(let second) = right.content else {
            return left.content == right.content
        }
        if first.isSame(as: second) { return true }
        guard !left.extent.isTooLarge else { return false }
        var open = [(left: first, right: second, next: 0)]
        while let (leftItems, rightItems, next) = open.last {
            guard leftItems.count == rightItems.count else { return false }
            guard next < leftItems.count else {
                open.removeLast()
                continue
            }
            open[open.count - 1].next += 1
            let (one, other) = (leftItems[next], rightItems[next])
            if case .list(let items) = one.content, case .list(let others) = other.content {
                if !items.isSame(as: others) { open.append((items, others, 0)) }
            } else if one.content != other.content {
                return false
            }
        }
        return true
    }

    /// Hashes the content, without recursion. Of items that are too large to be written, only their size.
    public func hash(into hasher: inout Hasher) {
        guard case .list(let items) = content else { return hasher.combine(content) }
        hasher.combine(extent.items)
        guard !extent.isTooLarge else { return }
        var open = [items[...]]
        while !open.isEmpty {
            guard let item = open[open.count - 1].popFirst() else {
                open.removeLast()
                continue
            }
            if case .list(let items) = item.content {
                hasher.combine(items.count)
                open.append(items[...])
            } else {
                hasher.combine(item.content)
            }
        }
    }
}

extension [SecsItem] {
    /// Whether both are one array, so that they need not be compared.
    fileprivate func isSame(as other: [SecsItem]) -> Bool {
        withUnsafeBufferPointer { mine in
            other.withUnsafeBufferPointer { mine.baseAddress == $0.baseAddress && mine.count == $0.count }
        }
    }
}
