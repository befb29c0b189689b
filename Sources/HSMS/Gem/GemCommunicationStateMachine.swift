/// The communication state model of SEMI E30: inputs in, outputs out. No I/O, no clock.
///
/// Host and equipment share it. Either may begin with S1F13; whichever S1F14 accepts first establishes communication,
/// and what comes of the other is of no consequence.
struct GemCommunicationStateMachine {
    enum Input: Equatable {
        case enabled
        case disabled
        case sessionSelected
        case sessionDeselected
        /// S1F14 accepts the S1F13 of that number.
        case establishAccepted(attempt: Int)
        /// The S1F13 of that number was denied, or could not be sent.
        case establishFailed(attempt: Int)
        /// The S1F13 of that number got no answer of the peer's GEM.
        case establishUnanswered(attempt: Int)
        case delayOver
        /// The peer's S1F13 came, which this side accepts or denies.
        case establishReceived(accepts: Bool)
        /// Any other primary message came.
        case messageReceived
    }

    enum Output: Equatable {
        /// Send S1F13; the number comes back with its outcome.
        case sendEstablish(attempt: Int)
        /// Let ``Input/delayOver`` come after the time between two attempts.
        case startDelay
        /// It is not to come.
        case cancelDelay
        /// Give the session up, so that the peer begins anew.
        case renewSession
        /// Answer the peer's S1F13.
        case replyEstablish(accepted: Bool)
        /// Communication is established.
        case reportCommunicating
        /// It no longer is.
        case reportNotCommunicating
    }

    private(set) var state = GemCommunicationState.disabled
    /// How many S1F13 in a row may be unanswered in one session; nil: any number.
    var attemptsPerSession: Int? = 2
    private var isSessionSelected = false
    private var attempts = 0
    /// How many S1F13 were unanswered in a row in this session.
    private var unanswered = 0
    /// Whether this side sends S1F13 by itself.
    private let takesInitiative: Bool

    init(takesInitiative: Bool) {
        self.takesInitiative = takesInitiative
    }

    mutating func handle(_ input: Input) -> [Output] {
        switch input {
        case .enabled:
            guard state == .disabled else { return [] }
            state = .notCommunicating
            return isSessionSelected ? begin() : []
        case .disabled: return leave(for: .disabled)
        case .sessionSelected:
            isSessionSelected = true
            return state == .notCommunicating ? begin() : []
        case .sessionDeselected:
            isSessionSelected = false
            return state == .disabled ? [] : leave(for: .notCommunicating)
        case .establishAccepted(let attempt):
            guard state == .waitCRA, attempt == attempts else { return [] }
            state = .communicating
            return [.reportCommunicating]
        case .establishFailed(let attempt):
            guard state == .waitCRA, attempt == attempts else { return [] }
            unanswered = 0
            state = .waitDelay
            return [.startDelay]
        case .establishUnanswered(let attempt): return establishUnanswered(attempt)
        case .delayOver: return state == .waitDelay ? begin() : []
        case .establishReceived(let accepts): return establishReceived(accepts: accepts)
        case .messageReceived:
            // The peer takes communication for established; a new S1F13 sets that right.
            return state == .waitDelay ? [.cancelDelay] + begin() : []
        }
    }

    private mutating func begin() -> [Output] {
        guard takesInitiative else {
            state = .waitCR
            return []
        }
        state = .waitCRA
        attempts += 1
        return [.sendEstablish(attempt: attempts)]
    }

    private mutating func leave(for next: GemCommunicationState) -> [Output] {
        defer { state = next }
        unanswered = 0
        switch state {
        case .waitDelay: return [.cancelDelay]
        case .communicating: return [.reportNotCommunicating]
        case .disabled, .notCommunicating, .waitCRA, .waitCR: return []
        }
    }

    /// A peer whose session was selected before its GEM was ready, or not in its own view, never answers in that
    /// session.
    private mutating func establishUnanswered(_ attempt: Int) -> [Output] {
        guard state == .waitCRA, attempt == attempts else { return [] }
        state = .waitDelay
        unanswered += 1
        guard let attemptsPerSession, unanswered >= attemptsPerSession else { return [.startDelay] }
        unanswered = 0
        return [.startDelay, .renewSession]
    }

    private mutating func establishReceived(accepts: Bool) -> [Output] {
        switch state {
        case .disabled, .notCommunicating: return []
        case .communicating: return [.replyEstablish(accepted: accepts)]
        case .waitCRA, .waitDelay, .waitCR:
            guard accepts else { return [.replyEstablish(accepted: false)] }
            let outputs: [Output] = state == .waitDelay ? [.cancelDelay] : []
            state = .communicating
            return outputs + [.replyEstablish(accepted: true), .reportCommunicating]
        }
    }
}
