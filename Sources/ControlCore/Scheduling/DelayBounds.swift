public import NIOCore

extension TimeAmount {
    /// The longest delay that timers, waits and time-outs take: ten years. A longer one could overflow the clock.
    public static let longestDelay = TimeAmount.hours(24 * 3_650)

    /// This amount, brought into 0…``longestDelay``.
    var boundedDelay: TimeAmount {
        min(max(self, .zero), .longestDelay)
    }

    /// The amount as decimal seconds, for messages.
    var secondsText: String {
        "\(Double(nanoseconds) / 1e9) s"
    }
}
