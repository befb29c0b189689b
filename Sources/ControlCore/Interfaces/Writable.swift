/// What has a bounded queue of bytes that wait to be sent.
public protocol Writable {
    /// Whether there is room: `false` when more than 64 KiB may be queued. Costs next to nothing to ask, which
    /// ``whenWritable(_:)`` does not; that one looks closely.
    var isWritable: Bool { get }

    /// Waits for room in the send queue.
    /// - Parameter body: called once when the queue has drained, or when the line has ended.
    /// - Returns: `nil` when there is room now; `body` is then not called.
    func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)?
}
