import Bytes
import DequeModule
import Polling

/// A UDP client's socket: opens with the first datagram that is sent, and finds the peer again when it has moved.
///
/// The name is resolved before the first datagram; those sent meanwhile wait, in order. It is resolved again, beside
/// the sending, when the peer has stopped answering: ``silentSends`` datagrams went unanswered or one was refused, and
/// the last look-up is ``resolveInterval`` old.
///
/// With a port of the system's choice the socket has the peer as its only partner: refusals are heard, strangers are
/// not. With a service port, a broadcast or a multicast address everybody's datagrams are taken, since the answers may
/// come from anywhere.
///
/// While it is active, see ``isActive``, its traffic keeps the interface alive. A socket of the system's choice that
/// has seen no datagram for ``idleTime`` stays open, but lets go of the interface; it closes when that goes.
final class DatagramConnection {
    /// How old a look-up must be before the name is resolved again.
    static let resolveInterval = TimeAmount.seconds(30)
    /// So many datagrams without any answer make a peer silent.
    static let silentSends = 3
    /// How long a look-up may take.
    static let resolveTimeout = TimeAmount.seconds(30)
    /// After so long without a datagram a socket does not keep its interface any more.
    static let idleTime = TimeAmount.seconds(300)
    /// The most bytes kept for a program that takes no data, ``DatagramInbox/overhead`` included: 1 MiB. What comes
    /// when they are full is dropped.
    static let keptBytesLimit = 1 << 20

    /// Of so many datagrams of a response the bounds are known; further ones are joined.
    private static let mostSizes = 65_536

    private enum State {
        case idle
        case opening(any Cancellable)
        case open(any DatagramTransport, SocketAddress)
    }

    private let environment: any Environment
    private let host: String
    private let port: Int
    private let servicePort: Int
    private weak var traffic: DeviceTraffic?
    private var state = State.idle
    /// Tells an opening from an abandoned one.
    private var openings = 0
    private var waiting: Deque<ByteBuffer> = []
    private var waitingBytes = 0
    private var roomWaiters: [CancellableCall] = []

    private var isReceiving = true
    private var kept: Deque<ByteBuffer> = []
    private var keptBytes = 0
    private var isDelivering = false
    private var isDeliveryPlanned = false
    private var isReading = true
    /// The sizes of the datagrams of the present response, and of the last one: what is left of it is cut there again.
    private var awaitedSizes: [Int] = []
    private var settledSizes: [Int] = []

    private var unanswered = 0
    private var hasFailed = false
    private var resolvedAt = Deadline.uptimeNanoseconds(0)
    private var isResolvingAgain = false
    private var lastTraffic = Deadline.uptimeNanoseconds(0)
    private var idleTimer: (any Cancellable)?
    private var isBusy = false

    init(
        environment: any Environment, host: String, port: Int, servicePort: Int, largestDatagram: Int,
        traffic: DeviceTraffic
    ) {
        self.environment = environment
        self.host = host
        self.port = port
        self.servicePort = servicePort
        self.largestDatagram = largestDatagram
        self.traffic = traffic
    }

    /// Longer datagrams are cut to so many bytes.
    var largestDatagram: Int {
        didSet { transport?.setLargestDatagram(largestDatagram) }
    }

    /// Whether a `sendAndWait` awaits bytes.
    var isAwaited = false {
        didSet {
            if isAwaited { awaitedSizes = [] } else { settledSizes = awaitedSizes }
            updateReading()
            activityMayHaveChanged()
        }
    }

    /// Whether it keeps its interface alive.
    var isActive: Bool {
        switch state {
        case .idle: false
        case .opening: true
        case .open: isBusy || isAwaited || servicePort != 0
        }
    }

    /// The local port; `nil` while no socket is open.
    var localPort: Int? { transport?.localAddress?.port }

    /// The peer's address, once it is known.
    var address: SocketAddress? { if case .open(_, let address) = state { address } else { nil } }

    private var transport: (any DatagramTransport)? {
        if case .open(let transport, _) = state { transport } else { nil }
    }
    private var peer: String { "\(host):\(port)" }

    // MARK: Sending

    var queuedBytes: Int { waitingBytes + (transport?.queuedBytes ?? 0) }

