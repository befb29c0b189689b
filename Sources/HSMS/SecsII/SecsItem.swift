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

    /// An item with that content.
    public init(_ content: Content) {
        self.init(content, spelling: .canonical)
    }

    init(_ content: Content, spelling: Spelling) {
        self.content = content
        self.spelling = spelling
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
    public static func == (left: SecsItem, right: SecsItem) -> Bool { left.content == right.content }

    /// Hashes the content.
    public func hash(into hasher: inout Hasher) { hasher.combine(content) }
}
