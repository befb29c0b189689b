import CPolling
import Glibc

/// What a ring has of one source. There is at most one request of each kind in the kernel: so what it tells needs no
/// number to be told apart from what an earlier one had to tell.
struct RingRequests {
    /// A poll is in the kernel.
    var isPolling = false
    /// Its end was asked for.
    var isPollCancelled = false
    /// A receive is in the kernel.
    var isReceiving = false
    var isReceiveCancelled = false
    /// The ring looks at the source before its next turn.
    var isNoted = false
    /// What the poll is to tell of.
    var polled: UInt32 = 0

    /// Whether the kernel has anything that it will tell of.
    var areUnderWay: Bool { isPolling || isReceiving }
}

/// What a receive has brought.
struct RingReceived {
    /// How many bytes, 0 at the end of the stream, or a negative error number.
    let result: Int32
    let flags: UInt32

    /// The number of the buffer in which the bytes are; nil when there are none.
    var buffer: UInt16? {
        flags & UInt32(POLLING_RING_HAS_BUFFER) == 0 ? nil : UInt16(truncatingIfNeeded: flags >> 16)
    }

    /// Whether the receive is in the kernel no more.
    var isLast: Bool { flags & UInt32(POLLING_RING_GOES_ON) == 0 }
}

/// The way of a loop to its sources through io_uring: one call of the system a turn hands over all that the sources
/// want, and waits for what comes.
///
/// A request never refers to memory of a source. What is received comes into buffers of the ring, and what is sent lies
/// in its memory and is sent before a turn goes on. So a source may be closed at any time; the loop keeps the object
/// until the kernel has told the last of it.
final class CompletionRing {
    /// The most that a source stages for one turn: what is more is sent at once, like what would have to be copied
    /// for long.
    static let stageLimit = 16 * 1024
    /// What one receive brings at most.
    static let bufferSize = Int(POLLING_RING_BUFFER_SIZE)

    /// nil when it is closed.
    private(set) var ring: OpaquePointer?
    private let wakeUp: CInt
    // Without checks of exclusive access: nothing is called while one of these is changed.
    @exclusivity(unchecked) private var noted: ContiguousArray<PollSource> = []
    @exclusivity(unchecked) private var senders: ContiguousArray<StreamSource> = []
    @exclusivity(unchecked) private var watchesWakeUp = false
    /// No request is taken any more.
    @exclusivity(unchecked) private var hasEnded = false

    /// - Parameter wakeUp: the counter that wakes the loop; the loop's.
    /// - Throws: what the system refused.
    init(wakeUp: CInt) throws(SystemError) {
        var made: OpaquePointer?
        var obstacle = POLLING_RING_REFUSED
        _ = try checked(polling_ring_create(&made, &obstacle))
        guard let made else { throw SystemError(EINVAL) }
        ring = made
        self.wakeUp = wakeUp
    }

    deinit { close() }

    /// Gives all back that it has of the system.
    func close() {
        polling_ring_destroy(ring)
        ring = nil
    }

    /// Makes the ring the calling thread's.
    func enable() {
        let status = polling_ring_enable(ring)
        precondition(status >= 0, "the loop cannot begin: \(SystemError(-status))")
    }

    // MARK: From sources

    /// Looks at what `source` wants before the next turn.
    func note(_ source: PollSource) {
        guard !source.requests.isNoted, !hasEnded else { return }
        source.requests.isNoted = true
        noted.append(source)
    }

    /// Lets go of a source that is being closed.
    func forget(_ source: PollSource) {
        guard source.requests.areUnderWay else { return source.loop.bury(source) }
        guard !source.mayLinger else { return note(source) }
        source.requests.isPollCancelled = polling_ring_cancel_now(ring, value(of: source, POLLING_RING_POLL))
        if !source.requests.isPollCancelled { note(source) }
    }

