/// Why an item cannot be written.
public enum SecsEncodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An item has more bytes, or a list more items, than ``SecsItem/maximumLength``.
    case tooLong(SecsFormat, length: Int)
    /// Lists are nested deeper than ``SecsLimits/deepest``.
    case tooDeep
    /// With everything in it, the item is over ``SecsLimits/largestText`` or ``SecsLimits/mostItems``.
    case tooLarge(bytes: Int, items: Int)
    /// The item has more values than ``SecsLimits/mostItems``.
    case tooManyValues(Int)
    /// In SML the item would be longer than ``SecsLimits/longestSML``.
    case tooLongToPrint

    /// The reason, for people.
    public var description: String {
        switch self {
        case .tooLong(let format, let length): "\(format.name) of length \(length) is over \(SecsItem.maximumLength)"
        case .tooDeep: "lists nested over \(SecsLimits.deepest) deep"
        case .tooLarge(let bytes, let items):
            "\(Self.count(bytes)) bytes and \(Self.count(items)) items are over the limit of \(SecsLimits.largestText) "
                + "bytes or \(SecsLimits.mostItems) items"
        case .tooManyValues(let count):
            "\(Self.count(count)) values are over the limit of \(SecsLimits.mostItems); take parts of it by item(index)"
        case .tooLongToPrint: "it would be over \(SecsLimits.longestSML) bytes long in SML"
        }
    }

    private static func count(_ number: Int) -> String {
        number < Int(SecsExtent.most) ? "\(number)" : "\(number) or more"
    }
}
