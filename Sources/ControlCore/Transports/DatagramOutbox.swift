import Bytes
import DequeModule
import Polling

/// What was to be sent by a UDP socket while the system had no room.
struct DatagramOutbox {
    /// What each datagram counts besides its bytes: one without any costs memory, too.
    static let overhead = DatagramInbox.overhead

    private var waiting: Deque<(bytes: ByteBuffer, address: SocketAddress)> = []
    private var wasFull = false
    /// Bytes that wait, ``overhead`` included.
    private(set) var queuedBytes = 0

    /// Sends a datagram behind those that wait.
    /// - Parameter transmit: hands one to the system; false when that has no room for it at present.
    mutating func send(
        _ bytes: ByteBuffer, to address: SocketAddress, transmit: (ByteBuffer, SocketAddress) -> Bool
    ) {
        if waiting.isEmpty, transmit(bytes, address) { return }
        waiting.append((bytes, address))
        queuedBytes += bytes.readableBytes + Self.overhead
        if queuedBytes > StreamLimits.highWaterMark { wasFull = true }
    }

    /// Goes on, as the system has room again.
    /// - Returns: whether the owner is to be told that the queue, which was full, has drained.
    mutating func resume(transmit: (ByteBuffer, SocketAddress) -> Bool) -> Bool {
        while let (bytes, address) = waiting.first, transmit(bytes, address) {
            waiting.removeFirst()
            queuedBytes -= bytes.readableBytes + Self.overhead
        }
        // Also when the system is full again: little may be left.
        guard wasFull, queuedBytes < StreamLimits.lowWaterMark else { return false }
        wasFull = false
        return true
    }
}
