/// What a ``RawSimplePipeHandler`` decides: inputs in, outputs out. No I/O, no clock.
///
/// A pipe has no connection to lose: what is sent always goes out, so that a device that was away is found again.
struct RawSimplePipeStateMachine {
    typealias Output = SimplePipeOutput

    enum Input: Equatable {
        /// The program called `Connect`.
        case connectCalled(isPolling: Bool)
        /// The poll timer has ticked.
        case pollDue
        /// The program sends, or a query cannot be sent because the pipe is offline.
        case sending
        /// The program has recognized a response.
        case responseAccepted
    }

    private(set) var status = ConnectionStatus.unknown
    /// Sends since the last accepted response. At most one more than the limit.
    private(set) var sendsWithoutResponse = 0

    let disconnectLimit: Int

    init(disconnectLimit: Int) {
        self.disconnectLimit = disconnectLimit
    }

    mutating func handle(_ input: Input) -> [Output] {
        switch input {
        case .connectCalled(let isPolling):
            return isPolling ? [] : [.startPolling]
        case .pollDue:
            return [.runQuery]
        case .sending:
            sendsWithoutResponse = min(sendsWithoutResponse + 1, disconnectLimit + 1)
            return sendsWithoutResponse > disconnectLimit ? report(.disconnected) : []
        case .responseAccepted:
            sendsWithoutResponse = 0
            return report(.connected)
        }
    }

    private mutating func report(_ new: ConnectionStatus) -> [Output] {
        guard status != new else { return [] }
        status = new
        return [new == .connected ? .reportConnected : .reportDisconnected]
    }
}
