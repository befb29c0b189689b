import Bytes
import Polling

/// One open stream as the interfaces need it: a bounded send queue, back-pressure, and one end.
///
/// Bytes are read for either of two reasons: the program takes data (``setReceiving(_:)``), or a `sendAndWait` awaits a
/// response. While only the second holds, what the response leaves over is kept in a bounded buffer until the program
/// takes data again; when that buffer is full, reading stops for both reasons. Nothing that was received before the end
/// is lost: what is kept is delivered before the end is reported, even to a program that takes no data.
///
/// The transport keeps the connection and its owner alive until the end.
final class StreamConnection: StreamDelegate {
    /// The most bytes that wait to be sent to a device: 1 MiB.
    static let sendQueueLimit = 1 << 20
    /// The largest message to a device, which is taken when nothing else waits: 16 MiB.
    static let largestMessage = 16 << 20
    /// How often what is kept is delivered in one turn of the loop; the rest follows in the next turns.
    static let deliveriesPerTurn = 4
    /// Up to so many queued bytes a sender need not wait. Above, the transport reports when the queue has drained.
    static let writableBelow = 64 << 10
    /// The most bytes kept for a program that takes no data, not counting what the last read brought: 1 MiB.
    static let keptBytesLimit = 1 << 20
    /// The most bytes of one delivery: 64 KiB.
    static let largestChunk = 64 << 10

    /// The peer as `host:port`, for messages.
    let peer: String
    /// Takes what arrives while a `sendAndWait` awaits it; `nil` while none does. Bytes that it does not want come back
    /// by ``handOver(_:)``.
    var awaitedBy: DeviceTraffic? {
        didSet { updateReading() }
    }

    /// Whether anything was received at all.
    @exclusivity(unchecked) private(set) var hasReceived = false

    private let environment: any Environment
    private let transport: any StreamTransport
    // The variables without a check of exclusive access are of values that no access holds on to while other code runs.
    @exclusivity(unchecked) private var owner: (any LineOwner)?
    private var isReceiving: Bool
    private var isReading = true
    private var isClosing = false
    private var isDelivering = false
    /// What was queued when the transport was asked last, and all that was sent since. To ask each time takes long, and
    /// nearly always the system has taken everything at once.
    private var queuedAtMost = 0
    private let sendLimit: Int
    private let largestMessage: Int
    private var isDeliveryPlanned = false
    /// Made with the first message that is sent in pieces.
    private var piecewise: PiecewiseQueue?
    @exclusivity(unchecked) private var kept = ByteBuffer()
    private var roomWaiters: [CancellableCall] = []

    /// - Parameters:
    ///   - sendLimit: the most bytes that wait to be sent.
    ///   - largestMessage: the most bytes of one message, which is taken when nothing else waits.
    init(
        transport: any StreamTransport,
        peer: String,
        isReceiving: Bool,
        owner: any LineOwner,
        environment: any Environment,
        sendLimit: Int = StreamConnection.sendQueueLimit,
        largestMessage: Int = StreamConnection.largestMessage
    ) {
        self.sendLimit = sendLimit
        self.largestMessage = largestMessage
        self.transport = transport
        self.peer = peer
        self.isReceiving = isReceiving
        self.owner = owner
        self.environment = environment
    }

    /// Begins to read.
    func start() {
        transport.start(delegate: self)
        updateReading()
    }

    /// Whether bytes can be sent.
    var isOpen: Bool { !isClosing && transport.isOpen }

    var remoteAddress: SocketAddress? { transport.remoteAddress }
    var localAddress: SocketAddress? { transport.localAddress }

    // MARK: Sending

    /// Bytes that the system has not taken yet.
    var queuedBytes: Int { transport.queuedBytes + (piecewise?.bytesBehind ?? 0) }

    /// Queues all of `bytes`. A message larger than the limit is taken when nothing else is queued, unless it is larger
    /// than the largest message.
    /// - Throws: when the connection is down, or the queue has no room; then nothing of `bytes` is sent.
    func send(_ bytes: ByteBuffer) throws(IOFault) {
        guard isOpen else { throw IOFault("\(peer) is not connected") }
        let size = bytes.readableBytes
        if queuedAtMost + size > Self.writableBelow { queuedAtMost = queuedBytes }
        let fits = queuedAtMost == 0 ? size <= largestMessage : queuedAtMost + size <= sendLimit
        guard fits else { throw refusal(of: size) }
        queuedAtMost += size
        if let piecewise, !piecewise.isEmpty {
            piecewise.addBehind(bytes)
        } else {
            transport.send(bytes)
        }
    }

    private func refusal(of size: Int) -> IOFault {
        size > largestMessage
            ? IOFault("a message to \(peer) has \(size) bytes; the limit is \(largestMessage)")
            : IOFault("\(peer) takes no data: \(queuedAtMost) bytes wait to be sent, the limit is \(sendLimit)")
    }

