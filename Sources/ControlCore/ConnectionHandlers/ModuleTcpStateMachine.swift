/// What a ``ModuleTcpHandler`` decides. The module says whether the device is there; see ``ModuleEvidence``.
struct ModuleTcpStateMachine: TcpStateMachine {
    typealias Output = TcpHandlerOutput

    enum Input: Equatable, TcpStateMachineInput {
        case connectCalled
        case disconnectCalled
        case attemptFailed(ConnectFailure)
        case socketConnected
        case socketDisconnected
        case pollDue
        case retryDue
        case autoReconnectSet(Bool)
        case pollingWanted(Bool)
        /// The module has done what it does for a query.
        case queryFinished
        /// The interface has received something.
        case heard
        /// The module has published its ConnectionStatus.
        case published(ConnectionStatus)
    }

    private(set) var link: TcpLink
    private(set) var status = ConnectionStatus.unknown
    private(set) var evidence: ModuleEvidence

    private let connectedOn: HandlerOptions.ConnectedOn

    init(disconnectLimit: Int, connectedOn: HandlerOptions.ConnectedOn, retry: RetryPolicy) {
        link = TcpLink(retry: retry)
        evidence = ModuleEvidence(disconnectLimit: disconnectLimit)
        self.connectedOn = connectedOn
    }

    mutating func handle(_ input: Input) -> [Output] {
        switch input {
        case .connectCalled: return link.connectCalled()
        case .disconnectCalled: return link.disconnectCalled()
        case .attemptFailed(let failure): return link.attemptFailed(failure)
        case .socketConnected: return socketConnected()
        case .socketDisconnected:
            return link.socketDisconnected().map { $0 + [.tellModuleOfLoss] + report(.disconnected) } ?? []
        case .pollDue: return pollDue()
        case .retryDue: return link.retryDue()
        case .autoReconnectSet(let on): return link.autoReconnectSet(on)
        case .pollingWanted(let wanted):
            link.pollingWanted(wanted)
            return []
        case .queryFinished: return link.socket == .up && evidence.isOverLimit ? link.giveUp() : []
        case .heard:
            if link.socket == .up { evidence.heard() }
            return []
        case .published(let word): return published(word)
        }
    }

    private mutating func socketConnected() -> [Output] {
        guard let outputs = link.socketConnected() else { return [] }
        evidence.begin()
        // A module that was refused is the first to know that the device is back: a socket that connects is no login that
        // succeeds.
        return connectedOn == .socket && !evidence.isRefused ? outputs + report(.connected) : outputs
    }

    private mutating func pollDue() -> [Output] {
        guard link.socket == .up else { return [] }
        let isAnswered = evidence.beginPoll()
        if evidence.isOverLimit { return link.giveUp() }
        return [.runQuery] + (isAnswered ? report(.connected) : evidence.isContradicted ? report(.disconnected) : [])
    }

    private mutating func published(_ word: ConnectionStatus) -> [Output] {
        evidence.published(word, isUp: link.socket == .up)
        // Without a connection the device is not there, whatever the module still believes. The connection is not closed
        // here even over the limit: a module publishes in the middle of a query, and is about to send.
        return link.socket == .up && word != .unknown ? report(word) : []
    }

    private mutating func report(_ new: ConnectionStatus) -> [Output] {
        guard status != new else { return [] }
        status = new
        return [new == .connected ? .reportConnected : .reportDisconnected]
    }
}
