import Testing

@testable import ControlCore

@Suite("TcpStateMachine where a module judges")
struct TcpStateMachineModuleTests {
    typealias Machine = TcpStateMachine
    typealias Input = TcpStep
    typealias Output = TcpOutput

    /// The states that behave differently, each with the inputs that lead there. The limit is 2.
    enum Situation: String, CaseIterable, Sendable {
        case new, connecting, up, upPaused, confirmed, atLimit, trusted, overLimit, contradicted, answered, closing,
            reopening
        case retryPending, retrying, downForGood, lost

        var path: [Input] {
            let up: [Input] = [.connectCalled, .socketConnected]
            return switch self {
            case .new: []
            case .connecting: [.connectCalled]
            case .up: up
            case .upPaused: up + [.pollingWanted(false)]
            case .confirmed: up + [.published(.connected)]
            // Silent for as many polls as there may be.
            case .atLimit: up + [.pollDue, .pollDue]
            // Silent for more, but the module says that the device is there.
            case .trusted: up + [.published(.connected), .pollDue, .pollDue, .pollDue]
            case .overLimit: up + [.published(.connected), .pollDue, .pollDue, .pollDue, .published(.disconnected)]
            // Something was received, but the module says that it was no good.
            case .contradicted: up + [.published(.disconnected), .pollDue, .pollDue, .heard]
            case .answered: up + [.pollDue, .pollDue, .heard]
            case .closing: up + [.disconnectCalled]
            case .reopening: up + [.disconnectCalled, .connectCalled]
            case .retryPending: [.connectCalled, .attemptFailed(.timedOut)]
            case .retrying: [.connectCalled, .attemptFailed(.timedOut), .retryDue]
            case .downForGood: [.autoReconnectSet(false), .connectCalled, .attemptFailed(.timedOut)]
            case .lost: up + [.socketDisconnected]
            }
        }
    }

    private static let allInputs: [Input] = [
        .connectCalled, .disconnectCalled, .attemptFailed(.connectionRefused), .socketConnected, .socketDisconnected,
        .pollDue, .retryDue, .autoReconnectSet(false), .autoReconnectSet(true), .pollingWanted(false),
        .pollingWanted(true), .heard, .published(.connected), .published(.disconnected), .published(.unknown),
        .queryFinished,
    ]

    /// What each input gives, in the order of `allInputs`.
    private static func expected(_ situation: Situation) -> [[Output]] {
        let refused = Output.reportConnectFailed(.connectionRefused)
        let calledOff = Output.reportConnectFailed(.calledOff)
        let begins: [Output] = [.startPolling, .reportConnected]
        let closes: [Output] = [.closeSocket, .stopPolling]
        let givesUp: [Output] = [.closeForSilence, .stopPolling]
        let ends: [Output] = [.scheduleRetry, .stopPolling, .tellModuleOfLoss]
        let gone: [Output] = [.reportDisconnected]
        func upWith(
            connect: [Output] = [], poll: [Output], connected: [Output] = [], disconnected: [Output] = gone,
            lost: [Output] = gone, finished: [Output] = []
        ) -> [[Output]] {
            [
                connect, closes, [], [], ends + lost, poll, [], [], [], [], [], [], connected, disconnected, [],
                finished,
            ]
        }
        switch situation {
        case .new, .downForGood:
            return [[.openSocket], [], [], begins, [], [], [], [], [], [], [], [], [], [], [], []]
        case .connecting:
            return [
                [], [.closeSocket, .scheduleRetry, calledOff], [.scheduleRetry, refused], begins, [], [], [], [], [],
                [],
                [], [], [], [], [], [],
            ]
        case .up, .confirmed, .answered: return upWith(poll: [.runQuery])
        case .upPaused: return upWith(connect: [.startPolling], poll: [.runQuery])
        case .atLimit: return upWith(poll: givesUp)
        case .trusted: return upWith(poll: [.runQuery])
        case .overLimit:
            return upWith(
                poll: givesUp, connected: [.reportConnected], disconnected: [], lost: [], finished: givesUp)
        case .contradicted:
            return upWith(poll: givesUp, connected: [.reportConnected], disconnected: [], lost: [])
        case .closing:
            return [
                [], [], [], [.startPolling], [.scheduleRetry, .tellModuleOfLoss] + gone, [], [], [], [], [], [], [], [],
                [], [], [],
            ]
        case .reopening:
            return [
                [], [.abandonAttempt], [], [.startPolling], [.openSocket, .tellModuleOfLoss] + gone, [], [], [], [], [],
                [], [], [], [], [], [],
            ]
        case .retryPending, .lost:
            return [
                [.cancelRetry, .openSocket], [], [], [.cancelRetry] + begins, [], [], [.openSocket], [.cancelRetry], [],
                [], [], [], [], [], [], [],
            ]
        case .retrying:
            return [
                [], [.closeSocket, .scheduleRetry, calledOff], [.scheduleRetry, refused], begins, [], [], [],
                [.abandonAttempt], [], [], [], [], [], [], [], [],
            ]
        }
    }

