import Bytes
import DequeModule
import Polling

/// What has arrived at a UDP socket and is not delivered yet, and the way to its delegate.
///
/// It holds as much as Linux does by default for one socket; what comes when it is full is dropped, as there.
final class DatagramInbox {
    /// The most bytes held, ``overhead`` included.
    static let limit = 212_992
    /// How many datagrams that were held are delivered in one turn of the loop; the rest follows in the next turns.
    static let datagramsPerTurn = 16
    /// What each datagram counts besides its bytes.
    static let overhead = 256

    private unowned let transport: any DatagramTransport
    private let execute: (@escaping () -> Void) -> Void
    private var delegate: (any DatagramDelegate)?
    private var held: Deque<(bytes: ByteBuffer, address: SocketAddress)> = []
    private var heldBytes = 0
    private var isReading = true
    private var isDeliveryPlanned = false
    private var end: CloseReason?

    /// - Parameters:
    ///   - transport: whose part it is.
    ///   - execute: calls on a fresh turn of the loop.
    init(transport: any DatagramTransport, execute: @escaping (@escaping () -> Void) -> Void) {
        self.transport = transport
        self.execute = execute
    }

    /// Whether the end was reported to it.
    var hasEnded: Bool { end != nil }

    func start(delegate: any DatagramDelegate) {
        self.delegate = delegate
        planDelivery()
    }

    func setReading(_ reading: Bool) {
        isReading = reading
        planDelivery()
    }

    /// Takes a datagram.
    func receive(_ bytes: ByteBuffer, from address: SocketAddress) {
        guard end == nil else { return }
        if isReading, held.isEmpty, let delegate {
            delegate.transport(transport, didReceive: bytes, from: address)
            return
        }
        let size = bytes.readableBytes + Self.overhead
        guard heldBytes + size <= Self.limit else { return }
        heldBytes += size
        held.append((bytes, address))
        planDelivery()
    }

    /// Tells the delegate of a failure, on a fresh turn.
    func fail(_ failure: ConnectFailure) {
        execute { [transport, self] in
            withExtendedLifetime(transport) {
                guard end == nil else { return }
                delegate?.transport(transport, didFail: failure)
            }
        }
    }

    /// Tells the delegate that there is room to send again.
    func didDrain() {
        guard end == nil else { return }
        delegate?.transportDidDrain(transport)
    }

    /// Ends it: what is held is dropped, and the delegate hears of the end on a fresh turn, once it is there.
    func finish(_ reason: CloseReason) {
        guard end == nil else { return }
        end = reason
        held.removeAll()
        planDelivery()
    }

    private func planDelivery() {
        guard !isDeliveryPlanned, delegate != nil, end != nil || (isReading && !held.isEmpty) else { return }
        isDeliveryPlanned = true
        // Strong on purpose: a socket whose owner let go of it still tells its delegate of the end.
        execute { [transport, self] in
            withExtendedLifetime(transport) { deliver() }
        }
    }

    private func deliver() {
        isDeliveryPlanned = false
        var left = Self.datagramsPerTurn
        while isReading, end == nil, left > 0, let delegate, let (bytes, address) = held.popFirst() {
            left -= 1
            heldBytes -= bytes.readableBytes + Self.overhead
            delegate.transport(transport, didReceive: bytes, from: address)
        }
        guard let end, let delegate else { return planDelivery() }
        self.delegate = nil
        delegate.transportDidClose(transport, reason: end)
    }
}
