import CPolling
import Glibc
import Synchronization

/// A loop over descriptors, deadlines and calls from other threads: one thread waits for all of them, and does one
/// after the other.
///
/// A turn of the loop goes: wait until something is there, serve what is ready, then what is due, then what was asked
/// for by ``execute(_:)`` and ``submit(_:)``. Each source has a bounded share of a turn, and what a turn asks for anew
/// waits for the next one; so nothing that comes without end keeps the others waiting.
///
/// A loop runs on the thread that calls ``run()``; ``LoopThread`` has one for it. All members belong to that thread but
/// ``submit(_:)``, ``call(_:)``, ``stop()`` and ``isCurrent``.
public final class PollLoop: @unchecked Sendable {
    // Unchecked: what other threads may touch is `shared`, which is locked, and what never changes; all else traps
    // there.

    /// The most that one read brings.
    public static let readLimit = 64 * 1024
    /// How many ready sources are served between two looks at the clock.
    private static let eventsPerTurn = 256
    /// Deadlines of one millisecond are served at its end, all at once: a thousand timers, each with an instant of its
    /// own, would else wake the thread a thousand times.
    private static let resolution: UInt64 = 1_000_000

    /// What other threads may reach.
    private struct Shared {
        var submitted: [@Sendable () -> Void] = []
        var hasEnded = false
    }

    /// What it waits with.
    public let backend: LoopBackend
    /// Of epoll; -1 when the loop has ended, or has a ring.
    @exclusivity(unchecked) private(set) var poll: CInt = -1
    /// Of io_uring; nil when the loop has epoll.
    let ring: CompletionRing?
    private let wakeUp: CInt
    private let shared = Mutex(Shared())
    private let hasRun = Atomic(false)

    private let events: UnsafeMutablePointer<polling_event>
    /// What every source reads into: what it brings is valid until the source's handler returns.
    let received: UnsafeMutableRawBufferPointer

    // Without checks of exclusive access: nothing is called while one of these is changed.
    @exclusivity(unchecked) private var bodies: [() -> Void] = []
    @exclusivity(unchecked) private var queues: [DeadlineQueue]
    /// Those of ``schedule(after:_:)``.
    private let deadlines = DeadlineQueue()
    /// Sources that were closed in this turn: an event of theirs may still be among those that were fetched.
    @exclusivity(unchecked) private var closed: [PollSource] = []
    /// How often the service of a queue was ended.
    private var endedServices = 0
    /// Counted on a ring only: a source gets its share of each turn once.
    @exclusivity(unchecked) private(set) var turns: UInt32 = 0
    /// The present turn is the last one.
    private var isStopping = false
    /// No turn will come any more.
    private var isDone = false
    /// Its own descriptors are closed.
    private var isClosed = false

    /// How many sources are open.
    public internal(set) var openSources = 0

    /// Makes a loop that does not run yet.
    ///
    /// From then on a write to a broken pipe or socket ends no process; it is told by the call.
    /// - Parameter backend: what it waits with; see ``LoopChoice/backend()``.
    /// - Throws: when the process has no descriptor left, or the system refuses io_uring.
    public init(_ backend: LoopBackend = .epoll) throws(SystemError) {
        self.backend = backend
        polling_ignore_broken_pipes()
        wakeUp = try checked(polling_wakeup_create())
        do throws(SystemError) {
            switch backend {
            case .epoll:
                ring = nil
                poll = try Self.makePoll(watching: wakeUp)
            case .ioUring: ring = try CompletionRing(wakeUp: wakeUp)
            }
        } catch {
            close(wakeUp)
            throw error
        }
        queues = [deadlines]
        events = .allocate(capacity: backend == .epoll ? Self.eventsPerTurn : 0)
        received = .allocate(byteCount: Self.readLimit, alignment: 16)
    }

    private static func makePoll(watching wakeUp: CInt) throws(SystemError) -> CInt {
        let poll = try checked(polling_create())
        let added = polling_add(poll, wakeUp, Readiness.readable, 0)
        guard added == 0 else {
            close(poll)
            throw SystemError(-added)
        }
        return poll
    }

    deinit {
        closeDescriptors()
        events.deallocate()
        received.deallocate()
    }

