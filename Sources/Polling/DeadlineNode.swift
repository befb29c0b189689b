/// What lies in a ``DeadlineQueue``: it is called at its time.
///
/// What is due again and again, or is one of very many, inherits it: it is armed without an allocation. Anything else
/// hands in a closure.
open class DeadlineNode {
    /// Valid while it is armed: the queue disarms its nodes when it goes away.
    final unowned(unsafe) var queue: DeadlineQueue?
    /// Where it is in the heap; -1 when it is not armed.
    @exclusivity(unchecked) @usableFromInline final var index: Int32 = -1
    /// For ``DeadlineQueue/removeAll(ownedBy:)``.
    package internal(set) final var owner: Int32 = 0

    /// Makes a node that is not armed.
    public init() {}

    /// Whether it is still to be fired.
    @inlinable
    public final var isArmed: Bool { index >= 0 }

    /// Removes it from its queue. Harmless when it is not armed.
    public final func disarm() {
        guard isArmed, let queue else { return }
        queue.remove(at: Int(index)).wasDisarmed()
    }

    /// When it is due; `nil` when it is not armed.
    public final var deadline: Deadline? { isArmed ? queue?.deadline(at: Int(index)) : nil }

    /// Asked when it is due, before ``fire()``: when it is due the next time. It stays armed for that. `nil`, as by
    /// default: it is not armed any more. It arms and disarms nothing itself: the queue is being changed.
    open func nextDeadline() -> Deadline? { nil }

    /// Called at its time. It may be armed, anew or for another time.
    open func fire() {
        preconditionFailure("\(type(of: self)) has nothing to do at its deadline")
    }

    /// Called when it was removed before its time.
    open func wasDisarmed() {}
}