    /// Sends a message of any size, see ``PiecewiseSender/send(_:completion:)``.
    func send(
        _ pieces: any MessagePieces, completion: @escaping (Result<Void, IOFault>) -> Void
    ) throws(IOFault) -> any Cancellable {
        guard isOpen else { throw IOFault("\(peer) is not connected") }
        let queue = piecewise ?? PiecewiseQueue()
        piecewise = queue
        let message = PiecewiseQueue.Message(pieces, completion: completion) { [weak self] in self?.sendPieces() }
        queue.add(message)
        sendPieces()
        return message
    }

    private func sendPieces() {
        guard isOpen, let piecewise else { return }
        piecewise.advance(
            size: Self.writableBelow,
            hasRoom: {
                queuedAtMost = transport.queuedBytes
                return isOpen && queuedAtMost <= Self.writableBelow
            },
            send: { piece in
                guard isOpen, piece.readableBytes > 0 else { return }
                queuedAtMost += piece.readableBytes
                transport.send(piece)
            })
    }

    var isWritable: Bool { queuedAtMost <= Self.writableBelow && piecewise?.isEmpty ?? true }

    /// Calls `body` once when the send queue has drained, or the connection has ended.
    /// - Returns: `nil` when there is room now; `body` is then not called.
    func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)? {
        guard isOpen, !isWritable else { return nil }
        queuedAtMost = queuedBytes
        guard !isWritable else { return nil }
        return roomWaiters.add(body)
    }

    // MARK: Receiving

    /// Whether the program takes data.
    func setReceiving(_ receiving: Bool) {
        guard receiving != isReceiving else { return }
        isReceiving = receiving
        updateReading()
        if receiving, kept.readableBytes > 0 {
            // Not from inside this call: the caller is often in the middle of taking events.
            planDelivery()
        }
    }

    private func planDelivery() {
        guard !isDeliveryPlanned else { return }
        isDeliveryPlanned = true
        environment.execute { [self] in
            isDeliveryPlanned = false
            deliverKept()
            updateReading()
        }
    }

    /// Delivers bytes to the program: at once, or behind those that are kept for it.
    func handOver(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        if kept.readableBytes == 0 {
            kept = bytes
        } else {
            kept.writeImmutableBuffer(bytes)
        }
        deliverKept()
        updateReading()
    }

    private func deliverKept(evenUnasked: Bool = false) {
        // A handler that hands bytes over must not overtake those that are being delivered.
        guard !isDelivering else { return }
        isDelivering = true
        defer { isDelivering = false }
        var left = Self.deliveriesPerTurn
        while isReceiving || evenUnasked, kept.readableBytes > 0 {
            if left == 0, !evenUnasked { return planDelivery() }
            left -= 1
            guard let chunk = kept.readSlice(length: min(kept.readableBytes, Self.largestChunk)) else { return }
            if kept.readableBytes == 0 { kept = ByteBuffer() }
            owner?.lineDidReceive(chunk)
        }
    }

    private func updateReading() {
        let wanted = (isReceiving || awaitedBy != nil) && kept.readableBytes < Self.keptBytesLimit
        guard wanted != isReading, owner != nil else { return }
        isReading = wanted
        transport.setReading(wanted)
    }

    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        guard !isClosing else { return }
        hasReceived = true
        if let awaitedBy {
            awaitedBy.receiveAwaited(bytes)
        } else if kept.readableBytes == 0, isReceiving, !isDelivering {
            owner?.lineDidReceive(bytes)
        } else {
            handOver(bytes)
        }
    }

    func transportDidDrain(_ transport: any StreamTransport) {
        if let piecewise, !piecewise.isEmpty {
            sendPieces()
            // Those who wait for room wait for the end of the message as well.
            guard piecewise.isEmpty else { return }
        }
        roomWaiters.takeAll().fire()
    }

    // MARK: TLS

    /// Turns TLS on over the open stream; see ``TLSCapableTransport/startTLS(_:timeout:completion:)``. What was kept
    /// for the program until then is dropped: anybody on the way may have written it, and the program would take it for
    /// something that came by TLS.
    func startTLS(
        _ terms: TLSTerms, timeout: TimeAmount?, completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable {
        if let capable = transport as? any TLSCapableTransport, capable.tlsSession == nil, kept.readableBytes > 0 {
            kept = ByteBuffer()
            updateReading()
        }
        return transport.startTLSIfCapable(terms, timeout: timeout, in: environment, completion: completion)
    }

    // MARK: The end

    /// Closes the connection. ``LineOwner/lineDidEnd(_:)`` follows in the same turn of the
    /// loop, not when the peer has taken the last queued byte. Idempotent.
    func close() {
        guard !isClosing else { return }
        isClosing = true
        transport.close()
        environment.execute { self.end(.local) }
    }

    /// Reports the end of a closed connection now, before something else is reported.
    func endNow() {
        if isClosing { end(.local) }
    }

    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        guard !isClosing else { return }
        isClosing = true
        end(reason)
    }

    private func end(_ reason: CloseReason) {
        guard let owner else { return }
        awaitedBy?.lineWillEnd()
        isDelivering = false
        deliverKept(evenUnasked: true)
        self.owner = nil
        awaitedBy = nil
        piecewise?.fail(IOFault("\(peer) is not connected"))
        roomWaiters.takeAll().fire()
        owner.lineDidEnd(reason)
    }
}
