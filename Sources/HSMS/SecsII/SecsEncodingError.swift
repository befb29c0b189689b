/// Why an item cannot be written.
public enum SecsEncodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An item has more bytes, or a list more items, than ``SecsItem/maximumLength``.
    case tooLong(SecsFormat, length: Int)
    /// Lists are nested deeper than ``SecsLimits/deepest``.
    case tooDeep

    /// The reason, for people.
    public var description: String {
        switch self {
        case .tooLong(let format, let length): "\(format.name) of length \(length) is over \(SecsItem.maximumLength)"
        case .tooDeep: "lists nested over \(SecsLimits.deepest) deep"
        }
    }
}
