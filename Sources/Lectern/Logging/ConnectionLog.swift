internal import ControlCore
internal import LuaRuntime
import Polling

/// Brings what becomes of connections, ports and servers into the program log, unless the configuration keeps it quiet.
///
/// What is worth a line is for ``ConnectionReport`` to decide.
final class ConnectionLog {
    private let configuration: ProgramConfiguration
    private let write: (ProgramLogEntry.Severity, String) -> Void
    /// How many calls are looked at for a name.
    private static let depth: Int32 = 6

    /// What the program calls its objects.
    var names = SourceNames()
    /// False when the program ends: that everything is closed then goes without saying.
    private var isOpen = true
    /// Looks at handlers, whether they have begun, that are still to come.
    private var checks: [Int: (pending: any Cancellable, look: () -> Void)] = [:]
    private var checkCount = 0

    /// - Parameters:
    ///   - isTraced: whether a trace has to know the program's names, too.
    ///   - write: takes a line.
    init(
        _ configuration: ProgramConfiguration, isTraced: Bool,
        write: @escaping (ProgramLogEntry.Severity, String) -> Void
    ) {
        self.configuration = configuration
        namesObjects = configuration.logsConnections || isTraced
        self.write = write
    }

    /// Whether anybody asks what the program calls its objects.
    let namesObjects: Bool
    /// Whether any connection is logged at all.
    var isOn: Bool { configuration.logsConnections }

    /// Logs what becomes of an object from now on.
    /// - Parameters:
    ///   - subject: what it is, such as `127.0.0.1:5001`; asked anew for each line.
    ///   - name: by which it is known; where it has none, what the program calls it.
    ///   - call: the call that made it.
    func follow(
        _ report: ConnectionReport, name: String? = nil, madeBy call: LuaCall?, subject: @escaping () -> String
    ) {
        guard isOn, report.onLine == nil else { return }
        let name = name ?? call.flatMap(nameOfNew)
        let quiet = configuration.quietDevices
        if !quiet.isEmpty {
            let subject = subject()
            let host = subject.lastIndex(of: ":").map { String(subject[..<$0]) }
            for key in [name, subject, host] where key.map(quiet.contains) == true { return }
        }
        report.tellsDebug = configuration.logLevel == .debug
        report.onLine = { [weak self] level, text in
            guard let self, isOpen else { return }
            let whole = "\(name.map { "\($0) " } ?? "")\(subject()): \(text)"
            write(level == .warning ? .warning : level == .info ? .info : .debug, whole)
        }
    }

    /// Has `check` run after a while, unless the program has ended.
    func check(after delay: TimeAmount, in environment: any Environment, _ check: @escaping () -> Void) {
        guard isOn else { return }
        checkCount += 1
        let number = checkCount
        let pending = environment.schedule(after: delay) { [weak self] in
            self?.checks.removeValue(forKey: number)?.look()
        }
        checks[number] = (pending, check)
    }

    /// Looks now, as the program is about to end.
    func finishChecks() {
        for number in checks.keys.sorted() {
            guard let (pending, look) = checks.removeValue(forKey: number) else { continue }
            pending.cancel()
            look()
        }
    }

    /// The program ends.
    func close() {
        isOpen = false
        for check in checks.values { check.pending.cancel() }
        checks = [:]
    }

    /// What the program calls the object that a constructor makes: by the innermost line that gives a name.
    private func nameOfNew(_ call: LuaCall) -> String? {
        for location in call.locations(Self.depth) {
            if let name = names.name(at: location) { return name }
        }
        return nil
    }

    /// All that the program calls what a call makes, the one that the log shows first: the names on the lines of the
    /// call and of those that led to it, with and without the table whose field one is.
    func namesOfNew(_ call: LuaCall) -> [String] {
        let paths = call.locations(Self.depth).compactMap { names.path(at: $0) }
        return paths.map(SourceNames.lastWord(of:)) + paths.filter { $0.contains(".") }
    }
}

/// The property `LastError`, of everything that has a report.
extension LuaClass {
    mutating func declareLastError(_ report: @escaping (Object) -> ConnectionReport) {
        property(
            "LastError",
            .table.annotated("{Reason: string, Detail: string|nil, Advice: string|nil, Since: number}|nil"),
            "The last trouble, with the time in seconds since 1970; nil when there was none yet."
        ) { LastErrorTable(error: report($0).lastError) }
    }
}

/// `LastError` as Lua sees it.
private struct LastErrorTable: LuaPushable {
    let error: ConnectionReport.LastError?

    func push(onto stack: LuaStack) {
        guard let error else { return stack.pushNil() }
        stack.pushTable(fields: 4)
        stack.set("Reason", error.trouble.reason)
        if let detail = error.trouble.detail { stack.set("Detail", detail) }
        if let advice = error.trouble.advice { stack.set("Advice", advice) }
        stack.set("Since", Double(error.since) / 1e9)
    }
}
