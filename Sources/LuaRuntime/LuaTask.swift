internal import CLuaShim

/// What a task is called in logs, put together only when somebody asks.
public enum TaskName {
    /// A fixed name.
    case text(String)
    /// An event of an instance: `EthernetClientInterface 10.0.0.5:23.ReceiveData`.
    case event(LuaInstance, LuaEvent)
    /// Put together on demand.
    case made(() -> String)

    /// The name as logs show it.
    public var text: String {
        switch self {
        case .text(let text): text
        case .event(let instance, let event): instance.describe() + event.label
        case .made(let make): make()
        }
    }
}

/// How a task ended.
public enum TaskOutcome {
    /// It returned; its results are on the stack from index 1.
    case finished(LuaStack, results: Int)
    /// It failed, was ended by the watchdog or was cancelled.
    case failed(TaskFailure)
}

/// Why a task ended before its time: everything that a log entry needs.
public struct TaskFailure: Sendable {
    /// What ended the task.
    public enum Reason: String, Sendable {
        /// An error that nobody caught.
        case error
        /// It ran too long without a wait.
        case ranTooLong
        /// The memory limit refused an allocation.
        case outOfMemory
        /// It called functions within functions until its stack was full.
        case recursedTooDeep
        /// `coroutine.close` was nested deeper than the C stack allows.
        case nestedTooDeep
        /// The host cancelled it.
        case cancelled
    }

    /// The task's name.
    public var task: String
    /// The parent's name: the task that started it, if any.
    public var parent: String?
    /// What ended it.
    public var reason: Reason
    /// The error's `kind` when it was an error value with one.
    public var kind: String?
    /// The message, with `file:line:` in front where it is known.
    public var message: String
    /// Lua's traceback of the task and of the coroutines that the error came through; one line each, may be empty.
    public var traceback: [String]
}

/// A task: one coroutine, started by the host, with a name.
///
/// The value stays harmless after the task has ended.
public struct LuaTask {
    let slot: TaskSlot
    let generation: UInt64

    /// True when the task has returned, failed or was cancelled.
    public var isEnded: Bool { slot.generation != generation }

    /// Ends the task: its wait is called off, its to-be-closed variables are closed, no `pcall` stops it.
    /// A task that is running at this moment is ended at its next instruction. Idempotent.
    public func cancel() {
        if !isEnded, let runtime = slot.runtime, runtime.isOpen { runtime.cancel(slot) }
    }
}

/// A coroutine and the record of the task that uses it; pooled when the task ended well.
final class TaskSlot {
    enum State {
        case idle
        case ready
        case running
        case waiting
    }

    /// What one takes beside its coroutine, in bytes.
    static let ownBytes = 256

    /// Finds the runtime while it is there. Not by a weak reference, which would slow every use of the runtime down.
    private let relay: CallbackRelay
    let thread: OpaquePointer
    /// Keeps the coroutine from being collected.
    let anchor: Int32
    /// Counts the tasks that used this slot, so that an old ``LuaTask`` or ``LuaWaiter`` does not touch a new one.
    var generation: UInt64 = 0
    /// Tasks that began later have a higher one.
    var serial: UInt64 = 0
    /// Its place among the runtime's live slots.
    var place = 0
    var state = State.idle
    @exclusivity(unchecked) var name = TaskName.text("")
    var parent: TaskName?
    /// Told when the task ends.
    var onEnd: ((TaskOutcome) -> Void)?
    /// Whether this task is a handler of the instance that its name tells, behind which the instance's events queue.
    @exclusivity(unchecked) var isHandler = false

    var runtime: LuaRuntime? { relay.runtime }

    var waitGeneration: UInt64 = 0
    /// The innermost coroutine: where the waiting call is.
    var waitThread: OpaquePointer?
    var cancelWait: (() -> Void)?
    /// The result of a wait that was over before it began.
    var early: ((LuaStack) -> WaitResult)?
    var isStartingWait = false
    var isCancelled = false

    init(relay: CallbackRelay, thread: OpaquePointer, anchor: Int32) {
        self.relay = relay
        self.thread = thread
        self.anchor = anchor
    }
}

/// What a wait ends with: values that the callback pushed, or an error.
public enum WaitResult {
    /// The waiting call returns this many values, pushed in order.
    case values(Int)
    /// The waiting call raises this.
    case fault(LuaFault)
}

/// The right to end one wait. Late, double and forgotten uses are harmless.
public struct LuaWaiter {
    let slot: TaskSlot
    let generation: UInt64

    /// Ends the wait: the task goes on with what `result` pushes.
    /// - Parameter result: called exactly once if the task still waits, never otherwise. Pushes onto the stack that it
    ///   gets and tells how many values.
    public func resume(_ result: @escaping (LuaStack) -> WaitResult) {
        slot.runtime?.endWait(slot, generation, result)
    }

    /// Ends the wait with one value.
    public func resume(returning value: some LuaPushable) {
        resume { stack in
            stack.push(value)
            return .values(1)
        }
    }

    /// Ends the wait without values.
    public func resume() { resume { _ in .values(0) } }

    /// Ends the wait by raising `fault` in the task.
    public func resume(throwing fault: LuaFault) { resume { _ in .fault(fault) } }
}
