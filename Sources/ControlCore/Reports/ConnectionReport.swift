public import Polling

/// Tells people what becomes of one connection, port or server, and keeps its last trouble.
///
/// The owner says everything that happens. This decides what is worth a line: each change of state and of reason is
/// one, with the subject, the reason, what comes next and what a person can do. What repeats is told once:
/// - a failure that was told since the connection last stood;
/// - a connection that does not last, from the third in a row on; it is called flapping until one lasts;
/// - a program that opens and closes by itself, from the third time in a row on.
///
/// Nothing here waits. It belongs to the loop of its environment.
public final class ConnectionReport {
    /// How much a line matters.
    public enum Level: Sendable {
        /// Of use to whoever looks for a defect.
        case debug
        /// All is well.
        case info
        /// Something is wrong.
        case warning
    }

    /// The last trouble, and since when.
    public struct LastError: Equatable, Sendable {
        /// What it was.
        public let trouble: ConnectionTrouble
        /// When it began: nanoseconds since 1970 UTC.
        public let since: Int64
    }

    /// A connection that stands for so long, and answers, has come to stay: 60 s.
    public static let steadyTime = TimeAmount.seconds(60)
    /// So many connections in a row that did not last are flapping.
    public static let flappingCount = 3
    /// How many reasons are remembered since the connection last stood; further ones are not told.
    private static let reasonLimit = 16
    /// An attempt that takes longer than this is told: 10 s.
    public static let patientFor = TimeAmount.seconds(10)

    /// Takes each line; `nil`: none is made. The line does not name the subject.
    public var onLine: ((Level, String) -> Void)?
    /// Whether ``onLine`` takes lines of ``Level/debug``; others are not made.
    public var tellsDebug = true
    /// Whether anybody takes lines of ``Level/debug``: what is only worked out for them need not be otherwise.
    var isDebugTold: Bool { tellsDebug && onLine != nil }
    /// What the last trouble was; `nil` when there was none yet.
    public private(set) var lastError: LastError?
    /// What comes next after a trouble: `again every 5 s`. Set by who keeps the connection up.
    package var plan: ((ConnectionTrouble) -> String?)?
    /// Only a connection that stands for so long has come to stay.
    var steadyTime = ConnectionReport.steadyTime

    private let environment: any Environment
    /// When the connection was opened; `nil` while it is not.
    private var openedAt: Deadline?
    private var failedAttempts = 0
    /// Reasons that were told since the connection last stood.
    private var told: Set<String> = []
    /// Connections in a row that did not last, and times in a row that the program opened and closed by itself.
    private var shortOnes = 0
    private var turnsOfProgram = 0
    private var steadyCheck: (any Cancellable)?
    private var silenceTimer: (any Cancellable)?
    /// Whether a silence was told last.
    private(set) var isSilent = false
    /// Whether all was well since ``lastError``.
    private var hasRecovered = true

    package init(environment: any Environment) {
        self.environment = environment
    }

    deinit {
        steadyCheck?.cancel()
        silenceTimer?.cancel()
    }

    private var isFlapping: Bool { shortOnes >= Self.flappingCount }

    // MARK: What the owner says

    /// An attempt to open it begins. One that takes long is told, as the system may try for minutes.
    package func didBegin() {
        guard onLine != nil, silenceTimer == nil else { return }
        silenceTimer = environment.schedule(after: Self.patientFor) { [weak self] in
            guard let self else { return }
            silenceTimer = nil
            guard told.insert("").inserted else { return }
            tell(
                .warning,
                "no answer for \(Self.patientFor.plainText), and still trying. \(ConnectFailure.timedOut.advice ?? "")")
        }
    }

    /// It is open: `word` says so, such as `connected`.
    package func didOpen(_ word: String) {
        didStopTrying()
        openedAt = environment.now
        let attempts = failedAttempts
        failedAttempts = 0
        told.removeAll()
        if isFlapping {
            watchForSteadiness()
        } else if turnsOfProgram < Self.flappingCount {
            tell(.info, attempts == 0 ? word : "\(word) after \(attempts + 1) attempts")
        }
    }

