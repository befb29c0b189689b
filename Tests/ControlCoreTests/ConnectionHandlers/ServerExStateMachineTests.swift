import Polling
import Testing

@testable import ControlCore

@Suite("ServerExStateMachine")
struct ServerExStateMachineTests {
    typealias Machine = ServerExStateMachine
    typealias Input = ServerExStateMachine.Input
    typealias Output = ServerExStateMachine.Output

    private static func at(_ seconds: UInt64) -> Deadline { .uptimeNanoseconds(seconds * 1_000_000_000) }

    private static let listeningInputs: [Input] = [
        .startListenCalled, .stopListenCalled, .listening, .listenFailed(.portUnavailable), .retryDue,
    ]
    private static let failed: [Output] = [.scheduleRetry, .reportListenFailed(.portUnavailable)]

    /// The inputs that lead into a state, and what each of `listeningInputs` gives there.
    struct Row: Sendable {
        let path: [Input]
        let state: Machine.Listening
        let expected: [[Output]]
    }

    private static let rows: [Row] = [
        Row(path: [], state: .idle, expected: [[.startListening], [.stopListening], [], [], []]),
        Row(path: [.startListenCalled], state: .starting, expected: [[], [.stopListening], [], failed, []]),
        Row(
            path: [.startListenCalled, .listening], state: .started,
            expected: [[.startListening], [.stopListening], [], [], []]),
        Row(
            path: [.startListenCalled, .listenFailed(.portUnavailable)], state: .waitingForRetry,
            expected: [[.cancelRetry, .startListening], [.cancelRetry, .stopListening], [], [], [.startListening]]),
    ]

    @Test("Every input about listening gives in every state what is decided", arguments: 0..<4)
    func table(index: Int) {
        let row = Self.rows[index]
        for (input, outputs) in zip(Self.listeningInputs, row.expected) {
            var machine = Machine(serverTimeout: .seconds(30))
            for step in row.path { _ = machine.handle(step) }
            #expect(machine.state == row.state)
            #expect(machine.handle(input) == outputs, "\(input) in \(row.state)")
        }
    }

    @Test("A client is dropped when it was silent for longer than the time-out")
    func idle() {
        var machine = Machine(serverTimeout: .seconds(30))
        #expect(machine.handle(.clientConnected(1, at: Self.at(0))) == [.startScan, .reportConnected(1)])
        #expect(machine.handle(.clientConnected(2, at: Self.at(5))) == [.reportConnected(2)])
        #expect(machine.handle(.clientTalked(1, at: Self.at(10))) == [])
        #expect(machine.handle(.scanDue(at: Self.at(35))) == [])
        #expect(machine.handle(.scanDue(at: Self.at(36))) == [.drop(2)])
        #expect(machine.handle(.scanDue(at: Self.at(41))) == [.drop(1), .drop(2)])
        #expect(machine.handle(.clientDisconnected(2)) == [.reportDisconnected(2)])
        #expect(machine.handle(.clientDisconnected(2)) == [])
        #expect(machine.handle(.clientDisconnected(1)) == [.stopScan, .reportDisconnected(1)])
        #expect(machine.handle(.clientTalked(1, at: Self.at(50))) == [])
        #expect(machine.lastTalk.isEmpty)
    }

    @Test("In ten thousand random steps each client comes and goes once, and a retry is pending when it should")
    func random() {
        let environment = SimulatedEnvironment(seed: 3)
        var machine = Machine(serverTimeout: .seconds(20))
        var present: Set<Int> = []
        var gone: Set<Int> = []
        var isScanning = false
        var isRetrying = false
        var isOpening = false
        var nextClient = 1
        var broken: [String] = []
        for step in 0..<10_000 {
            let now = Self.at(UInt64(step))
            let someone = Int(environment.nextRandom() % UInt64(nextClient))
            var inputs: [Input] = [
                .startListenCalled, .stopListenCalled, .clientConnected(nextClient, at: now),
                .clientTalked(someone, at: now), .clientDisconnected(someone), .scanDue(at: now),
            ]
            if isOpening { inputs += [.listening, .listenFailed(.portUnavailable), .listenFailed(.portUnavailable)] }
            if isRetrying { inputs += [.retryDue, .retryDue] }
            let input = inputs[Int(environment.nextRandom() % UInt64(inputs.count))]
            switch input {
            case .clientConnected: nextClient += 1
            case .listening, .listenFailed: isOpening = false
            case .retryDue: isRetrying = false
            default: break
            }
            for output in machine.handle(input) {
                switch output {
                case .startListening:
                    if isOpening { broken.append("step \(step): opened twice") }
                    isOpening = true
                case .stopListening: isOpening = false
                case .scheduleRetry:
                    if isRetrying { broken.append("step \(step): a second retry") }
                    isRetrying = true
                case .cancelRetry: isRetrying = false
                case .startScan: isScanning = true
                case .stopScan: isScanning = false
                case .drop(let id): if !present.contains(id) { broken.append("step \(step): dropped a stranger") }
                case .reportConnected(let id):
                    if !present.insert(id).inserted { broken.append("step \(step): came twice") }
                case .reportDisconnected(let id):
                    if present.remove(id) == nil || !gone.insert(id).inserted {
                        broken.append("step \(step): left twice")
                    }
                case .reportListenFailed: if !isRetrying { broken.append("step \(step): failed without a retry") }
                }
            }
            if isScanning == present.isEmpty { broken.append("step \(step): scanning \(isScanning)") }
            if isRetrying != (machine.state == .waitingForRetry) { broken.append("step \(step): retry \(isRetrying)") }
            if Set(machine.lastTalk.keys) != present { broken.append("step \(step): clients differ") }
        }
        #expect(broken == [])
        #expect(gone.count > 500)
    }
}
