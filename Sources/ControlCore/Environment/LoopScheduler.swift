import NIOCore

/// The deadlines of one program on a live event loop.
///
/// The loop itself carries one callback, for the earliest deadline; the others lie in a ``DeadlineQueue``. A program
/// with thousands of timers so costs the loop, which it may share with others, no more than a program with one.
final class LoopScheduler {
    let eventLoop: any EventLoop
    private let queue = DeadlineQueue()
    private var armed: (deadline: NIODeadline, callback: NIOScheduledCallback)?
    private var isClosed = false
    private lazy var handler = Wakeup(self)
    /// What is armed meanwhile is looked at behind it, all at once.
    private var isRunningDue = false

    /// Deadlines of one millisecond are run at its end, all at once: a thousand timers, each with an instant of its
    /// own, would else wake the loop up a thousand times.
    private static let resolution: UInt64 = 1_000_000

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

    /// Has `node` fired at `deadline`; see ``Environment/arm(_:at:)``. After ``close()`` it never is.
    func arm(_ node: DeadlineNode, at deadline: NIODeadline) {
        guard !isClosed else { return }
        queue.arm(node, at: deadline)
        armCallback()
    }

    /// Cancels all deadlines, and every one that is armed later.
    func close() {
        isClosed = true
        queue.removeAll()
        if let armed { eventLoop.assumeIsolated().cancelScheduledCallback(armed.callback) }
        armed = nil
    }

    /// When the loop has to call back for a deadline: at once for one that has passed, else at the end of its
    /// millisecond.
    private static func wakeup(for deadline: NIODeadline) -> NIODeadline {
        guard deadline > .now() else { return deadline }
        let (whole, part) = deadline.uptimeNanoseconds.quotientAndRemainder(dividingBy: resolution)
        let rounded = part == 0 ? whole : whole + 1
        // The one that never comes is too far away to be rounded.
        return whole == NIODeadline.distantFuture.uptimeNanoseconds / resolution
            ? deadline : .uptimeNanoseconds(rounded * resolution)
    }

    /// Sees to it that the loop calls back at the end of the millisecond of the earliest deadline.
    ///
    /// A callback that comes too early, since its deadline was cancelled, is left alone: it finds nothing due and arms
    /// the next one. Most deadlines are time-outs that are cancelled, so this saves more than it costs.
    private func armCallback() {
        guard !isRunningDue, let earliest = queue.earliest else { return }
        // Nearly always: a wake-up is never before its deadline, so the clock need not be read for this.
        if let armed, earliest >= armed.deadline { return }
        let wakeup = Self.wakeup(for: earliest)
        if let armed {
            guard wakeup < armed.deadline else { return }
            eventLoop.assumeIsolated().cancelScheduledCallback(armed.callback)
        }
        do {
            armed = (wakeup, try eventLoop.scheduleCallback(at: wakeup, handler: handler))
        } catch {
            // Only a loop that is shut down refuses, and on such a loop nothing can run any more.
            armed = nil
        }
    }

    fileprivate func runDue() {
        armed = nil
        isRunningDue = true
        let now = NIODeadline.now()
        // What the bodies arm anew waits for the next turn, so that sockets get theirs.
        let limit = queue.nextSequence
        while let node = queue.popDue(at: now, armedBefore: limit) { node.fire() }
        isRunningDue = false
        armCallback()
    }

    /// What the loop holds: it must not keep a program's timers alive. One object for all wake-ups, which the loop can
    /// take as it is: it copies what it holds many times, and would wrap each time anew what belongs to it.
    private final class Wakeup: NIOScheduledCallbackHandler, Sendable {
        private struct Reference {
            weak var scheduler: LoopScheduler?
        }

        private let reference: NIOLoopBound<Reference>

        init(_ scheduler: LoopScheduler) {
            reference = NIOLoopBound(Reference(scheduler: scheduler), eventLoop: scheduler.eventLoop)
        }

        func handleScheduledCallback(eventLoop: some EventLoop) {
            reference.value.scheduler?.runDue()
        }
    }
}
