import Bytes
import Polling

/// Carries bytes between two descriptors, and stops reading one while the other is full.
final class StreamRelay: StreamSourceHandler {
    private weak var partner: StreamRelay?
    private var source: StreamSource?
    /// What came before the partner was there.
    private var early = ByteBuffer()
    private var isEnded = false

    /// Makes each the other's partner.
    static func join(_ first: StreamRelay, _ second: StreamRelay) {
        first.partner = second
        second.partner = first
    }

    /// Takes over a descriptor that never waits.
    func attach(_ descriptor: CInt, _ kind: StreamSource.Kind, on loop: PollLoop) {
        let source = StreamSource(loop: loop, descriptor: descriptor, kind: kind, handler: self)
        self.source = source
        guard !isEnded else { return source.close() }
        source.setReading(true)
        guard let partner else { return }
        source.send(partner.early)
        partner.early = ByteBuffer()
    }

    /// Ends it; what its partner still has to send is dropped.
    func close() {
        isEnded = true
        source?.close()
        source = nil
    }

    /// Ends it so that its peer knows.
    func reset() {
        source?.reset()
        close()
    }

    func streamDidReceive(_ bytes: RawSpan) {
        guard let other = partner?.source, other.canSend else {
            early.write(bytes)
            return
        }
        other.send(bytes)
        if other.queuedBytes > 64 * 1024 { source?.setReading(false) }
    }

    func streamDidSend() {
        guard let source else { return }
        if source.queuedBytes < 32 * 1024 { partner?.source?.setReading(true) }
        if isEnded, source.queuedBytes == 0 { close() }
    }

    func streamDidEnd(_ error: SystemError?) {
        source = nil
        isEnded = true
        partner?.finish()
    }

    /// Ends it when everything is sent.
    private func finish() {
        isEnded = true
        if source?.queuedBytes == 0 { close() }
    }
}
