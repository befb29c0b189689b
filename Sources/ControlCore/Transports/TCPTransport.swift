import Glibc
import NIOCore
import NIOTLS

/// A TCP connection: the last handler of its channel, with nothing between it and the socket but TLS, if that is on.
///
/// The peer's FIN ends the stream in both directions, as device control expects: what arrived before it is delivered,
/// then the close. While reading is off the system may still hand over what it had when the peer closed, at most one
/// receive buffer; it is held until reading resumes.
final class TCPTransport: ChannelInboundHandler, TLSCapableTransport {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a closed stream may go on sending what was queued, and wait for the peer's FIN.
    static let linger = TimeAmount.seconds(1)
    /// From here on upward the queue is full, and the delegate is told when it has drained.
    static let highWaterMark = 64 * 1024
    /// Below this the queue has drained.
    static let lowWaterMark = 32 * 1024
    /// After so many bytes the channel is asked whether the socket takes them.
    static let unaskedBytes = 4 * 1024

    /// Kept until the socket is closed: the environment closes what is open when a program ends.
    private(set) var environment: LiveEnvironment?
    let scheduler: LoopScheduler
    private(set) var context: ChannelHandlerContext?
    var tls: TLSLayer?
    // Both are assigned in init as they need self, and never again.
    private(set) var inbox: StreamInbox! = nil
    private var onActive: ((TCPTransport) -> Void)?
    private var isClosing = false
    private var isFlushed = false
    /// What the channel said last: to ask it at each send takes long.
    private var isWritable = true
    private var wasFull = false
    private var isSending = false
    /// Whether something was sent since the queue was last seen empty: to ask the channel takes long.
    private var mayHaveQueued = false
    /// Sent since the channel was last asked whether the socket takes anything.
    private var unasked = 0
    /// Whether the socket does not take all at once. Then one write is under way, and what is sent meanwhile is joined
    /// here: each write that waits costs hundreds of bytes besides its own.
    private var isBackedUp = false
    /// The socket has not taken all of what was written: the next write tells when it has.
    private var followsNextWrite = false
    private var joined = ByteBuffer()
    private var failure: (any Error)?
    private var lingerTimer: (any Cancellable)?

    private(set) var remoteAddress: SocketAddress?
    private(set) var localAddress: SocketAddress?

    /// - Parameters:
    ///   - environment: to which it belongs.
    ///   - onActive: called once, when the connection stands.
    init(environment: LiveEnvironment, onActive: @escaping (TCPTransport) -> Void) {
        self.environment = environment
        self.onActive = onActive
        scheduler = environment.scheduler
        inbox = StreamInbox(transport: self, execute: scheduler.executor)
    }

    var isOpen: Bool { context != nil && !isClosing && !inbox.hasEnded }

