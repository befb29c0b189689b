public import Bytes
public import Polling

/// What a ``TCPConnection`` tells the interface that it belongs to.
protocol TCPConnectionOwner: AnyObject {
    /// Bytes arrived, there is room to send again, or the connection has ended.
    func connectionDidChange(_ connection: TCPConnection)
}

/// The connection of a ``TCPInterface`` while there is one: what arrived waits here until it is asked for.
///
/// At most ``limit`` bytes wait; then reading stops, and the device is slowed down. What arrived before the end of the
/// connection can still be read after it.
public final class TCPConnection {
    /// The most bytes that wait to be read, not counting what the last read of the socket brought: 1 MiB.
    public static let limit = 1 << 20

    weak var owner: (any TCPConnectionOwner)?
    /// How it ended; `nil` as long as the end is not known, or bytes wait before it.
    private(set) var end: CloseReason?

    private let environment: any Environment
    private let transport: any StreamTransport
    private var arrived = ByteBuffer()
    private var isReading = true
    private var readinessWaits: [ReadinessWait] = []

    init(transport: any StreamTransport, environment: any Environment) {
        self.transport = transport
        self.environment = environment
    }

    /// Begins to read. The transport keeps the connection until its end.
    func start() {
        transport.start(delegate: self)
    }

    // MARK: State

    /// Whether bytes can be sent.
    public var isOpen: Bool { end == nil && transport.isOpen }

    /// The device's address; `nil` when the connection has ended.
    public var remoteAddress: SocketAddress? { transport.remoteAddress }

    /// This side's address; `nil` when the connection has ended.
    public var localAddress: SocketAddress? { transport.localAddress }

    /// How many bytes wait to be read.
    public var readableBytes: Int { arrived.readableBytes }

    /// True when a read would not wait: bytes are there, or the end.
    public var isReadable: Bool { readableBytes > 0 || end != nil }

    /// True when all was said on it: it can neither send nor be read.
    var isSpent: Bool { end != nil && readableBytes == 0 }

    /// Bytes that were sent and that the system has not taken yet.
    public var queuedBytes: Int { transport.queuedBytes }

    // MARK: Sending

    /// Whether the system has taken what was sent, but for 64 KiB.
    var hasRoom: Bool { transport.queuedBytes <= StreamConnection.writableBelow }

    func send(_ bytes: ByteBuffer) {
        transport.send(bytes)
    }

    // MARK: Receiving

    /// Takes out what arrived.
    /// - Returns: at most `count` bytes; `nil` when there are none.
    func read(upTo count: Int) -> ByteBuffer? {
        guard arrived.readableBytes > 0, let bytes = arrived.readSlice(length: min(count, arrived.readableBytes)) else {
            return nil
        }
        if arrived.readableBytes == 0 {
            arrived = ByteBuffer()
        } else if arrived.readerIndex >= Self.limit {
            arrived.discardReadBytes()
        }
        updateReading()
        return bytes
    }

    /// Waits until a read would not wait.
    /// - Parameters:
    ///   - timeout: how long to wait.
    ///   - completion: called once, unless cancelled, perhaps before this returns: whether it ``isReadable``.
    public func whenReadable(timeout: TimeAmount, _ completion: @escaping (Bool) -> Void) -> any Cancellable {
        guard !isReadable, timeout > .zero else {
            let call = CancellableCall { [self] in completion(isReadable) }
            call.fire()
            return call
        }
        let wait = ReadinessWait(connection: self, completion: completion)
        wait.timer = environment.schedule(after: timeout.boundedDelay) { wait.end() }
        readinessWaits.append(wait)
        return wait
    }

    /// One who waits until a read would not wait.
    private final class ReadinessWait: Cancellable {
        var timer: (any Cancellable)?
        private var connection: TCPConnection?
        private let completion: (Bool) -> Void

        init(connection: TCPConnection, completion: @escaping (Bool) -> Void) {
            self.connection = connection
            self.completion = completion
        }

        func end() {
            guard let connection else { return }
            cancel()
            completion(connection.isReadable)
        }

        func cancel() {
            timer?.cancel()
            timer = nil
            connection?.readinessWaits.removeAll { $0 === self }
            connection = nil
        }
    }

    private func updateReading() {
        let wanted = arrived.readableBytes < Self.limit
        guard wanted != isReading else { return }
        isReading = wanted
        transport.setReading(wanted)
    }

    // MARK: The end

    /// Closes it: what arrived is dropped, what was sent is still sent for at most 1 s. Idempotent.
    public func close() {
        arrived = ByteBuffer()
        transport.close()
        finish(.local)
    }

    private func finish(_ reason: CloseReason) {
        guard end == nil else { return }
        end = reason
        changed()
    }

    private func changed() {
        if isReadable {
            for wait in readinessWaits { wait.end() }
        }
        owner?.connectionDidChange(self)
    }
}

extension TCPConnection: StreamDelegate {
    /// Keeps what arrived.
    public func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        guard end == nil else { return }
        if arrived.readableBytes == 0 { arrived = bytes } else { arrived.writeImmutableBuffer(bytes) }
        updateReading()
        changed()
    }

    /// Tells the one who sends.
    public func transportDidDrain(_ transport: any StreamTransport) {
        changed()
    }

    /// Notes the end.
    public func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        finish(reason)
    }
}

extension TCPConnection: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }
}
