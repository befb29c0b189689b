import ControlCore
import Polling

/// A port that is kept open: listening that failed is tried again.
final class HsmsListeningPort {
    private enum State {
        case closed
        /// The port is being opened, for the call of that number.
        case opening(Int)
        case open(any Listener)
        case failed(retry: any Cancellable)
    }

    private let environment: any Environment
    private let address: String?
    private let requested: Int
    private let retryTime: TimeAmount
    private var state = State.closed
    private var calls = 0
    private var accept: (any StreamTransport) -> Void = { $0.close() }
    private var report: (Result<Int, ListenFailure>) -> Void = { _ in }

    /// - Parameter retryTime: how long after a failure listening is tried again.
    init(environment: any Environment, address: String?, port: Int, retryTime: TimeAmount) {
        self.environment = environment
        self.address = address
        requested = port
        self.retryTime = retryTime
    }

    /// The port that is listened on; `nil` while none is.
    var port: Int? {
        if case .open(let listener) = state { listener.port } else { nil }
    }

    /// Listens until ``close()``. Does nothing when it is open already.
    /// - Parameters:
    ///   - accept: called for each connection.
    ///   - report: called for each try, with the port that was opened.
    func open(
        accept: @escaping (any StreamTransport) -> Void,
        report: @escaping (Result<Int, ListenFailure>) -> Void
    ) {
        guard case .closed = state else { return }
        self.accept = accept
        self.report = report
        listen()
    }

    /// Frees the port. Idempotent.
    func close() {
        switch state {
        case .closed, .opening: break
        case .open(let listener): listener.close()
        case .failed(let retry): retry.cancel()
        }
        state = .closed
        // They keep their owner.
        accept = { $0.close() }
        report = { _ in }
    }

    private func listen() {
        calls += 1
        let call = calls
        state = .opening(call)
        environment.listenTCP(address: address, port: requested) { [self] transport in
            // A connection that the system had accepted before the port was closed is not served.
            if call == calls { accept(transport) } else { transport.close() }
        } completion: { [self] result in
            opened(result, by: call)
        }
    }

    private func opened(_ result: Result<any Listener, ListenFailure>, by call: Int) {
        guard case .opening(call) = state else {
            if case .success(let listener) = result { listener.close() }
            return
        }
        switch result {
        case .success(let listener):
            state = .open(listener)
            report(.success(listener.port))
        case .failure(let failure):
            state = .failed(retry: environment.schedule(after: retryTime) { self.listen() })
            report(.failure(failure))
        }
    }
}
