/// What a ``RawTcpHandler`` decides: inputs in, outputs out. No I/O, no clock.
///
/// Outputs are carried out in order. Those that can run code of the program, the reports and the steering of the poll
/// timer, come last: what the program then does finds everything settled.
struct RawTcpStateMachine {
    enum Input: Equatable {
        /// The program called `Connect`.
        case connectCalled
        /// The program called `Disconnect`.
        case disconnectCalled
        /// The attempt that ``Output/openSocket`` began has failed.
        case attemptFailed(ConnectFailure)
        /// The socket connected, whoever asked for it.
        case socketConnected
        /// The socket is closed, whoever closed it.
        case socketDisconnected
        /// The program is about to send.
        case sending
        /// The program has recognized a response.
        case responseAccepted
        /// The poll timer has ticked.
        case pollDue
        /// The time set by ``Output/scheduleRetry`` is over.
        case retryDue
        /// The program set `AutoReconnect`.
        case autoReconnectSet(Bool)
        /// The program paused or stopped the poll timer (`false`), or resumed or restarted it (`true`).
        case pollingWanted(Bool)
    }

    enum Output: Equatable {
        /// Begin an attempt to connect.
        case openSocket
        /// Withdraw from the attempt, or from the wish for one; its failure is not to come as an input.
        case abandonAttempt
        /// Close the socket; or end the attempt, whose failure is then not to come as an input.
        case closeSocket
        /// Hand the data to the socket.
        case transmit
        /// Let ``Input/retryDue`` come after the retry time.
        case scheduleRetry
        /// It is not to come.
        case cancelRetry
        /// Start the poll timer; its first tick comes after one whole interval.
        case startPolling
        /// Halt the poll timer.
        case stopPolling
        /// Run the keep-alive query.
        case runQuery
        /// Tell the program that the device is there.
        case reportConnected
        /// Tell the program that the device is gone.
        case reportDisconnected
        /// Tell the program that an attempt failed.
        case reportConnectFailed(ConnectFailure)
    }

    enum Socket: Equatable {
        case down
        /// An attempt goes on; `asked`: the program waits for it, so that it is not only a retry.
        case connecting(asked: Bool)
        case up
        /// It was closed and its end is to come; `reopen`: the program has called `Connect` since.
        case closing(reopen: Bool)
    }

    private(set) var socket = Socket.down
    private(set) var status = ConnectionStatus.unknown
    /// Sends since the last accepted response.
    private(set) var sendsWithoutResponse = 0
    private(set) var autoReconnect = true
    private(set) var isRetryPending = false
    private(set) var isPollingWanted = true

    private let disconnectLimit: Int
    private let connectedOn: HandlerOptions.ConnectedOn

    init(disconnectLimit: Int, connectedOn: HandlerOptions.ConnectedOn) {
        self.disconnectLimit = disconnectLimit
        self.connectedOn = connectedOn
    }

    mutating func handle(_ input: Input) -> [Output] {
        switch input {
        case .connectCalled: connectCalled()
        case .disconnectCalled: disconnectCalled()
        case .attemptFailed(let failure): attemptFailed(failure)
        case .socketConnected: socketConnected()
        case .socketDisconnected: socketDisconnected()
        case .sending: sending()
        case .responseAccepted: responseAccepted()
        case .pollDue: socket == .up ? [.runQuery] : []
        case .retryDue: retryDue()
        case .autoReconnectSet(let on): autoReconnectSet(on)
        case .pollingWanted(let wanted): pollingWanted(wanted)
        }
    }

    private mutating func connectCalled() -> [Output] {
        // Connect() asks for the polling loop too, whoever paused it.
        let wasWanted = isPollingWanted
        isPollingWanted = true
        switch socket {
        case .down:
            socket = .connecting(asked: true)
            return dropRetry() + [.openSocket]
        case .connecting:
            socket = .connecting(asked: true)
            return []
        case .up:
            return wasWanted ? [] : [.startPolling]
        case .closing:
            socket = .closing(reopen: true)
            return []
        }
    }

    private mutating func disconnectCalled() -> [Output] {
        switch socket {
        case .down:
            return []
        case .connecting:
            socket = .down
            return [.closeSocket] + startRetry() + [.reportConnectFailed(.calledOff)]
        case .up:
            socket = .closing(reopen: false)
            return [.closeSocket, .stopPolling]
        case .closing(let reopen):
            socket = .closing(reopen: false)
            return reopen ? [.abandonAttempt] : []
        }
    }

    private mutating func attemptFailed(_ failure: ConnectFailure) -> [Output] {
        guard case .connecting = socket else { return [] }
        socket = .down
        return startRetry() + [.reportConnectFailed(failure)]
    }

    private mutating func socketConnected() -> [Output] {
        guard socket != .up else { return [] }
        socket = .up
        sendsWithoutResponse = 0
        var outputs = dropRetry()
        if isPollingWanted { outputs.append(.startPolling) }
        return connectedOn == .socket ? outputs + report(.connected) : outputs
    }

    private mutating func socketDisconnected() -> [Output] {
        switch socket {
        case .down, .connecting:
            return []
        case .up, .closing(reopen: false):
            let polling: [Output] = socket == .up ? [.stopPolling] : []
            socket = .down
            return startRetry() + polling + report(.disconnected)
        case .closing(reopen: true):
            socket = .connecting(asked: true)
            return [.openSocket] + report(.disconnected)
        }
    }

    private mutating func sending() -> [Output] {
        // On a socket that is not up the send fails by itself, and says so; nothing is counted.
        guard socket == .up else { return [.transmit] }
        guard sendsWithoutResponse < disconnectLimit else {
            socket = .closing(reopen: false)
            return [.closeSocket, .stopPolling]
        }
        sendsWithoutResponse += 1
        return [.transmit]
    }

    private mutating func responseAccepted() -> [Output] {
        // A response that is recognized after its socket was closed says nothing of the device's present state.
        guard socket == .up else { return [] }
        sendsWithoutResponse = 0
        return report(.connected)
    }

    private mutating func retryDue() -> [Output] {
        guard isRetryPending else { return [] }
        isRetryPending = false
        socket = .connecting(asked: false)
        return [.openSocket]
    }

    private mutating func autoReconnectSet(_ on: Bool) -> [Output] {
        autoReconnect = on
        guard !on else { return [] }
        if socket == .connecting(asked: false) {
            socket = .down
            return [.abandonAttempt]
        }
        return dropRetry()
    }

    private mutating func pollingWanted(_ wanted: Bool) -> [Output] {
        isPollingWanted = wanted
        return []
    }

    private mutating func startRetry() -> [Output] {
        guard autoReconnect else { return [] }
        isRetryPending = true
        return [.scheduleRetry]
    }

    private mutating func dropRetry() -> [Output] {
        guard isRetryPending else { return [] }
        isRetryPending = false
        return [.cancelRetry]
    }

    private mutating func report(_ new: ConnectionStatus) -> [Output] {
        guard status != new else { return [] }
        status = new
        return [new == .connected ? .reportConnected : .reportDisconnected]
    }
}