    var queuedBytes: Int {
        guard mayHaveQueued else { return 0 }
        // A closed channel refuses to answer: it has nothing queued.
        let queued =
            Int((try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
            + (tls?.handshake.heldBytes ?? 0) + joined.readableBytes
        mayHaveQueued = queued > 0
        return queued
    }

    func start(delegate: any StreamDelegate) {
        inbox.start(delegate: delegate)
        setAutoRead(true)
    }

    func setReading(_ reading: Bool) {
        guard !isClosing else { return }
        inbox.setReading(reading)
        setAutoRead(reading || tls?.handshake.isUnderWay == true)
    }

    func send(_ bytes: ByteBuffer) {
        guard isOpen, let context, bytes.readableBytes > 0 else { return }
        mayHaveQueued = true
        if let handshake = tls?.handshake, handshake.isUnderWay {
            handshake.hold(bytes)
            if handshake.heldBytes > Self.highWaterMark { wasFull = true }
            return
        }
        if isBackedUp {
            joined.writeImmutableBuffer(bytes)
            if queuedBytes > Self.highWaterMark { wasFull = true }
            return
        }
        if followsNextWrite {
            writeAndFollow(bytes, context)
        } else {
            isSending = true
            // No promise: a failure closes the channel, and that is how it is heard of.
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            isSending = false
            unasked += bytes.readableBytes
            if unasked >= Self.unaskedBytes {
                unasked = 0
                followsNextWrite = queuedBytes > 0
            }
        }
        if !isWritable {
            wasFull = true
        } else if wasFull {
            // It was full before and this call has emptied it. The delegate hears of that after the call.
            environment?.execute { [self] in drainedIfFull() }
        }
    }

    /// Writes, and notices when the socket has taken it; what was sent meanwhile is then written in one go.
    private func writeAndFollow(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        followsNextWrite = false
        isBackedUp = true
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenSuccess { [self] in backlogTaken() }
        isSending = true
        context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
        isSending = false
    }

    private func backlogTaken() {
        isBackedUp = false
        guard let context, !isClosing else { return }
        if joined.readableBytes > 0 {
            let bytes = joined
            joined = ByteBuffer()
            writeAndFollow(bytes, context)
        }
        // The delegate hears of it after the call that it is making.
        if isSending { environment?.execute { [self] in drainedIfFull() } } else { drainedIfFull() }
    }

    /// Writes what waits at once: something else is to come behind it.
    func writeJoined() {
        guard joined.readableBytes > 0, let context else { return }
        let bytes = joined
        joined = ByteBuffer()
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func close() {
        guard !isClosing else { return }
        writeJoined()
        isClosing = true
        inbox.discard()
        guard let context, !inbox.hasEnded else { return }
        // Reading goes on, into the void: a socket closed over unread bytes would send a reset, and that may destroy on
        // the other side what was sent just before.
        setAutoRead(true)
        let flushed = context.eventLoop.makePromise(of: Void.self)
        flushed.futureResult.assumeIsolated().whenSuccess { [self] in
            isFlushed = true
            inbox.finish(.local)
        }
        let time = environment?.linger ?? Self.linger
        lingerTimer = environment?.scheduleHousekeeping(after: time) { [self] in lingerEnded() }
        if let tls, tls.handshake.isUnderWay {
            // What waits for the handshake cannot be sent, and there is nobody to take leave of.
            tls.handshake.fail(.calledOff, execute: scheduler.execute)
            (tls.wire ?? context).close(mode: .output, promise: flushed)
        } else {
            context.close(mode: .output, promise: flushed)
        }
    }

    private func lingerEnded() {
        guard let context else { return }
        if !isFlushed, let options = context.channel as? any SocketOptionProvider {
            // The peer does not take what is queued. A reset tells it that the stream is not whole. Should the option
            // be refused, the plain close that follows is all that is left.
            options.setSoLinger(LingerOption(l_onoff: 1, l_linger: 0)).whenFailure { _ in }
        }
        // Not by way of TLS, which would wait for the peer's farewell.
        (tls?.wire ?? context).close(promise: nil)
    }

    func setAutoRead(_ value: Bool) {
        // A channel that is closed refuses, and has nothing to read.
        try? context?.channel.syncOptions?.setOption(.autoRead, value: value)
    }

    private func drainedIfFull() {
        guard wasFull, isOpen, isWritable, !isBackedUp || queuedBytes < Self.lowWaterMark else { return }
        wasFull = false
        inbox.didDrain()
    }

    // MARK: ChannelInboundHandler

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        environment?.transportOpened(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        remoteAddress = context.channel.remoteAddress?.unmapped
        localAddress = context.channel.localAddress?.unmapped
        let onActive = onActive
        self.onActive = nil
        onActive?(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // A peer that was not let in may have sent already.
        guard tls?.handshake.state != .failed else { return }
        // A write that fails makes the channel read what is left before it closes, all inside the owner's send.
        inbox.receive(unwrapInboundIn(data), later: isSending)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let tls, case TLSUserEvent.handshakeCompleted = event { tlsDidAgree(tls) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if !isWritable {
            if !isSending { wasFull = true }
        } else if !isSending {
            drainedIfFull()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let tls, tlsDidCatch(error, tls) { return }
        // The channel closes itself after a failure; the delegate hears why. The first failure is the cause.
        if failure == nil { failure = error }
    }

    func channelInactive(context: ChannelHandlerContext) {
        failTLS(.other("TLS: the peer closed the connection during the handshake"))
        let reason: CloseReason =
            if isClosing {
                .local
            } else if let failure {
                .failed(tls == nil ? systemErrorText(of: failure) : tlsErrorText(failure))
            } else if isSending {
                // The system reported the failure to the write. Whatever its number, a write fails at once only on a
                // connection that the peer has reset.
                .failed(systemErrorText(ECONNRESET))
            } else {
                .peer
            }
        inbox.finish(reason)
        release()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // A channel that never became active is removed without having been inactive.
        release()
    }

    private func release() {
        lingerTimer?.cancel()
        lingerTimer = nil
        onActive = nil
        context = nil
        joined = ByteBuffer()
        tls?.wire = nil
        environment?.transportClosed(self)
        environment = nil
    }
}

/// The C structure, whose name is hidden by ``TCPTransport/linger``.
private typealias LingerOption = linger