    /// An attempt to open it failed.
    package func didFail(_ trouble: ConnectionTrouble) {
        didStopTrying()
        failedAttempts += 1
        turnsOfProgram = 0
        note(trouble)
        let key = trouble.text
        guard !told.contains(key), told.count < Self.reasonLimit else { return }
        told.insert(key)
        tell(trouble)
    }

    /// The attempt was called off.
    package func didStopTrying() {
        silenceTimer?.cancel()
        silenceTimer = nil
    }

    /// It has ended by itself, or was given up.
    /// - Parameter isSilence: nothing that was sent was answered.
    package func didEnd(_ trouble: ConnectionTrouble, isSilence: Bool = false) {
        let lasted = openedAt.map { environment.now - $0 } ?? .zero
        closed()
        turnsOfProgram = 0
        if lasted >= Self.steadyTime { hasRecovered = true }
        note(trouble)
        shortOnes = isSilence || lasted < Self.steadyTime ? min(shortOnes + 1, Self.flappingCount + 1) : 1
        if shortOnes < Self.flappingCount {
            tell(trouble)
        } else if shortOnes == Self.flappingCount {
            tell(
                .warning,
                "flapping: \(Self.flappingCount) connections in a row did not last. The last one: \(sentence(trouble)) "
                    + "(this is not told again until one lasts)")
        }
    }

    /// This side has closed it, on the program's behalf.
    package func didClose(_ word: String = "closed by the program") {
        guard openedAt != nil else { return }
        closed()
        turnsOfProgram = min(turnsOfProgram + 1, Self.flappingCount + 1)
        if turnsOfProgram < Self.flappingCount {
            tell(.info, word)
        } else if turnsOfProgram == Self.flappingCount {
            tell(
                .info,
                "\(word), for the \(Self.flappingCount)rd time in a row; this is not told again until something else happens"
            )
        }
    }

    /// The device has answered, where that is what counts: for the first time, or after it was silent.
    package func didAnswer(_ word: String = "answers") {
        let wasSilent = isSilent
        isSilent = false
        hasRecovered = true
        if !isFlapping { tell(.info, wasSilent ? "\(word) again" : word) }
    }

    /// The device has fallen silent, and nothing is closed for it.
    package func didFallSilent(_ trouble: ConnectionTrouble) {
        note(trouble)
        guard !isSilent else { return }
        isSilent = true
        if !isFlapping { tell(trouble) }
    }

    /// Something else that is worth a line.
    package func tell(_ level: Level, _ text: @autoclosure () -> String) {
        guard let onLine, level != .debug || tellsDebug else { return }
        onLine(level, text())
    }

    // MARK: The lines

    private func tell(_ trouble: ConnectionTrouble) {
        tell(.warning, sentence(trouble))
    }

    /// `ConnectionRefused; again every 5 s. Is the port right?`
    private func sentence(_ trouble: ConnectionTrouble) -> String {
        var text = trouble.text
        if let plan = plan?(trouble) { text += "; \(plan)" }
        if let advice = trouble.advice { text += ". \(advice)" }
        return text
    }

    private func note(_ trouble: ConnectionTrouble) {
        guard lastError?.trouble != trouble || hasRecovered else { return }
        hasRecovered = false
        lastError = LastError(trouble: trouble, since: environment.wallClock)
    }

    private func closed() {
        openedAt = nil
        steadyCheck?.cancel()
        steadyCheck = nil
    }

    private func watchForSteadiness() {
        steadyCheck?.cancel()
        steadyCheck = environment.schedule(after: max(steadyTime, Self.steadyTime)) { [weak self] in
            guard let self, openedAt != nil else { return }
            steadyCheck = nil
            shortOnes = 0
            tell(.info, "steady again")
        }
    }
}
