import Testing

@testable import ControlCore

@Suite("TcpStateMachine where sends are counted")
struct TcpStateMachineCountedSendsTests {
    typealias Machine = TcpStateMachine
    typealias Input = TcpStep
    typealias Output = TcpOutput

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
            return [[.openSocket], [], [], begins, [], [], [], [], [], [], [], [], []]
        case .connecting:
            return [
                [], [.closeSocket, .scheduleRetry, calledOff], [.scheduleRetry, refused], begins, [], [], [],
                [], [], [], [], [], [],
            ]
        case .up:
            return [
                [], [.closeSocket, .stopPolling], [], [], [.scheduleRetry, .stopPolling, .reportDisconnected],
                [], [], [.runQuery], [], [], [], [], [],
            ]
        case .upPaused:
            return [
                [.startPolling], [.closeSocket, .stopPolling], [], [],
                [.scheduleRetry, .stopPolling, .reportDisconnected], [], [], [.runQuery], [], [], [], [], [],
            ]
        case .atLimit:
            return [
                [], [.closeSocket, .stopPolling], [], [], [.scheduleRetry, .stopPolling, .reportDisconnected],
                [.closeForSilence, .stopPolling], [], [.runQuery], [], [], [], [], [],
            ]
        case .closing:
            return [
                [], [], [], [.startPolling], [.scheduleRetry, .reportDisconnected], [], [], [], [], [], [], [],
                [],
            ]
        case .reopening:
            return [
                [], [.abandonAttempt], [], [.startPolling], [.openSocket, .reportDisconnected], [], [], [], [],
                [], [], [], [],
            ]
        case .retryPending:
            return [
                [.cancelRetry, .openSocket], [], [], [.cancelRetry] + begins, [], [], [], [], [.openSocket],
                [.cancelRetry], [], [], [],
            ]
        case .retrying:
            return [
                [], [.closeSocket, .scheduleRetry, calledOff], [.scheduleRetry, refused], begins, [], [], [],
                [], [], [.abandonAttempt], [], [], [],
            ]
        case .downForGood:
            return [[.openSocket], [], [], begins, [], [], [], [], [], [], [], [], []]
        case .lost:
            return [
                [.cancelRetry, .openSocket], [], [], [.cancelRetry] + begins, [], [], [], [], [.openSocket],
                [.cancelRetry], [], [], [],
            ]
        }
    }

    private static func machine(
        in situation: Situation = .new, connectedOn: HandlerOptions.ConnectedOn = .socket
    ) -> Machine {
        Machine(
            .countedSends(TcpStateMachine.CountedSends(limit: 2)), connectedOn: connectedOn, after: situation.path)
    }

    @Test("Every input in every situation gives what is decided", arguments: Situation.allCases)
    func table(situation: Situation) {
        let expected = Self.expected(situation)
        #expect(expected.count == Self.allInputs.count)
        for (input, outputs) in zip(Self.allInputs, expected) {
            var machine = Self.machine(in: situation)
            #expect(machine.take(input) == outputs, "\(input) when \(situation)")
        }
    }

    @Test("On request, Connected waits for the first accepted response of each connection")
    func connectedOnResponse() {
        var machine = Self.machine(in: .connecting, connectedOn: .response)
        #expect(machine.take(.socketConnected) == [.startPolling])
        #expect(machine.status == .unknown)
        #expect(machine.take(.responseAccepted) == [.reportConnected])
        #expect(machine.take(.responseAccepted) == [])
        #expect(machine.take(.socketDisconnected) == [.scheduleRetry, .stopPolling, .reportDisconnected])
        #expect(machine.take(.responseAccepted) == [])
        #expect(machine.take(.retryDue) == [.openSocket])
        #expect(machine.take(.socketConnected) == [.startPolling])
        #expect(machine.take(.socketDisconnected) == [.scheduleRetry, .stopPolling])
    }

    @Test("Disconnected is reported from Unknown too")
    func fromUnknown() {
        var machine = Self.machine(in: .connecting, connectedOn: .response)
        _ = machine.take(.socketConnected)
        #expect(machine.take(.socketDisconnected) == [.scheduleRetry, .stopPolling, .reportDisconnected])
    }

    @Test("An accepted response and a new connection start the count of sends anew")
    func counting() {
        var machine = Self.machine(in: .atLimit)
        _ = machine.take(.responseAccepted)
        #expect(machine.take(.sending) == [])
        #expect(machine.take(.sending) == [])
        #expect(machine.take(.sending) == [.closeForSilence, .stopPolling])
        _ = machine.take(.socketDisconnected)
        _ = machine.take(.retryDue)
        _ = machine.take(.socketConnected)
        #expect(machine.sendsWithoutResponse == 0)
    }

    @Test("Polling that the program paused stays paused over a reconnect, until Connect is called")
    func pausedPolling() {
        var machine = Self.machine(in: .upPaused)
        _ = machine.take(.socketDisconnected)
        _ = machine.take(.retryDue)
        #expect(machine.take(.socketConnected) == [.reportConnected])
        #expect(machine.take(.connectCalled) == [.startPolling])
        #expect(machine.take(.connectCalled) == [])
    }

    @Test("In ten thousand random steps no invariant breaks", arguments: [1, 2, 3, 4] as [UInt64])
    func random(seed: UInt64) {
        let environment = SimulatedEnvironment(seed: seed)
        var machine = Machine(
            .countedSends(TcpStateMachine.CountedSends(limit: 3)), connectedOn: seed % 2 == 0 ? .socket : .response,
            retry: .everyFiveSeconds)
        var world = TcpOutside(ofTheProgram: [.sending, .sending, .sending, .responseAccepted])
        var broken: [String] = []
        for step in 0..<10_000 {
            let choices = world.possibleInputs
            let input = choices[Int(environment.nextRandom() % UInt64(choices.count))]
            world.note(input)
            for output in machine.take(input) { world.carryOut(output) }
            var found = world.check(machine)
            if machine.sendsWithoutResponse > 3 { found.append("the count is over the limit") }
            broken += found.map { "step \(step), \(input): \($0)" }
            if broken.count > 5 { break }
        }
        #expect(broken == [])
        #expect(world.connections > 100)
        #expect(world.retries > 100)
    }
}
