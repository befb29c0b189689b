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
    public init(maximumBytes: Int = (16 << 20) + (64 << 10), maximumDepth: Int = 64, maximumItems: Int = 1_000_000) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = min(max(maximumDepth, 1), Self.deepest)
        self.maximumItems = maximumItems
    }

    /// The deepest nesting that is ever read or written. Items are compared, printed and released recursively, and the
    /// stack of a thread has an end.
    public static let deepest = 256
}
