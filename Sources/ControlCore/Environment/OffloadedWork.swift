import Polling

/// Work on a thread of its own, for which the environment's end waits.
final class OffloadedWork: LiveResource {
    let kind = LiveResourceKind.work
    private var environment: LiveEnvironment?
    private var completion: ((Bool) -> Void)?

    init(environment: LiveEnvironment, completion: @escaping (_ isDone: Bool) -> Void) {
        self.environment = environment
        self.completion = completion
    }

    /// Starts it. Called once.
    func begin(_ work: @escaping @Sendable () -> Void) {
        guard let environment else { return }
        environment.opened(self)
        let loop = environment.loop
        let bound = LoopBound(self, loop: loop)
        let finish: @Sendable () -> Void = { bound.value.finish(true) }
        do throws(SystemError) {
            try SystemThread(name: "blocking work") {
                work()
                loop.submit(finish)
            }.detach()
        } catch {
            // The process may have no more threads. That it blocks is better than that it is not done.
            work()
            environment.execute { self.finish(true) }
        }
    }

    /// It cannot be called off: the environment waits.
    func close() {}

    func abandonClose() { finish(false) }

    private func finish(_ isDone: Bool) {
        guard let environment, let completion else { return }
        self.completion = nil
        self.environment = nil
        // What it begins is awaited, too.
        completion(isDone)
        environment.closed(self)
    }
}