    // MARK: From any thread

    /// The loop that runs on the calling thread; nil when none does.
    public static var current: PollLoop? {
        polling_thread_loop().map { Unmanaged<PollLoop>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whether the caller is on the loop's thread, called from ``run()``.
    public var isCurrent: Bool {
        // The system gives the number of a thread that has ended to another one: it says nothing.
        polling_thread_loop() == UnsafeMutableRawPointer(Unmanaged.passUnretained(self).toOpaque())
    }

    /// Ends the process when the caller is not on the loop's thread.
    public func preconditionCurrent(file: StaticString = #fileID, line: UInt = #line) {
        precondition(isCurrent, "called from a thread that is not the loop's", file: file, line: line)
    }

    /// Runs `body` on the loop, in the order of these calls. Never waits.
    /// - Returns: false when the loop has ended: then `body` never runs.
    @discardableResult
    public func submit(_ body: @escaping @Sendable () -> Void) -> Bool {
        let (isFirst, hasEnded) = shared.withLock { shared in
            guard !shared.hasEnded else { return (false, true) }
            shared.submitted.append(body)
            return (shared.submitted.count == 1, false)
        }
        // One wake-up for all that come before the loop looks.
        if isFirst { polling_wakeup_signal(wakeUp) }
        return !hasEnded
    }

    /// Runs `body` on the loop and waits for its result.
    /// - Throws: what `body` throws; `LoopEnded` when the loop has ended.
    public func call<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = submit { continuation.resume(with: Swift.Result(catching: body)) }
            if !isTaken { continuation.resume(throwing: LoopEnded()) }
        }
    }

    /// Lets ``run()`` return at the end of a turn. What was asked for by ``submit(_:)`` before this call is done first.
    ///
    /// A source that is still open then stays open, and nothing is told of it any more: its owner closes it before.
    public func stop() {
        submit { [unowned self] in isStopping = true }
    }

    // MARK: On the loop

    /// Runs the loop on this thread until ``stop()``. A loop runs once.
    public func run() {
        precondition(!hasRun.exchange(true, ordering: .acquiringAndReleasing), "a loop runs once, and on one thread")
        let outer = polling_thread_loop()
        // The caller keeps the loop until this returns.
        polling_set_thread_loop(Unmanaged.passUnretained(self).toOpaque())
        defer { polling_set_thread_loop(outer) }
        if let ring {
            ring.enable()
            while !isStopping { turn(of: ring) }
        } else {
            while !isStopping { turn() }
        }
        end()
    }

    /// Runs `body` on this loop, in this turn behind what is ready and due, or in the next one. After the end of the
    /// loop it never runs, on whatever thread this is called.
    public func execute(_ body: @escaping () -> Void) {
        guard !isDone else { return }
        preconditionCurrent()
        bodies.append(body)
    }

    /// Runs `body` on this loop after `delay`; after the end of the loop never.
    /// - Returns: a handle that prevents it. Dropping the handle does not.
    @discardableResult
    public func schedule(after delay: TimeAmount, _ body: @escaping () -> Void) -> ScheduledDeadline {
        guard !isDone else {
            let handle = DeadlineQueue().arm(at: .distantFuture, body)
            handle.cancel()
            return handle
        }
        preconditionCurrent()
        return deadlines.arm(at: .now() + delay, body)
    }

    /// Serves the deadlines of `queue` from now on.
    public func serve(_ queue: DeadlineQueue) {
        preconditionCurrent()
        queues.append(queue)
    }

    /// Forgets `queue`: nothing of it is fired any more. After the end of the loop this does nothing, on any thread.
    public func stopServing(_ queue: DeadlineQueue) {
        guard !shared.withLock({ $0.hasEnded }) else { return }
        preconditionCurrent()
        queues.removeAll { $0 === queue }
        endedServices += 1
    }

    /// Keeps a source that was closed until no event can name it any more.
    func bury(_ source: PollSource) {
        closed.append(source)
        if isDone { letGoOfClosed() }
    }

    private func letGoOfClosed() {
        let gone = closed
        closed = []
        for source in gone { Unmanaged.passUnretained(source).release() }
    }

