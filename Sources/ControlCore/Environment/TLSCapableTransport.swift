public import Polling

/// A stream over which TLS can be turned on: what ``Environment/connectTCP(host:port:timeout:completion:)`` and
/// ``Environment/listenTCP(address:port:accept:completion:)`` give.
public protocol TLSCapableTransport: StreamTransport {
    /// What the handshake of TLS has agreed on; `nil` while TLS is off.
    var tlsSession: TLSSession? { get }

    /// Turns TLS on over the open stream, before or after ``StreamTransport/start(delegate:)``. What has arrived and
    /// was not delivered yet belongs to TLS, as does all that arrives from now on: nothing that came unprotected is
    /// delivered behind the handshake. What is sent during the handshake waits for it; ``StreamTransport/close()``
    /// drops that.
    ///
    /// A stream whose handshake fails is closed: after the completion its delegate hears ``CloseReason/failed(_:)``. A
    /// peer that ends a stream without the farewell of TLS is taken to have closed it in good order.
    /// - Parameters:
    ///   - terms: what this side demands, and what it shows of itself.
    ///   - timeout: for the handshake; `nil`: ``TLSTerms/handshakeTimeout``.
    ///   - completion: called exactly once, unless the returned handle was cancelled before, and before anything is
    ///     delivered that came through TLS. A ``StreamTransport/close()`` meanwhile is ``ConnectFailure/calledOff``. A
    ///     second call fails and leaves the stream as it is.
    /// - Returns: gives up, which closes the stream.
    @discardableResult
    func startTLS(
        _ terms: TLSTerms,
        timeout: TimeAmount?,
        completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable
}
