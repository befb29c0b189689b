/// A body that is called at its time, and the handle that cancels it.
public final class ScheduledDeadline: DeadlineNode {
    private var body: (() -> Void)?

    init(_ body: @escaping () -> Void) {
        self.body = body
    }

    /// Removes the deadline from its queue, which lets go of the body. Harmless when that was called or it was
    /// cancelled before.
    public func cancel() { disarm() }

    public override func fire() {
        let body = body
        self.body = nil
        body?()
    }

    public override func wasDisarmed() { body = nil }
}
