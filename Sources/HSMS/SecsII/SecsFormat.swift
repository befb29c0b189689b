/// The format of a SECS-II item: what SEMI E5 puts into the upper six bits of an item's first byte.
public enum SecsFormat: UInt8, Sendable, CaseIterable {
    /// `L`: other items in order.
    case list = 0o00
    /// `B`: bytes.
    case binary = 0o10
    /// `BOOLEAN`: one byte a value; 0 is false, all else true.
    case boolean = 0o11
    /// `A`: text of one byte a character.
    case ascii = 0o20
    /// `J`: text in JIS-8.
    case jis8 = 0o21
    /// `C2`: text that begins with two bytes which tell its encoding.
    case localized = 0o22
    /// `I8`: signed integers of 8 bytes.
    case i8 = 0o30
    /// `I1`: signed integers of 1 byte.
    case i1 = 0o31
    /// `I2`: signed integers of 2 bytes.
    case i2 = 0o32
    /// `I4`: signed integers of 4 bytes.
    case i4 = 0o34
    /// `F8`: IEEE 754 numbers of 8 bytes.
    case f8 = 0o40
    /// `F4`: IEEE 754 numbers of 4 bytes.
    case f4 = 0o44
    /// `U8`: unsigned integers of 8 bytes.
    case u8 = 0o50
    /// `U1`: unsigned integers of 1 byte.
    case u1 = 0o51
    /// `U2`: unsigned integers of 2 bytes.
    case u2 = 0o52
    /// `U4`: unsigned integers of 4 bytes.
    case u4 = 0o54

    /// The name in SML, such as `BOOLEAN` or `U4`.
    public var name: String {
        switch self {
        case .list: "L"
        case .binary: "B"
        case .boolean: "BOOLEAN"
        case .ascii: "A"
        case .jis8: "J"
        case .localized: "C2"
        case .i8: "I8"
        case .i1: "I1"
        case .i2: "I2"
        case .i4: "I4"
        case .f8: "F8"
        case .f4: "F4"
        case .u8: "U8"
        case .u1: "U1"
        case .u2: "U2"
        case .u4: "U4"
        }
    }

    /// The format of that name in SML, in upper or lower case; nil for none. `BOOL` and `W` are understood too.
    public init?(name: String) {
        let upper = name.uppercased()
        if let format = Self.allCases.first(where: { $0.name == upper }) {
            self = format
        } else if upper == "BOOL" {
            self = .boolean
        } else if upper == "W" {
            self = .localized
        } else {
            return nil
        }
    }

    /// The bytes of one value: 1, 2, 4 or 8. A list's length counts items, so it has 1.
    public var valueSize: Int {
        switch self {
        case .list, .binary, .boolean, .ascii, .jis8, .localized, .i1, .u1: 1
        case .i2, .u2: 2
        case .i4, .u4, .f4: 4
        case .i8, .u8, .f8: 8
        }
    }
}
