public import Polling

extension TimeAmount {
    /// The longest delay that timers, waits and time-outs take: ten years. A longer one could overflow the clock.
    public static let longestDelay = TimeAmount.hours(24 * 3_650)

    /// This amount, brought into 0…``longestDelay``.
    package var boundedDelay: TimeAmount {
        min(max(self, .zero), .longestDelay)
    }

    /// The amount as decimal seconds, for messages.
    var secondsText: String {
        "\(Double(nanoseconds) / 1e9) s"
    }

    /// As ``plainText``, in whole milliseconds.
    package var roundedText: String {
        TimeAmount.milliseconds(Int64((Double(nanoseconds) / 1e6).rounded())).plainText
    }

    /// The amount in seconds as people write it: `5 s`, `0.5 s`.
    package var plainText: String {
        let seconds = Double(nanoseconds) / 1e9
        return seconds == seconds.rounded() ? "\(Int64(seconds)) s" : "\(seconds) s"
    }
}
