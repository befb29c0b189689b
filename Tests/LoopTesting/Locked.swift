import Synchronization

/// A variable that several threads share.
public final class Locked<Value>: @unchecked Sendable {
    // Unchecked: every access holds the lock.
    private let lock = Mutex(())
    private var value: Value

    /// Begins with `value`.
    public init(_ value: Value) { self.value = value }

    /// Reads or changes it while nobody else does.
    public func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let result: Swift.Result<Result, Failure> = lock.withLock { _ in
            do throws(Failure) { return .success(try body(&value)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