    /// Sends one datagram, or keeps it until the socket is open.
    /// - Throws: when it is too long, or the queue has no room; then nothing is sent.
    func send(_ bytes: ByteBuffer) throws(IOFault) {
        let size = bytes.readableBytes
        guard size <= DatagramOptions.sizeLimit else {
            throw IOFault("a datagram to \(peer) has \(size) bytes; the limit is \(DatagramOptions.sizeLimit)")
        }
        let queued = queuedBytes
        guard queued == 0 || queued + size <= StreamConnection.sendQueueLimit else {
            throw IOFault(
                "\(peer) takes no data: \(queued) bytes wait to be sent, the limit is \(StreamConnection.sendQueueLimit)"
            )
        }
        switch state {
        case .open(let transport, let address):
            transport.send(bytes, to: address)
            unanswered += 1
            noteTraffic()
            resolveAgainIfSilent()
        case .opening:
            keepForOpening(bytes)
        case .idle:
            keepForOpening(bytes)
            open()
        }
    }

    private func keepForOpening(_ bytes: ByteBuffer) {
        waiting.append(bytes)
        waitingBytes += bytes.readableBytes + DatagramOutbox.overhead
    }

    var isWritable: Bool { queuedBytes <= StreamConnection.writableBelow }

    /// Calls `body` once when the send queue has drained, or the socket is closed; see
    /// ``StreamConnection/whenWritable(_:)``.
    func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)? {
        guard !isWritable else { return nil }
        return roomWaiters.add(body)
    }

    // MARK: Opening and closing

    private func open() {
        openings += 1
        let opening = openings
        let lookup = environment.resolve(host, timeout: Self.resolveTimeout) { [self] result in
            guard opening == openings else { return }
            resolvedAt = environment.now
            switch result {
            case .success(let found): openSocket(to: found[0])
            case .failure(let failure): openingFailed(failure.reason)
            }
        }
        state = .opening(lookup)
        activityMayHaveChanged()
    }

    private func openSocket(to found: SocketAddress) {
        var address = found
        address.port = port
        var options = DatagramOptions(port: servicePort, largestDatagram: largestDatagram)
        if servicePort == 0, !address.isMulticast, !address.mayBeBroadcast {
            options.peer = address
        } else if !address.isIPv6 {
            options.address = "0.0.0.0"
        }
        let opening = openings
        environment.openDatagrams(options) { [self] result in
            guard opening == openings else {
                if case .success(let transport) = result { transport.close() }
                return
            }
            switch result {
            case .success(let transport): opened(transport, address)
            case .failure(let failure): openingFailed(failure.reason)
            }
        }
    }

    private func opened(_ transport: any DatagramTransport, _ address: SocketAddress) {
        state = .open(transport, address)
        isReading = true
        transport.start(delegate: self)
        updateReading()
        noteTraffic()
        let sends = waiting
        waiting = []
        waitingBytes = 0
        for bytes in sends {
            transport.send(bytes, to: address)
            unanswered += 1
        }
        roomWaiters.takeAll().fire()
    }

    private func openingFailed(_ reason: String) {
        state = .idle
        let lost = waiting.count
        waiting = []
        waitingBytes = 0
        roomWaiters.takeAll().fire()
        // Told every time: unlike a silent peer, this is nothing that passes unnoticed as datagrams do.
        traffic?.owner?.lineDidFail(IOFault("\(peer): \(reason); datagrams that are lost: \(lost)"))
        activityMayHaveChanged()
    }

    /// Closes the socket; what waits to be sent is dropped. The next datagram opens one again. Idempotent.
    func close() {
        openings += 1
        switch state {
        case .idle: return
        case .opening(let lookup): lookup.cancel()
        case .open(let transport, _): transport.close()
        }
        state = .idle
        waiting = []
        waitingBytes = 0
        roomWaiters.takeAll().fire()
        deliverKept(evenUnasked: true)
        activityMayHaveChanged()
    }

    /// The interface is going: nobody is to be told any more.
    func ownerIsGone() {
        idleTimer?.cancel()
        roomWaiters = []
        kept = []
        close()
    }

    // MARK: A peer that has moved

    private func resolveAgainIfSilent() {
        guard unanswered >= Self.silentSends || hasFailed, !isResolvingAgain, case .open(_, let present) = state,
            environment.now - resolvedAt >= Self.resolveInterval
        else { return }
        isResolvingAgain = true
        let opening = openings
        environment.resolve(host, timeout: Self.resolveTimeout) { [self] result in
            isResolvingAgain = false
            guard opening == openings else { return }
            resolvedAt = environment.now
            // A look-up that fails changes nothing: the old address may still be right.
            guard case .success(let found) = result, !found.contains(where: { $0.ipAddress == present.ipAddress })
            else { return }
            if case .open(let transport, _) = state { transport.close() }
            openings += 1
            unanswered = 0
            hasFailed = false
            state = .opening(CancellableCall {})
            openSocket(to: found[0])
        }
    }

    // MARK: Receiving

    /// Whether the program takes data.
    func setReceiving(_ receiving: Bool) {
        guard receiving != isReceiving else { return }
        isReceiving = receiving
        updateReading()
        if receiving, !kept.isEmpty {
            // Not from inside this call: the caller is often in the middle of taking events.
            planDelivery()
        }
    }

    /// Takes back what a response left over, and delivers it as the datagrams that it came in.
    func handOver(_ bytes: ByteBuffer) {
        var rest = bytes
        var sizes: [Int] = []
        var left = rest.readableBytes
        while left > 0 {
            // What is left is the end of what came.
            let size = min(settledSizes.popLast() ?? left, left)
            sizes.append(size)
            left -= size
        }
        settledSizes = []
        for size in sizes.reversed() {
            if let datagram = rest.readSlice(length: size) { keep(datagram) }
        }
        deliverKept()
        updateReading()
    }

    private func keep(_ datagram: ByteBuffer) {
        let size = datagram.readableBytes + DatagramInbox.overhead
        guard keptBytes + size <= Self.keptBytesLimit else { return }
        keptBytes += size
        kept.append(datagram)
    }

    private func planDelivery() {
        guard !isDeliveryPlanned else { return }
        isDeliveryPlanned = true
        environment.execute { [self] in
            isDeliveryPlanned = false
            deliverKept()
        }
    }

    private func deliverKept(evenUnasked: Bool = false) {
        // A handler that hands bytes over must not overtake those that are being delivered.
        guard !isDelivering else { return }
        isDelivering = true
        defer { isDelivering = false }
        var left = DatagramInbox.datagramsPerTurn
        while isReceiving || evenUnasked, !kept.isEmpty {
            if left == 0, !evenUnasked { return planDelivery() }
            left -= 1
            let datagram = kept.removeFirst()
            keptBytes -= datagram.readableBytes + DatagramInbox.overhead
            traffic?.lineDidReceive(datagram)
        }
    }

    private func updateReading() {
        let wanted = isReceiving || isAwaited
        guard wanted != isReading, let transport else { return }
        isReading = wanted
        transport.setReading(wanted)
    }

    // MARK: Activity

    private func noteTraffic() {
        lastTraffic = environment.now
        if !isBusy {
            isBusy = true
            activityMayHaveChanged()
            watchForIdleness()
        }
    }

    private func watchForIdleness() {
        // One timer for any amount of traffic: it comes too early and looks again.
        idleTimer = environment.schedule(at: lastTraffic + Self.idleTime) { [weak self] in
            guard let self else { return }
            if environment.now - lastTraffic >= Self.idleTime {
                isBusy = false
                activityMayHaveChanged()
            } else {
                watchForIdleness()
            }
        }
    }

    private func activityMayHaveChanged() {
        traffic?.activityMayHaveChanged()
    }
}