    private static func machine(
        in situation: Situation = .new, connectedOn: HandlerOptions.ConnectedOn = .socket
    ) -> Machine {
        Machine(.module(ModuleEvidence(disconnectLimit: 2)), connectedOn: connectedOn, after: situation.path)
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

    @Test("On request, Connected waits for the module's word")
    func connectedOnWord() {
        var machine = Self.machine(in: .connecting, connectedOn: .response)
        #expect(machine.take(.socketConnected) == [.startPolling])
        #expect(machine.status == .unknown)
        #expect(machine.take(.published(.connected)) == [.reportConnected])
        #expect(machine.take(.published(.connected)) == [])
    }

    @Test("On request, Connected comes at the poll after the first answer when the module says nothing")
    func connectedOnAnswer() {
        var machine = Self.machine(in: .up, connectedOn: .response)
        #expect(machine.take(.heard) == [])
        #expect(machine.take(.pollDue) == [.runQuery], "a greeting before the first poll answers none")
        #expect(machine.take(.heard) == [])
        #expect(machine.take(.pollDue) == [.runQuery, .reportConnected])
    }

    @Test("A module that was Connected before the loss and says nothing since is Connected again with the first answer")
    func silentAfterLoss() {
        var machine = Self.machine(in: .confirmed, connectedOn: .response)
        for input in [Input.socketDisconnected, .retryDue, .socketConnected, .pollDue, .heard] {
            _ = machine.take(input)
        }
        #expect(machine.status == .disconnected)
        #expect(machine.take(.pollDue) == [.runQuery, .reportConnected])
    }

    @Test("The module's word while the connection is down changes nothing, and counts when it is up")
    func wordWhileDown() {
        var machine = Self.machine(in: .lost)
        #expect(machine.take(.published(.connected)) == [])
        #expect(machine.status == .disconnected)
        #expect(machine.evidence?.word == .connected)
    }

    @Test("In ten thousand random steps no invariant breaks", arguments: [1, 2, 3, 4] as [UInt64])
    func random(seed: UInt64) {
        let environment = SimulatedEnvironment(seed: seed)
        var machine = Machine(
            .module(ModuleEvidence(disconnectLimit: 3)), connectedOn: seed % 2 == 0 ? .socket : .response,
            retry: .everyFiveSeconds)
        var world = TcpOutside(
            ofTheProgram: [
                .heard, .queryFinished, .published(.connected), .published(.disconnected), .published(.unknown),
            ])
        var broken: [String] = []
        for step in 0..<10_000 {
            let choices = world.possibleInputs
            let input = choices[Int(environment.nextRandom() % UInt64(choices.count))]
            world.note(input)
            for output in machine.take(input) { world.carryOut(output) }
            var found = world.check(machine)
            if machine.evidence?.unansweredPolls ?? 0 > 4 { found.append("the count is not bounded") }
            broken += found.map { "step \(step), \(input): \($0)" }
            if broken.count > 5 { break }
        }
        #expect(broken == [])
        #expect(world.connections > 100)
        #expect(world.retries > 100)
        #expect(world.losses > 100)
    }
}
