import Polling

/// The limits that all streams share, live and simulated.
enum StreamLimits {
    /// How long a closed stream may go on sending what was queued, and wait for the peer's FIN.
    static let linger = TimeAmount.seconds(1)
    /// From here on upward the queue of a stream is full, and the delegate is told when it has drained.
    static let highWaterMark = 64 * 1024
    /// Below this the queue has drained.
    static let lowWaterMark = 32 * 1024
    /// The most that a delegate gets at once.
    static let chunk = PollLoop.readLimit
}
