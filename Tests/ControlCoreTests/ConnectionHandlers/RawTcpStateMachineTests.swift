import NIOCore
import Testing

@testable import ControlCore

@Suite("RawTcpStateMachine")
struct RawTcpStateMachineTests {
    typealias Machine = RawTcpStateMachine
    typealias Input = RawTcpStateMachine.Input
    typealias Output = RawTcpStateMachine.Output

    /// The states that behave differently, each with the inputs that lead there.
    enum Situation: String, CaseIterable, Sendable {
        case new, connecting, up, upPaused, atLimit, closing, reopening, retryPending, retrying, downForGood, lost

        var path: [Input] {
            switch self {
            case .new: []
            case .connecting: [.connectCalled]
            case .up: [.connectCalled, .socketConnected]
            case .upPaused: [.connectCalled, .socketConnected, .pollingWanted(false)]
            case .atLimit: [.connectCalled, .socketConnected, .sending, .sending]
            case .closing: [.connectCalled, .socketConnected, .disconnectCalled]
            case .reopening: [.connectCalled, .socketConnected, .disconnectCalled, .connectCalled]
            case .retryPending: [.connectCalled, .attemptFailed(.timedOut)]
            case .retrying: [.connectCalled, .attemptFailed(.timedOut), .retryDue]
            case .downForGood: [.autoReconnectSet(false), .connectCalled, .attemptFailed(.timedOut)]
            case .lost: [.connectCalled, .socketConnected, .socketDisconnected]
            }
        }
    }

    private static let allInputs: [Input] = [
        .connectCalled, .disconnectCalled, .attemptFailed(.connectionRefused), .socketConnected, .socketDisconnected,
        .sending, .responseAccepted, .pollDue, .retryDue, .autoReconnectSet(false), .autoReconnectSet(true),
        .pollingWanted(false), .pollingWanted(true),
    ]

    /// What each input gives, in the order of `allInputs`.
    private static func expected(_ situation: Situation) -> [[Output]] {
        let refused = Output.reportConnectFailed(.connectionRefused)
        let calledOff = Output.reportConnectFailed(.calledOff)
        let begins: [Output] = [.startPolling, .reportConnected]
        switch situation {
        case .new:
            return [[.openSocket], [], [], begins, [], [.transmit], [], [], [], [], [], [], []]
        case .connecting:
            return [
                [], [.closeSocket, .scheduleRetry, calledOff], [.scheduleRetry, refused], begins, [], [.transmit], [],
                [], [], [], [], [], [],
            ]
        case .up:
            return [
                [], [.closeSocket, .stopPolling], [], [], [.scheduleRetry, .stopPolling, .reportDisconnected],
                [.transmit], [], [.runQuery], [], [], [], [], [],
            ]
        case .upPaused:
            return [
                [.startPolling], [.closeSocket, .stopPolling], [], [],
                [.scheduleRetry, .stopPolling, .reportDisconnected], [.transmit], [], [.runQuery], [], [], [], [], [],
            ]
        case .atLimit:
            return [
                [], [.closeSocket, .stopPolling], [], [], [.scheduleRetry, .stopPolling, .reportDisconnected],
                [.closeSocket, .stopPolling], [], [.runQuery], [], [], [], [], [],
            ]
        case .closing:
            return [
                [], [], [], [.startPolling], [.scheduleRetry, .reportDisconnected], [.transmit], [], [], [], [], [], [],
                [],
            ]
        case .reopening:
            return [
                [], [.abandonAttempt], [], [.startPolling], [.openSocket, .reportDisconnected], [.transmit], [], [], [],
                [], [], [], [],
            ]
        case .retryPending:
            return [
                [.cancelRetry, .openSocket], [], [], [.cancelRetry] + begins, [], [.transmit], [], [], [.openSocket],
                [.cancelRetry], [], [], [],
            ]
        case .retrying:
            return [
                [], [.closeSocket, .scheduleRetry, calledOff], [.scheduleRetry, refused], begins, [], [.transmit], [],
                [], [], [.abandonAttempt], [], [], [],
            ]
        case .downForGood:
            return [[.openSocket], [], [], begins, [], [.transmit], [], [], [], [], [], [], []]
        case .lost:
            return [
                [.cancelRetry, .openSocket], [], [], [.cancelRetry] + begins, [], [.transmit], [], [], [.openSocket],
                [.cancelRetry], [], [], [],
            ]
        }
    }

