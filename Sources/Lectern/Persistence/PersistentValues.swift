internal import ByteText
internal import ControlCore
internal import LuaRuntime
import Polling
internal import Synchronization

/// The tables of a program that survive restarts. They are plain tables: once in a while they are compared with what is
/// stored, and written when they differ.
///
/// A comparison is done in one go, as nothing of the program may change meanwhile. It takes less than 0.1 ms for a few
/// kilobytes and up to 50 ms for all that may be stored, and the next one comes the later the longer it took.
final class PersistentValues {
    /// Bytes of all values together, as they are stored.
    static let sizeLimit = 1 << 20
    /// Names that a program may use.
    static let countLimit = 1_000
    /// Bytes of a name.
    static let nameLimit = 100
    /// How long after a write that failed it is tried again.
    static let retryInterval = TimeAmount.seconds(10)
    /// Of how much time a comparison takes one part.
    private static let share: Int64 = 20

    private struct Value {
        /// What is to be in the file; empty: nothing is yet.
        var text: [UInt8] = []
        /// Nil: the program has not asked for it in this run.
        var table: LuaReference?
        /// Whether it was told that it cannot be stored as it is.
        var isRefused = false
    }

    private unowned let runtime: LuaRuntime
    private let environment: any Environment
    private let file: KeptFile?
    private let interval: TimeAmount
    private let log: (ProgramLogEntry.Severity, String) -> Void

    private var values: [String: Value] = [:]
    /// Whether the file was read.
    private(set) var isOpen = false
    private var isEnded = false
    /// What the values held for the program when they were charged last.
    private var charged = 0
    private var nextLook: (any Cancellable)?
    /// What the program had done at the last look.
    private var resumesSeen: UInt64 = 0
    /// Whether there is something that the file does not have.
    private var isChanged = false
    private var isWriting = false
    private var turn = 0
    /// When a write that failed is tried again.
    private var retryAt = Deadline.uptimeNanoseconds(0)
    /// Why the last write failed.
    private var trouble: String?

    /// - Parameters:
    ///   - file: where they are stored; nil: nowhere.
    ///   - interval: between two writes at least.
    ///   - log: writes to the program's log; also after the program's end.
    init(
        runtime: LuaRuntime, environment: any Environment, file: KeptFile?, interval: TimeAmount,
        log: @escaping (ProgramLogEntry.Severity, String) -> Void
    ) {
        self.runtime = runtime
        self.environment = environment
        self.file = file
        self.interval = interval
        self.log = log
    }

    /// The size of a file that is read.
    static let fileLimit = 2 * sizeLimit

    /// The table of that name: the same one at each call of a run.
    /// - Parameter fallback: the table of a name that nothing is stored under; nil: an empty one.
    func table(_ name: String, default fallback: LuaReference?) throws(LuaFault) -> LuaReference {
        try check(name)
        try open()
        if let table = values[name]?.table { return table }
        let table: LuaReference
        if let stored = values[name] {
            do throws(StoredTextDamage) {
                table = try runtime.table(fromStored: stored.text)
            } catch {
                throw LuaFault(
                    .ioError,
                    "persistent: what is stored as '\(name)' cannot be read: \(error.problem) of its value")
            }
        } else {
            guard values.count < Self.countLimit else {
                throw LuaFault(
                    .valueError, "persistent: there may be \(Self.countLimit) names, and '\(name)' is one more")
            }
            table = fallback ?? runtime.newTable()
        }
        values[name, default: Value()].table = table
        charge()
        planLook(after: interval)
        return table
    }

    /// Writes what is new and lets the folder go, at the program's end. No Lua runs any more.
    func close() {
        guard !isEnded else { return }
        isEnded = true
        nextLook?.cancel()
        guard let file, isOpen else { return }
        compare()
        // What is under way may come after it, and is then left out: so it is written again.
        guard isChanged || isWriting else { return file.close() }
        write(isLast: true)
    }

    // MARK: - Opening

    private func check(_ name: String) throws(LuaFault) {
        let count = name.rawBytes.count
        guard (1...Self.nameLimit).contains(count), name.utf8.count == count, name.showingRawBytes == name else {
            throw LuaFault(
                .valueError,
                "argument 'name' of persistent must be UTF-8 text of 1 to \(Self.nameLimit) bytes, got '\(name.showingRawBytes.prefix(40))'"
            )
        }
    }

