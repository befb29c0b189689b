/// A TCP connection that is kept: attempts, retries, and whether there is polling. What a ``TcpStateMachine`` makes of
/// the device's answers is not its business.
struct TcpConnectionState {
    enum Socket: Equatable {
        case down
        /// An attempt goes on; `asked`: the program waits for it, so that it is not only a retry.
        case connecting(asked: Bool)
        case up
        /// It was closed and its end is to come; `reopen`: the program has called `Connect` since.
        case closing(reopen: Bool)
    }

    private(set) var socket = Socket.down
    private(set) var autoReconnect = true
    private(set) var isRetryPending = false
    private(set) var isPollingWanted = true
    /// Whether it was told to connect, or was connected.
    private(set) var hasBegun = false

    private let retry: RetryPolicy

    init(retry: RetryPolicy) {
        self.retry = retry
    }

    var isUp: Bool { socket == .up }

    var isConnecting: Bool {
        if case .connecting = socket { true } else { false }
    }

    mutating func connectCalled() -> [TcpOutput] {
        // Connect() asks for the polling loop too, whoever paused it.
        let wasWanted = isPollingWanted
        hasBegun = true
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

    mutating func disconnectCalled() -> [TcpOutput] {
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

    mutating func attemptFailed(_ failure: ConnectFailure) -> [TcpOutput] {
        guard case .connecting = socket else { return [] }
        socket = .down
        return (retry.continues(after: failure) ? startRetry() : []) + [.reportConnectFailed(failure)]
    }

    /// - Returns: `nil` when it was up already.
    mutating func socketConnected() -> [TcpOutput]? {
        guard socket != .up else { return nil }
        socket = .up
        hasBegun = true
        return dropRetry() + (isPollingWanted ? [.startPolling] : [])
    }

    /// - Returns: `nil` when there was no connection to lose.
    mutating func socketDisconnected() -> [TcpOutput]? {
        switch socket {
        case .down, .connecting:
            return nil
        case .up, .closing(reopen: false):
            let polling: [TcpOutput] = socket == .up ? [.stopPolling] : []
            socket = .down
            return startRetry() + polling
        case .closing(reopen: true):
            socket = .connecting(asked: true)
            return [.openSocket]
        }
    }

    mutating func retryDue() -> [TcpOutput] {
        guard isRetryPending else { return [] }
        isRetryPending = false
        socket = .connecting(asked: false)
        return [.openSocket]
    }

    mutating func autoReconnectSet(_ on: Bool) -> [TcpOutput] {
        autoReconnect = on
        guard !on else { return [] }
        if socket == .connecting(asked: false) {
            socket = .down
            return [.abandonAttempt]
        }
        return dropRetry()
    }

    mutating func pollingWanted(_ wanted: Bool) {
        isPollingWanted = wanted
    }

    /// Closes the connection to a device that does not answer; its end is to come. Only while it is up.
    mutating func giveUp() -> [TcpOutput] {
        socket = .closing(reopen: false)
        return [.closeForSilence, .stopPolling]
    }

    private mutating func startRetry() -> [TcpOutput] {
        guard autoReconnect else { return [] }
        isRetryPending = true
        return [.scheduleRetry]
    }

    private mutating func dropRetry() -> [TcpOutput] {
        guard isRetryPending else { return [] }
        isRetryPending = false
        return [.cancelRetry]
    }
}
