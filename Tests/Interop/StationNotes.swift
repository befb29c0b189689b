import LoopTesting
import Polling
import Testing

/// What happened at a station that is driven from a test, line by line.
final class StationNotes: Sendable {
    private let noted = Locked<[String]>([])

    /// All lines so far.
    var lines: [String] { noted.withLock { $0 } }

    func append(_ line: String) { noted.withLock { $0.append(line) } }

    /// Waits for `count` lines that match. `text` names them when they do not come.
    /// - Parameter seconds: on a quiet machine; see ``Machine/slowness``.
    func wait(
        for text: String, count: Int, within seconds: Double, at location: SourceLocation, matching: (String) -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds).here
        while lines.filter(matching).count < count {
            guard ContinuousClock.now < deadline else {
                Issue.record("no '\(text)' \(count) times:\n\(lines.joined(separator: "\n"))", sourceLocation: location)
                throw CancellationError()
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
