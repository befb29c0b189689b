/// What a ``RawTcpHandler`` decides. The program says which responses are good; the sends between them are counted.
struct RawTcpStateMachine: TcpStateMachine {
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
        /// The program is about to send.
        case sending
        /// The program has recognized a response.
        case responseAccepted
    }

    private(set) var link: TcpLink
    private(set) var status = ConnectionStatus.unknown
    /// Sends since the last accepted response.
    private(set) var sendsWithoutResponse = 0

    let disconnectLimit: Int
    private let connectedOn: HandlerOptions.ConnectedOn

    init(disconnectLimit: Int, connectedOn: HandlerOptions.ConnectedOn, retry: RetryPolicy) {
        link = TcpLink(retry: retry)
        self.disconnectLimit = disconnectLimit
        self.connectedOn = connectedOn
    }

    mutating func handle(_ input: Input) -> [Output] {
        switch input {
        case .connectCalled: return link.connectCalled()
        case .disconnectCalled: return link.disconnectCalled()
        case .attemptFailed(let failure): return link.attemptFailed(failure)
        case .socketConnected: return socketConnected()
        case .socketDisconnected: return link.socketDisconnected().map { $0 + report(.disconnected) } ?? []
        case .pollDue: return link.socket == .up ? [.runQuery] : []
        case .retryDue: return link.retryDue()
        case .autoReconnectSet(let on): return link.autoReconnectSet(on)
        case .pollingWanted(let wanted):
            link.pollingWanted(wanted)
            return []
        case .sending: return sending()
        case .responseAccepted: return responseAccepted()
        }
    }

    private mutating func socketConnected() -> [Output] {
        guard let outputs = link.socketConnected() else { return [] }
        sendsWithoutResponse = 0
        return connectedOn == .socket ? outputs + report(.connected) : outputs
    }

    private mutating func sending() -> [Output] {
        // On a socket that is not up the send fails by itself, and says so; nothing is counted.
        guard link.socket == .up else { return [.transmit] }
        guard sendsWithoutResponse < disconnectLimit else { return link.giveUp() }
        sendsWithoutResponse += 1
        return [.transmit]
    }

    private mutating func responseAccepted() -> [Output] {
        // A response that is recognized after its socket was closed says nothing of the device's present state.
        guard link.socket == .up else { return [] }
        sendsWithoutResponse = 0
        return report(.connected)
    }

    private mutating func report(_ new: ConnectionStatus) -> [Output] {
        guard status != new else { return [] }
        status = new
        return [new == .connected ? .reportConnected : .reportDisconnected]
    }
}