    private static func machine(
        in situation: Situation = .new, connectedOn: HandlerOptions.ConnectedOn = .socket
    ) -> Machine {
        var machine = Machine(disconnectLimit: 2, connectedOn: connectedOn)
        for input in situation.path { _ = machine.handle(input) }
        return machine
    }

    @Test("Every input in every situation gives what is decided", arguments: Situation.allCases)
    func table(situation: Situation) {
        let expected = Self.expected(situation)
        #expect(expected.count == Self.allInputs.count)
        for (input, outputs) in zip(Self.allInputs, expected) {
            var machine = Self.machine(in: situation)
            #expect(machine.handle(input) == outputs, "\(input) when \(situation)")
        }
    }

    @Test("On request, Connected waits for the first accepted response of each connection")
    func connectedOnResponse() {
        var machine = Self.machine(in: .connecting, connectedOn: .response)
        #expect(machine.handle(.socketConnected) == [.startPolling])
        #expect(machine.status == .unknown)
        #expect(machine.handle(.responseAccepted) == [.reportConnected])
        #expect(machine.handle(.responseAccepted) == [])
        #expect(machine.handle(.socketDisconnected) == [.scheduleRetry, .stopPolling, .reportDisconnected])
        #expect(machine.handle(.responseAccepted) == [])
        #expect(machine.handle(.retryDue) == [.openSocket])
        #expect(machine.handle(.socketConnected) == [.startPolling])
        #expect(machine.handle(.socketDisconnected) == [.scheduleRetry, .stopPolling])
    }

    @Test("Disconnected is reported from Unknown too")
    func fromUnknown() {
        var machine = Self.machine(in: .connecting, connectedOn: .response)
        _ = machine.handle(.socketConnected)
        #expect(machine.handle(.socketDisconnected) == [.scheduleRetry, .stopPolling, .reportDisconnected])
    }

    @Test("An accepted response and a new connection start the count of sends anew")
    func counting() {
        var machine = Self.machine(in: .atLimit)
        _ = machine.handle(.responseAccepted)
        #expect(machine.handle(.sending) == [.transmit])
        #expect(machine.handle(.sending) == [.transmit])
        #expect(machine.handle(.sending) == [.closeSocket, .stopPolling])
        _ = machine.handle(.socketDisconnected)
        _ = machine.handle(.retryDue)
        _ = machine.handle(.socketConnected)
        #expect(machine.sendsWithoutResponse == 0)
    }

    @Test("Polling that the program paused stays paused over a reconnect, until Connect is called")
    func pausedPolling() {
        var machine = Self.machine(in: .upPaused)
        _ = machine.handle(.socketDisconnected)
        _ = machine.handle(.retryDue)
        #expect(machine.handle(.socketConnected) == [.reportConnected])
        #expect(machine.handle(.connectCalled) == [.startPolling])
        #expect(machine.handle(.connectCalled) == [])
    }

    @Test("In ten thousand random steps no invariant breaks", arguments: [1, 2, 3, 4] as [UInt64])
    func random(seed: UInt64) {
        let environment = SimulatedEnvironment(seed: seed)
        var machine = Machine(disconnectLimit: 3, connectedOn: seed % 2 == 0 ? .socket : .response)
        var world = Outside()
        var broken: [String] = []
        for step in 0..<10_000 {
            let choices = world.possibleInputs
            let input = choices[Int(environment.nextRandom() % UInt64(choices.count))]
            world.note(input)
            for output in machine.handle(input) { world.carryOut(output) }
            broken += world.check(machine).map { "step \(step), \(input): \($0)" }
            if broken.count > 5 { break }
        }
        #expect(broken == [])
        #expect(world.connections > 100)
        #expect(world.retries > 100)
    }
}

