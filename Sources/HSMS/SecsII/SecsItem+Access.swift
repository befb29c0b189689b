extension SecsItem {
    /// How many values it has: items of a list, bytes of a text or of binary, numbers, truth values.
    public var count: Int {
        switch content {
        case .list(let items): items.count
        case .binary(let bytes), .ascii(let bytes), .jis8(let bytes), .u1(let bytes): bytes.count
        case .localized(let text): text?.bytes.count ?? 0
        case .boolean(let values): values.count
        case .i8(let values): values.count
        case .i1(let values): values.count
        case .i2(let values): values.count
        case .i4(let values): values.count
        case .f8(let values): values.count
        case .f4(let values): values.count
        case .u8(let values): values.count
        case .u2(let values): values.count
        case .u4(let values): values.count
        }
    }

    /// The items of a list; nil for all else.
    public var items: [SecsItem]? {
        if case .list(let items) = content { items } else { nil }
    }

    /// The item at `index` of a list, from 0; nil when it is no list or not so long.
    public subscript(index: Int) -> SecsItem? {
        guard case .list(let items) = content, items.indices.contains(index) else { return nil }
        return items[index]
    }

    /// The bytes of a text or of binary; nil for all else.
    public var bytes: [UInt8]? {
        switch content {
        case .binary(let bytes), .ascii(let bytes), .jis8(let bytes): bytes
        case .localized(let text): text?.bytes ?? []
        default: nil
        }
    }

    /// The text of an `A` item, or of a `C2` item in UTF-8 or ASCII; nil for all else and for bytes that are no UTF-8.
    public var text: String? {
        switch content {
        case .ascii(let bytes): String(validating: bytes, as: UTF8.self)
        case .localized(nil): ""
        case .localized(let text?):
            text.encoding == LocalizedText.utf8 || text.encoding == 3
                ? String(validating: text.bytes, as: UTF8.self) : nil
        default: nil
        }
    }

    /// The truth values; nil when it is no `BOOLEAN`.
    public var booleans: [Bool]? {
        if case .boolean(let values) = content { values } else { nil }
    }

    /// The numbers of an item of an unsigned format, or of a signed one or `B` without negative values; else nil.
    public var unsignedIntegers: [UInt64]? {
        switch content {
        case .u1(let values), .binary(let values): return values.map(UInt64.init)
        case .u2(let values): return values.map(UInt64.init)
        case .u4(let values): return values.map(UInt64.init)
        case .u8(let values): return values
        default:
            guard let signed = signedIntegers, signed.allSatisfy({ $0 >= 0 }) else { return nil }
            return signed.map(UInt64.init)
        }
    }

    /// The numbers of an item of an integer format or of `B`, if all of them fit 64 bits with sign; else nil.
    public var signedIntegers: [Int64]? {
        switch content {
        case .u1(let values), .binary(let values): return values.map(Int64.init)
        case .u2(let values): return values.map(Int64.init)
        case .u4(let values): return values.map(Int64.init)
        case .u8(let values):
            let fitting = values.compactMap(Int64.init(exactly:))
            return fitting.count == values.count ? fitting : nil
        case .i1(let values): return values.map(Int64.init)
        case .i2(let values): return values.map(Int64.init)
        case .i4(let values): return values.map(Int64.init)
        case .i8(let values): return values
        default: return nil
        }
    }

    /// The numbers of an item of a number format, as near as `Double` has them; else nil.
    public var numbers: [Double]? {
        switch content {
        case .f4(let values): values.map(Double.init)
        case .f8(let values): values
        case .u8(let values): values.map(Double.init)
        case .binary: nil
        default: signedIntegers.map { $0.map(Double.init) }
        }
    }

    /// The one unsigned integer that it holds; nil when it holds none, several or something else.
    public var unsignedInteger: UInt64? { Self.only(unsignedIntegers) }

    /// The one integer that it holds; nil when it holds none, several or something else.
    public var signedInteger: Int64? { Self.only(signedIntegers) }

    /// The one truth value that it holds; nil when it holds none, several or something else.
    public var boolean: Bool? { Self.only(booleans) }

    /// The one number that it holds; nil when it holds none, several or something else.
    public var number: Double? { Self.only(numbers) }

    /// The one byte of a `B` item; nil for all else. Most acknowledge codes of SEMI E5 are such.
    public var byte: UInt8? {
        if case .binary(let bytes) = content { Self.only(bytes) } else { nil }
    }

    private static func only<Value>(_ values: [Value]?) -> Value? {
        values?.count == 1 ? values?.first : nil
    }
}
