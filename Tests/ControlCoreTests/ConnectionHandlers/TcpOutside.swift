import Polling

@testable import ControlCore

/// An input of the machine of a TCP handler, or the program's wish to send.
enum TcpStep: Equatable, Sendable {
    case input(TcpStateMachine.Input)
    case sending

    static let connectCalled = TcpStep.input(.connectCalled)
    static let disconnectCalled = TcpStep.input(.disconnectCalled)
    static func attemptFailed(_ failure: ConnectFailure) -> TcpStep { .input(.attemptFailed(failure)) }
    static let socketConnected = TcpStep.input(.socketConnected)
    static let socketDisconnected = TcpStep.input(.socketDisconnected)
    static let pollDue = TcpStep.input(.pollDue)
    static let retryDue = TcpStep.input(.retryDue)
    static func autoReconnectSet(_ on: Bool) -> TcpStep { .input(.autoReconnectSet(on)) }
    static func pollingWanted(_ wanted: Bool) -> TcpStep { .input(.pollingWanted(wanted)) }
    static let responseAccepted = TcpStep.input(.responseAccepted)
    static let queryFinished = TcpStep.input(.queryFinished)
    static let heard = TcpStep.input(.heard)
    static func published(_ word: ConnectionStatus) -> TcpStep { .input(.published(word)) }
}

extension TcpStateMachine {
    /// A machine that has taken these steps.
    init(_ judge: Judge, connectedOn: HandlerOptions.ConnectedOn, after path: [TcpStep]) {
        self.init(judge, connectedOn: connectedOn, retry: .everyFiveSeconds)
        for step in path { _ = take(step) }
    }

    /// Sends since the last accepted response; 0 where a module judges.
    var sendsWithoutResponse: Int {
        if case .countedSends(let sends) = judge { sends.count } else { 0 }
    }

    /// What a module has shown; `nil` where sends are counted.
    var evidence: ModuleEvidence? {
        if case .module(let evidence) = judge { evidence } else { nil }
    }

    /// What it wants done at a step; nothing when it lets the program send.
    mutating func take(_ step: TcpStep) -> [TcpOutput] {
        switch step {
        case .input(let input): return handle(input)
        case .sending:
            if case .giveUp(let outputs) = admitSend() { return outputs }
            return []
        }
    }
}

/// What a handler and a network would be, as far as the outputs of a TCP handler's machine change them.
struct TcpOutside {
    /// Inputs that are possible at any time.
    private let ofTheProgram: [TcpStep]

    private var isAttempting = false
    private var isUp = false
    private var isClosing = false
    private var isRetryScheduled = false
    private var isPolling = false
    private var wantsPolling = true
    private var autoReconnect = true
    /// Once connecting began with AutoReconnect, something must be under way until AutoReconnect is switched off.
    private var isWanted = false
    private var lastReport: TcpOutput?
    private(set) var connections = 0
    private(set) var retries = 0
    private(set) var losses = 0
    private var faults: [String] = []

    init(ofTheProgram: [TcpStep]) {
        self.ofTheProgram = ofTheProgram
    }

    /// Inputs of the program are always possible; those of the network only when they can happen.
    var possibleInputs: [TcpStep] {
        var inputs = ofTheProgram
        inputs += [.connectCalled, .disconnectCalled, .autoReconnectSet(true), .pollingWanted(true)]
        // Less often, so that retries get their turn.
        if connections % 3 == 0 { inputs += [.autoReconnectSet(false), .pollingWanted(false)] }
        if isAttempting { inputs += [.attemptFailed(.timedOut), .socketConnected, .socketConnected] }
        if isUp { inputs += [.socketDisconnected, .pollDue, .pollDue, .pollDue, .pollDue] }
        if isClosing { inputs += [.socketDisconnected, .socketDisconnected, .socketDisconnected] }
        if isRetryScheduled { inputs += [.retryDue, .retryDue, .retryDue] }
        return inputs
    }

    mutating func note(_ input: TcpStep) {
        if input == .connectCalled {
            wantsPolling = true
            isWanted = autoReconnect
        } else if input == .attemptFailed(.timedOut) {
            isAttempting = false
            isWanted = autoReconnect
        } else if input == .socketConnected {
            isAttempting = false
            isUp = true
            connections += 1
        } else if input == .socketDisconnected {
            isUp = false
            isClosing = false
            isWanted = autoReconnect
        } else if input == .retryDue {
            isRetryScheduled = false
            retries += 1
        } else if input == .autoReconnectSet(true) {
            autoReconnect = true
        } else if input == .autoReconnectSet(false) {
            autoReconnect = false
            isWanted = false
        } else if input == .pollingWanted(true) {
            wantsPolling = true
            if isUp { isPolling = true }
        } else if input == .pollingWanted(false) {
            wantsPolling = false
            isPolling = false
        }
    }

    mutating func carryOut(_ output: TcpOutput) {
        switch output {
        case .openSocket:
            if isAttempting || isUp || isClosing { faults.append("a second attempt") }
            isAttempting = true
        case .abandonAttempt: isAttempting = false
        case .closeSocket, .closeForSilence:
            isAttempting = false
            isClosing = isUp
            isUp = false
        case .scheduleRetry:
            if isRetryScheduled { faults.append("a second retry") }
            isRetryScheduled = true
        case .cancelRetry: isRetryScheduled = false
        case .startPolling: isPolling = true
        case .stopPolling: isPolling = false
        case .runQuery: if !isUp { faults.append("a poll while down") }
        case .tellModuleOfLoss:
            losses += 1
            if isUp { faults.append("a loss while up") }
        case .reportConnected, .reportDisconnected:
            if lastReport == output { faults.append("\(output) twice") }
            if output == .reportConnected, !isUp { faults.append("Connected while down") }
            lastReport = output
        case .reportConnectFailed: break
        }
    }

    mutating func check(_ machine: TcpStateMachine) -> [String] {
        var found = faults
        faults = []
        let connection = machine.connection
        if (connection.socket == .up) != isUp { found.append("up is \(isUp), the machine says \(connection.socket)") }
        if isRetryScheduled != connection.isRetryPending { found.append("retry scheduled: \(isRetryScheduled)") }
        if isRetryScheduled, !autoReconnect || isUp || isAttempting { found.append("a retry that is not wanted") }
        if isWanted, !isUp, !isClosing, !isAttempting, !isRetryScheduled { found.append("nothing is under way") }
        if isPolling != (isUp && wantsPolling) { found.append("polling \(isPolling), wanted \(wantsPolling)") }
        if machine.status == .connected, connection.socket == .down { found.append("Connected while down") }
        return found
    }
}

extension RetryPolicy {
    static let everyFiveSeconds = RetryPolicy(.fixed, time: .seconds(5), limit: .seconds(60))
}
