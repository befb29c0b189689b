/// A value that belongs to a loop's thread and may be carried through others: it is read on the loop only.
///
/// It must also be let go of on the loop, if the end of what it holds does anything.
public struct LoopBound<Value>: @unchecked Sendable {
    // Unchecked: `value` traps on any other thread.
    private let bound: Value
    private let loop: PollLoop

    /// Binds `value` to `loop`. The call comes from the loop.
    public init(_ value: Value, loop: PollLoop) {
        loop.preconditionCurrent()
        bound = value
        self.loop = loop
    }

    /// The value. Ends the process when it is read on another thread.
    public var value: Value {
        loop.preconditionCurrent()
        return bound
    }
}