    /// Takes bytes that `source` sends at the end of this turn.
    /// - Parameter end: where those end that it has staged before, if it has.
    /// - Returns: where they are; nil when there is no room for them, or none behind the others.
    func stage(_ bytes: UnsafeRawBufferPointer, behind end: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard !hasEnded else { return nil }
        let place =
            if let end {
                polling_ring_extend(ring, end, bytes.count) ? end : nil
            } else {
                polling_ring_stage(ring, bytes.count)
            }
        if let place, let base = bytes.baseAddress { place.copyMemory(from: base, byteCount: bytes.count) }
        return place
    }

    /// Sends what `source` has staged, unless it has done so itself before the end of the turn.
    func add(_ sender: StreamSource, _ inRing: RingStream) {
        guard !inRing.isSender else { return }
        inRing.isSender = true
        senders.append(sender)
    }

    /// The bytes of a buffer.
    func bytes(of received: RingReceived) -> UnsafeRawBufferPointer {
        guard let buffer = received.buffer, received.result > 0 else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(start: polling_ring_buffer(ring, buffer), count: Int(received.result))
    }

    /// There were too few buffers.
    func provideMore() { polling_ring_provide_more(ring) }

    // MARK: From the loop

    /// Hands over what the sources want, and waits.
    /// - Parameter nanoseconds: how long at most; negative: for ever.
    /// - Returns: 0, or a negative error number.
    func turn(_ nanoseconds: Int64) -> CInt {
        if !watchesWakeUp {
            watchesWakeUp = polling_ring_poll(ring, wakeUp, Readiness.readable, UInt64(POLLING_RING_WAKE_UP))
        }
        if !noted.isEmpty { ask() }
        if !senders.isEmpty { send() }
        let status = polling_ring_turn(ring, nanoseconds)
        if !senders.isEmpty { finishSends() }
        return status
    }

    /// What was told next; nil when the turn has told all.
    func next() -> polling_completion? {
        var completion = polling_completion()
        return polling_ring_next(ring, &completion) ? completion : nil
    }

    /// Serves what was told of a source.
    /// - Returns: whether it is the loop's wake-up instead.
    func serve(_ completion: polling_completion) -> Bool {
        let kinds = UInt64(POLLING_RING_KINDS)
        guard completion.value != UInt64(POLLING_RING_WAKE_UP) else {
            watchesWakeUp = false
            return true
        }
        guard let pointer = UnsafeRawPointer(bitPattern: UInt(completion.value & ~kinds)) else { return false }
        // The loop counts a reference to a source until it is closed and the kernel has told the last of it.
        Unmanaged<PollSource>.fromOpaque(pointer)._withUnsafeGuaranteedRef { source in
            if completion.value & kinds == UInt64(POLLING_RING_RECEIVE) {
                received(RingReceived(result: completion.result, flags: completion.flags), for: source)
            } else {
                polled(completion.result, for: source)
            }
        }
        return false
    }

    /// Ends all requests. What is still open is told of nothing more.
    func end() {
        // What was asked for in the last turn is sent, too.
        for source in senders { source.sendStaged() }
        senders = []
        hasEnded = true
        polling_ring_end(ring)
        while let completion = next() {
            let kinds = UInt64(POLLING_RING_KINDS)
            guard let pointer = UnsafeRawPointer(bitPattern: UInt(completion.value & ~kinds)) else { continue }
            Unmanaged<PollSource>.fromOpaque(pointer)._withUnsafeGuaranteedRef { source in
                if completion.value & kinds == UInt64(POLLING_RING_POLL) {
                    source.requests.isPolling = false
                } else if RingReceived(result: completion.result, flags: completion.flags).isLast {
                    source.requests.isReceiving = false
                } else {
                    return
                }
                if !source.isOpen, !source.requests.areUnderWay { source.loop.bury(source) }
            }
        }
        noted = []
    }

    private func value(of source: PollSource, _ kind: some BinaryInteger) -> UInt64 {
        UInt64(UInt(bitPattern: Unmanaged.passUnretained(source).toOpaque())) | UInt64(kind)
    }

    private func value<Kind: RawRepresentable>(of source: PollSource, _ kind: Kind) -> UInt64
    where Kind.RawValue: BinaryInteger {
        value(of: source, kind.rawValue)
    }

