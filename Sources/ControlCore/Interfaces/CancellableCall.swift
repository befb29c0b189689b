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

extension Environment {
    /// Runs `body` as ``execute(_:)`` does, unless it is cancelled before.
    func executeCancellably(_ body: @escaping () -> Void) -> CancellableCall {
        let call = CancellableCall(body)
        execute { call.fire() }
        return call
    }
}
