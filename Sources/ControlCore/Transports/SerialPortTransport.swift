import Bytes
import Glibc
import Polling

/// A serial port of the system as a stream.
///
/// A port that is pulled out takes the bytes along that were not read yet: the system drops them.
final class SerialPortTransport: StreamSourceHandler, SerialTransport, LiveResource {
    /// How often a closed stream looks whether all is sent.
    private static let flushInterval = TimeAmount.milliseconds(5)

    let kind = LiveResourceKind.serialPort
    /// Kept until the port is closed: the environment closes what is open when a program ends.
    private var environment: LiveEnvironment?
    private let port: SerialPort
    private var source: StreamSource?
    // Both are assigned in init as they need self, and never again.
    private var inbox: StreamInbox! = nil
    private var transmitter: SerialTransmitter! = nil
    private var isClosing = false
    private var wasFull = false
    private var failure: String?
    private var flushTimer: (any Cancellable)?

    var remoteAddress: SocketAddress? { nil }
    var localAddress: SocketAddress? { nil }

    /// Takes an open port.
    /// - Throws: when the process has no descriptor left.
    init(environment: LiveEnvironment, port: SerialPort, settings: SerialSettings) throws(SerialFailure) {
        self.environment = environment
        self.port = port
        let scheduler = environment.scheduler
        inbox = StreamInbox(transport: self) { scheduler.execute($0) }
        // Not the program's deadlines: when it ends, what it has sent still goes out.
        transmitter = SerialTransmitter(line: self, settings: settings) { [unowned environment] delay, body in
            environment.scheduleHousekeeping(after: delay, body)
        }
        source = StreamSource(
            loop: environment.loop, descriptor: try port.duplicate(), kind: .file, handler: self)
        environment.opened(self)
        transmitter.start()
    }

    var isOpen: Bool { environment != nil && !isClosing && !inbox.hasEnded }

    var queuedBytes: Int { transmitter.pendingBytes + (source?.queuedBytes ?? 0) }

    func start(delegate: any StreamDelegate) {
        inbox.start(delegate: delegate)
        source?.setReading(true)
    }

    func setReading(_ reading: Bool) {
        guard !isClosing else { return }
        inbox.setReading(reading)
        source?.setReading(reading)
    }

    func send(_ bytes: ByteBuffer) {
        guard isOpen, bytes.readableBytes > 0 else { return }
        transmitter.send(bytes)
        if queuedBytes > StreamLimits.highWaterMark {
            wasFull = true
        } else if wasFull {
            // The delegate hears of that after the call.
            environment?.execute { [self] in drainedIfFull() }
        }
    }

    func reconfigure(_ settings: SerialSettings) {
        guard isOpen else { return }
        transmitter.reconfigure(settings)
    }

    func close() {
        guard !isClosing, let environment else { return }
        isClosing = true
        inbox.discard()
        let deadline = environment.now + environment.linger
        flush(until: deadline)
    }

    /// Closes the port as soon as the driver has sent everything: closing earlier would drop it, or wait for it.
    private func flush(until deadline: Deadline) {
        guard let environment else { return }
        guard queuedBytes + port.unsentBytes > 0, environment.now < deadline, !inbox.hasEnded else {
            release()
            return
        }
        flushTimer = environment.scheduleHousekeeping(after: Self.flushInterval) { [self] in flush(until: deadline) }
    }

    private func drainedIfFull() {
        guard wasFull, isOpen, queuedBytes < StreamLimits.lowWaterMark else { return }
        wasFull = false
        inbox.didDrain()
    }

    /// Notes the end and lets go of the port.
    private func release() {
        guard let environment else { return }
        self.environment = nil
        flushTimer?.cancel()
        flushTimer = nil
        transmitter.stop()
        source?.close()
        source = nil
        port.close()
        inbox.finish(isClosing ? .local : .failed(failure ?? "the port was pulled out"))
        environment.closed(self)
    }

    // MARK: StreamSourceHandler

    func streamDidReceive(_ bytes: RawSpan) {
        inbox.receive(ByteBuffer(copying: bytes))
    }

    func streamDidSend() {
        drainedIfFull()
    }

    func streamDidEnd(_ error: SystemError?) {
        // These are how a port that is pulled out looks from here.
        if let error, ![EIO, EPIPE, ENXIO, ENODEV, ECONNRESET, EBADF].contains(error.number), failure == nil {
            failure = systemErrorText(error.number)
        }
        release()
    }
}

extension SerialPortTransport: SerialLine {
    var unsentBytes: Int { (source?.queuedBytes ?? 0) + port.unsentBytes }

    func write(_ bytes: ByteBuffer) {
        // A failure ends the stream, and that is how it is heard of.
        source?.send(bytes)
        // With a character delay the queue drains here. The delegate hears of it after the call that it may be making.
        if wasFull { environment?.execute { [self] in drainedIfFull() } }
    }

    func apply(_ settings: SerialSettings) {
        do throws(SerialFailure) {
            try port.apply(settings)
        } catch {
            // The first failure is the cause. Not from inside the owner's call.
            if failure == nil { failure = "the port \(error.reason)" }
            transmitter.stop()
            environment?.execute { [self] in release() }
        }
    }
}
