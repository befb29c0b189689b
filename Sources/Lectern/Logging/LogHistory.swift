import DequeModule

/// Keeps the newest entries of a program's log for `SaveProgramLog`, and passes all on.
final class LogHistory: ProgramLogSink {
    /// How many entries are kept at most.
    static let entryLimit = 2000
    /// How many bytes of text they have at most.
    static let byteLimit = 1 << 20

    private let next: any ProgramLogSink
    private var kept: Deque<ProgramLogEntry> = []
    private var bytes = 0

    init(_ next: any ProgramLogSink) { self.next = next }

    /// The kept entries, oldest first.
    var entries: [ProgramLogEntry] { Array(kept) }

    func write(_ entry: ProgramLogEntry) {
        kept.append(entry)
        bytes += Self.size(entry)
        while kept.count > Self.entryLimit || bytes > Self.byteLimit, let oldest = kept.popFirst() {
            bytes -= Self.size(oldest)
        }
        next.write(entry)
    }

    private static func size(_ entry: ProgramLogEntry) -> Int {
        entry.traceback.reduce(entry.text.utf8.count) { $0 + $1.utf8.count }
    }
}
