import Bytes

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

extension SimplePipeObserver: DeviceObserver {
    // Neither UDP nor a serial port has connections.
    func deviceDidConnect() {}

    func deviceDidDisconnect() {}

    func deviceDidReceive(_ bytes: ByteBuffer) {
        onReceived(bytes)
    }

    func deviceDidReceiveAwaited() {
        onReceived(nil)
    }

    func deviceActivityDidChange() {
        onActivityMayHaveChanged()
    }
}
