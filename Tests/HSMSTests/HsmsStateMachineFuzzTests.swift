import ControlCore
import Testing

@testable import HSMS

/// Random inputs to the state machine: whatever comes, its promises hold.
@Suite("HSMS state machine, random inputs")
struct HsmsStateMachineFuzzTests {
    /// What the outputs so far amount to.
    private struct Ledger {
        var asked: Set<UInt32> = []
        var timers: Set<UInt32> = []
        var isUp = false
        var isClosing = false
        var problem: String?

        mutating func take(_ outputs: [HsmsStateMachine.Output]) {
            var hasReported = false
            for output in outputs {
                switch output {
                case .complete(let system, _):
                    hasReported = true
                    if asked.remove(system) == nil { problem = "completed what was not asked: \(system)" }
                case .report(let event):
                    hasReported = true
                    take(event)
                default:
                    if hasReported { problem = "\(output) comes after a report" }
                    take(action: output)
                }
            }
        }

        private mutating func take(_ event: HsmsEvent) {
            switch event {
            case .connected:
                if isUp { problem = "connected twice" }
                isUp = true
            case .disconnected:
                if !isUp { problem = "disconnected twice" }
                isUp = false
                isClosing = false
            default:
                if !isUp { problem = "\(event) without a connection" }
            }
        }

        private mutating func take(action output: HsmsStateMachine.Output) {
            switch output {
            case .send, .scheduleSelect:
                if isClosing { problem = "\(output) after the close" }
            case .close:
                if isClosing { problem = "closed twice" }
                isClosing = true
            case .startReplyTimer(let system, _): timers.insert(system)
            case .cancelReplyTimer(let system):
                if timers.remove(system) == nil { problem = "cancelled a timer that does not run" }
            default: break
            }
        }
    }

    private static let configurations: [HsmsConfiguration] = {
        var configurations: [HsmsConfiguration] = []
        for strict in [false, true] {
            for general in [false, true] {
                var configuration = HsmsConfiguration()
                configuration.conformance = strict ? .strict : .lenient
                configuration.sessionModel = general ? .general([1, 2]) : .single
                configuration.role = strict == general ? .equipment : .host
                configuration.maximumOpenTransactions = 5
                configurations.append(configuration)
            }
        }
        return configurations
    }()

    private func header(_ random: inout SplitMix64, systems: [UInt32]) -> HsmsHeader {
        let types: [UInt8] = [0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 9, UInt8(truncatingIfNeeded: random.next())]
        let system = systems.isEmpty || random.next() % 3 == 0 ? UInt32(random.next() % 50) : systems[0]
        return HsmsHeader(
            sessionID: [0, 1, 2, 0xFFFF][Int(random.next() % 4)], requireResponse: random.next() % 2 == 0,
            stream: [0, 1, 9][Int(random.next() % 3)], function: UInt8(random.next() % 6),
            pType: random.next() % 20 == 0 ? 1 : 0, sType: types[Int(random.next() % 12)], system: system)
    }

    @Test(
        "Each request completes once, connections begin and end in turn, and nothing is left", arguments: [true, false])
    func promises(_ isActive: Bool) throws {
        for (index, configuration) in Self.configurations.enumerated() {
            var random = SplitMix64(seed: UInt64(index))
            var machine = HsmsStateMachine(
                configuration: configuration, isActive: isActive, deviceID: 0, lastSystem: 10)
            var ledger = Ledger()
            for step in 0..<20_000 {
                let input: HsmsStateMachine.Input
                let open = machine.transactions.keys.sorted()
                switch random.next() % 40 {
                case 0: input = .disconnected(.peer)
                case 1...3: input = .connected
                case 4: input = .selectDue
                case 5: input = .peerSilent
                case 6 where random.next() % 8 == 0: input = .notSelectedTooLong
                case 7 where random.next() % 8 == 0: input = .leave
                case 8 where random.next() % 8 == 0: input = .sendQueueFull
                case 9: input = .separate(session: machine.sessions[0], system: machine.allocateSystem())
                case 10...11 where !open.isEmpty:
                    // A timer that has fired is not cancelled any more.
                    ledger.timers.remove(open[0])
                    input = .replyOverdue(open[0])
                case 12 where !open.isEmpty: input = .notSent(open[0], .busy)
                case 13...16:
                    let system = machine.allocateSystem()
                    ledger.asked.insert(system)
                    let requests: [HsmsHeader] = [
                        .data(session: 1, stream: 1, function: 1, requireResponse: true, system: system),
                        .selectRequest(session: machine.sessions[0], system: system),
                        .deselectRequest(session: machine.sessions[0], system: system),
                        .linktestRequest(system: system),
                    ]
                    input = .request(HsmsPacket(requests[Int(random.next() % 4)]))
                case 17 where !machine.isSingle || machine.connection == .up:
                    input = .received(
                        HsmsPacket(.selectRequest(session: machine.sessions[0], system: UInt32(random.next() % 9))))
                default:
                    let packet = HsmsPacket(header(&random, systems: open))
                    input = .received(packet)
                }
                ledger.take(machine.handle(input))
                guard ledger.problem == nil, machine.transactions.count <= 5 + machine.sessions.count + 1,
                    machine.connection == .up || machine.selected.isEmpty && machine.transactions.isEmpty
                else {
                    Issue.record("step \(step), \(input): \(ledger.problem ?? "\(machine)")")
                    return
                }
            }
            ledger.take(machine.handle(.disconnected(.peer)))
            #expect(ledger.asked.isEmpty)
            #expect(ledger.timers.isEmpty)
        }
    }
}
