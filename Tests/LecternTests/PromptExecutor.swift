import Dispatch

/// Runs what is measured on a thread of its own. The threads that tests share are as many as the machine has cores, and
/// other tests compute on them for a minute on end: what awaits its turn there is told too late.
final class PromptExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "prompt")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// How long `body` took.
    static func time(of body: @escaping @Sendable () async throws -> Void) async throws -> Duration {
        let span = try await span(of: body)
        return span.upperBound - span.lowerBound
    }

    /// From when to when `body` ran.
    static func span(
        of body: @escaping @Sendable () async throws -> Void
    ) async throws -> Range<ContinuousClock.Instant> {
        try await withTaskExecutorPreference(PromptExecutor()) {
            let began = ContinuousClock.now
            try await body()
            return began..<ContinuousClock.now
        }
    }
}
