/// An environment that ends with its program, and then opens nothing any more.
protocol ClosableEnvironment: Environment {
    /// Whether it has ended.
    var isClosed: Bool { get }
}

/// Why something was not opened, when that may be anything.
protocol OpeningFailure: Error {
    /// Anything that programs need not tell apart: the text.
    static func other(_ text: String) -> Self
}

extension ConnectFailure: OpeningFailure {}
extension ListenFailure: OpeningFailure {}
extension SerialFailure: OpeningFailure {}

extension OpeningFailure {
    /// The environment has ended.
    static var environmentClosed: Self { .other("the environment is closed") }
}

extension ClosableEnvironment {
    /// Opens something on a fresh turn, as a socket may fail before the call that made it returns. If the environment
    /// has ended by then, `completion` gets that instead.
    @discardableResult
    func onOpenTurn<Value, Failure: OpeningFailure>(
        _ completion: @escaping (Result<Value, Failure>) -> Void, _ open: @escaping () -> Void
    ) -> any Cancellable {
        executeCancellably { [self] in
            if isClosed { completion(.failure(.environmentClosed)) } else { open() }
        }
    }

    /// Reports on a fresh turn that the environment has ended.
    func refuse<Value, Failure: OpeningFailure>(
        _ completion: @escaping (Result<Value, Failure>) -> Void
    ) -> any Cancellable {
        executeCancellably { completion(.failure(.environmentClosed)) }
    }
}
