/// What a ``ModuleSimplePipeHandler`` decides: inputs in, outputs out. No I/O, no clock. The module says whether the
/// device is there; see ``ModuleEvidence``.
struct ModuleSimplePipeStateMachine {
    typealias Output = SimplePipeOutput

    enum Input: Equatable {
        /// The program called `Connect`.
        case connectCalled(isPolling: Bool)
        /// The poll timer has ticked.
        case pollDue
        /// The poll timer has ticked while the pipe is offline, so that the module cannot ask.
        case pollMissed
        /// The interface has received something.
        case heard
        /// The module has published its ConnectionStatus.
        case published(ConnectionStatus)
    }

    private(set) var status = ConnectionStatus.unknown
    private(set) var evidence: ModuleEvidence

    let disconnectLimit: Int

    init(disconnectLimit: Int) {
        self.disconnectLimit = disconnectLimit
        evidence = ModuleEvidence(disconnectLimit: disconnectLimit)
    }

    mutating func handle(_ input: Input) -> [Output] {
        switch input {
        case .connectCalled(let isPolling):
            return isPolling ? [] : [.startPolling]
        case .pollDue:
            let isAnswered = evidence.beginPoll()
            return [.runQuery] + (isAnswered ? report(.connected) : evidence.isOverLimit ? report(.disconnected) : [])
        case .pollMissed:
            _ = evidence.beginPoll()
            // The module is not asked, and so cannot know by itself.
            let isGone = evidence.unansweredPolls > disconnectLimit && status != .disconnected
            return isGone ? [.tellModuleOfLoss] + report(.disconnected) : []
        case .heard:
            evidence.heard()
            return []
        case .published(let word):
            evidence.published(word)
            return word == .unknown ? [] : report(word)
        }
    }

    private mutating func report(_ new: ConnectionStatus) -> [Output] {
        guard status != new else { return [] }
        status = new
        return [new == .connected ? .reportConnected : .reportDisconnected]
    }
}
