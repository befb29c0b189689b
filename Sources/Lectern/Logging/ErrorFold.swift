internal import ControlCore
import Polling

/// Folds an error that comes again and again, such as at each tick of a timer: the first few of a minute pass, and the
/// others are counted and told when the minute is over.
final class ErrorFold {
    /// How many of one error pass in a minute.
    static let mostInMinute = 3
    private static let minute = TimeAmount.seconds(60)
    /// Errors that are told apart; further ones are not folded. A bound on memory.
    private static let mostErrors = 500
    /// How much of a text tells errors apart.
    private static let prefixLength = 200

    private struct Key: Hashable {
        let task: String?
        let text: String
    }

    private struct Count {
        /// How many of this minute, and of those how many were left out.
        var seen = 0
        var leftOut = 0
        /// False in the minutes behind one in which some were left out: then all are only counted.
        var letsPass = true
    }

    private let environment: any Environment
    private let tell: (ProgramLogEntry) -> Void
    private var counts: [Key: Count] = [:]
    private var ends: [Key: any Cancellable] = [:]

    /// - Parameter tell: takes what is told at the end of a minute.
    init(environment: any Environment, tell: @escaping (ProgramLogEntry) -> Void) {
        self.environment = environment
        self.tell = tell
    }

    /// Whether an entry is to be logged; one that is not is counted.
    func admits(_ entry: ProgramLogEntry) -> Bool {
        guard entry.severity == .error, entry.topic == .program else { return true }
        let key = Key(task: entry.task, text: String(entry.text.unicodeScalars.prefix(Self.prefixLength)))
        guard var count = counts[key] ?? (counts.count < Self.mostErrors ? Count() : nil) else { return true }
        count.seen += 1
        let passes = count.letsPass && count.seen <= Self.mostInMinute
        if !passes { count.leftOut += 1 }
        counts[key] = count
        if ends[key] == nil {
            ends[key] = environment.schedule(after: Self.minute) { [weak self] in self?.minuteIsOver(key) }
        }
        return passes
    }

    /// Tells what was left out so far, and begins anew.
    func flush() {
        for end in ends.values { end.cancel() }
        ends = [:]
        for (key, count) in counts.sorted(by: { $0.key.text < $1.key.text }) where count.leftOut > 0 {
            tellLeftOut(key, count.leftOut)
        }
        counts = [:]
    }

    private func minuteIsOver(_ key: Key) {
        ends[key] = nil
        guard let count = counts[key] else { return }
        guard count.leftOut > 0 else {
            counts[key] = nil
            return
        }
        tellLeftOut(key, count.leftOut)
        counts[key] = Count(letsPass: false)
        ends[key] = environment.schedule(after: Self.minute) { [weak self] in self?.minuteIsOver(key) }
    }

    private func tellLeftOut(_ key: Key, _ count: Int) {
        let start = key.text.prefix { !$0.isNewline }
        tell(
            ProgramLogEntry(
                time: environment.wallClock, severity: .error, task: key.task,
                text: "… and \(count) more in the last minute: \(start)"))
    }
}
