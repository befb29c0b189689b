public import Bytes
public import ControlCore
import Polling

/// Takes what happens on an ``HttpLine``, on the loop.
public protocol HttpLineReceiver: AnyObject {
    /// Bytes arrived: at most 64 KiB.
    func line(_ line: HttpLine, didReceive bytes: ByteBuffer)
    /// There is room again for bytes that are to be sent.
    func lineDidDrain(_ line: HttpLine)
    /// The line has ended, whoever ended it. Nothing follows.
    func lineDidClose(_ line: HttpLine, reason: CloseReason)
}

/// An open connection to a server or a proxy, whose receiver changes: a dialer's, then an exchange's, then the next
/// one's. Without a receiver, what arrives is taken for a sign that the line is of no use any more.
public final class HttpLine: StreamDelegate {
    /// Up to so many bytes may be queued before senders wait for ``HttpLineReceiver/lineDidDrain(_:)``.
    static let writableBelow = 64 << 10

    /// Who takes what happens. Kept until it is replaced, or the line has ended.
    public var receiver: (any HttpLineReceiver)?
    /// Told when the line ends while nobody has it.
    var onEndUnused: (() -> Void)?

    private let transport: any StreamTransport
    private var isReading = true
    private var hasStarted = false
    /// The line has ended or was closed.
    public private(set) var isClosed = false

    init(_ transport: any StreamTransport) {
        self.transport = transport
    }

    /// Begins to read; harmless when that was done before.
    func start() {
        guard !hasStarted else { return }
        hasStarted = true
        transport.start(delegate: self)
    }

    /// Whether bytes can be sent.
    public var isOpen: Bool { !isClosed && transport.isOpen }
    /// What TLS has agreed on; `nil` without it.
    public var tlsSession: TLSSession? { (transport as? any TLSCapableTransport)?.tlsSession }
    /// Bytes that the system has not taken yet.
    public var queuedBytes: Int { transport.queuedBytes }
    /// Whether there is room for more bytes.
    var isWritable: Bool { transport.queuedBytes <= Self.writableBelow }

    /// Sends bytes, in order. Never waits.
    public func send(_ bytes: ByteBuffer) {
        guard isOpen else { return }
        transport.send(bytes)
    }

    /// Stops or resumes reading, so that the server is slowed down.
    public func setReading(_ reading: Bool) {
        guard reading != isReading, !isClosed else { return }
        isReading = reading
        transport.setReading(reading)
    }

    /// Turns TLS on; see ``TLSCapableTransport/startTLS(_:timeout:completion:)``.
    func startTLS(
        _ terms: TLSTerms, timeout: TimeAmount?, in environment: any Environment,
        completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable {
        transport.startTLSIfCapable(terms, timeout: timeout, in: environment, completion: completion)
    }

    /// Closes the line. Its receiver hears nothing more. Idempotent.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        receiver = nil
        onEndUnused = nil
        transport.close()
    }

    // MARK: From the transport

    /// Hands bytes to the receiver.
    public func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        guard !isClosed else { return }
        if let receiver {
            receiver.line(self, didReceive: bytes)
        } else {
            endUnused()
        }
    }

    /// Tells the receiver of room.
    public func transportDidDrain(_ transport: any StreamTransport) {
        guard !isClosed else { return }
        receiver?.lineDidDrain(self)
    }

    /// Tells the receiver of the end.
    public func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        guard !isClosed else { return }
        guard let receiver else { return endUnused() }
        isClosed = true
        self.receiver = nil
        onEndUnused = nil
        receiver.lineDidClose(self, reason: reason)
    }

    private func endUnused() {
        let onEndUnused = onEndUnused
        close()
        onEndUnused?()
    }
}
