import Bytes
import Polling

/// A simulated serial port that a program has open. It behaves as ``SerialPortTransport`` does.
final class SimulatedSerialTransport: SerialTransport {
    /// How much of the line's time one event of the world stands for at most.
    private static let step = TimeAmount.milliseconds(5)
    /// From so many unread bytes on, flow control holds the sender back.
    private static let holdBack = SimulatedSerialPort.receiveLimit / 2

    private(set) var settings: SerialSettings
    private let port: SimulatedSerialPort
    private unowned let world: SimulatedWorld
    // Both are assigned in init as they need self, and never again.
    private var inbox: StreamInbox! = nil
    private var transmitter: SerialTransmitter! = nil
    /// What the driver has taken and not sent.
    private var driverQueue = ByteBuffer()
    private var wireTimer: ScheduledDeadline?
    private var lingerTimer: ScheduledDeadline?
    private var unread = 0
    private var isClosing = false
    private var isGone = false
    private var wasFull = false

    var remoteAddress: SocketAddress? { nil }
    var localAddress: SocketAddress? { nil }

    init(port: SimulatedSerialPort, settings: SerialSettings, world: SimulatedWorld) {
        self.port = port
        self.settings = settings
        self.world = world
        inbox = StreamInbox(transport: self) { [unowned world] body in world.arm(after: .zero, body) }
        inbox.onRelease = { [unowned self] count in released(count) }
        transmitter = SerialTransmitter(line: self, settings: settings) { [unowned world] delay, body in
            world.arm(after: delay, body)
        }
        transmitter.start()
    }

    var isOpen: Bool { !isClosing && !isGone }
    var queuedBytes: Int { transmitter.pendingBytes + driverQueue.readableBytes }

    func start(delegate: any StreamDelegate) {
        inbox.start(delegate: delegate)
    }

    func setReading(_ reading: Bool) {
        guard !isClosing else { return }
        inbox.setReading(reading)
    }

    func send(_ bytes: ByteBuffer) {
        guard isOpen, bytes.readableBytes > 0 else { return }
        port.record("send", world.trace.describe(bytes))
        transmitter.send(bytes)
        if queuedBytes > StreamLimits.highWaterMark { wasFull = true }
    }

    func reconfigure(_ settings: SerialSettings) {
        guard isOpen else { return }
        transmitter.reconfigure(settings)
    }

    func close() {
        guard !isClosing, !isGone else { return }
        isClosing = true
        port.record("close", "")
        inbox.discard()
        lingerTimer = world.arm(after: StreamLimits.linger) { [self] in vanish(.local) }
        closeIfSent()
    }

    /// The port is taken away, or refuses.
    func portIsGone(_ text: String) {
        vanish(isClosing ? .local : .failed(text))
    }

    private func closeIfSent() {
        if isClosing, queuedBytes == 0 { vanish(.local) }
    }

    private func vanish(_ reason: CloseReason) {
        guard !isGone else { return }
        isGone = true
        lingerTimer?.cancel()
        wireTimer?.cancel()
        transmitter.stop()
        driverQueue.clear()
        inbox.finish(reason)
        port.transport = nil
    }

    // MARK: The wire

    private func transmit() {
        guard wireTimer?.isArmed != true, !isGone, driverQueue.readableBytes > 0, !isHeldBack else { return }
        let time = settings.characterTime
        let most = max(1, Int(Self.step.nanoseconds / max(time.nanoseconds, 1)))
        let count = min(most, driverQueue.readableBytes)
        wireTimer = world.arm(after: time * count) { [self] in
            guard !isGone, let bytes = driverQueue.readSlice(length: count) else { return }
            if driverQueue.readableBytes == 0 { driverQueue.clear() }
            if let receiver = port.peer?.transport {
                receiver.arrive(bytes, sentWith: settings)
            } else {
                port.record("unheard", world.trace.describe(bytes))
            }
            transmit()
            if wasFull, queuedBytes < StreamLimits.lowWaterMark {
                wasFull = false
                inbox.didDrain()
            }
            closeIfSent()
        }
    }

    private var isHeldBack: Bool {
        guard settings.flowControl != .off, let receiver = port.peer?.transport else { return false }
        return receiver.settings.flowControl == settings.flowControl && receiver.unread >= Self.holdBack
    }

    private func arrive(_ bytes: ByteBuffer, sentWith sender: SerialSettings) {
        guard !isGone else { return }
        var bytes = bytes
        if sender.baud != settings.baud || sender.dataBits != settings.dataBits || sender.parity != settings.parity {
            // What the receiver makes of it is some other byte; always the same one, so that runs can be repeated.
            change(&bytes) { ~$0 }
        }
        if settings.dataBits == 7 { change(&bytes) { $0 & 0x7f } }
        if unread >= SimulatedSerialPort.receiveLimit {
            port.lostBytes += bytes.readableBytes
            port.record("lost", world.trace.describe(bytes))
            return
        }
        port.record("recv", world.trace.describe(bytes))
        unread += bytes.readableBytes
        inbox.receive(bytes)
    }

    private func change(_ bytes: inout ByteBuffer, _ body: (UInt8) -> UInt8) {
        bytes = ByteBuffer(bytes: bytes.readableBytesView.map(body))
    }

    private func released(_ count: Int) {
        unread -= count
        // The sender may have been held back.
        if let sender = port.peer?.transport { world.arm(after: .zero) { sender.transmit() } }
    }
}

extension SimulatedSerialTransport: SerialLine {
    var unsentBytes: Int { driverQueue.readableBytes }

    func write(_ bytes: ByteBuffer) {
        driverQueue.writeImmutableBuffer(bytes)
        transmit()
    }

    func apply(_ settings: SerialSettings) {
        if let refused = port.refusal(settings) {
            portIsGone("the port \(SerialFailure.unsupported(refused).reason)")
            return
        }
        self.settings = settings
        port.record("set", "\(settings.baud)")
    }
}
