/// What a decoder accepts before it calls a text too large.
public struct SecsLimits: Hashable, Sendable {
    /// The most bytes of a message's text. The default is 16 MiB and 64 KiB: the largest single item, and a little.
    public var maximumBytes: Int
    /// The most lists inside one another, 1 to ``deepest``. The default is 64.
    public var maximumDepth: Int {
        didSet { maximumDepth = min(max(maximumDepth, 1), Self.deepest) }
    }
    /// The most items in all, lists included. The default is 1,000,000.
    public var maximumItems: Int

    /// Limits; `maximumDepth` is brought into its range.
    public init(
        maximumBytes: Int = SecsLimits.largestText, maximumDepth: Int = 64, maximumItems: Int = SecsLimits.mostItems
    ) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = min(max(maximumDepth, 1), Self.deepest)
        self.maximumItems = maximumItems
    }

    /// The deepest nesting that is ever read or written.
    public static let deepest = 256

    /// The deepest nesting that is ever made: ``deepest``, and a little for messages around what is that deep. Items
    /// are released recursively, and the stack of a thread has an end.
    public static let deepestHeld = deepest + 64

    /// The most bytes that are written, compared or printed at a time: 16 MiB and 64 KiB, the largest single item and
    /// a little.
    public static let largestText = (16 << 20) + (64 << 10)

    /// The most items that are written, compared or printed at a time, and the most values that an item is turned into
    /// or made of.
    public static let mostItems = 1_000_000

    /// The longest text in SML that is written, in bytes: 96 MiB, which holds any single item.
    public static let longestSML = 96 << 20

    /// The longest text in SML that is read, in bytes: 16 MiB.
    public static let longestSMLRead = 16 << 20
}
