import ControlCore
public import Polling

/// The timers of SEMI E37, and those that every implementation needs beside them. Fractions of seconds are welcome.
public struct HsmsTimers: Equatable, Sendable {
    /// T3: how long a reply to a data message is awaited, from when the message has been sent. 45 s.
    public var t3 = TimeAmount.seconds(45)
    /// T5: the least time between the end of an attempt or a connection and the next attempt of the active side. 10 s.
    public var t5 = TimeAmount.seconds(10)
    /// How much longer than T5 the separation may be, at random, so that many connections that were lost together do
    /// not come back together. None.
    public var t5Jitter = TimeAmount.zero
    /// T6: how long the answer to a Select.req, Deselect.req or Linktest.req is awaited. 5 s.
    public var t6 = TimeAmount.seconds(5)
    /// T7: how long a connection may stand without a session. 10 s.
    public var t7 = TimeAmount.seconds(10)
    /// T8: the longest pause within one message. 5 s.
    public var t8 = TimeAmount.seconds(5)
    /// How long an attempt to connect may take. 10 s.
    public var connect = TimeAmount.seconds(10)
    /// After so much silence of the peer a Linktest.req is sent; `nil`: never. 30 s.
    public var linktest: TimeAmount? = .seconds(30)
    /// How long the active side waits after connecting before it sends Select.req. 10 ms.
    ///
    /// Servers that handle a connection on several threads lose a Select.req that comes with the connection itself.
    public var selectDelay = TimeAmount.milliseconds(10)

    /// The values that SEMI E37 proposes.
    public init() {}

    /// The least and the greatest that is accepted: 1 ms and ten years.
    public static let acceptedRange = TimeAmount.milliseconds(1)...TimeAmount.longestDelay

    /// The timers that are outside of what SEMI E37 allows, one line each. They work all the same.
    public var outsideStandard: [String] {
        let ranges: [(String, TimeAmount, ClosedRange<Int64>)] = [
            ("T3", t3, 1...120), ("T5", t5, 1...240), ("T6", t6, 1...240), ("T7", t7, 1...240), ("T8", t8, 1...120),
        ]
        return ranges.compactMap { name, value, range in
            let allowed = TimeAmount.seconds(range.lowerBound)...TimeAmount.seconds(range.upperBound)
            guard !allowed.contains(value) else { return nil }
            return "\(name) is \(value.secondsText); SEMI E37 allows \(range.lowerBound) to \(range.upperBound) s"
        }
    }

    /// The first timer that is out of ``acceptedRange``.
    func findProblem() -> ParameterProblem? {
        let all: [(String, TimeAmount?)] = [
            ("T3", t3), ("T5", t5), ("T6", t6), ("T7", t7), ("T8", t8), ("connect time", connect),
            ("linktest interval", linktest),
        ]
        for case (let name, let value?) in all where !Self.acceptedRange.contains(value) {
            return (name, "is \(value.secondsText)")
        }
        for (name, value) in [("T5 jitter", t5Jitter), ("select delay", selectDelay)]
        where !(.zero...TimeAmount.longestDelay).contains(value) {
            return (name, "is \(value.secondsText)")
        }
        return nil
    }

    typealias ParameterProblem = (parameter: String, problem: String)
}

extension TimeAmount {
    /// The amount as decimal seconds, for messages.
    fileprivate var secondsText: String { "\(Double(nanoseconds) / 1e9) s" }
}
