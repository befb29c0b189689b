import Polling

/// Sends the same bytes again and again at a fixed interval, for `startKeepAlive`.
final class KeepAliveTransmitter {
    private let environment: any Environment
    private let interval: TimeAmount
    private let transmit: () -> Void
    private var planned: Deadline
    private var timer: (any Cancellable)?

    /// Starts; the first transmission comes after one interval.
    init(environment: any Environment, interval: TimeAmount, transmit: @escaping () -> Void) {
        self.environment = environment
        self.interval = interval
        self.transmit = transmit
        planned = environment.now
        scheduleNext()
    }

    /// Ends it.
    func stop() {
        timer?.cancel()
        timer = nil
    }

    private func scheduleNext() {
        // From the planned time, so that the interval does not drift; what was missed is not made up for.
        planned = max(planned + interval, environment.now)
        timer = environment.schedule(at: planned) {
            self.scheduleNext()
            self.transmit()
        }
    }
}
