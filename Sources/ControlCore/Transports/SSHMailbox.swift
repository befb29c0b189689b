import Bytes
import CSSH
import Glibc
import Polling
import Synchronization

/// What the loop and the thread of one SSH session hand to each other.
///
/// libssh has no thread of its own and its state belongs to one thread at a time, so bytes cross here: in batches, with
/// one wake-up for each batch and direction. The lock is held for moving buffers only, never over a system call that
/// can wait.
final class SSHMailbox: Sendable {
    /// The most bytes on their way to the loop. Beyond, the thread leaves them in the channel, whose window then
    /// closes.
    static let arrivalLimit = 256 * 1024

    /// The two ends of the connection.
    struct Addresses: Sendable {
        var local: SocketAddress?
        var remote: SocketAddress
    }

    /// What the thread has for the loop, in the order in which it is to be dealt with.
    struct Arrivals {
        /// The login's outcome.
        var outcome: Result<Addresses, ConnectFailure>?
        var chunks: [ByteBuffer] = []
        var hasDrained = false
        var end: CloseReason?
        /// The thread holds nothing any more and is about to end.
        var isOver = false
    }

    /// What the loop wants of the thread.
    struct Orders {
        /// Bytes to send, in order.
        var outgoing: [ByteBuffer] = []
        /// How many bytes may be read now.
        var room = 0
        /// Set once the stream was closed: until when the rest may be sent.
        var closeBy: Deadline?
        /// Nothing is wanted any more.
        var isCancelled = false
    }

    private struct State {
        var outgoing: [ByteBuffer] = []
        var queuedBytes = 0
        var reportsDrain = false
        var isReading = false
        var unreleasedBytes = 0
        var isStarved = false
        var closeBy: Deadline?
        var isCancelled = false
        var arrivals = Arrivals()
        var isPosted = false
        /// An eventfd; -1 when the thread has ended.
        var wakeUp: CInt
    }

    private let state: Mutex<State>
    /// For the thread to poll; it is the thread that closes it.
    let wakeUp: CInt

    /// - Throws: ``ConnectFailure/other(_:)`` when the process has no descriptor left.
    init() throws(ConnectFailure) {
        wakeUp = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        guard wakeUp >= 0 else { throw .other(systemErrorText(errno)) }
        state = Mutex(State(wakeUp: wakeUp))
    }

    // MARK: From the loop

    /// Bytes that were handed in and that the channel has not taken yet.
    var queuedBytes: Int { state.withLock { $0.queuedBytes } }

    func send(_ bytes: ByteBuffer) {
        state.withLock { state in
            let wasEmpty = state.outgoing.isEmpty
            state.outgoing.appendJoined(bytes)
            state.queuedBytes += bytes.readableBytes
            if state.queuedBytes > StreamLimits.highWaterMark { state.reportsDrain = true }
            // The first of a batch wakes the thread; it takes the others along.
            if wasEmpty { Self.wake(&state) }
        }
    }

    func setReading(_ reading: Bool) {
        state.withLock { state in
            state.isReading = reading
            if reading { Self.wake(&state) }
        }
    }

    /// Notes that the owner has taken `count` bytes.
    func release(_ count: Int) {
        state.withLock { state in
            state.unreleasedBytes -= count
            guard state.isStarved, state.unreleasedBytes <= Self.arrivalLimit / 2 else { return }
            state.isStarved = false
            Self.wake(&state)
        }
    }

    /// Lets the thread send what is queued and end.
    func close(by deadline: Deadline) {
        state.withLock { state in
            state.closeBy = deadline
            Self.wake(&state)
        }
    }

    /// Lets the thread end at once.
    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            Self.wake(&state)
        }
    }

    func takeArrivals() -> Arrivals {
        state.withLock { state in
            state.isPosted = false
            let arrivals = state.arrivals
            state.arrivals = Arrivals()
            return arrivals
        }
    }

    private static func wake(_ state: inout State) {
        // It cannot fail but on a full counter, and then the thread is awake.
        if state.wakeUp >= 0 { _ = eventfd_write(state.wakeUp, 1) }
    }

    // MARK: From the thread

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func takeOrders() -> Orders {
        state.withLock { state in
            var orders = Orders()
            swap(&orders.outgoing, &state.outgoing)
            orders.closeBy = state.closeBy
            orders.isCancelled = state.isCancelled
            if state.isReading {
                orders.room = max(Self.arrivalLimit - state.unreleasedBytes, 0)
                state.isStarved = orders.room == 0
            }
            return orders
        }
    }

    /// Forgets past wake-ups.
    func takeWakeUp() {
        var count: eventfd_t = 0
        // It fails when nobody woke the thread: that is no error.
        _ = eventfd_read(wakeUp, &count)
    }

    /// Notes that the channel has taken `count` bytes.
    /// - Returns: whether the loop is to be told of the arrivals.
    func didSend(_ count: Int) -> Bool {
        state.withLock { state in
            state.queuedBytes -= count
            guard state.reportsDrain, state.queuedBytes < StreamLimits.lowWaterMark else { return false }
            state.reportsDrain = false
            state.arrivals.hasDrained = true
            return Self.post(&state)
        }
    }

    /// Adds what has arrived.
    /// - Returns: whether the loop is to be told; it is not while an earlier call is still on its way.
    func add(_ body: (inout Arrivals) -> Void) -> Bool {
        state.withLock { state in
            let before = state.arrivals.chunks.count
            body(&state.arrivals)
            for chunk in state.arrivals.chunks[before...] { state.unreleasedBytes += chunk.readableBytes }
            return Self.post(&state)
        }
    }

    /// Drops what is still to be sent: the session has ended.
    func dropQueue() {
        state.withLock { state in
            state.outgoing = []
            state.queuedBytes = 0
        }
    }

    /// The thread's last act.
    func closeWakeUp() {
        state.withLock { state in
            Glibc.close(state.wakeUp)
            state.wakeUp = -1
        }
    }

    private static func post(_ state: inout State) -> Bool {
        defer { state.isPosted = true }
        return !state.isPosted
    }
}

extension RangeReplaceableCollection where Self: BidirectionalCollection & MutableCollection, Element == ByteBuffer {
    /// Adds bytes at the end, joined with those before them to pieces of up to 64 KiB: many short messages that wait
    /// must not cost more than their bytes.
    mutating func appendJoined(_ bytes: ByteBuffer) {
        if let last = indices.last, self[last].readableBytes + bytes.readableBytes <= StreamLimits.chunk {
            self[last].writeImmutableBuffer(bytes)
        } else {
            append(bytes)
        }
    }
}
