/// Why bytes are no SECS-II text.
public struct SecsDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with them.
    public enum Reason: Hashable, Sendable {
        /// The bytes end before the item does.
        case truncated
        /// No format has this code (of six bits).
        case unknownFormat(UInt8)
        /// An item tells no length: the number of its length bytes is 0.
        case missingLength
        /// The length is no multiple of the format's value size, or is 1 in a localized string.
        case unevenLength(SecsFormat, length: Int)
        /// Bytes follow the item.
        case trailingBytes(Int)
        /// There are more bytes than the limit allows.
        case tooManyBytes(limit: Int)
        /// There are more items than the limit allows.
        case tooManyItems(limit: Int)
        /// Lists are nested deeper than the limit allows.
        case tooDeep(limit: Int)
    }

    /// What is wrong.
    public let reason: Reason
    /// The offset in bytes of the item at which it was found; for trailing bytes, of the first of them.
    public let offset: Int

    /// Whether a limit was passed, so that the bytes may be right for someone with larger ones.
    public var isOverLimit: Bool {
        switch reason {
        case .tooManyBytes, .tooManyItems, .tooDeep: true
        default: false
        }
    }

    /// The reason and the offset, for people.
    public var description: String {
        let what =
            switch reason {
            case .truncated: "the item runs past the end"
            case .unknownFormat(let code): "unknown format code 0o\(String(code, radix: 8))"
            case .missingLength: "the item has no length bytes"
            case .unevenLength(let format, let length): "\(length) bytes are no whole number of \(format.name) values"
            case .trailingBytes(let count): "\(count) bytes after the item"
            case .tooManyBytes(let limit): "over \(limit) bytes"
            case .tooManyItems(let limit): "over \(limit) items"
            case .tooDeep(let limit): "lists nested over \(limit) deep"
            }
        return "\(what) (at byte \(offset))"
    }
}
