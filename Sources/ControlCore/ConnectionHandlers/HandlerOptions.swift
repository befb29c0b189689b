public import NIOCore

/// What a program can tell a connection handler, with the documented defaults.
public struct HandlerOptions: Equatable, Sendable {
    /// What makes a TCP device `Connected`.
    public enum ConnectedOn: String, Equatable, Sendable {
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
    public let connectedOn: ConnectedOn
    /// By which part of ``pollFrequency`` the first poll comes earlier than one whole interval after the start. Handlers
    /// that begin together get different ones of ``PollPhases``.
    public let pollPhase: Double

    /// How long a device may be silent before it counts as gone, and a little more.
    var answerTime: TimeAmount {
        let polls = Double(pollFrequency.nanoseconds) * Double(disconnectLimit + 2)
        return polls < Double(TimeAmount.longestDelay.nanoseconds) ? .nanoseconds(Int64(polls)) : .longestDelay
    }

    /// Bundles the options.
    /// - Parameters:
    ///   - disconnectLimit: at least 1.
    ///   - pollFrequency: 0.01 s to ``NIOCore/TimeAmount/longestDelay``, as a timer's interval.
    ///   - connectRetryTime: 0.01 s to ``NIOCore/TimeAmount/longestDelay``.
    ///   - serverTimeout: 0.01 s to ``NIOCore/TimeAmount/longestDelay``.
    ///   - retry: how a TCP device is tried again.
    ///   - connectRetryLimit: 0.01 s to ``NIOCore/TimeAmount/longestDelay``; of meaning for ``RetryPolicy/Kind/backoff``.
    ///   - pollPhase: 0 to below 1.
    /// - Throws: when an option is out of its range.
    public init(
        disconnectLimit: Int = 15,
        pollFrequency: TimeAmount = .seconds(1),
        connectRetryTime: TimeAmount = .seconds(5),
        serverTimeout: TimeAmount = .seconds(300),
        connectedOn: ConnectedOn = .socket,
        retry: RetryPolicy.Kind = .fixed,
        connectRetryLimit: TimeAmount = .seconds(60),
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
        self.disconnectLimit = disconnectLimit
        self.pollFrequency = pollFrequency
        self.connectRetryTime = connectRetryTime
        self.retry = RetryPolicy(retry, time: connectRetryTime, limit: connectRetryLimit)
        self.serverTimeout = serverTimeout
        self.connectedOn = connectedOn
        self.pollPhase = pollPhase
    }
}
