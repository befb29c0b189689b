public import Polling

/// Runs `body` on a fresh loop until it calls `done`, and returns what it was called with.
/// - Parameter backend: what the loop waits with.
public func onLiveLoop<Value: Sendable>(
    _ backend: LoopBackend = .epoll,
    _ body: @escaping @Sendable (_ loop: PollLoop, _ done: @escaping (Value) -> Void) -> Void
) async throws -> Value {
    let thread = try LoopThread(name: "test loop", backend: backend)
    let loop = thread.loop
    let promise = Promise<Value>()
    loop.submit { body(loop) { promise.keep($0) } }
    let value = await promise.value
    thread.stop()
    thread.join()
    return value
}

/// A variable that belongs to a loop's thread, and may be carried through others.
public final class LoopVariable<Value>: @unchecked Sendable {
    // Unchecked: `value` traps on any other thread.
    private var bound: Value
    private let loop: PollLoop

    /// Called on the loop.
    public init(_ value: Value, loop: PollLoop) {
        loop.preconditionCurrent()
        bound = value
        self.loop = loop
    }

    /// Read and written on the loop only.
    public var value: Value {
        get {
            loop.preconditionCurrent()
            return bound
        }
        set {
            loop.preconditionCurrent()
            bound = newValue
        }
    }
}
