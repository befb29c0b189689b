import Glibc
import LoopTesting
import Polling
import Testing

@testable import ControlCore

/// Many handlers and many clients at once.
@Suite("Crowds of connection handlers", .serialized)
struct HandlerCrowdTests {
    /// Handlers that begin at the same instant, polling once a second; what they send is counted, not answered.
    private static func crowd(
        _ count: Int, in environment: any Environment, phases: inout PollPhases, host: (Int) -> (String, Int),
        polled: @escaping (Int) -> Void
    ) throws -> [RawTcpHandler] {
        try (0..<count).map { index in
            let (name, port) = host(index)
            let client = try EthernetClientInterface(environment: environment, hostname: name, port: port)
            let handler = try RawTcpHandler(
                interface: client, options: HandlerOptions(pollPhase: phases.next())
            ) { handler, finished in
                polled(index)
                handler.responseAccepted()
                finished()
            }
            handler.connect(timeout: .seconds(3))
            return handler
        }
    }

    @Test("A thousand handlers that poll once a second are spread over the second")
    func spread() throws {
        let scenario = ControlScenario()
        var phases = PollPhases()
        var inSlot = [Int](repeating: 0, count: 100)
        let handlers = try Self.crowd(1_000, in: scenario.controller, phases: &phases) { _ in
            ("10.0.0.2", 23)
        } polled: { _ in
            inSlot[Int(scenario.controller.now.uptimeNanoseconds / 10_000_000 % 100)] += 1
        }
        scenario.world.run(for: .milliseconds(10_500))
        #expect((10_000...10_500).contains(inSlot.reduce(0, +)))
        // In each hundredth of a second about a hundredth of the polls: 10 of the 1,000 handlers.
        #expect(inSlot.allSatisfy { (60...140).contains($0) }, "\(inSlot)")
        for handler in handlers { handler.close() }
    }

    @Test("A dead subnet of 500 hosts delays no poll of the 500 live ones")
    func deadSubnet() throws {
        let scenario = ControlScenario()
        scenario.world.network.inject(.drop, on: .host("10.0.1.2"))
        _ = scenario.world.environment(named: "dead", address: "10.0.1.2")
        var phases = PollPhases()
        var lastPoll = [Deadline?](repeating: nil, count: 1_000)
        var longest = TimeAmount.zero
        var polls = 0
        let handlers = try Self.crowd(1_000, in: scenario.controller, phases: &phases) { index in
            (index % 2 == 0 ? "10.0.0.2" : "10.0.1.2", 23)
        } polled: { index in
            let now = scenario.controller.now
            if let last = lastPoll[index] { longest = max(longest, now - last) }
            lastPoll[index] = now
            polls += 1
        }
        scenario.world.run(for: .seconds(20))
        #expect(lastPoll.enumerated().allSatisfy { ($0.offset % 2 == 0) == ($0.element != nil) })
        #expect(longest <= .milliseconds(1_050))
        #expect(polls >= 500 * 19)
        #expect(handlers.count { $0.connectionStatus == .connected } == 500)
        for handler in handlers { handler.close() }
    }

    @Test("An idle client among 5,000 is dropped within a second of the time-out, and a look at all takes 5 ms at most")
    func manyClients() throws {
        var machine = ServerExStateMachine(serverTimeout: .seconds(300))
        let start = Deadline.uptimeNanoseconds(0)
        for client in 0..<5_000 { _ = machine.handle(.clientConnected(client, at: start)) }
        var quickest = Int.max
        for second in 1...400 {
            let now = start + .seconds(Int64(second))
            // All but one say something once a minute.
            for client in stride(from: second % 60, to: 4_999, by: 60) {
                _ = machine.handle(.clientTalked(client, at: now))
            }
            let began = Self.processorTime()
            let outputs = machine.handle(.scanDue(at: now))
            // Once over the time-out everybody is looked at. The quickest look tells what it takes: others were
            // disturbed.
            if second > 300 { quickest = min(quickest, Self.processorTime() - began) }
            #expect(outputs == (second == 301 ? [.drop(4_999)] : []), "second \(second)")
            if outputs == [.drop(4_999)] { _ = machine.handle(.clientDisconnected(4_999)) }
        }
        #expect(machine.lastTalk.count == 4_999)
        #expect(quickest < 5_000)
    }

    /// How long the loop may be held, in microseconds of its processor time. Unoptimized code takes several times as
    /// long, and some machines take twice as long as others.
    #if DEBUG
        private static let longestHold = 300_000
    #else
        private static let longestHold = 50_000
    #endif

    @Test("On live sockets, 500 dead hosts hold the loop of 500 live ones for less than 50 ms", .timeLimit(.minutes(5)))
    func deadSubnetLive() async throws {
        let (hold, polls, left): (Int, Int, Int) = try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            do {
                let server = try EthernetServerInterfaceEx(environment: environment, port: 0, bindAddress: "127.0.0.1")
                let free = try EthernetServerInterfaceEx(environment: environment, port: 0, bindAddress: "127.0.0.1")
                server.startListen(timeout: nil) { _ in
                    free.startListen(timeout: nil) { _ in
                        do {
                            let (live, dead) = (server.listeningPort ?? 0, free.listeningPort ?? 0)
                            // Nobody listens there any more: every attempt is refused.
                            free.stopListen()
                            var phases = PollPhases()
                            var polls = 0
                            let handlers = try Self.crowd(1_000, in: environment, phases: &phases) { index in
                                ("127.0.0.1", index % 2 == 0 ? live : dead)
                            } polled: { _ in
                                polls += 1
                            }
                            // The retries of all dead hosts fall due together, 5 s and 10 s after the start.
                            Self.probe(environment, from: .seconds(3), to: .seconds(12)) { hold in
                                for handler in handlers { handler.close() }
                                server.close()
                                _ = environment.schedule(after: .seconds(1)) {
                                    let open = environment.openTransports
                                    environment.close { done((hold, polls, open)) }
                                }
                            }
                        } catch {
                            Issue.record(error)
                            environment.close { done((Int.max, 0, 0)) }
                        }
                    }
                }
            } catch {
                Issue.record(error)
                environment.close { done((Int.max, 0, 0)) }
            }
        }
        #expect(hold < Self.longestHold)
        // A machine that has no time for this process leaves polls out; each device has had its turn at least.
        #expect(polls > 500)
        #expect(left == 0)
    }

    /// Finds for how long the loop was held at most, in microseconds of its own processor time: what else runs on the
    /// machine does not count.
    private static func probe(
        _ environment: LiveEnvironment, from: TimeAmount, to: TimeAmount, completion: @escaping (Int) -> Void
    ) {
        let begin = environment.now + from
        let end = environment.now + to
        var longest = 0
        var last = processorTime()
        func tick() {
            let now = processorTime()
            if environment.now > begin { longest = max(longest, now - last) }
            last = now
            guard environment.now < end else { return completion(longest) }
            _ = environment.schedule(after: .milliseconds(5)) { tick() }
        }
        tick()
    }

    /// Microseconds that the calling thread has run.
    private static func processorTime() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1_000
    }
}