    private func turn() {
        let count = polling_wait(poll, events, CInt(Self.eventsPerTurn), timeout())
        // What fails here is the call itself, and it would fail for ever.
        precondition(count >= 0, "the loop cannot wait: \(SystemError(-count))")
        for index in 0..<Int(count) {
            let event = events[index]
            guard let source = UnsafeRawPointer(bitPattern: UInt(event.value)) else {
                polling_wakeup_clear(wakeUp)
                takeSubmitted()
                continue
            }
            // The loop counts a reference to each open source, and lets go of closed ones at the end of a turn only.
            Unmanaged<PollSource>.fromOpaque(source)._withUnsafeGuaranteedRef { $0.serve(event.events) }
        }
        finishTurn()
    }

    private func turn(of ring: CompletionRing) {
        let status = ring.turn(timeout())
        precondition(status >= 0, "the loop cannot wait: \(SystemError(-status))")
        turns &+= 1
        var left = Self.eventsPerTurn
        while left > 0, let completion = ring.next() {
            left -= 1
            if ring.serve(completion) {
                polling_wakeup_clear(wakeUp)
                takeSubmitted()
            }
        }
        finishTurn()
    }

    private func finishTurn() {
        if !queues.isEmpty { serveDeadlines() }
        if !bodies.isEmpty { runBodies() }
        if !closed.isEmpty { letGoOfClosed() }
    }

    private func takeSubmitted() {
        let taken = shared.withLock { shared in
            let taken = shared.submitted
            shared.submitted = []
            return taken
        }
        for body in taken { bodies.append(body) }
    }

    private func runBodies() {
        let current = bodies
        bodies = []
        for body in current { body() }
    }

    private func serveDeadlines() {
        let now = Deadline.now()
        let services = endedServices
        // A body may end the service of any queue, or begin that of another.
        for queue in queues where queue.earliest.map({ $0 <= now }) == true {
            // What the bodies arm anew waits for the next turn, so that sources get theirs.
            let limit = queue.nextSequence
            while services == endedServices || queues.contains(where: { $0 === queue }),
                let node = queue.popDue(at: now, armedBefore: limit)
            {
                node.fire()
            }
        }
    }

    /// How long to wait for events, in nanoseconds; negative: for ever.
    private func timeout() -> Int64 {
        guard bodies.isEmpty else { return 0 }
        var earliest = UInt64.max
        for queue in queues {
            guard let deadline = queue.earliest else { continue }
            earliest = min(earliest, deadline.uptimeNanoseconds)
        }
        guard earliest < UInt64.max else { return -1 }
        let now = polling_now()
        guard earliest > now else { return 0 }
        let end = (earliest / Self.resolution + 1).multipliedReportingOverflow(by: Self.resolution)
        let wait = (end.overflow ? earliest : earliest % Self.resolution == 0 ? earliest : end.partialValue) - now
        return Int64(clamping: wait)
    }

    /// Does the last of what was asked for, with all that it asks for in turn, and lets go of what the loop keeps.
    private func end() {
        let rest = shared.withLock { shared in
            shared.hasEnded = true
            let rest = shared.submitted
            shared.submitted = []
            return rest
        }
        // Who has submitted the first of them has woken the loop, or is about to: after that nobody touches the
        // descriptor.
        if !rest.isEmpty { polling_wakeup_await(wakeUp) }
        // Whoever waits for one of these hears of it.
        for body in rest { bodies.append(body) }
        while !bodies.isEmpty { runBodies() }
        isDone = true
        ring?.end()
        letGoOfClosed()
        // What goes with a queue may close sources, and ask the loop for more.
        deadlines.removeAll()
        let gone = queues
        queues = []
        withExtendedLifetime(gone) {}
        // The loop itself may be kept for long, by a thread that looks up a name.
        closeDescriptors()
    }

    private func closeDescriptors() {
        guard !isClosed else { return }
        isClosed = true
        close(wakeUp)
        if poll >= 0 { close(poll) }
        poll = -1
        ring?.close()
    }
}

/// The loop has ended, and runs nothing any more.
public struct LoopEnded: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is said of it.
    public var description: String { "the loop has ended" }
}
