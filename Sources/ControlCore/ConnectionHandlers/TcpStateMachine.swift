/// What a handler of a TCP connection decides: inputs in, outputs out. No I/O, no clock.
///
/// Outputs are carried out in order. Those that can run code of the program, the reports and the steering of the poll
/// timer, come last: what the program then does finds everything settled.
protocol TcpStateMachine {
    associatedtype Input: TcpStateMachineInput

    /// The connection.
    var link: TcpLink { get }
    /// What is known of the device.
    var status: ConnectionStatus { get }

    mutating func handle(_ input: Input) -> [TcpHandlerOutput]

    /// What it has made of an input, in words for whoever looks for a defect; `nil` where that goes without saying.
    /// - Parameters:
    ///   - former: the machine before the input.
    ///   - outputs: what it then wanted done.
    func account(of input: Input, since former: Self, _ outputs: [TcpHandlerOutput]) -> String?
}

/// The inputs that every machine of a TCP connection has.
protocol TcpStateMachineInput {
    /// The program called `Connect`.
    static var connectCalled: Self { get }
    /// The program called `Disconnect`.
    static var disconnectCalled: Self { get }
    /// The attempt that ``TcpHandlerOutput/openSocket`` began has failed.
    static func attemptFailed(_ failure: ConnectFailure) -> Self
    /// The socket connected, whoever asked for it.
    static var socketConnected: Self { get }
    /// The socket is closed, whoever closed it.
    static var socketDisconnected: Self { get }
    /// The poll timer has ticked.
    static var pollDue: Self { get }
    /// The time set by ``TcpHandlerOutput/scheduleRetry`` is over.
    static var retryDue: Self { get }
    /// The program set `AutoReconnect`.
    static func autoReconnectSet(_ on: Bool) -> Self
    /// The program paused or stopped the poll timer (`false`), or resumed or restarted it (`true`).
    static func pollingWanted(_ wanted: Bool) -> Self
}
