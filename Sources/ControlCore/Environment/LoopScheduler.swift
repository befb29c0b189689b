import Polling

/// The deadlines of one program on a live loop.
final class LoopScheduler {
    let loop: PollLoop
    private let queue = DeadlineQueue()
    private var isClosed = false

    /// Called on the loop that it schedules on.
    init(loop: PollLoop) {
        loop.preconditionCurrent()
        self.loop = loop
        loop.serve(queue)
    }

    deinit {
        // What keeps an environment may be let go of by another thread, such as one that has looked up a name.
        guard !loop.isCurrent else { return loop.stopServing(queue) }
        // Nobody but the loop knows the queue any more.
        nonisolated(unsafe) let queue = queue
        loop.submit { [loop] in loop.stopServing(queue) }
    }

    /// How many deadlines are armed.
    var count: Int { queue.count }

    /// Runs `body` on a fresh turn of the loop.
    func execute(_ body: @escaping () -> Void) {
        loop.execute(body)
    }

    /// ``execute(_:)`` as a value that all streams share.
    private(set) lazy var executor: (@escaping () -> Void) -> Void = { [loop] in loop.execute($0) }

    /// Runs `body` at `deadline`; see ``Environment/schedule(at:_:)``. After ``close()`` it never does.
    func schedule(at deadline: Deadline, _ body: @escaping () -> Void) -> ScheduledDeadline {
        let handle = queue.arm(at: deadline, body)
        if isClosed { handle.cancel() }
        return handle
    }

    /// Has `node` fired at `deadline`; see ``Environment/arm(_:at:)``. After ``close()`` it never is.
    func arm(_ node: DeadlineNode, at deadline: Deadline) {
        guard !isClosed else { return }
        queue.arm(node, at: deadline)
    }

    /// Cancels all deadlines, and every one that is armed later.
    func close() {
        isClosed = true
        queue.removeAll()
    }
}
