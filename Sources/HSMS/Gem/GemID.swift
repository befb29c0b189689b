/// An identifier of GEM: of a variable, report, collection event, alarm, trace and so on. SEMI E5 allows numbers and
/// texts.
public enum GemID: Hashable, Sendable {
    /// A number.
    case number(UInt64)
    /// A text.
    case text(SecsText)

    /// The identifier that an item is: one number that is not negative, or a text; nil for all else.
    public init?(_ item: SecsItem) {
        if let number = item.unsignedInteger, item.format != .binary {
            self = .number(number)
        } else if let text = item.secsText {
            self = .text(text)
        } else {
            return nil
        }
    }

    /// The identifier as an item.
    /// - Parameter format: the format of numbers; nil, and a format that does not hold the number, is the smallest
    ///   unsigned one.
    public func item(_ format: SecsFormat? = nil) -> SecsItem {
        switch self {
        case .text(let text): return .ascii(text)
        case .number(let number):
            switch format {
            case .u2: return UInt16(exactly: number).map { .u2($0) } ?? .unsigned(number)
            case .u4: return UInt32(exactly: number).map { .u4($0) } ?? .unsigned(number)
            case .u8: return .u8(number)
            default: return .unsigned(number)
            }
        }
    }
}

extension GemID: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    /// A number.
    public init(integerLiteral number: UInt64) { self = .number(number) }
    /// A text.
    public init(stringLiteral text: String) { self = .text(SecsText(text)) }
}

extension GemID: CustomStringConvertible {
    /// The number or text.
    public var description: String {
        switch self {
        case .number(let number): "\(number)"
        case .text(let text): text.description
        }
    }
}
