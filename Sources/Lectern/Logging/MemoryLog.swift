/// Keeps the newest entries: for embedders that show them, and for tests.
public final class MemoryLog: ProgramLogSink {
    private let capacity: Int
    private var kept: [ProgramLogEntry] = []
    private var oldest = 0

    /// Makes an empty log.
    /// - Parameter capacity: how many entries are kept, at least 1; older ones make room.
    public init(capacity: Int) { self.capacity = max(capacity, 1) }

    /// The kept entries, oldest first.
    public var entries: [ProgramLogEntry] { Array(kept[oldest...] + kept[..<oldest]) }

    /// Keeps an entry.
    public func write(_ entry: ProgramLogEntry) {
        if kept.count < capacity {
            kept.append(entry)
        } else {
            kept[oldest] = entry
            oldest = (oldest + 1) % capacity
        }
    }
}
