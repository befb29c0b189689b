import DequeModule

/// A call that waits for its turn.
protocol TurnTaker: AnyObject {
    /// Its turn has come. It may end, and leave the queue, inside this call.
    func begin()
}

/// Calls that take turns: one has begun, the others wait behind it in order.
final class TurnQueue<Member: TurnTaker> {
    /// The one whose turn it is.
    private(set) var current: Member?
    private var waiting: Deque<Member> = []
    private var isBeginning = false

    /// Adds a call at the end; when nobody is before it, it begins.
    func add(_ member: Member) {
        waiting.append(member)
        beginNext()
    }

    /// Takes a call out: it has ended, or nobody waits for it any more. The next one begins.
    func remove(_ member: Member) {
        if current === member { current = nil } else { waiting.removeAll { $0 === member } }
        beginNext()
    }

    private func beginNext() {
        // A loop, not a recursion: thousands may end one after the other inside `begin`.
        guard !isBeginning else { return }
        isBeginning = true
        while current == nil, let next = waiting.popFirst() {
            current = next
            next.begin()
        }
        isBeginning = false
    }
}
