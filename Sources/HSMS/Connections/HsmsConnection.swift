public import ControlCore
import Polling

/// What all HSMS connections have in common: messages in, messages out, and a delegate.
///
/// A connection carries messages and keeps itself up; it speaks none of the procedures of SEMI E37. Those are the
/// business of ``HsmsProtocol``. It belongs to the loop of its environment. Nothing here waits.
///
/// While it ``isActive``, the environment keeps it alive.
public class HsmsConnection {
    /// The peer's address or host name.
    public let address: String
    /// The peer's port; of a passive connection the port to listen on.
    public let port: Int
    /// The session ID that the peer is configured for.
    public let sessionID: UInt16
    /// How the connection behaves.
    public let configuration: HsmsConfiguration
    /// Receives what happens. Held strongly.
    public var delegate: (any HsmsConnectionDelegate)?
    /// Sees every message that is received or queued, before the delegate does: for communication logs.
    public var onTraffic: ((HsmsDirection, HsmsPacket) -> Void)?
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?

    /// Whether the connection is to be kept up.
    public private(set) var isEnabled = false

    /// What becomes of the connection.
    public private(set) lazy var report = ConnectionReport(environment: environment)

    let environment: any Environment
    private(set) var channel: HsmsChannel?
    private var closeWaiters: [() -> Void] = []
    private var writableWaiters: [() -> Void] = []
    private var wasActive = false

    init(
        environment: any Environment, address: String, port: Int, sessionID: UInt16,
        delegate: (any HsmsConnectionDelegate)?, configuration: HsmsConfiguration
    ) throws(ParameterError) {
        guard (0...65_535).contains(port) else {
            throw ParameterError(parameter: "port", problem: "is \(port)", allowed: "0 to 65535")
        }
        try configuration.check()
        self.environment = environment
        self.address = address
        self.port = port
        self.sessionID = sessionID
        self.delegate = delegate
        self.configuration = configuration
    }

    /// Whether this side makes the connection.
    public var isActiveSide: Bool { false }

    /// Whether the TCP connection stands. False when the delegate hears that it is closed.
    public var isConnected: Bool { channel != nil }

    /// Whether the connection stands or is to be kept up.
    public var isActive: Bool { isEnabled || channel != nil }

    /// The peer's address and port as `host:port`, while connected.
    public var remoteAddress: String? {
        channel?.transport.remoteAddress.map { "\($0.ipAddress):\($0.port)" }
    }

    // MARK: Up and down

    /// Lets the connection be established, again and again, until ``disable(completion:)``. Idempotent.
    public func enable() {
        guard !isEnabled else { return }
        isEnabled = true
        if channel == nil { startOpening() }
        activityMayHaveChanged()
    }

    /// Closes the connection and lets it be. Idempotent.
    /// - Parameter completion: called once, on a later turn of the loop: after the delegate has heard of the close, if
    ///   there was one to hear of. Nothing of the peer or the network can delay it.
    public func disable(completion: @escaping () -> Void = {}) {
        isEnabled = false
        stopOpening()
        close(.local, completion)
        activityMayHaveChanged()
    }

    /// Closes the TCP connection without disabling: it is established again as after any loss. Idempotent.
    public func disconnect() {
        close(.local) {}
    }

    /// Closes the TCP connection, if there is one.
    func close(_ reason: HsmsCloseReason, _ completion: @escaping () -> Void = {}) {
        guard let channel else {
            environment.execute(completion)
            return
        }
        closeWaiters.append(completion)
        channel.close(reason)
    }

    // MARK: Messages

    /// Queues a message; a whole one, whatever its length and whoever else sends.
    ///
    /// The result `True` of secsgem's `send_packet` is a return, its `False` an error.
    /// - Throws: when the connection is not established, or the peer does not take what is queued already.
    public func send(_ packet: HsmsPacket) throws(IOFault) {
        guard let channel else { throw IOFault("the HSMS connection to \(address):\(port) is not established") }
        try channel.send(packet)
        onTraffic?(.sent, packet)
    }

    /// Bytes that wait to be sent.
    public var queuedBytes: Int { channel?.queuedBytes ?? 0 }

