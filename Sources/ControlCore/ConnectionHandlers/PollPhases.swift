/// Gives handlers that begin together different times of their first poll, so that a thousand devices are asked one
/// after the other and not at once.
///
/// Each phase falls into the widest gap that those before have left, however many there are; a random choice would
/// leave gaps and crowds. The first is 0: a program with one device polls at the documented times.
public struct PollPhases: Sendable {
    /// The fraction of the golden ratio: the step whose multiples are spread most evenly.
    private static let step = 0.618_033_988_749_894_9

    private var last: Double?

    /// Begins with phase 0.
    public init() {}

    /// The next phase: 0 to below 1, for ``HandlerOptions/pollPhase``.
    public mutating func next() -> Double {
        let phase = last.map { ($0 + Self.step).truncatingRemainder(dividingBy: 1) } ?? 0
        last = phase
        return phase
    }
}
