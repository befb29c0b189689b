import Glibc
import Lectern
import Polling
import Synchronization

/// Ends the process when the program does not: a call in C or Swift may hold the loop up for good, or the log's reader
/// may not read. A thread of its own, as everything else may be stuck.
final class StopWatchdog: Sendable {
    /// How long after the program's own time for its end (``LuaLimits/stop``).
    static let grace = Duration.seconds(1)

    private let host = Mutex<ControlHost?>(nil)
    private let hasBegun = Mutex(false)

    /// Sets whose end is watched, before it begins to run.
    func watch(_ host: ControlHost) { self.host.withLock { $0 = host } }

    /// The program begins to end. The first call counts; from any thread.
    func begin() {
        let isFirst = hasBegun.withLock { begun in
            defer { begun = true }
            return !begun
        }
        guard isFirst else { return }
        do throws(SystemError) {
            try SystemThread(name: "stop watchdog") { [self] in run() }.detach()
        } catch {
            // Without a thread the end is not watched: it comes by itself, but for calls that block.
        }
    }

    private func run() {
        // Nobody begins to end before it runs.
        guard let host = host.withLock({ $0 }) else { return }
        let limit = host.stopBudget + Self.grace
        let (seconds, attoseconds) = limit.components
        var left = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        // A signal that comes to this thread interrupts the sleep, which then goes on for the rest.
        var rest = timespec()
        while nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
        let culprit = host.runningDescription ?? "no Lua: the log, a socket or the host is in the way"
        let line =
            "lectern: the program did not end within \(Self.text(limit)) s and is left as it is; what runs: \(culprit)\n"
        // Unbuffered, and whether it can be written or not.
        _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        _exit(Int32(truncatingIfNeeded: host.standingExitCode))
    }

    private static func text(_ duration: Duration) -> String {
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        return milliseconds % 1000 == 0
            ? "\(milliseconds / 1000)" : "\(milliseconds / 1000).\(milliseconds % 1000 / 100)"
    }
}
