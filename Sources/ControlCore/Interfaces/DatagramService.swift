import Bytes
import Polling

/// A UDP server's socket and those who have sent to it.
///
/// Each address is a sender of its own, from its first datagram until it is forgotten: when it was idle for
/// ``idleTime``, when it is closed, or when ``senderLimit`` others are known and it is the one that was idle longest.
/// With a limit of the program's own, newcomers over it are not heard instead.
///
/// When listening ends, those who are known are still heard and answered; the socket closes with the last of them.
final class DatagramService: Listener {
    /// After so long without a datagram from or to it, a sender is forgotten.
    static let idleTime = TimeAmount.seconds(300)
    /// So many senders are known at most when the program sets no limit.
    static let senderLimit = 1000

    /// Never told: nothing is opened for a sender.
    var onTrouble: ((String) -> Void)?
    /// A sender is new.
    var onAccept: ((DatagramSender) -> Void)?
    /// A datagram did not get to its receiver, or the socket was lost.
    var onFault: ((IOFault) -> Void)?
    /// The socket is closed. Called once, last.
    var onClose: ((DatagramService) -> Void)?

    private let environment: any Environment
    private let transport: any DatagramTransport
    private let maxSenders: Int?
    private let senderPort: Int
    private var senders: [SocketAddress: DatagramSender] = [:]
    private var isListening = true
    private var idleTimer: (any Cancellable)?
    private var roomWaiters: [CancellableCall] = []

    /// - Parameters:
    ///   - maxSenders: the program's limit.
    ///   - senderPort: only senders from this port are heard; 0: from any.
    init(environment: any Environment, transport: any DatagramTransport, maxSenders: Int?, senderPort: Int) {
        self.environment = environment
        self.transport = transport
        self.maxSenders = maxSenders
        self.senderPort = senderPort
    }

    var port: Int { transport.localAddress?.port ?? 0 }

    func start() {
        transport.start(delegate: self)
    }

    /// Takes new senders again, after ``close()`` while the socket is still open.
    /// - Returns: false when the socket is closed.
    func resume() -> Bool {
        guard transport.isOpen else { return false }
        isListening = true
        return true
    }

    func close() {
        isListening = false
        closeIfUnused()
    }

    // MARK: Sending

    var queuedBytes: Int { transport.queuedBytes }

    func send(_ bytes: ByteBuffer, to address: SocketAddress) throws(IOFault) {
        let size = bytes.readableBytes
        guard size <= DatagramOptions.sizeLimit else {
            throw IOFault(
                "a datagram to \(address.hostAndPort) has \(size) bytes; the limit is \(DatagramOptions.sizeLimit)")
        }
        let queued = transport.queuedBytes
        guard queued == 0 || queued + size <= StreamConnection.sendQueueLimit else {
            throw IOFault(
                "port \(port) takes no data: \(queued) bytes wait to be sent, the limit is \(StreamConnection.sendQueueLimit)"
            )
        }
        transport.send(bytes, to: address)
    }

    var isWritable: Bool { transport.queuedBytes <= StreamConnection.writableBelow }

    func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)? {
        guard transport.isOpen, !isWritable else { return nil }
        return roomWaiters.add(body)
    }

    // MARK: Senders

    /// A sender was closed.
    func forget(_ sender: DatagramSender) {
        senders[sender.address] = nil
        closeIfUnused()
    }

    private func sender(at address: SocketAddress) -> DatagramSender? {
        if let known = senders[address] { return known }
        guard isListening, senderPort == 0 || address.port == senderPort else { return nil }
        if let maxSenders {
            guard senders.count < maxSenders else { return nil }
        } else if senders.count >= Self.senderLimit {
            senders.values.min { $0.lastTraffic < $1.lastTraffic }?.close()
        }
        let sender = DatagramSender(address: address, service: self, environment: environment)
        senders[address] = sender
        if senders.count == 1 { watchForIdleness() }
        onAccept?(sender)
        return sender
    }

    private func watchForIdleness() {
        idleTimer?.cancel()
        guard let oldest = senders.values.map(\.lastTraffic).min() else { return }
        idleTimer = environment.schedule(at: oldest + Self.idleTime) { [weak self] in
            guard let self else { return }
            let limit = environment.now - Self.idleTime
            let idle = senders.values.filter { $0.lastTraffic <= limit }
            for sender in idle.sorted(by: { $0.lastTraffic < $1.lastTraffic }) { sender.close() }
            watchForIdleness()
        }
    }

    private func closeIfUnused() {
        guard !isListening, senders.isEmpty, transport.isOpen else { return }
        transport.close()
        didClose()
    }

    private func didClose() {
        idleTimer?.cancel()
        isListening = false
        roomWaiters.takeAll().fire()
        for sender in senders.values { sender.close() }
        let onClose = onClose
        self.onClose = nil
        onAccept = nil
        onFault = nil
        onClose?(self)
    }
}

extension DatagramService: DatagramDelegate {
    func transport(_ transport: any DatagramTransport, didReceive bytes: ByteBuffer, from address: SocketAddress) {
        sender(at: address)?.receive(bytes)
    }

    func transport(_ transport: any DatagramTransport, didFail failure: ConnectFailure) {
        onFault?(IOFault("port \(port): a datagram was not sent: \(failure.reason)"))
    }

    func transportDidDrain(_ transport: any DatagramTransport) {
        roomWaiters.takeAll().fire()
    }

    func transportDidClose(_ transport: any DatagramTransport, reason: CloseReason) {
        if case .failed(let text) = reason { onFault?(IOFault("port \(port) is lost: \(text)")) }
        didClose()
    }
}

extension SocketAddress {
    /// The address as `host:port`, for messages.
    var hostAndPort: String { "\(ipAddress):\(port)" }
}
