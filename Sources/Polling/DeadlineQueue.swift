/// What is to be done when, in order: a heap of deadlines whose nodes are their own handles.
///
/// Arming and cancelling take O(log n), and an allocation only for a body: see ``DeadlineNode``. What has equal
/// deadlines comes out in the order in which it was armed. The queue calls nothing by itself: an environment asks it
/// what is due.
public final class DeadlineQueue {
    /// The key lies beside the node, so that sifting compares without following pointers. An entry in the heap owns one
    /// reference to its node, which is not counted as the entry moves.
    private struct Entry {
        let deadline: Deadline
        let sequence: UInt64
        let node: Unmanaged<DeadlineNode>

        /// Whether it is due before another.
        func isEarlier(than other: Entry) -> Bool {
            deadline == other.deadline ? sequence < other.sequence : deadline < other.deadline
        }

        /// Tells the node where it is.
        func note(_ index: Int) { node._withUnsafeGuaranteedRef { $0.index = Int32(truncatingIfNeeded: index) } }
    }

    /// Each entry has four below it, not two: the way down is half as long, and each entry that moves on it is a node
    /// to be told, which lies somewhere in memory, while four entries lie side by side.
    private static let arity = 4

    /// Without a check of exclusive access: nothing is called while it is changed.
    @exclusivity(unchecked) private var heap: ContiguousArray<Entry> = []

    /// The sequence number that the next armed deadline gets. Numbers only grow.
    @exclusivity(unchecked) public private(set) var nextSequence: UInt64 = 0

    /// The time of the latest bounded drain. What is armed for an earlier one is due behind all that was due then: what
    /// arms itself for the past again and again would else lie before the others for ever.
    @exclusivity(unchecked) private var drained = Deadline.distantPast

    /// Makes an empty queue.
    public init() {}

    deinit {
        // Handles may outlive the queue: they must not reach for it any more, nor keep what their bodies own.
        Self.disarm(heap)
    }

    /// How many deadlines are armed. Cancelled ones do not count: they are gone at once.
    public var count: Int { heap.count }

    /// The earliest armed deadline; `nil` when there is none.
    public var earliest: Deadline? { heap.first?.deadline }

    /// Arms `body` for `deadline`.
    /// - Parameters:
    ///   - deadline: when it is due; it may have passed.
    ///   - owner: a number under which ``removeAll(ownedBy:)`` finds it; several owners may share one queue.
    ///   - body: called once, when it is due.
    /// - Returns: the handle; cancelling it removes the deadline and lets go of `body`.
    @discardableResult
    public func arm(at deadline: Deadline, owner: Int = 0, _ body: @escaping () -> Void) -> ScheduledDeadline {
        let node = ScheduledDeadline(body)
        arm(node, at: deadline, owner: owner)
        return node
    }

    /// Arms `node` for `deadline`, or moves it there when it is armed already. The queue keeps it until it is due.
    package func arm(_ node: DeadlineNode, at deadline: Deadline, owner: Int = 0) {
        let entry = Entry(deadline: max(deadline, drained), sequence: nextSequence, node: .passUnretained(node))
        nextSequence += 1
        node.owner = Int32(truncatingIfNeeded: owner)
        if node.isArmed {
            precondition(node.queue === self, "a deadline is in one queue at a time")
            let index = Int(node.index)
            if siftUp(entry, from: index) == index { siftDown(entry, from: index) }
        } else {
            node.queue = self
            _ = entry.node.retain()
            heap.append(entry)
            siftUp(entry, from: heap.count - 1)
        }
    }

    /// Takes out the earliest node that is due, if there is one. What is due again stays, with its next deadline: one
    /// way down the heap instead of a removal, which is two, and one up for the new.
    /// - Parameters:
    ///   - now: a node is due when its deadline is not later than this.
    ///   - limit: only a node that was armed before this sequence number was given out. A drain that passes the
    ///     ``nextSequence`` of its beginning ends even when each node arms another one that is due at once.
    /// - Returns: the node, to be fired; `nil` when the earliest is not due, or too young.
    package func popDue(at now: Deadline, armedBefore limit: UInt64 = .max) -> DeadlineNode? {
        if limit < .max { drained = now }
        guard let first = heap.first, first.deadline <= now, first.sequence < limit else { return nil }
        let next = first.node._withUnsafeGuaranteedRef { $0.nextDeadline() }
        guard let next else { return remove(at: 0) }
        siftDown(Entry(deadline: max(next, drained), sequence: nextSequence, node: first.node), from: 0)
        nextSequence += 1
        return first.node.takeUnretainedValue()
    }

    /// The deadline of the node that is at `index`.
    func deadline(at index: Int) -> Deadline { heap[index].deadline }

    /// Cancels everything that is armed.
    public func removeAll() {
        let entries = heap
        heap = []
        Self.disarm(entries)
    }

    /// Cancels what `owner` has armed, in O(n).
    public func removeAll(ownedBy owner: Int) {
        let entries = heap
        let isOwned = { (entry: Entry) in entry.node._withUnsafeGuaranteedRef { Int($0.owner) == owner } }
        heap.removeAll(where: isOwned)
        for index in heap.indices { heap[index].note(index) }
        let parents = (heap.count + Self.arity - 2) / Self.arity
        for index in (0..<parents).reversed() { siftDown(heap[index], from: index) }
        Self.disarm(entries.filter(isOwned))
    }

    /// Detaches nodes that are out of the heap. All of them before the first goes: it may own objects whose end arms or
    /// cancels deadlines.
    private static func disarm(_ entries: ContiguousArray<Entry>) {
        for entry in entries { entry.note(-1) }
        for entry in entries { entry.node.takeRetainedValue().wasDisarmed() }
    }

    /// Removes the entry at `index` and detaches its node.
    func remove(at index: Int) -> DeadlineNode {
        let removed = heap[index].node.takeRetainedValue()
        let last = heap.removeLast()
        if index < heap.count, siftUp(last, from: index) == index { siftDown(last, from: index) }
        removed.index = -1
        return removed
    }

    /// Puts an entry where it belongs on the way up from `start`, whose own entry is moved or gone.
    /// - Returns: where it is now.
    @discardableResult
    private func siftUp(_ entry: Entry, from start: Int) -> Int {
        heap.withUnsafeMutableBufferPointer { heap in
            var index = start
            while index > 0 {
                let parent = (index - 1) / Self.arity
                guard entry.isEarlier(than: heap[parent]) else { break }
                heap[index] = heap[parent]
                heap[index].note(index)
                index = parent
            }
            heap[index] = entry
            entry.note(index)
            return index
        }
    }

    /// As ``siftUp(_:from:)``, on the way down.
    private func siftDown(_ entry: Entry, from start: Int) {
        heap.withUnsafeMutableBufferPointer { heap in
            var index = start
            while true {
                let first = Self.arity * index + 1
                guard first < heap.count else { break }
                var child = first
                var earliest = heap[first]
                for other in first + 1..<min(first + Self.arity, heap.count) where heap[other].isEarlier(than: earliest)
                {
                    child = other
                    earliest = heap[other]
                }
                guard earliest.isEarlier(than: entry) else { break }
                heap[index] = earliest
                earliest.note(index)
                index = child
            }
            heap[index] = entry
            entry.note(index)
        }
    }
}
