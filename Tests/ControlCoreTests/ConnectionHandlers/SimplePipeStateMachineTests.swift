import Testing

@testable import ControlCore

@Suite("RawSimplePipeStateMachine")
struct RawSimplePipeStateMachineTests {
    typealias Machine = RawSimplePipeStateMachine
    typealias Input = RawSimplePipeStateMachine.Input
    typealias Output = RawSimplePipeStateMachine.Output

    /// The states that behave differently, each with the inputs that lead there. The limit is 2.
    enum Situation: String, CaseIterable, Sendable {
        case unknown, unknownAtLimit, connected, connectedAtLimit, disconnected

        var path: [Input] {
            switch self {
            case .unknown: []
            case .unknownAtLimit: [.sending, .sending]
            case .connected: [.responseAccepted]
            case .connectedAtLimit: [.responseAccepted, .sending, .sending]
            case .disconnected: [.sending, .sending, .sending]
            }
        }
    }

    private static let allInputs: [Input] = [
        .connectCalled(isPolling: false), .connectCalled(isPolling: true), .pollDue, .sending, .responseAccepted,
    ]

    private static func expected(_ situation: Situation) -> [[Output]] {
        switch situation {
        case .unknown: [[.startPolling], [], [.runQuery], [], [.reportConnected]]
        case .unknownAtLimit: [[.startPolling], [], [.runQuery], [.reportDisconnected], [.reportConnected]]
        case .connected: [[.startPolling], [], [.runQuery], [], []]
        case .connectedAtLimit: [[.startPolling], [], [.runQuery], [.reportDisconnected], []]
        case .disconnected: [[.startPolling], [], [.runQuery], [], [.reportConnected]]
        }
    }

    @Test("Every input in every situation gives what is decided", arguments: Situation.allCases)
    func table(situation: Situation) {
        for (input, outputs) in zip(Self.allInputs, Self.expected(situation)) {
            var machine = Machine(disconnectLimit: 2)
            for step in situation.path { _ = machine.handle(step) }
            #expect(machine.handle(input) == outputs, "\(input) when \(situation)")
        }
    }

    @Test("In ten thousand random steps there is one event per change, and the count stays bounded")
    func random() {
        let environment = SimulatedEnvironment(seed: 7)
        var machine = Machine(disconnectLimit: 3)
        var last: Output?
        var changes = 0
        var unanswered = 0
        for step in 0..<10_000 {
            let input = (Self.allInputs + [.sending, .sending])[Int(environment.nextRandom() % 7)]
            if input == .sending { unanswered += 1 }
            if input == .responseAccepted { unanswered = 0 }
            for output in machine.handle(input) where output == .reportConnected || output == .reportDisconnected {
                #expect(output != last, "step \(step)")
                last = output
                changes += 1
            }
            #expect(machine.sendsWithoutResponse <= 4)
            #expect(machine.status != .connected || unanswered <= 3, "step \(step)")
            #expect(machine.status != .disconnected || unanswered > 3, "step \(step)")
        }
        #expect(changes > 100)
    }
}

@Suite("ModuleSimplePipeStateMachine")
struct ModuleSimplePipeStateMachineTests {
    typealias Machine = ModuleSimplePipeStateMachine
    typealias Input = ModuleSimplePipeStateMachine.Input
    typealias Output = ModuleSimplePipeStateMachine.Output

    /// The states that behave differently, each with the inputs that lead there. The limit is 2.
    enum Situation: String, CaseIterable, Sendable {
        case unknown, asked, answered, atLimit, gone, connected, connectedAtLimit, disconnected, contradicted

        var path: [Input] {
            switch self {
            case .unknown: []
            case .asked: [.heard, .pollDue]
            case .answered: [.pollDue, .heard]
            case .atLimit: [.pollDue, .pollDue]
            case .gone: [.pollDue, .pollDue, .pollDue]
            case .connected: [.pollDue, .published(.connected)]
            case .connectedAtLimit: [.published(.connected), .pollDue, .pollDue]
            case .disconnected: [.published(.disconnected)]
            case .contradicted: [.published(.disconnected), .pollDue, .heard]
            }
        }
    }

    private static let allInputs: [Input] = [
        .connectCalled(isPolling: false), .connectCalled(isPolling: true), .pollDue, .heard, .published(.connected),
        .published(.disconnected), .published(.unknown), .pollMissed,
    ]

    private static func expected(_ situation: Situation) -> [[Output]] {
        let there: [Output] = [.reportConnected]
        let gone: [Output] = [.reportDisconnected]
        let poll: [Output] = [.runQuery]
        let missed: [Output] = [.tellModuleOfLoss, .reportDisconnected]
        return switch situation {
        case .unknown, .asked: [[.startPolling], [], poll, [], there, gone, [], []]
        case .answered: [[.startPolling], [], poll + there, [], there, gone, [], []]
        case .atLimit: [[.startPolling], [], poll + gone, [], there, gone, [], missed]
        case .gone: [[.startPolling], [], poll, [], there, [], [], []]
        // What the module says holds, however long nothing is heard, as long as it can ask.
        case .connected: [[.startPolling], [], poll, [], [], gone, [], []]
        case .connectedAtLimit: [[.startPolling], [], poll, [], [], gone, [], missed]
        case .disconnected, .contradicted: [[.startPolling], [], poll, [], there, [], [], []]
        }
    }

    @Test("Every input in every situation gives what is decided", arguments: Situation.allCases)
    func table(situation: Situation) {
        for (input, outputs) in zip(Self.allInputs, Self.expected(situation)) {
            var machine = Machine(disconnectLimit: 2)
            for step in situation.path { _ = machine.handle(step) }
            #expect(machine.handle(input) == outputs, "\(input) when \(situation)")
        }
    }

    @Test("A module that can say nothing is told once when its pipe is gone, and its next answer is heard")
    func offline() {
        var machine = Machine(disconnectLimit: 2)
        _ = machine.handle(.published(.connected))
        let outputs = (0..<10).flatMap { _ in machine.handle(.pollMissed) }
        #expect(outputs == [.tellModuleOfLoss, .reportDisconnected])
        // This module does not say Connected again: it never knew.
        #expect(
            machine.handle(.pollDue) + machine.handle(.heard) + machine.handle(.pollDue) == [
                .runQuery, .runQuery, .reportConnected,
            ])
    }

    @Test("In ten thousand random steps there is one event per change, and the module's word is the status")
    func random() {
        let environment = SimulatedEnvironment(seed: 9)
        var machine = Machine(disconnectLimit: 3)
        var last: Output?
        var changes = 0
        for step in 0..<10_000 {
            // For a while it is a module that says nothing.
            let inputs =
                step < 5_000 ? Array(Self.allInputs.prefix(4)) + [.pollDue, .pollDue] : Self.allInputs.dropLast()
            let input = inputs[Int(environment.nextRandom() % UInt64(inputs.count))]
            for output in machine.handle(input) where output == .reportConnected || output == .reportDisconnected {
                #expect(output != last, "step \(step)")
                last = output
                changes += 1
            }
            #expect(machine.evidence.unansweredPolls <= 4)
            if case .published(let word) = input, word != .unknown { #expect(machine.status == word) }
            if step > 5_100, machine.evidence.word == .connected { #expect(machine.status == .connected) }
        }
        #expect(changes > 100)
    }
}