    /// Whether there is room in the send queue: at most 64 KiB wait, or none can any more.
    public var isWritable: Bool {
        guard let channel, channel.isOpen else { return true }
        return channel.queuedBytes <= Self.writableBelow
    }

    /// Calls `body` once when the send queue has drained, or the connection has ended.
    /// - Returns: false when there is room now; `body` is then not called.
    public func whenWritable(_ body: @escaping () -> Void) -> Bool {
        guard !isWritable else { return false }
        writableWaiters.append(body)
        return true
    }

    /// Up to so many queued bytes a sender need not wait: 64 KiB.
    private static let writableBelow = 64 << 10

    /// Stops (`false`) or resumes (`true`) the delivery of messages, so that a peer is slowed down that sends faster
    /// than its messages are handled. Holds for the present TCP connection. Meanwhile requests of this side are not
    /// timed out, as their answers cannot be seen; but neither are those of the peer answered, a Linktest.req included,
    /// so it should not last.
    public func setReading(_ reading: Bool) {
        channel?.setReading(reading)
    }

    /// Whether messages are delivered as they come; see ``setReading(_:)``.
    public var isReading: Bool { channel?.isReading ?? true }

    // MARK: What the kinds of connections differ in

    /// Begins to seek a TCP connection. Called when the connection is enabled.
    func startOpening() {}

    /// Ceases to seek one. Called when the connection is disabled.
    func stopOpening() {}

    /// The TCP connection is gone and the delegate has heard of it. Called while the connection is enabled.
    func connectionLost() {}

    /// Takes a new TCP connection into service. Only from a turn of the loop in which no code of the program is under
    /// way. The one that is in service ends before.
    func adopt(_ transport: any StreamTransport) {
        channel?.end(.replaced)
        // The delegate may have disabled the connection when it heard of the end.
        guard isEnabled, channel == nil else {
            transport.close()
            return
        }
        let channel = HsmsChannel(
            transport: transport, configuration: configuration, owner: self, environment: environment)
        self.channel = channel
        activityMayHaveChanged()
        report.didOpen(isActiveSide ? "connected" : "connected by \(remoteAddress ?? "the peer")")
        delegate?.connectionEstablished(self)
        channel.start()
    }

    /// Reports an attempt that failed.
    func reportFailure(_ reason: String, _ trouble: ConnectionTrouble) {
        report.didFail(trouble)
        delegate?.connection(self, didFailToOpen: reason)
    }

    private func activityMayHaveChanged() {
        let active = isActive
        guard active != wasActive else { return }
        wasActive = active
        onActivityChanged?(active)
    }

    private func callWritableWaiters() {
        let waiters = writableWaiters
        writableWaiters = []
        for waiter in waiters { waiter() }
    }
}

extension HsmsConnection: HsmsChannelOwner {
    func channel(_ channel: HsmsChannel, didReceive packet: HsmsPacket) {
        onTraffic?(.received, packet)
        delegate?.connection(self, didReceive: packet)
    }

    func channelDidDrain(_ channel: HsmsChannel) {
        callWritableWaiters()
    }

    func channelWillEnd(_ channel: HsmsChannel) {
        delegate?.connectionBeforeClosed(self)
    }

    func channelDidEnd(_ channel: HsmsChannel, reason: HsmsCloseReason) {
        self.channel = nil
        let waiters = closeWaiters
        closeWaiters = []
        if let trouble = reason.trouble { report.didEnd(trouble) } else { report.didClose() }
        delegate?.connectionClosed(self, reason: reason)
        callWritableWaiters()
        for waiter in waiters { waiter() }
        if isEnabled { connectionLost() }
        activityMayHaveChanged()
    }
}

extension HsmsConnection: CustomStringConvertible {
    /// The connection in a few words: `Active connection to 10.0.0.2:5000 session_id=0`.
    public var description: String {
        "\(isActiveSide ? "Active" : "Passive") connection to \(address):\(port) session_id=\(sessionID)"
    }
}

extension HsmsConnection: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }

    /// See ``disable(completion:)``.
    package func close() { disable() }
}
