/// A call that is due once, unless it is cancelled before.
final class CancellableCall: Cancellable {
    private var body: (() -> Void)?

    init(_ body: @escaping () -> Void) {
        self.body = body
    }

    /// Makes the call, if it was neither made nor cancelled.
    func fire() {
        guard let body else { return }
        self.body = nil
        body()
    }

    func cancel() {
        body = nil
    }
}

/// Those who wait for one thing, such as room in a send queue.
extension [CancellableCall] {
    /// Lets `body` wait, too.
    mutating func add(_ body: @escaping () -> Void) -> CancellableCall {
        let call = CancellableCall(body)
        append(call)
        return call
    }

    /// Empties the list, and gives what was in it: to be fired afterwards, as who is called may wait again.
    mutating func takeAll() -> [CancellableCall] {
        let calls = self
        removeAll()
        return calls
    }

    /// Makes the calls, in the order in which they were added.
    func fire() {
        for call in self { call.fire() }
    }
}

extension Environment {
    /// Runs `body` as ``execute(_:)`` does, unless it is cancelled before.
    func executeCancellably(_ body: @escaping () -> Void) -> CancellableCall {
        let call = CancellableCall(body)
        execute { call.fire() }
        return call
    }
}
