/// A primary message that has come, to be answered.
///
/// It may be answered later than in its callback; the peer waits for its T3.
public final class SecsRequest {
    /// The message.
    public let message: SecsMessage
    /// The header with which it came.
    public let header: HsmsHeader
    /// Whether a reply or an abort was sent, or none is expected.
    public private(set) var isAnswered: Bool

    private weak var handler: SecsHandler?

    init(_ message: SecsMessage, header: HsmsHeader, handler: SecsHandler) {
        self.message = message
        self.header = header
        self.handler = handler
        isAnswered = !message.expectsReply
    }

    /// Sends the reply: the function after the request's. Does not wait.
    ///
    /// An item that cannot be written aborts the transaction instead, and is reported to ``SecsHandler/onFault``.
    /// - Returns: false, and sends nothing, when the request expects no reply or has one.
    @discardableResult
    public func reply(_ item: SecsItem? = nil) -> Bool {
        guard !isAnswered else { return false }
        isAnswered = true
        // The function after 255 is 0, which aborts.
        handler?.answer(self, function: message.function &+ 1, item: item)
        return true
    }

    /// Sends a reply of one acknowledge code (`B`); see ``reply(_:)``.
    @discardableResult
    public func reply(code: UInt8) -> Bool { reply(.binary(code)) }

    /// Aborts the transaction with SxF0. Does not wait.
    /// - Returns: false, and sends nothing, when the request expects no reply or has one.
    @discardableResult
    public func abort() -> Bool {
        guard !isAnswered else { return false }
        isAnswered = true
        handler?.answer(self, function: 0, item: nil)
        return true
    }
}
