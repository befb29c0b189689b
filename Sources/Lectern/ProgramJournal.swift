internal import ControlCore
internal import LuaRuntime

/// Turns what happens in a program into entries of its log. Failures are logged here, once, and nowhere else.
final class ProgramJournal: LuaRuntimeHost {
    private let log: FloodGuard
    private let environment: any Environment
    /// False while the main chunk loads: its failure is the caller's to report.
    var reportsFailures = true
    var onMemoryIsShort: ((Int, Int) -> Void)?

    init(log: any ProgramLogSink, environment: any Environment) {
        self.log = FloodGuard(log, environment: environment)
        self.environment = environment
    }

    func write(_ severity: ProgramLogEntry.Severity, _ text: String, task: String?, traceback: [String] = []) {
        log.write(
            ProgramLogEntry(
                time: environment.wallClock, severity: severity, task: task, text: text, traceback: traceback))
    }

    /// Tells what is still to tell, at the program's end.
    func flush() { log.flush() }

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