    private func open() throws(LuaFault) {
        guard !isOpen else { return }
        guard let file else {
            isOpen = true
            return
        }
        do throws(FileFailure) {
            let found = try file.open { bytes in
                do throws(StoredTextDamage) {
                    _ = try PersistentDocument(bytes)
                    return nil
                } catch {
                    return error.problem
                }
            }
            for trouble in found.troubles { log(.warning, "persistent values: \(trouble)") }
            if let bytes = found.bytes, let document = try? PersistentDocument(bytes) {
                values = document.values.mapValues { Value(text: $0) }
            }
        } catch {
            throw LuaFault(.ioError, "persistent: \(error.message(path: file.folder))")
        }
        isOpen = true
    }

    private func charge() {
        let held = values.reduce(0) { $0 + $1.key.utf8.count + $1.value.text.count + 200 }
        runtime.account.charge(held - charged)
        charged = held
    }

    // MARK: - Looking

    private func planLook(after delay: TimeAmount) {
        guard nextLook == nil, !isEnded else { return }
        nextLook = environment.schedule(after: delay) { [weak self] in self?.look() }
    }

    private func look() {
        nextLook = nil
        guard runtime.isOpen, !isEnded else { return }
        var taken = TimeAmount.zero
        if runtime.resumeCount != resumesSeen {
            resumesSeen = runtime.resumeCount
            let start = environment.now
            compare()
            taken = environment.now - start
        }
        if isChanged, !isWriting, environment.now >= retryAt { write(isLast: false) }
        planLook(after: max(interval, .nanoseconds(taken.nanoseconds * Self.share)))
    }

    /// Takes over what has changed.
    private func compare() {
        var size = values.reduce(0) { $0 + $1.value.text.count + PersistentDocument.overhead(ofName: $1.key) }
        for name in values.keys.sorted() {
            guard var value = values[name], let table = value.table else { continue }
            do throws(UnstorableValue) {
                let text = try runtime.storedText(of: table, limit: Self.sizeLimit - (size - value.text.count))
                if value.isRefused {
                    value.isRefused = false
                    log(.info, "persistent '\(name)' can be stored again")
                }
                if text != value.text {
                    size += text.count - value.text.count
                    value.text = text
                    isChanged = true
                }
            } catch {
                if !value.isRefused { log(.error, Self.message(error, name)) }
                value.isRefused = true
            }
            values[name] = value
        }
        charge()
    }

    private static func message(_ refused: UnstorableValue, _ name: String) -> String {
        let size = refused.problem.hasPrefix("is too large") ? " (all may have \(sizeLimit >> 10) KiB together)" : ""
        let what = refused.path.isEmpty ? refused.problem : "\(refused.path) \(refused.problem)"
        return "persistent '\(name)': \(what)\(size); what was stored before stays until that is mended"
    }

    // MARK: - Writing

    /// Begins to write all values.
    /// - Parameter isLast: whether the folder is let go of then.
    private func write(isLast: Bool) {
        isChanged = false
        guard let file else { return }
        isWriting = true
        turn += 1
        let stored = values.filter { !$0.value.text.isEmpty }.map { (name: $0.key, text: $0.value.text) }
        let (turn, failure) = (turn, WriteFailure())
        environment.offload {
            do throws(FileFailure) {
                try file.replace(with: PersistentDocument.bytes(of: stored), turn: turn)
            } catch {
                failure.problem.withLock { $0 = error.message(path: file.folder) }
            }
            if isLast { file.close() }
        } completion: { [weak self, log] isDone in
            let problem =
                isDone ? failure.problem.withLock { $0 } : "\(file.folder): the disk did not answer in time"
            if isLast {
                if let problem { log(.error, "persistent values: the last changes are lost: \(problem)") }
            } else {
                self?.hasWritten(problem)
            }
        }
    }

    private final class WriteFailure: Sendable {
        let problem = Mutex<String?>(nil)
    }

    private func hasWritten(_ problem: String?) {
        isWriting = false
        guard let problem else {
            if trouble != nil { log(.info, "persistent values are written again") }
            trouble = nil
            return
        }
        isChanged = true
        retryAt = environment.now + Self.retryInterval
        guard trouble != problem else { return }
        trouble = problem
        log(
            .warning,
            "persistent values are not written: \(problem); the next try comes in \(Int(Self.retryInterval.nanoseconds / 1_000_000_000)) s, "
                + "and what was stored before stays")
    }
}