    private func polled(_ result: Int32, for source: PollSource) {
        source.requests.isPolling = false
        source.requests.isPollCancelled = false
        guard source.isOpen else { return finished(source) }
        // A poll tells once: it is asked for anew as long as the source wants it, and then tells what is there.
        note(source)
        if result > 0 {
            source.serve(UInt32(result))
        } else if result < 0, result != -ECANCELED {
            source.refused(-result)
        }
    }

    private func received(_ received: RingReceived, for source: PollSource) {
        // Given back when the handler has returned: until then the bytes are its to read.
        defer { if let buffer = received.buffer { polling_ring_give_back(ring, buffer) } }
        if received.isLast {
            source.requests.isReceiving = false
            source.requests.isReceiveCancelled = false
        }
        guard source.isOpen else {
            if received.isLast { finished(source) }
            return
        }
        if received.isLast { note(source) }
        source.serveReceived(received, self)
    }

    /// The kernel is done with one request of a source that is closed.
    private func finished(_ source: PollSource) {
        if !source.requests.areUnderWay { source.loop.bury(source) }
    }

    /// Asks the kernel for what the noted sources want.
    private func ask() {
        let sources = noted
        noted.removeAll(keepingCapacity: true)
        for source in sources {
            source.requests.isNoted = false
            // Without room in the queue it is tried again in the next turn.
            if !(source.isOpen ? ask(for: source) : abandon(source)) { note(source) }
        }
    }

    private func abandon(_ source: PollSource) -> Bool {
        if source.requests.isPolling, !source.requests.isPollCancelled {
            guard polling_ring_cancel(ring, value(of: source, POLLING_RING_POLL)) else { return false }
            source.requests.isPollCancelled = true
        }
        if source.requests.isReceiving, !source.requests.isReceiveCancelled {
            guard polling_ring_cancel(ring, value(of: source, POLLING_RING_RECEIVE)) else { return false }
            source.requests.isReceiveCancelled = true
        }
        return true
    }

    private func ask(for source: PollSource) -> Bool {
        let wantsReceive = source.wantsReceive
        if source.requests.isReceiving {
            if !wantsReceive, !source.requests.isReceiveCancelled {
                guard polling_ring_cancel(ring, value(of: source, POLLING_RING_RECEIVE)) else { return false }
                source.requests.isReceiveCancelled = true
            }
        } else if wantsReceive {
            guard polling_ring_receive(ring, source.descriptor, value(of: source, POLLING_RING_RECEIVE)) else {
                return false
            }
            source.requests.isReceiving = true
        }
        let events = source.polledEvents
        if source.requests.isPolling {
            if source.requests.polled != events, !source.requests.isPollCancelled {
                guard polling_ring_cancel(ring, value(of: source, POLLING_RING_POLL)) else { return false }
                source.requests.isPollCancelled = true
            }
        } else if let events {
            guard polling_ring_poll(ring, source.descriptor, events, value(of: source, POLLING_RING_POLL)) else {
                return false
            }
            source.requests.isPolling = true
            source.requests.polled = events
        }
        return true
    }

    private func send() {
        for source in senders {
            guard let staged = source.inRing?.staged else { continue }
            let isTaken = polling_ring_send(
                ring, source.descriptor, staged.baseAddress, staged.count, value(of: source, POLLING_RING_SEND))
            if !isTaken { source.sendStaged() }
        }
    }

    /// Every send is done when a turn has begun. What could not be sent stays with its source, before anybody is
    /// called.
    private func finishSends() {
        var completion = polling_completion()
        while polling_ring_next_failure(ring, &completion) {
            let pointer = UnsafeRawPointer(bitPattern: UInt(completion.value & ~UInt64(POLLING_RING_KINDS)))
            guard let pointer else { continue }
            Unmanaged<StreamSource>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.sentStaged(completion.result) }
        }
        for source in senders {
            source.inRing?.forgetStaged()
            source.inRing?.isSender = false
        }
        senders.removeAll(keepingCapacity: true)
    }
}
