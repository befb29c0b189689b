import Glibc
import NIOCore
import NIOPosix

/// A serial port of the system as a stream: the only handler of a pipe channel over the port's descriptor.
///
/// A port that is pulled out takes the bytes along that were not read yet: the system drops them.
final class SerialPortTransport: ChannelInboundHandler, SerialTransport {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How often a closed stream looks whether all is sent.
    private static let flushInterval = TimeAmount.milliseconds(5)

    /// Kept until the port is closed: the environment closes what is open when a program ends.
    private var environment: LiveEnvironment?
    private let port: SerialPort
    private var context: ChannelHandlerContext?
    // Both are assigned in init as they need self, and never again.
    private var inbox: StreamInbox! = nil
    private var transmitter: SerialTransmitter! = nil
    private var isClosing = false
    private var isReading = false
    private var isSending = false
    private var wasFull = false
    private var failure: String?
    private var flushTimer: (any Cancellable)?

    var remoteAddress: SocketAddress? { nil }
    var localAddress: SocketAddress? { nil }

    /// Takes an open port; ``open()`` follows.
    init(environment: LiveEnvironment, port: SerialPort, settings: SerialSettings) {
        self.environment = environment
        self.port = port
        let scheduler = environment.scheduler
        inbox = StreamInbox(transport: self) { scheduler.execute($0) }
        // Not the program's deadlines: when it ends, what it has sent still goes out.
        transmitter = SerialTransmitter(line: self, settings: settings) { [unowned environment] delay, body in
            environment.scheduleHousekeeping(after: delay, body)
        }
        environment.serialPortOpened(self)
    }

    /// Puts the port on the loop. Until that has happened, what is sent waits; a failure ends the stream.
    func open() {
        guard let environment else { return }
        let bound = NIOLoopBound(self, eventLoop: environment.eventLoop)
        do {
            let input = try port.duplicate()
            let output: CInt
            do {
                output = try port.duplicate()
            } catch {
                _ = Glibc.close(input)
                throw error
            }
            environment.openingBegan()
            NIOPipeBootstrap(group: environment.eventLoop)
                .channelOption(.autoRead, value: false)
                .channelOption(.recvAllocator, value: LiveEnvironment.receiveAllocator)
                .channelOption(.writeBufferWaterMark, value: LiveEnvironment.waterMark)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(bound.value)
                    }
                }
                .takingOwnershipOfDescriptors(input: input, output: output)
                .assumeIsolated()
                .whenComplete { [self] result in
                    defer { environment.openingEnded() }
                    switch result {
                    case .success(let channel):
                        // Closed while it was put on the loop: nobody else would close these descriptors.
                        if self.environment == nil { channel.close(promise: nil) }
                    case .failure(let error):
                        // The descriptors are given back.
                        _ = Glibc.close(input)
                        _ = Glibc.close(output)
                        failed(systemErrorText(of: error))
                        release()
                    }
                }
        } catch {
            failed(systemErrorText(of: error))
            release()
        }
    }

    var isOpen: Bool { environment != nil && !isClosing && !inbox.hasEnded }

    var queuedBytes: Int { transmitter.pendingBytes + bufferedBytes }

    private var bufferedBytes: Int {
        // A closed channel refuses to answer: it has nothing queued.
        Int((try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    func start(delegate: any StreamDelegate) {
        isReading = true
        inbox.start(delegate: delegate)
        setAutoRead(true)
    }

    func setReading(_ reading: Bool) {
        guard !isClosing else { return }
        isReading = reading
        inbox.setReading(reading)
        setAutoRead(reading)
    }

    func send(_ bytes: ByteBuffer) {
        guard isOpen, bytes.readableBytes > 0 else { return }
        isSending = true
        transmitter.send(bytes)
        isSending = false
        if queuedBytes > TCPTransport.highWaterMark {
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
    private func flush(until deadline: NIODeadline) {
        guard let environment else { return }
        guard queuedBytes + port.unsentBytes > 0, environment.now < deadline, !inbox.hasEnded else {
            if let context { context.close(promise: nil) } else { release() }
            return
        }
        flushTimer = environment.scheduleHousekeeping(after: Self.flushInterval) { [self] in flush(until: deadline) }
    }

    private func setAutoRead(_ value: Bool) {
        // A channel that is closed refuses, and has nothing to read.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: value)
    }

    private func drainedIfFull() {
        guard wasFull, isOpen, queuedBytes < TCPTransport.lowWaterMark else { return }
        wasFull = false
        inbox.didDrain()
    }

    /// The first failure is the cause.
    private func failed(_ text: String) {
        if failure == nil { failure = text }
    }

    /// Notes the end and lets go of the port.
    private func release() {
        guard let environment else { return }
        self.environment = nil
        context = nil
        flushTimer?.cancel()
        flushTimer = nil
        transmitter.stop()
        port.close()
        inbox.finish(isClosing ? .local : .failed(failure ?? "the port was pulled out"))
        environment.serialPortClosed(self)
    }

    // MARK: ChannelInboundHandler

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        setAutoRead(isReading)
    }

    func channelActive(context: ChannelHandlerContext) {
        transmitter.start()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.receive(unwrapInboundIn(data), later: isSending)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if !isSending { drainedIfFull() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // These are how a port that is pulled out looks from here; a pipe cannot say what became of its device.
        if let code = (error as? IOError)?.errnoCode, ![EIO, EPIPE, ENXIO, ENODEV, ECONNRESET, EBADF].contains(code) {
            failed(systemErrorText(code))
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        release()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // A channel that never became active is removed without having been inactive.
        release()
    }
}

extension SerialPortTransport: SerialLine {
    var unsentBytes: Int { bufferedBytes + port.unsentBytes }

    func write(_ bytes: ByteBuffer) {
        let isInSend = isSending
        isSending = true
        // No promise: a failure closes the channel, and that is how it is heard of.
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        isSending = isInSend
        if !isInSend { drainedIfFull() }
    }

    func apply(_ settings: SerialSettings) {
        do throws(SerialFailure) {
            try port.apply(settings)
        } catch {
            failed("the port \(error.reason)")
            context?.close(promise: nil)
        }
    }
}
