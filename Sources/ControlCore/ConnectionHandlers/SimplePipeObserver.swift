import NIOCore

/// Takes the observer's place of a ``SimplePipe`` for a handler, which keeps it.
final class SimplePipeObserver {
    /// Bytes arrived; `nil`: those that a `sendAndWait` waits for.
    private let onReceived: (ByteBuffer?) -> Void
    private let onActivityMayHaveChanged: () -> Void

    init(received: @escaping (ByteBuffer?) -> Void, activityMayHaveChanged: @escaping () -> Void) {
        onReceived = received
        onActivityMayHaveChanged = activityMayHaveChanged
    }
}

extension SimplePipeObserver: EthernetClientObserver {
    // UDP has no connections.
    func clientDidConnect(_ client: EthernetClientInterface) {}

    func clientDidDisconnect(_ client: EthernetClientInterface) {}

    func client(_ client: EthernetClientInterface, didReceive bytes: ByteBuffer) {
        onReceived(bytes)
    }

    func clientDidReceiveAwaited(_ client: EthernetClientInterface) {
        onReceived(nil)
    }

    func clientActivityDidChange(_ client: EthernetClientInterface) {
        onActivityMayHaveChanged()
    }
}

extension SimplePipeObserver: SerialInterfaceObserver {
    func serial(_ serial: SerialInterface, didReceive bytes: ByteBuffer) {
        onReceived(bytes)
    }

    func serialDidReceiveAwaited(_ serial: SerialInterface) {
        onReceived(nil)
    }

    func serialActivityDidChange(_ serial: SerialInterface) {
        onActivityMayHaveChanged()
    }
}
