import Bytes
import Glibc
import Polling

/// One end of a simulated TCP connection. It behaves as ``TCPTransport`` does, towards its owner and towards its peer.
final class SimulatedTransport: TLSCapableTransport {
    let remoteAddress: SocketAddress?
    let localAddress: SocketAddress?
    var peer: SimulatedTransport?
    /// Nothing can happen to this end any more.
    private(set) var isGone = false

    private let connection: SimulatedConnection
    unowned let world: SimulatedWorld
    private(set) weak var host: SimulatedHost?
    private let hostName: String
    // Both are assigned in init as they need self, and never again.
    private(set) var link: SimulatedLink! = nil
    private(set) var inbox: StreamInbox! = nil
    var tls: SimulatedTLSLayer?
    private(set) var isClosing = false
    private var wasFull = false
    private var lingerTimer: ScheduledDeadline?
    private var serial = 0

    init(
        connection: SimulatedConnection,
        host: SimulatedHost,
        local: SocketAddress,
        remote: SocketAddress,
        network: SimulatedNetwork
    ) {
        self.connection = connection
        self.host = host
        hostName = host.name
        localAddress = local
        remoteAddress = remote
        let world = network.world
        self.world = world
        link = SimulatedLink(sender: self, connection: connection, network: network)
        inbox = StreamInbox(transport: self) { [unowned world] body in world.arm(after: .zero, body) }
        inbox.onRelease = { [weak self] count in self?.peer?.link.release(count) }
        serial = host.add(self)
    }

    var isOpen: Bool { !isClosing && !inbox.hasEnded }
    var queuedBytes: Int { link.queuedBytes + (tls?.handshake.heldBytes ?? 0) }

    func start(delegate: any StreamDelegate) {
        inbox.start(delegate: delegate)
    }

    func setReading(_ reading: Bool) {
        guard !isClosing else { return }
        inbox.setReading(reading)
    }

    func send(_ bytes: ByteBuffer) {
        guard isOpen, bytes.readableBytes > 0 else { return }
        record("send", world.trace.describe(bytes))
        sendThroughTLS(bytes)
        if queuedBytes > StreamLimits.highWaterMark { wasFull = true }
    }

    func close() {
        guard !isClosing else { return }
        isClosing = true
        inbox.discard()
        guard !isGone, !inbox.hasEnded else { return }
        record("close", "")
        tls?.handshake.fail(.calledOff, execute: execute)
        // As the live transport does: the queue may still go out, and the peer's end is awaited, but not for ever.
        lingerTimer = world.arm(after: StreamLimits.linger) { [self] in lingerEnded() }
        link.sendEnd()
    }

    private func lingerEnded() {
        let isFlushed = link.endIsSent
        inbox.finish(.local)
        vanish(killingLink: !isFlushed)
        if !isFlushed { sendReset() }
    }

    // MARK: From the link

    func didSendEnd() {
        inbox.finish(.local)
    }

    func didPump() {
        guard wasFull, queuedBytes < StreamLimits.lowWaterMark else { return }
        wasFull = false
        inbox.didDrain()
    }

    /// The peer has not acknowledged anything for too long.
    func timeOut() {
        record("timeout", "")
        failTLS(.timedOut)
        guard !isGone else { return }
        inbox.finish(isClosing ? .local : .failed(systemErrorText(ETIMEDOUT)))
        vanish(killingLink: true)
    }

    func receiveOpened(_ listener: SimulatedListener) {
        guard !isGone else {
            sendReset()
            return
        }
        guard listener.isOpen else {
            vanish(killingLink: true)
            sendReset()
            return
        }
        record("accept", Self.text(remoteAddress))
        listener.deliver(self)
    }

    func receive(_ bytes: ByteBuffer) {
        guard !isGone else {
            // A host that knows nothing of the connection answers with a reset.
            sendReset()
            return
        }
        guard tls == nil else {
            receiveThroughTLS(bytes)
            return
        }
        record("recv", world.trace.describe(bytes))
        inbox.receive(bytes)
    }

    func receiveEnd() {
        guard !isGone else { return }
        record("end", "")
        failTLS(.other("TLS: the peer closed the connection during the handshake"))
        guard !isGone else { return }
        inbox.finish(isClosing ? .local : .peer)
        // What is queued would reach nobody who reads: the peer has closed both directions.
        link.dropQueue()
        link.sendEnd()
        vanish(killingLink: false)
    }

    func receiveReset() {
        guard !isGone else { return }
        record("reset", "")
        failTLS(.other("TLS: \(systemErrorText(ECONNRESET)) during the handshake"))
        guard !isGone else { return }
        inbox.finish(isClosing ? .local : .failed(systemErrorText(ECONNRESET)))
        vanish(killingLink: true)
    }

    private func sendReset() {
        let peer = peer
        world.arm(after: connectionLatency) { [connection] in
            guard !connection.condition.drops else { return }
            peer?.receiveReset()
        }
    }

    private var connectionLatency: TimeAmount { world.network.transitTime(connection.condition) }

    func vanish(killingLink: Bool) {
        guard !isGone else { return }
        isGone = true
        lingerTimer?.cancel()
        lingerTimer = nil
        if killingLink { link.kill() }
        host?.forget(serial)
        host = nil
        connection.endIsGone()
    }

    func record(_ event: String, _ details: @autoclosure () -> String) {
        world.trace.record(world.now, hostName, "\(event) #\(connection.id)\(Self.spaced(details()))")
    }

    private static func spaced(_ details: String) -> String {
        details.isEmpty ? "" : " \(details)"
    }

    /// Runs `body` on a fresh turn.
    func execute(_ body: @escaping () -> Void) {
        world.arm(after: .zero, body)
    }

    static func text(_ address: SocketAddress?) -> String {
        address.map { "\($0.ipAddress):\($0.port)" } ?? "-"
    }
}
