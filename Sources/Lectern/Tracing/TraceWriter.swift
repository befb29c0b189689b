internal import ByteText
internal import ControlCore
internal import Dispatch
internal import Glibc
import Synchronization

/// Writes a trace to a file or to standard error, on a thread of its own: who does not take it never stops a program.
///
/// What waits to be written is bounded; what comes over the bound is left out and counted.
final class TraceWriter: Sendable {
    /// The most bytes that wait.
    static let limit = 8 << 20

    private struct State {
        var waiting = 0
        var leftOut = 0
        /// Whether it cannot be written any more.
        var hasFailed = false
    }

    /// How messages call it.
    let name: String
    private let descriptor: Descriptor?
    private let number: CInt
    private let queue: DispatchQueue
    private let onProblem: @Sendable (String) -> Void
    private let state = Mutex(State())

    private init(
        name: String, descriptor: Descriptor?, number: CInt, _ onProblem: @escaping @Sendable (String) -> Void
    ) {
        self.name = name
        self.onProblem = onProblem
        self.descriptor = descriptor
        self.number = number
        queue = DispatchQueue(label: "lectern.trace")
    }

    /// Writes to standard error.
    /// - Parameter onProblem: called once, on the writer's thread, when it cannot be written any more.
    static func standardError(_ onProblem: @escaping @Sendable (String) -> Void) -> TraceWriter {
        TraceWriter(name: "standard error", descriptor: nil, number: STDERR_FILENO, onProblem)
    }

    /// Makes the file anew, or empties it. It holds what devices say, so only the user may read it.
    /// - Parameter onProblem: called once, on the writer's thread, when it cannot be written any more.
    convenience init(path: String, _ onProblem: @escaping @Sendable (String) -> Void) throws(FileFailure) {
        // A pipe that nobody reads would hold everything up.
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK
        let number = path.withRawCString { open($0, flags, 0o600) }
        guard number >= 0 else {
            let code = errno
            throw code == ENXIO ? .refused("nobody reads this pipe") : .system(code)
        }
        self.init(name: path.showingRawBytes, descriptor: Descriptor(owning: number), number: number, onProblem)
    }

    /// Takes bytes, to be written after what came before. Never waits.
    func write(_ bytes: [UInt8]) {
        let isTaken = state.withLock { state in
            guard !state.hasFailed else { return false }
            guard state.waiting + bytes.count <= Self.limit else {
                state.leftOut += 1
                return false
            }
            state.waiting += bytes.count
            return true
        }
        guard isTaken else { return }
        queue.async { [self] in
            let problem = put(bytes)
            let isFirst = state.withLock { state in
                state.waiting -= bytes.count
                defer { state.hasFailed = state.hasFailed || problem != nil }
                return !state.hasFailed
            }
            if isFirst, let problem { onProblem("the trace on \(name) ends early: \(problem)") }
        }
    }

    /// Calls `body` on the writer's thread when everything that came before is written.
    func whenWritten(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }

    /// What is missing in what was written so far; nil when it is whole, or when its early end was told.
    var trouble: String? {
        let leftOut = state.withLock { $0.leftOut }
        guard leftOut > 0 else { return nil }
        return "\(leftOut) entries are missing in the trace on \(name): it took them more slowly than they came; "
            + "trace fewer wires"
    }

    /// Why it could not be written.
    private func put(_ bytes: [UInt8]) -> String? {
        guard state.withLock({ !$0.hasFailed }) else { return nil }
        return bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(number, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var readiness = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
                    poll(&readiness, 1, 1000)
                } else if errno != EINTR {
                    return systemErrorText(errno)
                }
            }
            return nil
        }
    }
}
