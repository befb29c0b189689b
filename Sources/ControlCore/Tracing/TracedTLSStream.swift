import Polling

/// A stream that is watched and can turn TLS on. What is seen is what TLS carries.
final class TracedTLSStream: TracedStream, TLSCapableTransport {
    private let stream: any TLSCapableTransport

    init(_ stream: any TLSCapableTransport, tap: WireTap) {
        self.stream = stream
        super.init(stream, tap: tap)
    }

    var tlsSession: TLSSession? { stream.tlsSession }

    func startTLS(
        _ terms: TLSTerms, timeout: TimeAmount?,
        completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable {
        stream.startTLS(terms, timeout: timeout) { [tap, stream] result in
            switch result {
            case .success(let session): tap.record(.secured(session))
            // A second call fails, and the stream goes on.
            case .failure(let failure): if !stream.isOpen { tap.failedToSecure(failure.text) }
            }
            completion(result)
        }
    }
}
