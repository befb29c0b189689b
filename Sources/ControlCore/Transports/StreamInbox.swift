import Bytes
import DequeModule
import Polling

/// The receiving half that all transports share: what arrived and was not delivered yet, and when it may be delivered.
///
/// Bytes that arrive while nobody reads are held, and joined to chunks of at most 64 KiB. The end of the stream waits
/// behind them. While reading is off, nothing is delivered but an end that this side asked for. Everything is delivered
/// either from ``receive(_:)`` or from a fresh turn of the loop, never from within a call of the stream's owner.
final class StreamInbox {
    /// How many chunks that were held are delivered in one turn of the loop; the rest follows in the next turns.
    static let chunksPerTurn = 4

    private unowned let transport: any StreamTransport
    private let execute: (@escaping () -> Void) -> Void
    // The variables without a check of exclusive access are of values that no access holds on to while other code runs.
    @exclusivity(unchecked) private var delegate: (any StreamDelegate)?
    /// An array, which costs nothing while it is empty: nearly always.
    @exclusivity(unchecked) private var held: [ByteBuffer] = []
    private var isReading = false
    private var isStarted = false
    private var isDiscarding = false
    private var isDeliveryPlanned = false
    private var end: CloseReason?

    /// Called with the count after bytes were delivered or discarded, and so need no more room here.
    @exclusivity(unchecked) var onRelease: ((Int) -> Void)?

    /// - Parameters:
    ///   - transport: whose inbox it is; owns it.
    ///   - execute: runs a body on a fresh turn of the loop.
    init(transport: any StreamTransport, execute: @escaping (@escaping () -> Void) -> Void) {
        self.transport = transport
        self.execute = execute
    }

    /// Whether the end of the stream is known, delivered or not.
    var hasEnded: Bool { end != nil }

    /// Whether the owner wants bytes.
    var wantsBytes: Bool { isReading && !isDiscarding }

    /// Begins to deliver to `delegate`, which is held until it was told of the end.
    func start(delegate: any StreamDelegate) {
        precondition(!isStarted, "a transport is started once")
        isStarted = true
        isReading = true
        self.delegate = delegate
        planDelivery()
    }

    /// Stops or resumes delivery.
    func setReading(_ reading: Bool) {
        isReading = reading
        if reading { planDelivery() }
    }

    /// Takes bytes from the wire and delivers them, or holds them.
    /// - Parameter later: the owner is on the call stack, so they are delivered on a fresh turn.
    func receive(_ bytes: ByteBuffer, later: Bool = false) {
        guard bytes.readableBytes > 0 else { return }
        guard !isDiscarding else {
            onRelease?(bytes.readableBytes)
            return
        }
        if let delegate, !later, isReading, held.isEmpty, bytes.readableBytes <= StreamLimits.chunk {
            delegate.transport(transport, didReceive: bytes)
            onRelease?(bytes.readableBytes)
        } else {
            hold(bytes)
            planDelivery()
        }
    }

    /// Notes how the stream ended. The first reason stands.
    func finish(_ reason: CloseReason) {
        guard end == nil else { return }
        end = reason
        planDelivery()
    }

    /// As ``finish(_:)``, from the loop itself: a delegate that takes bytes hears of the end before anything else
    /// happens, so that nobody sends to a peer that is gone.
    func finishNow(_ reason: CloseReason) {
        guard end == nil else { return }
        end = reason
        deliver()
    }

    /// Drops what is held and what still arrives: the owner has closed, and hears of nothing but the end.
    func discard() {
        isDiscarding = true
        let count = held.reduce(0) { $0 + $1.readableBytes }
        held.removeAll()
        if count > 0 { onRelease?(count) }
        planDelivery()
    }

    /// Takes back what has arrived and was not delivered: it is not to be delivered as it is.
    func takeUndelivered() -> [ByteBuffer] {
        defer { held = [] }
        return held
    }

    private func hold(_ bytes: ByteBuffer) {
        var rest = bytes
        if let last = held.indices.last {
            let room = StreamLimits.chunk - held[last].readableBytes
            if let part = rest.readSlice(length: min(room, rest.readableBytes)) {
                held[last].writeImmutableBuffer(part)
            }
        }
        while let part = rest.readSlice(length: min(StreamLimits.chunk, rest.readableBytes)), part.readableBytes > 0 {
            held.append(part)
        }
    }

    private func planDelivery() {
        guard !isDeliveryPlanned, delegate != nil, isReading || isDiscarding, !held.isEmpty || end != nil else {
            return
        }
        isDeliveryPlanned = true
        // Strong on purpose: a stream whose owner let go of it still tells its delegate of the end.
        execute { [transport, self] in
            withExtendedLifetime(transport) { deliver() }
        }
    }

    private func deliver() {
        isDeliveryPlanned = false
        var left = Self.chunksPerTurn
        while isReading, !isDiscarding, let delegate, !held.isEmpty {
            guard left > 0 else { return planDelivery() }
            left -= 1
            let chunk = held.removeFirst()
            delegate.transport(transport, didReceive: chunk)
            onRelease?(chunk.readableBytes)
        }
        guard held.isEmpty, isReading || isDiscarding, let end, let delegate else { return }
        self.delegate = nil
        delegate.transportDidClose(transport, reason: end)
    }

    /// Tells the delegate that there is room to send again.
    func didDrain() {
        guard !isDiscarding, end == nil else { return }
        delegate?.transportDidDrain(transport)
    }
}