/// What a driver and a network would be, as far as a machine's outputs change them.
private struct Outside {
    var isAttempting = false
    var isUp = false
    var isClosing = false
    var isRetryScheduled = false
    var isPolling = false
    var wantsPolling = true
    var autoReconnect = true
    /// Once connecting began with AutoReconnect, something must be under way until AutoReconnect is switched off.
    var isWanted = false
    var lastReport: RawTcpStateMachine.Output?
    var connections = 0
    var retries = 0
    var faults: [String] = []

    /// Inputs of the program are always possible; those of the network only when they can happen.
    var possibleInputs: [RawTcpStateMachine.Input] {
        var inputs: [RawTcpStateMachine.Input] = [
            .connectCalled, .disconnectCalled, .sending, .sending, .sending, .responseAccepted,
            .autoReconnectSet(true), .pollingWanted(true),
        ]
        // Less often, so that retries get their turn.
        if connections % 3 == 0 { inputs += [.autoReconnectSet(false), .pollingWanted(false)] }
        if isAttempting { inputs += [.attemptFailed(.timedOut), .socketConnected, .socketConnected] }
        if isUp { inputs += [.socketDisconnected, .pollDue, .pollDue] }
        if isClosing { inputs += [.socketDisconnected, .socketDisconnected, .socketDisconnected] }
        if isRetryScheduled { inputs += [.retryDue, .retryDue, .retryDue] }
        return inputs
    }

    mutating func note(_ input: RawTcpStateMachine.Input) {
        switch input {
        case .connectCalled:
            wantsPolling = true
            isWanted = autoReconnect
        case .attemptFailed:
            isAttempting = false
            isWanted = autoReconnect
        case .socketConnected:
            isAttempting = false
            isUp = true
            connections += 1
        case .socketDisconnected:
            isUp = false
            isClosing = false
            isWanted = autoReconnect
        case .retryDue:
            isRetryScheduled = false
            retries += 1
        case .autoReconnectSet(let on):
            autoReconnect = on
            if !on { isWanted = false }
        case .pollingWanted(let wanted):
            wantsPolling = wanted
            if !wanted || isUp { isPolling = wanted }
        case .disconnectCalled, .sending, .responseAccepted, .pollDue: break
        }
    }

    mutating func carryOut(_ output: RawTcpStateMachine.Output) {
        switch output {
        case .openSocket:
            if isAttempting || isUp || isClosing { faults.append("a second attempt") }
            isAttempting = true
        case .abandonAttempt: isAttempting = false
        case .closeSocket:
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
        case .reportConnected, .reportDisconnected:
            if lastReport == output { faults.append("\(output) twice") }
            if output == .reportConnected, !isUp { faults.append("Connected while down") }
            lastReport = output
        case .transmit, .reportConnectFailed: break
        }
    }

    mutating func check(_ machine: RawTcpStateMachine) -> [String] {
        var found = faults
        faults = []
        if (machine.socket == .up) != isUp { found.append("up is \(isUp), the machine says \(machine.socket)") }
        if isRetryScheduled != machine.isRetryPending { found.append("retry scheduled: \(isRetryScheduled)") }
        if isRetryScheduled, !autoReconnect || isUp || isAttempting { found.append("a retry that is not wanted") }
        if isWanted, !isUp, !isClosing, !isAttempting, !isRetryScheduled { found.append("nothing is under way") }
        if machine.sendsWithoutResponse > 3 { found.append("the count is over the limit") }
        if isPolling != (isUp && wantsPolling) { found.append("polling \(isPolling), wanted \(wantsPolling)") }
        if machine.status == .connected, machine.socket == .down { found.append("Connected while down") }
        return found
    }
}
