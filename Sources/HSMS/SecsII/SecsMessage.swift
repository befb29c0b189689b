/// A SECS-II message: stream and function, whether a reply is expected, and at most one item.
///
/// Its `description` is SML, such as `S1F1 W .`
public struct SecsMessage: Hashable, Sendable {
    /// The stream, 0 to 127.
    public let stream: UInt8
    /// The function: odd for a primary, even for a reply, 0 for an abort.
    public let function: UInt8
    /// Whether the sender expects a reply (the W bit).
    public let expectsReply: Bool
    /// The text; nil for a message that is header only.
    public let item: SecsItem?

    /// A message.
    /// - Precondition: `stream` is at most 127.
    public init(stream: UInt8, function: UInt8, expectsReply: Bool = false, item: SecsItem? = nil) {
        precondition(stream < 128, "a stream has seven bits")
        self.stream = stream
        self.function = function
        self.expectsReply = expectsReply
        self.item = item
    }

    /// Stream and function as they are spoken of, such as `S1F13`.
    public var name: String { "S\(stream)F\(function)" }

    /// About the bytes of memory that it holds, with its item. Known at once.
    public var heldBytes: Int { MemoryLayout<SecsMessage>.size + (item?.heldBytes ?? 0) }
}
