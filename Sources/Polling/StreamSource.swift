public import Bytes
import CPolling
import Glibc

/// What happens on a ``StreamSource``, told on the loop and never from inside a call of the source's own members.
public protocol StreamSourceHandler: AnyObject {
    /// Bytes arrived: one at least, and ``PollLoop/readLimit`` at most. They are valid until this returns.
    func streamDidReceive(_ bytes: RawSpan)

    /// The stream has ended: nil when the peer has closed in good order. The source is closed, and nothing follows.
    func streamDidEnd(_ error: SystemError?)

    /// Some of what was queued has been taken by the system; ``StreamSource/queuedBytes`` tells the rest.
    func streamDidSend()
}

/// A stream of bytes on a loop: a connected socket, or a terminal.
///
/// What arrives is read into the loop's one buffer and lent to the handler. What is sent goes to the system at once,
/// and is copied only as far as the system does not take it.
public final class StreamSource: PollSource {
    /// What the descriptor is.
    public enum Kind {
        /// A stream socket.
        case socket
        /// Anything else that is read and written, such as a terminal.
        case file
    }

    /// How often one source reads in one turn when the stream has ended: what is left is to be delivered with the end.
    private static let readsPerTurn = 16
    /// How often it writes in one turn.
    private static let writesPerTurn = 16
    /// The most that one write takes: a peer that reads as fast as the system copies would else hold the loop for as
    /// long as there are bytes.
    private static let writeLimit = 1024 * 1024

    private let kind: Kind
    /// What sockets have besides on a loop with a ring.
    let inRing: RingStream?
    // Without checks of exclusive access, of which a message would take a dozen: nothing is called while one of these
    // is changed.
    @exclusivity(unchecked) private(set) var handler: (any StreamSourceHandler)?
    @exclusivity(unchecked) var queue = OutputQueue()
    @exclusivity(unchecked) private(set) var isReading = false
    /// The peer has ended the stream, or the system has.
    var isEnding = false
    /// A write has failed: nothing is sent any more, and the end follows what still can be read.
    @exclusivity(unchecked) private(set) var writeError: SystemError?
    @exclusivity(unchecked) private var shutsOutput = false
    private var isEndPlanned = false

    /// Takes over a descriptor that never waits. Nothing is read until ``setReading(_:)``.
    /// - Parameter handler: kept until the source is closed.
    public init(loop: PollLoop, descriptor: CInt, kind: Kind, handler: any StreamSourceHandler) {
        self.kind = kind
        self.handler = handler
        inRing = kind == .socket && loop.ring != nil ? RingStream() : nil
        super.init(loop: loop, descriptor: descriptor)
        watch()
    }

    /// Bytes that were handed in and that the system has not taken. What io_uring is given at the end of this turn, at
    /// most 16 KiB, is not among them.
    public var queuedBytes: Int { queue.count }

    /// Whether what is handed in is sent: the source is open, and no write has failed.
    public var canSend: Bool { isOpen && writeError == nil && !shutsOutput }

    /// Begins or stops to read. Once the peer has ended the stream, all that it had sent is read and told, and the end.
    public func setReading(_ reading: Bool) {
        guard reading != isReading else { return }
        isReading = reading
        // Stopping costs nothing now: when something comes, the loop is told to keep it to itself.
        if reading {
            watch()
            planDeliveryOfKept()
        }
    }

    /// Sends `bytes` behind what is queued. Never waits; a failure is told later, as the end of the stream. With
    /// io_uring, short messages go at the end of the turn, all at once.
    public func send(_ bytes: RawSpan) {
        guard canSend, bytes.byteCount > 0 else { return }
        if let inRing {
            guard !bytes.withUnsafeBytes({ stage($0, inRing) }), writeError == nil else { return }
        }
        var sent = 0
        if queue.isEmpty {
            sent = bytes.withUnsafeBytes { write($0) }
            guard sent < bytes.byteCount, writeError == nil else { return }
        }
        bytes.withUnsafeBytes { bytes in queue.append(UnsafeRawBufferPointer(rebasing: bytes[sent...])) }
        watch()
    }

    /// Sends `bytes` behind what is queued, as ``send(_:)`` does; what the system does not take shares their storage.
    public func send(_ bytes: ByteBuffer) {
        guard canSend, bytes.readableBytes > 0 else { return }
        if let inRing {
            guard !bytes.withUnsafeReadableBytes({ stage($0, inRing) }), writeError == nil else { return }
        }
        var rest = bytes
        if queue.isEmpty {
            let sent = bytes.withUnsafeReadableBytes { write($0) }
            guard sent < bytes.readableBytes, writeError == nil else { return }
            rest.moveReaderIndex(forwardBy: sent)
        }
        queue.append(rest)
        watch()
    }

    /// Shuts the sending direction when everything queued is sent. What is handed in from now on is dropped.
    public func finishOutput() {
        sendStaged()
        guard canSend else { return }
        shutsOutput = true
        if queue.isEmpty { shutOutput() }
    }

    /// Closes the socket at once with a reset, so that the peer knows that the stream is not whole.
    public func reset() {
        guard isOpen else { return }
        sendStaged()
        // Should it be refused, the plain close is all that is left.
        if kind == .socket { _ = polling_set_reset_on_close(descriptor) }
        close()
    }

