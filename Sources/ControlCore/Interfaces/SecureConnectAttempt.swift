package import Polling

/// One attempt to open a TCP connection and to turn TLS on over it, within one time-out.
final class SecureConnectAttempt: Cancellable {
    typealias Outcome = Result<any StreamTransport, ConnectFailure>

    private let terms: TLSTerms
    private let environment: any Environment
    private let timeout: TimeAmount?
    private let deadline: Deadline?
    private let completion: (Outcome) -> Void
    /// The step under way.
    private var step: (any Cancellable)?

    init(
        _ terms: TLSTerms, timeout: TimeAmount?, in environment: any Environment,
        completion: @escaping (Outcome) -> Void
    ) {
        self.terms = terms
        self.environment = environment
        self.timeout = timeout
        deadline = timeout.map { environment.now + $0 }
        self.completion = completion
    }

    /// Begins. The completion is called on a later turn of the loop, once, unless it is cancelled.
    func begin(host: String, port: Int) {
        step = environment.connectTCP(host: host, port: port, timeout: timeout) { [self] result in
            switch result {
            case .success(let transport): secure(transport)
            case .failure(let failure): completion(.failure(failure))
            }
        }
    }

    func cancel() {
        step?.cancel()
        step = nil
    }

    private func secure(_ transport: any StreamTransport) {
        let left = deadline.map { max($0 - environment.now, .zero) }
        step = transport.startTLSIfCapable(terms, timeout: left, in: environment) { [self] result in
            step = nil
            completion(result.map { _ in transport })
        }
    }
}

extension StreamTransport {
    /// The session of TLS, if that is on.
    var tlsSessionIfCapable: TLSSession? { (self as? any TLSCapableTransport)?.tlsSession }

    /// Turns TLS on; on a stream that cannot carry it that is a failure, and the stream stays as it is.
    package func startTLSIfCapable(
        _ terms: TLSTerms, timeout: TimeAmount?, in environment: any Environment,
        completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable {
        guard let capable = self as? any TLSCapableTransport else {
            return environment.executeCancellably { completion(.failure(.other("TLS is for TCP alone"))) }
        }
        return capable.startTLS(terms, timeout: timeout, completion: completion)
    }
}
