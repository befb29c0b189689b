import NIOCore

/// The deadlines of one program on a live event loop.
///
/// The loop itself carries one callback, for the earliest deadline; the others lie in a ``DeadlineQueue``. A program with
/// thousands of timers so costs the loop, which it may share with others, no more than a program with one.
final class LoopScheduler {
    let eventLoop: any EventLoop
    private let queue = DeadlineQueue()
    private var armed: (deadline: NIODeadline, callback: NIOScheduledCallback)?
    private var isClosed = false

    /// Called on the loop that it schedules on.
    init(eventLoop: any EventLoop) {
        eventLoop.preconditionInEventLoop()
        self.eventLoop = eventLoop
    }

    /// How many deadlines are armed.
    var count: Int { queue.count }

    /// Runs `body` on a fresh turn of the loop.
    func execute(_ body: @escaping () -> Void) {
        eventLoop.assumeIsolated().execute(body)
    }

    /// ``execute(_:)`` as a value that all streams share.
    private(set) lazy var executor: (@escaping () -> Void) -> Void = { [eventLoop] in
        eventLoop.assumeIsolated().execute($0)
    }

    /// Runs `body` at `deadline`; see ``Environment/schedule(at:_:)``. After ``close()`` it never does.
    func schedule(at deadline: NIODeadline, _ body: @escaping () -> Void) -> ScheduledDeadline {
        let handle = queue.arm(at: deadline, body)
        if isClosed { handle.cancel() } else { armCallback() }
        return handle
    }

    /// Cancels all deadlines, and every one that is armed later.
    func close() {
        isClosed = true
        queue.removeAll()
        if let armed { eventLoop.assumeIsolated().cancelScheduledCallback(armed.callback) }
        armed = nil
    }

    /// Sees to it that the loop calls back no later than at the earliest deadline.
    ///
    /// A callback that comes too early, since its deadline was cancelled, is left alone: it finds nothing due and arms the
    /// next one. Most deadlines are time-outs that are cancelled, so this saves more than it costs.
    private func armCallback() {
        guard let earliest = queue.earliest else { return }
        if let armed {
            guard earliest < armed.deadline else { return }
            eventLoop.assumeIsolated().cancelScheduledCallback(armed.callback)
        }
        do {
            armed = (earliest, try eventLoop.assumeIsolated().scheduleCallback(at: earliest, handler: Wakeup(self)))
        } catch {
            // Only a loop that is shut down refuses, and on such a loop nothing can run any more.
            armed = nil
        }
    }

    fileprivate func runDue() {
        armed = nil
        let now = NIODeadline.now()
        // What the bodies arm anew waits for the next turn, so that sockets get theirs.
        let limit = queue.nextSequence
        while let body = queue.popDue(at: now, armedBefore: limit) { body() }
        armCallback()
    }

    /// What the loop holds: it must not keep a program's timers alive.
    private struct Wakeup: NIOScheduledCallbackHandler {
        private weak var scheduler: LoopScheduler?

        init(_ scheduler: LoopScheduler) {
            self.scheduler = scheduler
        }

        func handleScheduledCallback(eventLoop: some EventLoop) {
            scheduler?.runDue()
        }
    }
}