    /// Closes the descriptor; what is queued is dropped. Idempotent.
    public override func close() {
        // What goes with the handler may call this again.
        guard isOpen else { return }
        sendStaged()
        queue = OutputQueue()
        super.close()
        handler = nil
    }

    // MARK: On the loop

    func watch() {
        var events = Readiness.peerEnd
        if isReading || isEnding { events |= Readiness.readable }
        if !queue.isEmpty { events |= Readiness.writable }
        // What stopped reading stays watched until something comes: most pauses are short.
        if !isReading { events |= toldEvents & Readiness.readable }
        tell(of: events)
    }

    override func serve(_ events: UInt32) {
        guard isOpen else { return }
        // While the ring receives, it tells of the end behind what came before.
        let events = requests.isReceiving ? events & Readiness.writable : events
        if events & Readiness.writable != 0, !queue.isEmpty { flush() }
        guard isOpen else { return }
        if events & Readiness.ended != 0 {
            isEnding = true
        }
        if isEnding {
            readToEnd()
        } else if isReading {
            if events & Readiness.readable != 0 { _ = readOnce() }
        } else if events & Readiness.readable != 0 {
            tell(of: toldEvents & ~Readiness.readable)
        }
    }

    override func refused(_ error: CInt) { end(SystemError(error)) }

    /// Reads what is left, as far as one turn goes; the rest and the end come in the next ones.
    func readToEnd() {
        var left = Self.readsPerTurn
        while left > 0, readOnce() { left -= 1 }
        guard isOpen, left == 0 else { return }
        watch()
        // The system has told the error to the write: should nothing be left now, it tells nothing more. Nor does it
        // tell of what is kept here.
        if writeError != nil || inRing?.hasKept == true { planEnd() }
    }

    /// Reads what is left in the next turn, whether or not the system tells of it.
    private func planEnd() {
        guard !isEndPlanned else { return }
        isEndPlanned = true
        loop.execute { [self] in
            isEndPlanned = false
            guard isOpen else { return }
            isEnding = true
            readToEnd()
        }
    }

    /// Reads once and tells the handler.
    /// - Returns: whether there may be more.
    func readOnce() -> Bool {
        if let inRing, let mayGoOn = readKept(inRing) { return mayGoOn }
        let count = polling_read(descriptor, loop.received.baseAddress, loop.received.count)
        if count > 0 {
            if let inRing { didRead(count, inRing) }
            let bytes = UnsafeRawBufferPointer(rebasing: loop.received[..<count])
            handler?.streamDidReceive(bytes.bytes)
            return isOpen
        }
        if count == 0 {
            end(writeError)
        } else if count == -Int(EAGAIN) {
            // Nothing is left, and the end was told to the write or is still to come.
            if let writeError { end(writeError) }
        } else {
            end(writeError ?? SystemError(CInt(-count)))
        }
        return false
    }

    func end(_ error: SystemError?) {
        guard isOpen else { return }
        let handler = handler
        close()
        handler?.streamDidEnd(error)
    }

    /// Gives bytes to the system.
    /// - Returns: how many it has taken.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count =
            kind == .socket
            ? polling_send(descriptor, bytes.baseAddress, min(bytes.count, Self.writeLimit))
            : polling_write(descriptor, bytes.baseAddress, min(bytes.count, Self.writeLimit))
        guard count < 0 else { return count }
        if count != -Int(EAGAIN) { writeFailed(CInt(-count)) }
        return 0
    }

    /// Kept out of the way of writes that succeed.
    @inline(never)
    func writeFailed(_ error: CInt) {
        writeError = SystemError(error)
        queue = OutputQueue()
        // The handler hears of it after the call that it is making, behind what still can be read.
        planEnd()
    }

    private func flush() {
        var left = Self.writesPerTurn
        let before = queue.count
        while left > 0, let first = queue.first {
            left -= 1
            let sent = first.withUnsafeReadableBytes { write($0) }
            queue.removeFirst(sent)
            // The system has no more room, or has taken all that one write gives.
            if sent < first.readableBytes { break }
        }
        guard writeError == nil, queue.count < before else { return }
        if queue.isEmpty {
            watch()
            if shutsOutput { shutOutput() }
        }
        handler?.streamDidSend()
    }

    // MARK: On a loop with a ring

    override var mayLinger: Bool { kind == .socket }

    override var wantsReceive: Bool {
        guard let inRing, !isEnding, writeError == nil else { return false }
        return toldEvents & Readiness.readable != 0 && !inRing.isBulk && !inRing.hasKept
    }

    override var polledEvents: UInt32? {
        guard let inRing else { return toldEvents }
        // While the ring receives, that tells of all but room.
        if requests.isReceiving || wantsReceive {
            return toldEvents & Readiness.writable == 0 ? nil : Readiness.writable
        }
        guard inRing.hasKept else { return toldEvents }
        // What is kept comes first, and nobody need tell of it.
        return isEnding ? nil : toldEvents & ~Readiness.readable
    }

    override func serveReceived(_ received: RingReceived, _ ring: CompletionRing) {
        if let inRing { receive(received, ring, inRing) }
    }

    private func shutOutput() {
        // A connection that is broken refuses, and is told of by its end.
        if kind == .socket { _ = polling_shut_output(descriptor) }
    }
}
