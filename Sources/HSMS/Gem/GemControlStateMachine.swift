/// The control state model of SEMI E30, on equipment: inputs in, outputs out. No I/O.
struct GemControlStateMachine {
    enum Input: Equatable {
        case communicationStarted
        case communicationEnded
        /// The operator's switches.
        case switchedOnline
        case switchedOffline
        case switchedLocal
        case switchedRemote
        /// S1F2 answers the S1F1 of that number.
        case areYouThereAnswered(attempt: Int)
        /// It was aborted or not answered.
        case areYouThereFailed(attempt: Int)
        /// S1F15 came.
        case offlineRequested
        /// S1F17 came.
        case onlineRequested
    }

    enum Output: Equatable {
        /// Send S1F1; the number comes back with its outcome.
        case sendAreYouThere(attempt: Int)
        /// Answer S1F15 with this OFLACK.
        case replyOffline(code: UInt8)
        /// Answer S1F17 with this ONLACK.
        case replyOnline(code: UInt8)
        /// The state is another one now.
        case report(GemControlState)
    }

    private(set) var state: GemControlState
    private var attempts = 0
    private var isAttemptOpen = false
    private var isCommunicating = false
    /// Whether the on-line state is remote: how the operator's switch stands.
    private var isRemote: Bool
    private let offlineState: GemControlState

    init(_ configuration: GemControlConfiguration) {
        state =
            switch configuration.initialState {
            case .equipmentOffline: .equipmentOffline
            case .attemptOnline: .attemptOnline
            case .hostOffline: .hostOffline
            case .online: configuration.isRemote ? .onlineRemote : .onlineLocal
            }
        isRemote = configuration.isRemote
        offlineState = configuration.failedAttemptState == .hostOffline ? .hostOffline : .equipmentOffline
    }

    mutating func handle(_ input: Input) -> [Output] {
        switch input {
        case .communicationStarted:
            isCommunicating = true
            return state == .attemptOnline ? attempt() : []
        case .communicationEnded:
            isCommunicating = false
            guard isAttemptOpen else { return [] }
            return enter(offlineState)
        case .switchedOnline:
            guard state == .equipmentOffline else { return [] }
            return enter(.attemptOnline) + (isCommunicating ? attempt() : [])
        case .switchedOffline: return enter(.equipmentOffline)
        case .switchedLocal: return turn(toRemote: false)
        case .switchedRemote: return turn(toRemote: true)
        case .areYouThereAnswered(let attempt):
            guard isAttemptOpen, attempt == attempts else { return [] }
            return enter(onlineState)
        case .areYouThereFailed(let attempt):
            guard isAttemptOpen, attempt == attempts else { return [] }
            return enter(offlineState)
        case .offlineRequested: return [.replyOffline(code: 0)] + (state.isOnline ? enter(.hostOffline) : [])
        case .onlineRequested:
            switch state {
            case .equipmentOffline, .attemptOnline: return [.replyOnline(code: 1)]
            case .hostOffline: return [.replyOnline(code: 0)] + enter(onlineState)
            case .onlineLocal, .onlineRemote: return [.replyOnline(code: 2)]
            }
        }
    }

    private var onlineState: GemControlState { isRemote ? .onlineRemote : .onlineLocal }

    private mutating func attempt() -> [Output] {
        attempts += 1
        isAttemptOpen = true
        return [.sendAreYouThere(attempt: attempts)]
    }

    private mutating func enter(_ next: GemControlState) -> [Output] {
        isAttemptOpen = false
        guard next != state else { return [] }
        state = next
        return [.report(next)]
    }

    private mutating func turn(toRemote isRemote: Bool) -> [Output] {
        self.isRemote = isRemote
        return state.isOnline ? enter(onlineState) : []
    }
}