extension DatagramConnection: DatagramDelegate {
    func transport(_ transport: any DatagramTransport, didReceive bytes: ByteBuffer, from address: SocketAddress) {
        guard transport === self.transport else { return }
        unanswered = 0
        hasFailed = false
        noteTraffic()
        if isAwaited, bytes.readableBytes > 0 {
            if awaitedSizes.count < Self.mostSizes {
                awaitedSizes.append(bytes.readableBytes)
            } else {
                awaitedSizes[Self.mostSizes - 1] += bytes.readableBytes
            }
            traffic?.receiveAwaited(bytes)
        } else if kept.isEmpty, isReceiving, !isDelivering {
            traffic?.lineDidReceive(bytes)
        } else {
            keep(bytes)
            deliverKept()
        }
    }

    func transport(_ transport: any DatagramTransport, didFail failure: ConnectFailure) {
        guard transport === self.transport, !hasFailed else { return }
        hasFailed = true
        traffic?.owner?.lineDidFail(IOFault("\(peer): \(failure.reason)"))
    }

    func transportDidDrain(_ transport: any DatagramTransport) {
        roomWaiters.takeAll().fire()
    }

    func transportDidClose(_ transport: any DatagramTransport, reason: CloseReason) {
        // A close of one's own has been dealt with when it was made; this is the system's, or the environment's.
        guard transport === self.transport else { return }
        if case .failed(let text) = reason {
            openings += 1
            openingFailed(text)
        } else {
            close()
        }
    }
}

extension SocketAddress {
    /// Whether it may be a broadcast address: without the interface's mask nobody can tell for sure.
    fileprivate var mayBeBroadcast: Bool {
        !isIPv6 && packedIPAddress.last == 255
    }
}
