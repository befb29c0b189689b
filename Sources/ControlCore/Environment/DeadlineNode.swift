import NIOCore

/// What lies in a ``DeadlineQueue``: it is called at its time.
///
/// What is due again and again, or is one of very many, inherits it: it is armed by ``Environment/arm(_:at:)`` without
/// an allocation. Anything else hands in a closure.
public class DeadlineNode {
    /// Valid while it is armed: the queue disarms its nodes when it goes away.
    unowned(unsafe) var queue: DeadlineQueue?
    /// Where it is in the heap; -1 when it is not armed.
    var index: Int32 = -1
    /// For ``DeadlineQueue/removeAll(ownedBy:)``.
    var owner: Int32 = 0

    init() {}

    /// Whether it is still to be fired.
    public final var isArmed: Bool { index >= 0 }

    /// Removes it from its queue. Harmless when it is not armed.
    final func disarm() {
        guard isArmed, let queue else { return }
        queue.remove(at: Int(index)).wasDisarmed()
    }

    /// When it is due; `nil` when it is not armed.
    final var deadline: NIODeadline? { isArmed ? queue?.deadline(at: Int(index)) : nil }

    /// Asked when it is due, before ``fire()``: when it is due the next time. It stays armed for that. `nil`, as by
    /// default: it is not armed any more.
    func nextDeadline() -> NIODeadline? { nil }

    /// Called at its time. It may be armed, anew or for another time.
    func fire() {
        preconditionFailure("\(type(of: self)) has nothing to do at its deadline")
    }

    /// Called when it was removed before its time.
    func wasDisarmed() {}
}
