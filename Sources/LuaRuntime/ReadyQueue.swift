/// Work for tasks that came while Lua was running: done in order, after the running task has stopped or waits.
struct ReadyQueue {
    enum Entry {
        /// The function and its arguments are on the slot's stack.
        case start(TaskSlot, generation: UInt64, arguments: Int32)
        case endWait(TaskSlot, wait: UInt64, (LuaStack) -> WaitResult)
        case cancel(TaskSlot, generation: UInt64)
    }

    private var entries: [Entry] = []
    private var head = 0

    var isEmpty: Bool { head == entries.count }

    mutating func append(_ entry: Entry) { entries.append(entry) }

    mutating func popFirst() -> Entry? {
        guard head < entries.count else { return nil }
        let entry = entries[head]
        head += 1
        if head == entries.count {
            entries.removeAll(keepingCapacity: entries.capacity <= 1024)
            head = 0
        } else if head >= 512 {
            entries.removeFirst(head)
            head = 0
        }
        return entry
    }
}
