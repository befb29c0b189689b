import Bytes
import ControlCore
import Polling

/// What an ``HsmsChannel`` tells the connection that it belongs to.
protocol HsmsChannelOwner: AnyObject {
    /// A message has come in.
    func channel(_ channel: HsmsChannel, didReceive packet: HsmsPacket)
    /// The channel is about to end. Unless the stream is gone, messages can still be sent.
    func channelWillEnd(_ channel: HsmsChannel)
    /// The channel has ended. Called once, last.
    func channelDidEnd(_ channel: HsmsChannel, reason: HsmsCloseReason)
    /// ``HsmsChannel/queuedBytes`` fell below the low-water mark after having been above the high one.
    func channelDidDrain(_ channel: HsmsChannel)
}

/// One TCP connection as a stream of HSMS messages, from its beginning to its one end.
///
/// The transport keeps the channel, and the channel its owner, until the end.
final class HsmsChannel: StreamDelegate {
    /// Messages with a longer text go out as two pieces, so that the text is not copied.
    private static let copiedText = 32 << 10
    /// From here on upward the answers to messages that came together are not gathered any further.
    private static let batchLimit = 32 << 10

    let transport: any StreamTransport
    private let environment: any Environment
    private let timeout: TimeAmount
    private let sendQueueLimit: Int
    private var owner: (any HsmsChannelOwner)?
    private var decoder: HsmsFrameDecoder
    private var isClosing = false
    /// Whether messages are delivered as they come.
    private(set) var isReading = true
    private var isDelivering = false
    /// More has come than one turn may deliver: nothing is read until that is done.
    private var isBehind = false
    /// The next of those turns is scheduled.
    private var isContinuing = false
    /// The stream is gone, and what came before is still to be delivered.
    private var pendingEnd: HsmsCloseReason?
    /// Armed while a message is under way. It is not armed anew for every chunk: when it fires it looks at the time of
    /// the last one.
    private var watchdog: (any Cancellable)?
    private var lastArrival: Deadline
    /// All bytes that were ever queued.
    private(set) var handedBytes = 0
    /// What is sent while messages are delivered. It goes out in one piece: a call of the system costs more than all
    /// else that there is to do for a short message.
    private var batch = ByteBuffer()

    init(
        transport: any StreamTransport, configuration: HsmsConfiguration, owner: any HsmsChannelOwner,
        environment: any Environment
    ) {
        self.transport = transport
        self.environment = environment
        self.owner = owner
        timeout = configuration.timers.t8
        sendQueueLimit = configuration.sendQueueLimit
        decoder = HsmsFrameDecoder(maximumLength: configuration.maximumMessageLength)
        lastArrival = environment.now
    }

    /// Begins to read.
    func start() {
        guard owner != nil else { return }
        transport.start(delegate: self)
    }

    /// Whether messages can be sent.
    var isOpen: Bool { owner != nil && transport.isOpen }

    /// Whether messages are still delivered.
    var isDeliveringMessages: Bool { owner != nil && !isClosing }

    /// Bytes that the system has not taken yet.
    var queuedBytes: Int { transport.queuedBytes + batch.readableBytes }

    /// Bytes that the system has taken.
    var sentBytes: Int { handedBytes - queuedBytes }

    /// Bytes that the system has taken, or is given at the end of this turn.
    var leftBytes: Int { handedBytes - transport.queuedBytes }

    /// Queues a message.
    /// - Throws: when the stream is not open, or the queue has no room; then nothing of the message is sent.
    func send(_ packet: HsmsPacket) throws(IOFault) {
        guard isOpen else { throw IOFault("the HSMS connection is not established") }
        guard packet.data.readableBytes <= HsmsPacket.longestText else {
            throw IOFault("a text of \(packet.data.readableBytes) bytes is more than one message can carry")
        }
        let queued = queuedBytes
        let length = 4 + HsmsHeader.length + packet.data.readableBytes
        guard queued == 0 || queued + length <= sendQueueLimit else {
            throw IOFault("the peer takes no data: \(queued) bytes wait to be sent, the limit is \(sendQueueLimit)")
        }
        handedBytes += length
        if isDelivering, packet.data.readableBytes <= Self.copiedText {
            packet.write(to: &batch)
            if batch.readableBytes >= Self.batchLimit { sendBatch() }
            return
        }
        sendBatch()
        if packet.data.readableBytes <= Self.copiedText {
            transport.send(packet.encoded())
        } else {
            var prefix = ByteBuffer()
            packet.writePrefix(to: &prefix)
            transport.send(prefix)
            transport.send(packet.data)
        }
    }

