import Bytes
import Glibc
import Polling

/// A TCP connection, with nothing between it and the socket but TLS, if that is on.
///
/// The peer's FIN ends the stream in both directions, as device control expects: what arrived before it is delivered,
/// then the close. While reading is off the system may still hand over what it had when the peer closed, at most one
/// receive buffer; it is held until reading resumes.
final class TCPTransport: StreamSourceHandler, TLSCapableTransport, LiveResource {
    let kind = LiveResourceKind.stream
    /// Kept until the socket is closed: the environment closes what is open when a program ends.
    private(set) var environment: LiveEnvironment?
    let scheduler: LoopScheduler
    let remoteAddress: SocketAddress?
    let localAddress: SocketAddress?
    // Both are assigned in init as they need self, and never again.
    private(set) var source: StreamSource! = nil
    private(set) var inbox: StreamInbox! = nil
    var tls: TLSLayer?
    private var isClosing = false
    /// The end of this side is decided; the queue may still go out, and the peer's end is awaited.
    private var isLingering = false
    private var isFlushed = false
    private var wasFull = false
    private var lingerTimer: (any Cancellable)?

    /// Takes over a connected socket.
    /// - Parameters:
    ///   - environment: to which it belongs.
    ///   - peer: who is at the other end.
    init(environment: LiveEnvironment, descriptor: CInt, peer: SocketAddress?) {
        self.environment = environment
        scheduler = environment.scheduler
        remoteAddress = peer?.unmapped
        localAddress = SocketAddress(localOf: descriptor)?.unmapped
        inbox = StreamInbox(transport: self, execute: scheduler.executor)
        source = StreamSource(loop: environment.loop, descriptor: descriptor, kind: .socket, handler: self)
        environment.opened(self)
    }

    var isOpen: Bool { source.canSend && !isClosing && !inbox.hasEnded }

    var queuedBytes: Int { source.queuedBytes + (tls?.waitingBytes ?? 0) }

    func start(delegate: any StreamDelegate) {
        inbox.start(delegate: delegate)
        source.setReading(true)
    }

    func setReading(_ reading: Bool) {
        guard !isClosing else { return }
        inbox.setReading(reading)
        readAsWanted()
    }

    /// Reads when the owner wants bytes, or TLS does.
    func readAsWanted() {
        source.setReading(isLingering || inbox.wantsBytes || tls?.handshake.isUnderWay == true)
    }

    func send(_ bytes: ByteBuffer) {
        guard isOpen, bytes.readableBytes > 0 else { return }
        if let tls {
            if tls.handshake.isUnderWay { tls.handshake.hold(bytes) } else { tls.send(bytes) }
        } else {
            source.send(bytes)
        }
        let queued = queuedBytes
        if queued > StreamLimits.highWaterMark {
            wasFull = true
        } else if wasFull, queued < StreamLimits.lowWaterMark {
            // What the handshake held is gone. The delegate hears of that after the call.
            environment?.execute { [self] in drainedIfFull() }
        }
    }

    func close() {
        guard !isClosing else { return }
        isClosing = true
        inbox.discard()
        guard source.isOpen, !inbox.hasEnded else { return }
        // What waits for the handshake cannot be sent, and there is nobody to take leave of.
        if let tls, tls.handshake.isUnderWay { tls.handshake.fail(.calledOff, execute: scheduler.execute) }
        linger()
    }

    /// Ends the stream for a reason that the delegate hears. What was sent before still goes out, as after a close: so
    /// does what TLS has to say of the reason.
    func abandon(_ reason: CloseReason) {
        // What ends a stream that is closed already is of no account.
        guard !isLingering else { return }
        inbox.finish(reason)
        if source.isOpen { linger() }
    }

    private func linger() {
        guard let environment else { return }
        isLingering = true
        // Reading goes on, into the void: a socket closed over unread bytes would send a reset, and that may destroy on
        // the other side what was sent just before.
        source.setReading(true)
        lingerTimer = environment.scheduleHousekeeping(after: environment.linger) { [self] in lingerEnded() }
        tls?.takeLeave()
        finishOutputIfReady()
    }

    /// Ends the sending direction, unless something waits in TLS for the peer: an end before it would look whole.
    private func finishOutputIfReady() {
        guard tls?.waitingBytes ?? 0 == 0 else { return }
        source.finishOutput()
        noteFlush()
    }

    /// What waited in TLS for the peer has gone on to the socket.
    func tlsDidCatchUp() {
        if isLingering { finishOutputIfReady() } else { drainedIfFull() }
    }

    /// Everything that was sent before the close has left, or nothing of it can any more.
    private func noteFlush() {
        guard isLingering, !isFlushed, queuedBytes == 0 else { return }
        isFlushed = true
        inbox.finish(.local)
    }

    private func lingerEnded() {
        // The peer does not take what is queued: a reset tells it that the stream is not whole.
        if isFlushed { source.close() } else { source.reset() }
        inbox.finish(.local)
        release()
    }

    private func drainedIfFull() {
        guard wasFull, isOpen, queuedBytes < StreamLimits.lowWaterMark else { return }
        wasFull = false
        inbox.didDrain()
    }

    private func release() {
        lingerTimer?.cancel()
        lingerTimer = nil
        environment?.closed(self)
        environment = nil
    }

    // MARK: StreamSourceHandler

    func streamDidReceive(_ bytes: RawSpan) {
        // What comes behind the end is for nobody.
        guard !inbox.hasEnded else { return }
        if let tls { tls.receive(bytes) } else { inbox.receive(ByteBuffer(copying: bytes)) }
    }

    func streamDidSend() {
        if isLingering { noteFlush() } else { drainedIfFull() }
    }

    func streamDidEnd(_ error: SystemError?) {
        if !isClosing { tlsWireDidEnd(error) }
        let reason: CloseReason =
            if isClosing {
                .local
            } else if let error {
                .failed(wireErrorText(error))
            } else {
                .peer
            }
        inbox.finishNow(reason)
        release()
    }
}

/// Why a socket has ended, in the system's words. Whatever the number, a write fails at once only on a connection that
/// the peer has reset.
func wireErrorText(_ error: SystemError) -> String {
    systemErrorText(error.number == EPIPE ? ECONNRESET : error.number)
}
