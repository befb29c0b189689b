/// What the handler of a TCP connection decides: inputs in, outputs out. No I/O, no clock.
///
/// Outputs are carried out in order. Those that can run code of the program, the reports and the steering of the poll
/// timer, come last: what the program then does finds everything settled.
struct TcpStateMachine {
    /// What tells whether the device is there, while the connection stands.
    enum Judge {
        /// The program: sends that it has not accepted a response for.
        case countedSends(CountedSends)
        /// A device module.
        case module(ModuleEvidence)
    }

    /// Sends since the last accepted response.
    struct CountedSends {
        let limit: Int
        fileprivate(set) var count = 0

        init(limit: Int) { self.limit = limit }
    }

    enum Input: Equatable {
        /// The program called `Connect`.
        case connectCalled
        /// The program called `Disconnect`.
        case disconnectCalled
        /// The attempt that ``TcpOutput/openSocket`` began has failed.
        case attemptFailed(ConnectFailure)
        /// The socket connected, whoever asked for it.
        case socketConnected
        /// The socket is closed, whoever closed it.
        case socketDisconnected
        /// The poll timer has ticked.
        case pollDue
        /// The time set by ``TcpOutput/scheduleRetry`` is over.
        case retryDue
        /// The program set `AutoReconnect`.
        case autoReconnectSet(Bool)
        /// The program paused or stopped the poll timer (`false`), or resumed or restarted it (`true`).
        case pollingWanted(Bool)
        /// Where sends are counted: the program has recognized a response.
        case responseAccepted
        /// Where a module judges: it has done what it does for a query.
        case queryFinished
        /// Where a module judges: the interface has received something.
        case heard
        /// Where a module judges: it has published its ConnectionStatus.
        case published(ConnectionStatus)
    }

    /// Whether the program may send.
    enum SendDecision: Equatable {
        case send
        /// Nothing is sent, and this is to be done: too many sends went without a response.
        case giveUp([TcpOutput])
    }

    /// The connection.
    private(set) var connection: TcpConnectionState
    private(set) var judge: Judge
    private var known = KnownStatus()
    private let connectedOn: HandlerOptions.ConnectedOn

    init(_ judge: Judge, connectedOn: HandlerOptions.ConnectedOn, retry: RetryPolicy) {
        self.judge = judge
        self.connectedOn = connectedOn
        connection = TcpConnectionState(retry: retry)
    }

    /// What is known of the device.
    var status: ConnectionStatus { known.value }

    mutating func handle(_ input: Input) -> [TcpOutput] {
        switch input {
        case .connectCalled: return connection.connectCalled()
        case .disconnectCalled: return connection.disconnectCalled()
        case .attemptFailed(let failure): return connection.attemptFailed(failure)
        case .socketConnected: return socketConnected()
        case .socketDisconnected: return socketDisconnected()
        case .pollDue: return pollDue()
        case .retryDue: return connection.retryDue()
        case .autoReconnectSet(let on): return connection.autoReconnectSet(on)
        case .pollingWanted(let wanted):
            connection.pollingWanted(wanted)
            return []
        case .responseAccepted: return responseAccepted()
        case .queryFinished: return queryFinished()
        case .heard:
            heard()
            return []
        case .published(let word): return published(word)
        }
    }

    /// The program is about to send, where sends are counted.
    mutating func admitSend() -> SendDecision {
        // On a socket that is not up the send fails by itself, and says so; nothing is counted.
        guard connection.isUp, case .countedSends(var sends) = judge else { return .send }
        guard sends.count < sends.limit else { return .giveUp(connection.giveUp()) }
        sends.count += 1
        judge = .countedSends(sends)
        return .send
    }

    // MARK: - The connection

    private mutating func socketConnected() -> [TcpOutput] {
        guard let outputs = connection.socketConnected() else { return [] }
        var isRefused = false
        switch judge {
        case .countedSends(let sends): judge = .countedSends(CountedSends(limit: sends.limit))
        case .module(var evidence):
            evidence.begin()
            // A module that was refused is the first to know that the device is back: a socket that connects is no
            // login that succeeds.
            isRefused = evidence.isRefused
            judge = .module(evidence)
        }
        return connectedOn == .socket && !isRefused ? outputs + report(.connected) : outputs
    }

    private mutating func socketDisconnected() -> [TcpOutput] {
        guard let outputs = connection.socketDisconnected() else { return [] }
        if case .module = judge { return outputs + [.tellModuleOfLoss] + report(.disconnected) }
        return outputs + report(.disconnected)
    }

    // MARK: - The device

    private mutating func pollDue() -> [TcpOutput] {
        guard connection.isUp else { return [] }
        guard case .module(var evidence) = judge else { return [.runQuery] }
        let isAnswered = evidence.beginPoll()
        judge = .module(evidence)
        if evidence.isOverLimit { return connection.giveUp() }
        return [.runQuery] + (isAnswered ? report(.connected) : evidence.isContradicted ? report(.disconnected) : [])
    }

    private mutating func responseAccepted() -> [TcpOutput] {
        // A response that is recognized after its socket was closed says nothing of the device's present state.
        guard connection.isUp, case .countedSends(let sends) = judge else { return [] }
        judge = .countedSends(CountedSends(limit: sends.limit))
        return report(.connected)
    }

    private mutating func queryFinished() -> [TcpOutput] {
        guard connection.isUp, case .module(let evidence) = judge, evidence.isOverLimit else { return [] }
        return connection.giveUp()
    }

    private mutating func heard() {
        guard connection.isUp, case .module(var evidence) = judge else { return }
        evidence.heard()
        judge = .module(evidence)
    }

    private mutating func published(_ word: ConnectionStatus) -> [TcpOutput] {
        guard case .module(var evidence) = judge else { return [] }
        evidence.published(word, isUp: connection.isUp)
        judge = .module(evidence)
        // Without a connection the device is not there, whatever the module still believes. The connection is not
        // closed here even over the limit: a module publishes in the middle of a query, and is about to send.
        return connection.isUp && word != .unknown ? report(word) : []
    }

    private mutating func report(_ new: ConnectionStatus) -> [TcpOutput] {
        known.becomes(new) ? [new == .connected ? .reportConnected : .reportDisconnected] : []
    }
}
