import ControlCore

/// How a connection behaves. What SEMI E37 leaves open is decided here.
public struct HsmsConfiguration: Equatable, Sendable {
    /// How messages are answered that have no place where they come.
    public enum Conformance: String, Sendable, CaseIterable {
        /// As SEMI E37: rejected, and the connection stays.
        case lenient
        /// As SEMI E37.1: the connection is closed.
        case strict
    }

    /// How many sessions one connection carries.
    public enum SessionModel: Equatable, Sendable {
        /// One, as SEMI E37.1 has it: control messages carry no session ID, and its end is the connection's.
        case single
        /// Several, as SEMI E37.2 has it: each is selected by its ID, and the connection outlives them.
        /// The IDs are those of this side; the active side selects all of them.
        case general([UInt16])
    }

    /// Who this side is. It decides who sends the error messages of stream 9.
    public enum Role: String, Sendable, CaseIterable {
        /// Sends no error messages.
        case host
        /// Answers data for another device by S9F1, and tells by S9F9 that a reply did not come within T3.
        case equipment
    }

    /// What becomes of a peer that connects while its connection stands already.
    public enum DuplicatePolicy: String, Sendable, CaseIterable {
        /// It is closed at once.
        case refuse
        /// It takes the place of the older one, which is closed: for tools that restart faster than the loss of their
        /// connection is noticed.
        case replace
    }

    /// The timers.
    public var timers = HsmsTimers()
    /// The longest message that is received, in bytes, header included: 10…4,294,967,295. By default 16 MiB + 64 KiB,
    /// which holds the longest SECS-II item. A longer one closes the connection before anything is kept for it.
    public var maximumMessageLength = (16 << 20) + (64 << 10)
    /// The most bytes that wait to be sent. A message is taken when it is the only one, however long it is.
    public var sendQueueLimit = 16 << 20
    /// The most requests of this side that are unanswered at a time.
    public var maximumOpenTransactions = 4_096
    /// How messages are answered that have no place where they come.
    public var conformance = Conformance.lenient
    /// How many sessions one connection carries.
    public var sessionModel = SessionModel.single
    /// Who this side is.
    public var role = Role.host
    /// What becomes of a peer that connects while its connection stands already.
    public var duplicatePolicy = DuplicatePolicy.refuse
    /// How many unanswered Linktest.req in a row are tolerated before the connection is closed.
    public var toleratedLinktestFailures = 0
    /// How often the active side sends Select.req on one connection before it gives it up, each for T6.
    public var selectAttempts = 2
    /// The local address that passive connections listen on; `nil`: all.
    public var bindAddress: String?

    /// What SEMI E37 proposes, lenient, with a single session.
    public init() {}

    /// - Throws: when a value is out of its range.
    func check() throws(ParameterError) {
        if let (parameter, problem) = timers.findProblem() {
            throw ParameterError(parameter: parameter, problem: problem, allowed: "0.001 s to ten years")
        }
        try Self.check(maximumMessageLength, in: HsmsHeader.length...Int(UInt32.max), "maximum message length")
        try Self.check(sendQueueLimit, in: 1...Int.max, "send queue limit")
        try Self.check(maximumOpenTransactions, in: 1...Int.max, "maximum of open transactions")
        try Self.check(toleratedLinktestFailures, in: 0...Int.max, "tolerated linktest failures")
        try Self.check(selectAttempts, in: 1...Int.max, "select attempts")
        if case .general(let sessions) = sessionModel {
            let isSound = !sessions.isEmpty && Set(sessions).count == sessions.count
            guard isSound, !sessions.contains(HsmsHeader.controlSession) else {
                throw ParameterError(
                    parameter: "sessions", problem: "are \(sessions)",
                    allowed: "different IDs from 0 to 65534, at least one")
            }
        }
    }

    private static func check(
        _ value: Int, in range: ClosedRange<Int>, _ parameter: String
    ) throws(ParameterError) {
        guard range.contains(value) else {
            throw ParameterError(
                parameter: parameter, problem: "is \(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
    }
}
