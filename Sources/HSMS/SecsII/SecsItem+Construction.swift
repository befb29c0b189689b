extension SecsItem {
    /// A list of items.
    public static func list(_ items: [SecsItem]) -> SecsItem { SecsItem(.list(items)) }
    /// A list of items.
    public static func list(_ items: SecsItem...) -> SecsItem { SecsItem(.list(items)) }
    /// Bytes.
    public static func binary(_ bytes: [UInt8]) -> SecsItem { SecsItem(.binary(bytes)) }
    /// Bytes.
    public static func binary(_ bytes: UInt8...) -> SecsItem { SecsItem(.binary(bytes)) }
    /// Truth values.
    public static func boolean(_ values: [Bool]) -> SecsItem { SecsItem(.boolean(values)) }
    /// Truth values.
    public static func boolean(_ values: Bool...) -> SecsItem { SecsItem(.boolean(values)) }
    /// A text: its UTF-8 bytes, which for ASCII text is one a character.
    public static func ascii(_ text: String) -> SecsItem { SecsItem(.ascii(Array(text.utf8))) }
    /// A text of these bytes.
    public static func ascii(_ bytes: [UInt8]) -> SecsItem { SecsItem(.ascii(bytes)) }
    /// A text in JIS-8 of these bytes.
    public static func jis8(_ bytes: [UInt8]) -> SecsItem { SecsItem(.jis8(bytes)) }
    /// A text with the code of UTF-8 before it.
    public static func localized(_ text: String) -> SecsItem { SecsItem(.localized(LocalizedText(text))) }
    /// A text with its encoding; nil makes an item without any bytes.
    public static func localized(_ text: LocalizedText?) -> SecsItem { SecsItem(.localized(text)) }
    /// Signed integers of 1 byte.
    public static func i1(_ values: [Int8]) -> SecsItem { SecsItem(.i1(values)) }
    /// Signed integers of 1 byte.
    public static func i1(_ values: Int8...) -> SecsItem { SecsItem(.i1(values)) }
    /// Signed integers of 2 bytes.
    public static func i2(_ values: [Int16]) -> SecsItem { SecsItem(.i2(values)) }
    /// Signed integers of 2 bytes.
    public static func i2(_ values: Int16...) -> SecsItem { SecsItem(.i2(values)) }
    /// Signed integers of 4 bytes.
    public static func i4(_ values: [Int32]) -> SecsItem { SecsItem(.i4(values)) }
    /// Signed integers of 4 bytes.
    public static func i4(_ values: Int32...) -> SecsItem { SecsItem(.i4(values)) }
    /// Signed integers of 8 bytes.
    public static func i8(_ values: [Int64]) -> SecsItem { SecsItem(.i8(values)) }
    /// Signed integers of 8 bytes.
    public static func i8(_ values: Int64...) -> SecsItem { SecsItem(.i8(values)) }
    /// Unsigned integers of 1 byte.
    public static func u1(_ values: [UInt8]) -> SecsItem { SecsItem(.u1(values)) }
    /// Unsigned integers of 1 byte.
    public static func u1(_ values: UInt8...) -> SecsItem { SecsItem(.u1(values)) }
    /// Unsigned integers of 2 bytes.
    public static func u2(_ values: [UInt16]) -> SecsItem { SecsItem(.u2(values)) }
    /// Unsigned integers of 2 bytes.
    public static func u2(_ values: UInt16...) -> SecsItem { SecsItem(.u2(values)) }
    /// Unsigned integers of 4 bytes.
    public static func u4(_ values: [UInt32]) -> SecsItem { SecsItem(.u4(values)) }
    /// Unsigned integers of 4 bytes.
    public static func u4(_ values: UInt32...) -> SecsItem { SecsItem(.u4(values)) }
    /// Unsigned integers of 8 bytes.
    public static func u8(_ values: [UInt64]) -> SecsItem { SecsItem(.u8(values)) }
    /// Unsigned integers of 8 bytes.
    public static func u8(_ values: UInt64...) -> SecsItem { SecsItem(.u8(values)) }
    /// Numbers of 4 bytes.
    public static func f4(_ values: [Float]) -> SecsItem { SecsItem(.f4(values)) }
    /// Numbers of 4 bytes.
    public static func f4(_ values: Float...) -> SecsItem { SecsItem(.f4(values)) }
    /// Numbers of 8 bytes.
    public static func f8(_ values: [Double]) -> SecsItem { SecsItem(.f8(values)) }
    /// Numbers of 8 bytes.
    public static func f8(_ values: Double...) -> SecsItem { SecsItem(.f8(values)) }

    /// One unsigned integer in the smallest format that holds it.
    public static func unsigned(_ value: UInt64) -> SecsItem {
        if let value = UInt8(exactly: value) { return .u1(value) }
        if let value = UInt16(exactly: value) { return .u2(value) }
        if let value = UInt32(exactly: value) { return .u4(value) }
        return .u8(value)
    }

    /// One signed integer in the smallest format that holds it.
    public static func signed(_ value: Int64) -> SecsItem {
        if let value = Int8(exactly: value) { return .i1(value) }
        if let value = Int16(exactly: value) { return .i2(value) }
        if let value = Int32(exactly: value) { return .i4(value) }
        return .i8(value)
    }

    /// An item of that format without any values, which SEMI E5 lets mean "no value".
    public static func empty(_ format: SecsFormat) -> SecsItem {
        switch format {
        case .list: .list([])
        case .binary: .binary([])
        case .boolean: .boolean([])
        case .ascii: .ascii("")
        case .jis8: .jis8([])
        case .localized: .localized(nil as LocalizedText?)
        case .i8: .i8([])
        case .i1: .i1([])
        case .i2: .i2([])
        case .i4: .i4([])
        case .f8: .f8([])
        case .f4: .f4([])
        case .u8: .u8([])
        case .u1: .u1([])
        case .u2: .u2([])
        case .u4: .u4([])
        }
    }
}

extension SecsItem: ExpressibleByArrayLiteral {
    /// A list of items.
    public init(arrayLiteral items: SecsItem...) {
        self.init(.list(items))
    }
}

extension SecsItem: ExpressibleByStringLiteral {
    /// An `A` item.
    public init(stringLiteral text: String) {
        self.init(.ascii(Array(text.utf8)))
    }
}

extension SecsItem: ExpressibleByBooleanLiteral {
    /// A `BOOLEAN` item of one value.
    public init(booleanLiteral value: Bool) {
        self.init(.boolean([value]))
    }
}
