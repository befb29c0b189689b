internal import ByteText
internal import ControlCore
internal import LuaRuntime

/// Turns what happens in a program into entries of its log. Failures are logged here, once, and nowhere else.
final class ProgramJournal: LuaRuntimeHost {
    /// The most bytes of an entry's text; what is longer is cut, and says so.
    static let textLimit = 256 << 10
    /// The most bytes of a task's name and of one line of a traceback.
    static let lineLimit = 4 << 10

    private let log: FloodGuard
    private let fold: ErrorFold
    /// What was logged so far.
    let history: LogHistory
    private let environment: any Environment
    /// False while the main chunk loads: its failure is the caller's to report.
    var reportsFailures = true
    var onMemoryIsShort: ((Int, Int) -> Void)?

    init(log: any ProgramLogSink, environment: any Environment) {
        history = LogHistory(log)
        let log = FloodGuard(history, environment: environment)
        self.log = log
        fold = ErrorFold(environment: environment) { [unowned log] in log.write($0) }
        self.environment = environment
    }

    func write(
        _ severity: ProgramLogEntry.Severity, _ text: String, task: String?, topic: ProgramLogEntry.Topic = .program,
        traceback: [String] = []
    ) {
        let entry = ProgramLogEntry(
            time: environment.wallClock, severity: severity, task: task.map { Self.shown($0, Self.lineLimit) },
            text: Self.shown(text, Self.textLimit), topic: topic,
            traceback: traceback.map { Self.shown($0, Self.lineLimit) })
        if fold.admits(entry) { log.write(entry) }
    }

    /// A text as the log has it: bytes that are not UTF-8 as `\xe9`, and no longer than `limit`.
    private static func shown(_ text: String, _ limit: Int) -> String {
        let size = text.utf8.count
        guard size > limit else { return text.showingRawBytes }
        // Not inside of a character.
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: limit)
        while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
        return String(text.unicodeScalars[..<end]).showingRawBytes
            + "… (cut: it has \(size) bytes, and the log takes \(limit))"
    }

    /// Tells what is still to tell, at the program's end.
    func flush() {
        fold.flush()
        log.flush()
    }

    func luaDidPrint(_ text: String, task: String?) { write(.info, text, task: task) }

    func luaDidWarn(_ text: String, task: String?) { write(.warning, text, task: task) }

    func luaTaskIsSlow(_ task: String, at location: String, elapsed: Duration) {
        let milliseconds = elapsed.components.seconds * 1000 + elapsed.components.attoseconds / 1_000_000_000_000_000
        write(
            .warning, "\(location): has run for \(milliseconds) ms without a wait; everything else stands still",
            task: task)
    }

    func luaTaskFailed(_ failure: TaskFailure) {
        guard reportsFailures else { return }
        var traceback = failure.traceback
        if let parent = failure.parent { traceback.append("started by \(parent)") }
        write(.error, failure.message, task: failure.task, traceback: traceback)
    }

    func luaMemoryIsShort(usedBytes: Int, limitBytes: Int) { onMemoryIsShort?(usedBytes, limitBytes) }

    func continueLater(_ body: @escaping () -> Void) { environment.execute(body) }
}
