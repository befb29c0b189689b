/// Keeps a program that floods its log from drowning the rest: each task may write so many entries a second; what is
/// over is counted, and told in one entry when the second is over.
final class FloodGuard {
    /// Entries of one task that pass in one second.
    static let entriesPerSecond = 100
    /// Tasks that are watched at a time; when there are more, all begin anew.
    private static let mostTasks = 1000

    private struct Account {
        var second: Int64
        var written = 0
        var leftOut = 0
    }

    private let sink: any ProgramLogSink
    private var accounts: [String: Account] = [:]

    init(_ sink: any ProgramLogSink) { self.sink = sink }

    func write(_ entry: ProgramLogEntry) {
        let task = entry.task ?? ""
        let second = entry.time / 1_000_000_000
        var account = accounts[task] ?? Account(second: second)
        if account.second != second {
            tell(account, task, entry.time)
            account = Account(second: second)
        }
        if account.written < Self.entriesPerSecond {
            account.written += 1
            sink.write(entry)
        } else {
            account.leftOut += 1
        }
        if accounts.count >= Self.mostTasks && accounts[task] == nil { flush(at: entry.time) }
        accounts[task] = account
    }

    /// Tells what was left out so far.
    func flush(at time: Int64) {
        for (task, account) in accounts.sorted(by: { $0.key < $1.key }) { tell(account, task, time) }
        accounts.removeAll()
    }

    private func tell(_ account: Account, _ task: String, _ time: Int64) {
        guard account.leftOut > 0 else { return }
        sink.write(
            ProgramLogEntry(
                time: time, severity: .warning, task: task.isEmpty ? nil : task,
                text: "\(account.leftOut) more entries within a second were left out"))
    }
}
