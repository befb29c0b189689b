import Bytes
import Polling

/// Records what happens on one wire.
final class WireTap {
    let wire: Wire
    private let environment: TracedEnvironment
    private var sentMask: SecretMask
    private var receivedMask: SecretMask
    private var hasEnded = false

    init(_ wire: Wire, in environment: TracedEnvironment) {
        self.wire = wire
        self.environment = environment
        sentMask = SecretMask(environment.secrets)
        receivedMask = SecretMask(environment.secrets)
    }

    func record(_ content: WireEvent.Content, peer: SocketAddress? = nil) {
        environment.record(
            WireEvent(time: environment.wallClock, wire: wire, content: content, peer: peer))
    }

    func sent(_ bytes: ByteBuffer) { record(.sent(sentMask.hide(in: bytes))) }

    func received(_ bytes: ByteBuffer) { record(.received(receivedMask.hide(in: bytes))) }

    func sent(_ datagram: ByteBuffer, to peer: SocketAddress) {
        record(.sent(sentMask.hide(in: datagram, isWhole: true)), peer: peer)
    }

    func received(_ datagram: ByteBuffer, from peer: SocketAddress) {
        record(.received(receivedMask.hide(in: datagram, isWhole: true)), peer: peer)
    }

    /// The wire has ended. The first reason counts.
    func ended(_ reason: CloseReason) { end(with: .closed(reason)) }

    /// The wire has ended, as TLS was not agreed on.
    func failedToSecure(_ problem: String) { end(with: .insecure(problem)) }

    private func end(with content: WireEvent.Content) {
        guard !hasEnded else { return }
        hasEnded = true
        record(content)
    }
}
