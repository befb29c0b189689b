public import Polling

/// What a program can tell a connection handler, with the documented defaults.
public struct HandlerOptions: Equatable, Sendable {
    /// What makes a TCP device `Connected`.
    public enum ConnectedOn: String, CaseIterable, Sendable {
        /// Its socket connects; after a refusal, such as of a login, the word of its module that the device is back.
        case socket = "Socket"
        /// Its first accepted response after the socket has connected.
        case response = "Response"
    }

    /// How many sends may go without an accepted response: one more, and the device counts as gone.
    public let disconnectLimit: Int
    /// The time between two keep-alive queries.
    public let pollFrequency: TimeAmount
    /// The time from a loss or a failed attempt to the next attempt, and between two attempts to listen.
    public let connectRetryTime: TimeAmount
    /// How a TCP device is tried again; its time is ``connectRetryTime``.
    public let retry: RetryPolicy
    /// How long a server's client may send nothing before it is dropped.
    public let serverTimeout: TimeAmount
    /// What makes a TCP device `Connected`.
    public package(set) var connectedOn: ConnectedOn
    /// By which part of ``pollFrequency`` the first poll comes earlier than one whole interval after the start.
    /// Handlers that begin together get different ones of ``PollPhases``.
    public package(set) var pollPhase: Double

    /// How long a device may be silent before it counts as gone, and a little more.
    var answerTime: TimeAmount {
        let polls = Double(pollFrequency.nanoseconds) * Double(disconnectLimit + 2)
        return polls < Double(TimeAmount.longestDelay.nanoseconds) ? .nanoseconds(Int64(polls)) : .longestDelay
    }

    /// The documented defaults.
    public enum Default {
        /// 15 sends.
        public static let disconnectLimit = 15
        /// 1 s.
        public static let pollFrequency = TimeAmount.seconds(1)
        /// 5 s.
        public static let connectRetryTime = TimeAmount.seconds(5)
        /// 300 s.
        public static let serverTimeout = TimeAmount.seconds(300)
        /// The socket.
        public static let connectedOn = ConnectedOn.socket
        /// The same time before each attempt.
        public static let retry = RetryPolicy.Kind.fixed
        /// 60 s.
        public static let connectRetryLimit = TimeAmount.seconds(60)
    }

    /// Bundles the options.
    /// - Parameters:
    ///   - disconnectLimit: at least 1.
    ///   - pollFrequency: 0.01 s to ``Polling/TimeAmount/longestDelay``, as a timer's interval.
    ///   - connectRetryTime: 0.01 s to ``Polling/TimeAmount/longestDelay``.
    ///   - serverTimeout: 0.01 s to ``Polling/TimeAmount/longestDelay``.
    ///   - connectedOn: what makes a TCP device `Connected`.
    ///   - retry: how a TCP device is tried again.
    ///   - connectRetryLimit: 0.01 s to ``Polling/TimeAmount/longestDelay``; of meaning for
    ///     ``RetryPolicy/Kind/backoff``.
    ///   - pollPhase: 0 to below 1.
    /// - Throws: when an option is out of its range.
    public init(
        disconnectLimit: Int = Default.disconnectLimit,
        pollFrequency: TimeAmount = Default.pollFrequency,
        connectRetryTime: TimeAmount = Default.connectRetryTime,
        serverTimeout: TimeAmount = Default.serverTimeout,
        connectedOn: ConnectedOn = Default.connectedOn,
        retry: RetryPolicy.Kind = Default.retry,
        connectRetryLimit: TimeAmount = Default.connectRetryLimit,
        pollPhase: Double = 0
    ) throws(ParameterError) {
        guard disconnectLimit >= 1 else {
            throw ParameterError(
                parameter: "DisconnectLimit", problem: "is \(disconnectLimit)", allowed: "at least 1")
        }
        guard pollPhase >= 0, pollPhase < 1 else {
            throw ParameterError(parameter: "pollPhase", problem: "is \(pollPhase)", allowed: "0 to below 1")
        }
        try ControlTimer.check(pollFrequency, parameter: "pollFrequency")
        try ControlTimer.check(connectRetryTime, parameter: "connectRetryTime")
        try ControlTimer.check(connectRetryLimit, parameter: "connectRetryLimit")
        try ControlTimer.check(serverTimeout, parameter: "serverTimeout")
        self.init(
            checkedLimit: disconnectLimit, pollFrequency: pollFrequency, connectRetryTime: connectRetryTime,
            serverTimeout: serverTimeout, connectedOn: connectedOn, retry: retry, connectRetryLimit: connectRetryLimit,
            pollPhase: pollPhase)
    }

    /// As the other, for values that were checked against their declaration.
    package init(
        checkedLimit disconnectLimit: Int, pollFrequency: TimeAmount, connectRetryTime: TimeAmount,
        serverTimeout: TimeAmount, connectedOn: ConnectedOn, retry: RetryPolicy.Kind, connectRetryLimit: TimeAmount,
        pollPhase: Double = 0
    ) {
        self.disconnectLimit = disconnectLimit
        self.pollFrequency = pollFrequency
        self.connectRetryTime = connectRetryTime
        self.retry = RetryPolicy(retry, time: connectRetryTime, limit: connectRetryLimit)
        self.serverTimeout = serverTimeout
        self.connectedOn = connectedOn
        self.pollPhase = pollPhase
    }
}
