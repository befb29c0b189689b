/// The content of an item without its format: what a language with few types makes of it.
public enum SecsValue: Hashable, Sendable {
    /// Several values, or items.
    case list([SecsValue])
    /// A text or binary: bytes.
    case bytes([UInt8])
    /// A truth value.
    case boolean(Bool)
    /// An integer.
    case integer(Int64)
    /// An integer above the largest ``integer(_:)``.
    case unsigned(UInt64)
    /// A number with a fraction.
    case number(Double)
}

extension SecsItem {
    /// The content without its format. An item of exactly one number or truth value gives that value, one of none or
    /// of several a list. Ask ``checkValues()`` before, where the item may be large.
    public var value: SecsValue {
        switch content {
        case .list(let items): return .list(items.map(\.value))
        case .binary(let bytes), .ascii(let bytes), .jis8(let bytes): return .bytes(bytes)
        case .localized(let text): return .bytes(text?.bytes ?? [])
        case .boolean(let values): return Self.single(values.map(SecsValue.boolean))
        case .f4, .f8: return Self.single((numbers ?? []).map(SecsValue.number))
        case .u8(let values):
            return Self.single(values.map { Int64(exactly: $0).map(SecsValue.integer) ?? .unsigned($0) })
        case .u1, .u2, .u4, .i1, .i2, .i4, .i8:
            return Self.single((signedIntegers ?? []).map(SecsValue.integer))
        }
    }

    private static func single(_ values: [SecsValue]) -> SecsValue {
        values.count == 1 ? values[0] : .list(values)
    }

    /// An item for a value.
    ///
    /// Without a format the value decides: a list becomes `L`, bytes `A`, a truth value `BOOLEAN`, a number with
    /// a fraction `F8`, an integer the smallest unsigned format that holds it, or the smallest signed one if negative.
    /// - Parameters:
    ///   - value: the content.
    ///   - format: the item's format. For a number format, a list is an array of numbers, and bytes are refused; for
    ///     `A`, `J`, `B` and `C2` (in UTF-8) it takes bytes, for `B` integers of 0 to 255 too.
    /// - Throws: ``SecsValueError`` when the value does not fit the format. Nothing is rounded but fractions to `F4`.
    public init(_ value: SecsValue, as format: SecsFormat? = nil) throws(SecsValueError) {
        guard let format else {
            self = try Self.natural(value)
            return
        }
        let mismatch = SecsValueError(value: value, format: format)
        switch (format, value) {
        case (.list, .list(let values)): self = try Self.natural(.list(values))
        case (.ascii, .bytes(let bytes)): self = .ascii(bytes)
        case (.jis8, .bytes(let bytes)): self = .jis8(bytes)
        case (.binary, .bytes(let bytes)): self = .binary(bytes)
        case (.localized, .bytes(let bytes)):
            self = .localized(LocalizedText(encoding: LocalizedText.utf8, bytes: bytes))
        case (.list, _), (.ascii, _), (.jis8, _), (.localized, _), (_, .bytes): throw mismatch
        default:
            let values: [SecsValue] = if case .list(let values) = value { values } else { [value] }
            guard let item = Self.array(values, of: format) else { throw mismatch }
            self = item
        }
    }

    private static func natural(_ value: SecsValue) throws(SecsValueError) -> SecsItem {
        switch value {
        case .list(let values):
            var items: [SecsItem] = []
            items.reserveCapacity(values.count)
            for value in values { items.append(try natural(value)) }
            return .list(items)
        case .bytes(let bytes): return .ascii(bytes)
        case .boolean(let value): return .boolean(value)
        case .integer(let value): return UInt64(exactly: value).map(SecsItem.unsigned) ?? .signed(value)
        case .unsigned(let value): return .unsigned(value)
        case .number(let value): return .f8(value)
        }
    }

    /// An array of numbers or truth values; nil when one of them does not fit.
    private static func array(_ values: [SecsValue], of format: SecsFormat) -> SecsItem? {
        switch format {
        case .boolean: booleans(values).map(SecsItem.boolean)
        case .binary: integers(values).map(SecsItem.binary)
        case .i1: integers(values).map(SecsItem.i1)
        case .i2: integers(values).map(SecsItem.i2)
        case .i4: integers(values).map(SecsItem.i4)
        case .i8: integers(values).map(SecsItem.i8)
        case .u1: integers(values).map(SecsItem.u1)
        case .u2: integers(values).map(SecsItem.u2)
        case .u4: integers(values).map(SecsItem.u4)
        case .u8: integers(values).map(SecsItem.u8)
        case .f8: numbers(values).map(SecsItem.f8)
        case .f4: numbers(values).map { SecsItem.f4($0.map(Float.init)) }
        case .list, .ascii, .jis8, .localized: nil
        }
    }

    private static func booleans(_ values: [SecsValue]) -> [Bool]? {
        let booleans = values.compactMap { value -> Bool? in
            if case .boolean(let value) = value { value } else { nil }
        }
        return booleans.count == values.count ? booleans : nil
    }

    private static func integers<Value: FixedWidthInteger>(_ values: [SecsValue]) -> [Value]? {
        let integers = values.compactMap { value -> Value? in
            switch value {
            case .integer(let value): Value(exactly: value)
            case .unsigned(let value): Value(exactly: value)
            case .number(let value): Value(exactly: value)
            case .list, .bytes, .boolean: nil
            }
        }
        return integers.count == values.count ? integers : nil
    }

    private static func numbers(_ values: [SecsValue]) -> [Double]? {
        let numbers = values.compactMap { value -> Double? in
            switch value {
            case .integer(let value): Double(value)
            case .unsigned(let value): Double(value)
            case .number(let value): value
            case .list, .bytes, .boolean: nil
            }
        }
        return numbers.count == values.count ? numbers : nil
    }
}

/// A value that has no place in the format that was asked for: the wrong kind, or out of range.
public struct SecsValueError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The value.
    public let value: SecsValue
    /// The format.
    public let format: SecsFormat

    /// The reason, for people.
    public var description: String {
        let what =
            switch value {
            case .list(let values): "a list of \(values.count) values"
            case .bytes: "a text"
            case .boolean(let value): "\(value)"
            case .integer(let value): "\(value)"
            case .unsigned(let value): "\(value)"
            case .number(let value): "\(value)"
            }
        return "\(what) does not fit \(format.name)"
    }
}
