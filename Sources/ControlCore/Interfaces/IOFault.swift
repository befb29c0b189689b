/// Data could not be sent: the connection is down, or its send queue is full.
public struct IOFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// What happened, naming the peer as `host:port`.
    public let text: String

    /// Describes a failed send.
    public init(_ text: String) {
        self.text = text
    }

    /// The whole as one line, for messages.
    public var description: String { text }
}
