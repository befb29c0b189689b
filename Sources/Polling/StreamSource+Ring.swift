import Bytes
import Glibc

/// What a socket has besides on a loop with a ring.
final class RingStream {
    // Without checks of exclusive access: nothing is called while one of these is changed.
    /// What has come and was not told: while nobody reads, or more than is told in one turn. The kernel is told to end
    /// the receive when this is not empty; until it does, no more can come than the ring has buffers.
    @exclusivity(unchecked) fileprivate(set) var kept = ByteBuffer()
    /// The end is known, and comes behind what is kept.
    @exclusivity(unchecked) fileprivate var isEndKept = false
    @exclusivity(unchecked) fileprivate var keptError: SystemError?
    /// More comes than the ring's buffers are made for, or there was none left: plain reads take more at once.
    @exclusivity(unchecked) fileprivate(set) var isBulk = false
    @exclusivity(unchecked) fileprivate var isDeliveryPlanned = false
    /// In which turn of the loop something was told last.
    @exclusivity(unchecked) fileprivate var servedTurn: UInt32 = 0
    /// What is sent at the end of this turn, in the memory of the ring.
    @exclusivity(unchecked) private var stagedStart: UnsafeMutableRawPointer?
    @exclusivity(unchecked) private(set) var stagedCount = 0
    /// The ring looks at the end of this turn whether something is staged.
    @exclusivity(unchecked) var isSender = false

    /// Whether there is something to tell without the system.
    var hasKept: Bool { isEndKept || kept.readableBytes > 0 }

    /// What is staged; nil when nothing is.
    var staged: UnsafeRawBufferPointer? { stagedStart.map { UnsafeRawBufferPointer(start: $0, count: stagedCount) } }

    /// It is sent, or is kept elsewhere.
    func forgetStaged() {
        stagedStart = nil
        stagedCount = 0
    }

    /// Stages `bytes` behind what is staged already.
    /// - Returns: false when there is no room.
    fileprivate func stage(_ bytes: UnsafeRawBufferPointer, on ring: CompletionRing) -> Bool {
        guard stagedCount + bytes.count <= CompletionRing.stageLimit else { return false }
        guard let place = ring.stage(bytes, behind: stagedStart.map { $0 + stagedCount }) else { return false }
        stagedStart = stagedStart ?? place
        stagedCount += bytes.count
        return true
    }
}

// MARK: - Sending

extension StreamSource {
    /// Takes `bytes` to be sent at the end of this turn, if they are few and nothing is queued.
    /// - Returns: false when the caller is to send or queue them: everything before them is with the system then, or in
    ///   the queue.
    func stage(_ bytes: UnsafeRawBufferPointer, _ inRing: RingStream) -> Bool {
        guard queue.isEmpty, let ring = loop.ring else { return false }
        var isStaged = inRing.stage(bytes, on: ring)
        if !isStaged, inRing.stagedCount > 0 {
            // Somebody else's bytes lie behind it, or it grows too long.
            sendStaged()
            isStaged = queue.isEmpty && writeError == nil && inRing.stage(bytes, on: ring)
        }
        if isStaged { ring.add(self, inRing) }
        return isStaged
    }

    /// Sends at once what is staged.
    func sendStaged() {
        guard let inRing, let staged = inRing.staged else { return }
        inRing.forgetStaged()
        // The ring's memory is used anew only in the next turn.
        let sent = write(staged)
        if writeError == nil { queueRest(of: staged, behind: sent) }
    }

    /// What was staged could not be sent whole.
    /// - Parameter result: how many bytes were sent, or a negative error number.
    func sentStaged(_ result: Int32) {
        guard let inRing, let staged = inRing.staged else { return }
        inRing.forgetStaged()
        switch result {
        case 0...: queueRest(of: staged, behind: Int(result))
        case -EAGAIN, -EINTR, -ENOMEM, -ECANCELED: queueRest(of: staged, behind: 0)
        default: writeFailed(-result)
        }
    }

    private func queueRest(of staged: UnsafeRawBufferPointer, behind sent: Int) {
        guard sent < staged.count else { return }
        queue.append(UnsafeRawBufferPointer(rebasing: staged[sent...]))
        watch()
    }
}

// MARK: - Receiving

extension StreamSource {
    /// The ring has received something, or can receive no more.
    func receive(_ received: RingReceived, _ ring: CompletionRing, _ inRing: RingStream) {
        switch received.result {
        case 1...: take(ring.bytes(of: received), ring, inRing)
        case 0: keepEnd(nil, inRing)
        case -ENOBUFS:
            ring.provideMore()
            inRing.isBulk = true
        case -ECANCELED, -EINTR, -EAGAIN: break
        default: keepEnd(SystemError(-received.result), inRing)
        }
        // What could not be read while the ring received.
        if isOpen, isEnding, received.isLast { readToEnd() }
    }

    private func keepEnd(_ error: SystemError?, _ inRing: RingStream) {
        inRing.isEndKept = true
        inRing.keptError = error
        isEnding = true
    }

    private func take(_ bytes: UnsafeRawBufferPointer, _ ring: CompletionRing, _ inRing: RingStream) {
        if bytes.count == CompletionRing.bufferSize {
            inRing.isBulk = true
            ring.note(self)
        }
        if isReading, !isEnding, !inRing.hasKept, inRing.servedTurn != loop.turns {
            inRing.servedTurn = loop.turns
            handler?.streamDidReceive(bytes.bytes)
            return
        }
        inRing.kept.writeBytes(bytes)
        ring.note(self)
        if isReading {
            planDeliveryOfKept()
        } else if !isEnding {
            tell(of: toldEvents & ~Readiness.readable)
        }
    }

    /// Tells what is kept, in the next turns.
    func planDeliveryOfKept() {
        guard let inRing, inRing.hasKept, !inRing.isDeliveryPlanned else { return }
        inRing.isDeliveryPlanned = true
        loop.execute { [self] in
            inRing.isDeliveryPlanned = false
            // At the end of the stream all of it is told anyway.
            guard isOpen, isReading, !isEnding, inRing.hasKept else { return }
            _ = readOnce()
            if isOpen, isReading { planDeliveryOfKept() }
        }
    }

    /// Reads from what is kept.
    /// - Returns: whether there may be more; nil when the system is to be asked.
    func readKept(_ inRing: RingStream) -> Bool? {
        guard !requests.isReceiving else {
            // What the ring receives comes first. The end of that is asked for, and told.
            loop.ring?.note(self)
            return false
        }
        if inRing.kept.readableBytes > 0 {
            let piece = inRing.kept.readSlice(length: min(inRing.kept.readableBytes, PollLoop.readLimit))
            if inRing.kept.readableBytes == 0 {
                inRing.kept = ByteBuffer()
                loop.ring?.note(self)
            }
            piece?.withBytes { handler?.streamDidReceive($0) }
            return isOpen
        }
        guard inRing.isEndKept else { return nil }
        end(writeError ?? inRing.keptError)
        return false
    }

    /// A plain read has brought so many bytes.
    func didRead(_ count: Int, _ inRing: RingStream) {
        guard inRing.isBulk, count < CompletionRing.bufferSize else { return }
        inRing.isBulk = false
        loop.ring?.note(self)
    }
}
