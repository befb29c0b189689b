import Bytes
import Polling

/// A stream that is watched. To its owner it is as the stream itself.
class TracedStream: StreamTransport, StreamDelegate {
    let tap: WireTap
    private let stream: any StreamTransport
    private var delegate: (any StreamDelegate)?
    private var isStarted = false

    init(_ stream: any StreamTransport, tap: WireTap) {
        self.stream = stream
        self.tap = tap
    }

    final var remoteAddress: SocketAddress? { stream.remoteAddress }
    final var localAddress: SocketAddress? { stream.localAddress }
    final var queuedBytes: Int { stream.queuedBytes }
    final var isOpen: Bool { stream.isOpen }

    final func start(delegate: any StreamDelegate) {
        isStarted = true
        self.delegate = delegate
        stream.start(delegate: self)
    }

    final func setReading(_ reading: Bool) { stream.setReading(reading) }

    final func send(_ bytes: ByteBuffer) {
        if stream.isOpen, bytes.readableBytes > 0 { tap.sent(bytes) }
        stream.send(bytes)
    }

    final func close() {
        stream.close()
        // The close of a stream without a delegate is reported to nobody.
        if !isStarted { tap.ended(.local) }
    }

    // MARK: From the stream

    final func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        tap.received(bytes)
        delegate?.transport(self, didReceive: bytes)
    }

    final func transportDidDrain(_ transport: any StreamTransport) { delegate?.transportDidDrain(self) }

    final func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        tap.ended(reason)
        let delegate = delegate
        self.delegate = nil
        delegate?.transportDidClose(self, reason: reason)
    }
}

/// A serial line that is watched.
final class TracedSerialLine: TracedStream, SerialTransport {
    private let line: any SerialTransport

    init(_ line: any SerialTransport, tap: WireTap) {
        self.line = line
        super.init(line, tap: tap)
    }

    func reconfigure(_ settings: SerialSettings) { line.reconfigure(settings) }
}

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
