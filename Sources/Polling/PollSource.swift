import CPolling
import Glibc

/// What a descriptor is ready for, as the system says it.
enum Readiness {
    /// Bytes, or the end, can be read.
    static let readable = UInt32(POLLING_READABLE)
    /// There is room to write.
    static let writable = UInt32(POLLING_WRITABLE)
    /// The peer has shut its direction.
    static let peerEnd = UInt32(POLLING_PEER_END)
    /// Both directions are shut. Always told.
    static let hangup = UInt32(POLLING_HANGUP)
    /// Something went wrong. Always told.
    static let error = UInt32(POLLING_ERROR)
    /// The stream has ended in one way or the other.
    static let ended = peerEnd | hangup | error
}

/// A descriptor on a loop. What it does with readiness is its subclass's part.
///
/// An open source and its loop keep each other; ``close()`` ends that. After it nothing of the source is called any
/// more, whatever the system had already said about the descriptor.
public class PollSource {
    /// The loop it is on.
    public final let loop: PollLoop
    // Without checks of exclusive access, this and the next: numbers, for which nothing is called.
    /// The descriptor; -1 when it is closed.
    @exclusivity(unchecked) public final private(set) var descriptor: CInt
    /// What the loop is told of.
    @exclusivity(unchecked) private var told: UInt32 = 0
    private var isRegistered = false
    /// What the ring of the loop has of it, if the loop has one.
    @exclusivity(unchecked) final var requests = RingRequests()

    /// Takes `descriptor` over: it is closed with the source. Nothing is told of it yet.
    init(loop: PollLoop, descriptor: CInt) {
        loop.preconditionCurrent()
        self.loop = loop
        self.descriptor = descriptor
        loop.openSources += 1
    }

    deinit {
        // Only a source that was never registered can come here open.
        if descriptor >= 0 {
            Glibc.close(descriptor)
            loop.openSources -= 1
        }
    }

    /// Whether it is not closed.
    public final var isOpen: Bool { descriptor >= 0 }

    /// Has the loop tell of `events`, and of nothing else but errors.
    final func tell(of events: UInt32) {
        guard events != told, descriptor >= 0 else { return }
        let me = Unmanaged.passUnretained(self)
        if isRegistered {
            if let ring = loop.ring {
                told = events
                return ring.note(self)
            }
            // It fails for want of memory only; then the old set stays, and a later change tries again.
            guard polling_change(loop.poll, descriptor, events, UInt64(UInt(bitPattern: me.toOpaque()))) == 0 else {
                return
            }
            told = events
        } else {
            do throws(SystemError) {
                try register(for: events)
            } catch {
                // No readiness will ever come. The source hears of it as of any failure.
                loop.execute { [self] in if isOpen { refused(error.number) } }
            }
        }
    }

    /// Has the loop tell of `events` and of errors, for the first time. Called where the source is made by one that can
    /// say that it is of no use; ``tell(of:)`` does it for the others.
    /// - Throws: what the system says: not every descriptor can be watched, and their number is limited.
    @inline(never)
    final func register(for events: UInt32) throws(SystemError) {
        let me = Unmanaged.passUnretained(self)
        if let ring = loop.ring {
            _ = try checked(polling_can_watch(descriptor))
            ring.note(self)
        } else {
            _ = try checked(polling_add(loop.poll, descriptor, events, UInt64(UInt(bitPattern: me.toOpaque()))))
        }
        isRegistered = true
        _ = me.retain()
        told = events
    }

    /// What the loop is told of now.
    final var toldEvents: UInt32 { told }

    /// The descriptor is ready for `events`.
    func serve(_ events: UInt32) {}

    /// The system does not watch the descriptor: for those that ``tell(of:)`` has registered.
    func refused(_ error: CInt) {}

    /// Takes the descriptor away without closing it: it is the caller's from now on.
    final func release() -> CInt {
        let released = descriptor
        guard released >= 0 else { return -1 }
        descriptor = -1
        loop.openSources -= 1
        if isRegistered {
            isRegistered = false
            if let ring = loop.ring {
                ring.forget(self)
            } else {
                polling_remove(loop.poll, released)
                loop.bury(self)
            }
        }
        return released
    }

    // MARK: On a loop with a ring

    /// What a poll of the ring is to tell of; nil: there need be none.
    var polledEvents: UInt32? { told }

    /// Whether the ring is to receive for it.
    var wantsReceive: Bool { false }

    /// Whether the kernel may let go of the descriptor at the end of the turn in which it is closed. It is not so where
    /// what is closed may be opened again at once: an address, or a port that only one may have.
    var mayLinger: Bool { false }

    /// The ring has received something, or cannot. Not called when the source is closed.
    func serveReceived(_ received: RingReceived, _ ring: CompletionRing) {}

    /// Closes the descriptor. Idempotent.
    public func close() {
        let released = release()
        if released >= 0 { Glibc.close(released) }
    }
}
