import Dispatch
import Synchronization

/// Writes the log on a thread of its own, so that a terminal or a pipe that does not take it never stops a program.
///
/// What waits to be written is bounded; what comes over the bound is left out, counted, and told when there is room.
final class LogWriter: Sendable {
    /// The most bytes that wait.
    static let limit = 4 << 20

    private struct State {
        var waiting = 0
        var leftOut = 0
    }

    private let stream: StandardStream
    private let queue = DispatchQueue(label: "lectern.log")
    private let state = Mutex(State())

    init(_ stream: StandardStream) { self.stream = stream }

    /// Takes `text`, to be written after what came before. Never waits.
    func write(_ text: String) {
        let size = text.utf8.count
        let notice: String? = state.withLock { state in
            guard state.waiting + size <= Self.limit else {
                state.leftOut += 1
                return nil
            }
            state.waiting += size
            defer { state.leftOut = 0 }
            return state.leftOut == 0 ? "" : "(\(state.leftOut) log entries were left out: nobody reads the log)\n"
        }
        guard let notice else { return }
        queue.async { [self] in
            stream.write(notice + text)
            state.withLock { $0.waiting -= size }
        }
    }

    /// Waits until everything is written, but no longer than a second.
    func flush() {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        _ = done.wait(timeout: .now() + .seconds(1))
    }
}