    private func sendBatch() {
        guard batch.readableBytes > 0 else { return }
        let bytes = batch
        batch = ByteBuffer()
        transport.send(bytes)
    }

    /// Stops or resumes the delivery of messages; meanwhile the peer is slowed down and T8 stands still.
    func setReading(_ reading: Bool) {
        guard reading != isReading, isDeliveringMessages else { return }
        isReading = reading
        if !isBehind { transport.setReading(reading) }
        guard reading else { return }
        lastArrival = environment.now
        // Not from inside this call: the caller is often in the middle of taking messages.
        environment.execute { self.deliver() }
    }

    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        guard isDeliveringMessages else { return }
        lastArrival = environment.now
        decoder.feed(bytes)
        deliver()
    }

    func transportDidDrain(_ transport: any StreamTransport) {
        owner?.channelDidDrain(self)
    }

    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        let end: HsmsCloseReason =
            switch reason {
            case .local: .local
            case .peer: .peer
            case .failed(let text): .failed(text)
            }
        // What has come is delivered first, in its own time.
        if isBehind, isReading, isDeliveringMessages { pendingEnd = end } else { self.end(end) }
    }

    private func deliver() {
        guard !isDelivering, isReading, isDeliveringMessages else { return }
        isDelivering = true
        defer { isDelivering = false }
        do throws(HsmsFrameError) {
            var share: HsmsTurnShare?
            while isReading, isDeliveringMessages, let packet = try decoder.next() {
                owner?.channel(self, didReceive: packet)
                // Most messages come by themselves: they cost no look at the clock.
                guard decoder.isMidMessage else { continue }
                var left = share ?? HsmsTurnShare(environment)
                let allowsMore = left.allowsMore(after: packet.data.readableBytes)
                share = left
                guard allowsMore else { return fallBehind() }
            }
        } catch {
            end(.malformed(error))
            return
        }
        sendBatch()
        catchUp()
        if decoder.isMidMessage { watch(for: timeout) }
    }

    /// Leaves the rest to later turns, and lets nothing more come meanwhile.
    private func fallBehind() {
        sendBatch()
        if !isBehind {
            isBehind = true
            transport.setReading(false)
        }
        guard !isContinuing else { return }
        isContinuing = true
        environment.schedule(after: HsmsTurnShare.pause) { [self] in
            isContinuing = false
            deliver()
        }
    }

    /// All that came is delivered, or the program has stopped reading.
    private func catchUp() {
        guard isBehind, isReading, isDeliveringMessages else { return }
        isBehind = false
        lastArrival = environment.now
        if let pendingEnd { end(pendingEnd) } else { transport.setReading(true) }
    }

    private func watch(for delay: TimeAmount) {
        guard watchdog == nil, isDeliveringMessages else { return }
        watchdog = environment.schedule(after: delay) { [self] in
            watchdog = nil
            guard decoder.isMidMessage else { return }
            let left = isReading && !isBehind ? lastArrival + timeout - environment.now : timeout
            if left > .zero {
                watch(for: left)
            } else {
                end(.intercharacterTimeout)
            }
        }
    }

    /// Ends the channel within this turn of the loop; messages that are handed over until then are still sent.
    /// Idempotent.
    func close(_ reason: HsmsCloseReason) {
        guard isDeliveringMessages else { return }
        isClosing = true
        environment.execute { self.end(reason) }
    }

    /// Ends the channel at once. Only from a turn of the loop in which no code of the program is under way.
    func end(_ reason: HsmsCloseReason) {
        guard let owner, !isEnding else { return }
        isEnding = true
        isClosing = true
        watchdog?.cancel()
        watchdog = nil
        owner.channelWillEnd(self)
        self.owner = nil
        sendBatch()
        transport.close()
        owner.channelDidEnd(self, reason: reason)
    }

    private var isEnding = false
}
