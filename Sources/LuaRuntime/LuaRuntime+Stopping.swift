internal import CLuaShim

// The end of all tasks at once, within one budget. Their closers are the only Lua that still runs.

extension LuaRuntime {
    /// The part of the budget (``LuaLimits/stop``) that closers have; the rest is for what is still to be sent.
    private static var closersShare: Double { 0.5 }
    /// The part of the budget that closers have at least, should the loop have come late to it.
    private static var leastShare: Double { 0.25 }
    /// What the closers of one task may take of what is left, so that those of the next ones get their turn.
    private static var taskShare: Double { 0.5 }
    /// Below this there is no use in beginning.
    private static var leastSlice: Double { 1e6 }

    /// Until when what may run, in nanoseconds of the monotonic clock.
    struct Stopping {
        let closersEnd: UInt64
        let end: UInt64
    }

    /// True from the moment at which the program's end has begun.
    public var isStopping: Bool { stopping != nil }

    /// Whether somebody, perhaps on another thread, wants it to stop, and it has not begun to.
    public var isStopRequested: Bool { isOpen && shim_stop_is_requested(L) }

    /// When everything is to be over, in nanoseconds of the monotonic clock; nil while the program's end has not begun.
    public var stopDeadline: UInt64? { stopping?.end }

    /// The right to end what Lua does from any thread.
    public var interrupt: LuaInterrupt { LuaInterrupt(number: shim_number(L)) }

    /// Ends every task for good: no task begins any more. The tasks' to-be-closed variables are closed as long as the
    /// budget lasts (``LuaLimits/stop``); the others are left alone. Idempotent; not to be called from inside Lua.
    public func stopTasks() {
        guard isOpen else { return }
        beginStopping()
        cancelAll()
    }

    /// The time of a request counts from when it was made.
    func beginStopping() {
        guard stopping == nil else { return }
        let now = shim_monotonic_now()
        let requested = shim_begin_stop(L)
        let budget = Double(limits.stop.nanoseconds)
        let began = requested == 0 ? now : requested
        stopping = Stopping(
            closersEnd: max(began + UInt64(budget * Self.closersShare), now + UInt64(budget * Self.leastShare)),
            end: began + UInt64(budget))
    }

    /// Called before the closers of a task may run: bounds them while the program is being stopped.
    /// - Returns: false when there is no time left for them.
    func admitsClosers() -> Bool {
        if stopping == nil, shim_stop_is_requested(L) { beginStopping() }
        guard let stopping else { return true }
        // One that came in the very moment asks for what has begun already.
        if shim_stop_is_requested(L) { _ = shim_begin_stop(L) }
        let left = Double(stopping.closersEnd) - Double(shim_monotonic_now())
        guard left >= Self.leastSlice else { return false }
        shim_limit_bursts(L, UInt64(left * Self.taskShare))
        return true
    }

    /// Ends a waiting task, whose wait was called off, without running any more of its Lua.
    func drop(_ slot: TaskSlot) {
        let failure = TaskFailure(
            task: slot.name.text, parent: slot.parent?.text, reason: .cancelled, message: "the task was cancelled",
            traceback: [])
        slot.state = .idle
        release(slot)
        let onEnd = slot.onEnd
        slot.onEnd = nil
        onEnd?(.failed(failure))
        retire(slot)
    }
}

/// Ends what a program's Lua does at its next instruction, from any thread. Harmless when the program has ended.
///
/// To be followed by ``LuaRuntime/stopTasks()`` on the loop: until then no Lua of the program runs any more.
public struct LuaInterrupt: Sendable {
    let number: UInt64

    /// Ends the running task, and each that begins until the tasks are stopped. The budget runs from now on.
    public func request() { shim_request_stop(number) }

    /// What runs at this moment, for a message about a program that does not end: `'execute' at main.lua:3, for 4.0 s`.
    /// - Returns: nil when no Lua runs.
    public func describeRunning() -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { place in
            // The capacity is not 0, so there is a base address.
            guard let base = place.baseAddress else { return nil }
            let nanoseconds = shim_burst_under_way(number, base, place.count)
            guard nanoseconds > 0 else { return nil }
            let text = String(cString: base)
            let tenths = nanoseconds / 100_000_000
            return "\(text.isEmpty ? "a task" : text), for \(tenths / 10).\(tenths % 10) s"
        }
    }
}
