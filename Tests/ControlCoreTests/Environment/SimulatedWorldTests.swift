import Bytes
import Polling
import Testing

@testable import ControlCore

@Suite("Simulated world")
struct SimulatedWorldTests {
    /// A projector that answers each line, and a program that polls it.
    private static func runPolling(
        in world: SimulatedWorld, every interval: TimeAmount, for duration: TimeAmount
    ) -> (polls: Int, answers: Int) {
        let controller = world.environment(named: "controller", address: "10.0.0.1")
        let projector = world.environment(named: "projector", address: "10.0.0.2")
        var polls = 0
        var answers = 0
        projector.listenTCP(address: nil, port: 23) { transport in
            let device = StreamSink { transport, _ in transport.send("PWR=1\r\n") }
            transport.start(delegate: device)
        } completion: { _ in
        }
        controller.connectTCP(host: "projector", port: 23, timeout: .seconds(5)) { result in
            guard case .success(let transport) = result else { return }
            let recorder = StreamSink { _, _ in answers += 1 }
            transport.start(delegate: recorder)
            func poll() {
                polls += 1
                transport.send("PWR?\r")
                controller.schedule(after: interval, poll)
            }
            poll()
        }
        world.run(for: duration)
        controller.close()
        projector.close()
        world.runUntilIdle()
        return (polls, answers)
    }

    /// A delegate that keeps nothing.
    private final class StreamSink: StreamDelegate {
        private let onReceive: (any StreamTransport, ByteBuffer) -> Void

        init(_ onReceive: @escaping (any StreamTransport, ByteBuffer) -> Void) {
            self.onReceive = onReceive
        }

        func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) { onReceive(transport, bytes) }
        func transportDidDrain(_ transport: any StreamTransport) {}
        func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {}
    }

    private static func trace(seed: UInt64, jitter: TimeAmount) -> String {
        let world = SimulatedWorld(seed: seed)
        world.trace.includesTimers = true
        world.network.jitter = jitter
        world.network.inject(.corrupt(probability: 0.01))
        world.schedule(at: .uptimeNanoseconds(30_000_000_000)) { world.network.inject(.split([1, 3])) }
        _ = runPolling(in: world, every: .seconds(1), for: .seconds(60))
        return world.trace.text
    }

    @Test("Equal seeds give equal traces, byte by byte")
    func determinism() {
        let first = Self.trace(seed: 42, jitter: .milliseconds(5))
        #expect(first == Self.trace(seed: 42, jitter: .milliseconds(5)))
        #expect(first.utf8.count > 10_000)
    }

    @Test("Another seed gives another trace where there is jitter")
    func otherSeed() {
        #expect(Self.trace(seed: 42, jitter: .milliseconds(5)) != Self.trace(seed: 43, jitter: .milliseconds(5)))
    }

    @Test("The trace tells what happened, when and where")
    func traceLines() {
        let world = SimulatedWorld(seed: 1)
        _ = Self.runPolling(in: world, every: .seconds(1), for: .milliseconds(500))
        #expect(
            world.trace.lines == [
                "0.000000000 controller connect projector:23",
                "0.000000000 projector listen 23",
                "0.001400000 controller open #1 10.0.0.2:23",
                #"0.001400000 controller send #1 5 "PWR?\r""#,
                "0.001600000 projector accept #1 10.0.0.1:49152",
                #"0.001600000 projector recv #1 5 "PWR?\r""#,
                #"0.001600000 projector send #1 7 "PWR=1\r\n""#,
                #"0.001800000 controller recv #1 7 "PWR=1\r\n""#,
                "0.500000000 controller close #1",
                "0.500000000 projector close #1",
                "0.500200000 projector end #1",
                "0.500200000 controller end #1",
            ])
    }

    @Test("A trace can be sent elsewhere or turned off, and escapes what is not text")
    func traceSink() {
        let world = SimulatedWorld(seed: 1)
        var lines: [String] = []
        world.trace.sink = { lines.append($0) }
        _ = Self.runPolling(in: world, every: .seconds(1), for: .milliseconds(500))
        #expect(lines.count == 12)
        #expect(world.trace.lines.isEmpty)
        world.trace.isEnabled = false
        world.environment(named: "third", address: "10.0.0.3").connectTCP(host: "nobody", port: 1, timeout: nil) { _ in
        }
        world.runUntilIdle()
        #expect(lines.count == 12)
        #expect(world.trace.describe(ByteBuffer(bytes: [0, 255, 0x5c, 0x22, 9, 65])) == #"6 "\x00\xff\\\"\tA""#)
        world.trace.byteLimit = 2
        let short = world.trace.describe(ByteBuffer(string: "abcd"))
        #expect(short.hasPrefix(#"4 "ab"+"#))
        #expect(short != world.trace.describe(ByteBuffer(string: "abce")))
    }

    @Test("A day of polling once a second passes in seconds, and every poll is answered", .timeLimit(.minutes(5)))
    func day() {
        let world = SimulatedWorld(seed: 1)
        world.trace.isEnabled = false
        let (polls, answers) = Self.runPolling(in: world, every: .seconds(1), for: .hours(24))
        #expect(polls == 86_400)
        #expect(answers == 86_400)
    }

    @Test("The clock stands between runs, moves to each event and ends where it was told")
    func clock() {
        let world = SimulatedWorld(seed: 1)
        let host = world.environment(named: "host", address: "10.0.0.1")
        var times: [UInt64] = []
        for delay in [3, 1, 2] {
            host.schedule(after: .seconds(Int64(delay))) { times.append(host.now.uptimeNanoseconds / 1_000_000_000) }
        }
        world.run(for: .milliseconds(2500))
        #expect(times == [1, 2])
        #expect(world.now == .uptimeNanoseconds(2_500_000_000))
        #expect(world.pendingEvents == 1)
        #expect(world.step())
        #expect(times == [1, 2, 3])
        #expect(!world.step())
        #expect(world.runUntilIdle())
    }

    @Test("Running until idle gives up on a timer that repeats")
    func idleLimit() {
        let world = SimulatedWorld(seed: 1)
        let host = world.environment(named: "host", address: "10.0.0.1")
        var ticks = 0
        func tick() {
            ticks += 1
            host.schedule(after: .seconds(1), tick)
        }
        tick()
        #expect(!world.runUntilIdle(limit: .seconds(10)))
        #expect(ticks == 11)
    }

    @Test("A host's wall clock runs with the time, jumps alone and moves no deadline")
    func wallClock() {
        let world = SimulatedWorld(seed: 1)
        let first = world.environment(named: "first", address: "10.0.0.1")
        let second = world.environment(named: "second", address: "10.0.0.2")
        var fired = false
        first.schedule(after: .seconds(10)) { fired = true }
        #expect(first.wallClock == SimulatedEnvironment.defaultWallClock)
        world.run(for: .seconds(5))
        first.jumpWallClock(by: .hours(-1))
        #expect(first.wallClock == SimulatedEnvironment.defaultWallClock + 5_000_000_000 - 3_600_000_000_000)
        #expect(second.wallClock == SimulatedEnvironment.defaultWallClock + 5_000_000_000)
        #expect(!fired)
        first.wallClock = 0
        world.run(for: .seconds(5))
        #expect(first.wallClock == 5_000_000_000)
        #expect(fired)
    }

    @Test("A host's random numbers depend on the seed and its name alone")
    func randomness() {
        func numbers(seed: UInt64, others: Int) -> [UInt64] {
            let world = SimulatedWorld(seed: seed)
            for number in 0..<others {
                _ = world.environment(named: "other\(number)", address: "10.0.1.\(number)").nextRandom()
            }
            let host = world.environment(named: "host", address: "10.0.0.1")
            return (0..<4).map { _ in host.nextRandom() }
        }
        #expect(numbers(seed: 1, others: 0) == numbers(seed: 1, others: 3))
        #expect(numbers(seed: 1, others: 0) != numbers(seed: 2, others: 0))
        #expect(SimulatedEnvironment(seed: 1).nextRandom() == SimulatedEnvironment(seed: 1).nextRandom())
    }

    // Expectations look at Booleans: a failing one would print the object, and with it what is half gone.

    @Test("A world that is closed and dropped leaves nothing in memory")
    func noLeaks() {
        weak var world: SimulatedWorld?
        weak var connection: SimulatedConnection?
        weak var transport: SimulatedTransport?
        do {
            let strong = SimulatedWorld(seed: 1)
            world = strong
            strong.schedule(at: .uptimeNanoseconds(100_000_000)) { [unowned strong] in
                connection = strong.network.connections.first
                transport = connection?.client
            }
            _ = Self.runPolling(in: strong, every: .milliseconds(50), for: .seconds(1))
            let connectionIsGone = connection == nil
            #expect(connectionIsGone)
            let transportIsGone = transport == nil
            #expect(transportIsGone)
        }
        let worldIsGone = world == nil
        #expect(worldIsGone)
    }

    @Test("A world may be dropped with everything in it still open")
    func droppedWhileOpen() {
        weak var world: SimulatedWorld?
        weak var connection: SimulatedConnection?
        do {
            let strong = SimulatedWorld(seed: 1)
            world = strong
            let client = strong.environment(named: "client", address: "10.0.0.1")
            client.listenTCP(address: nil, port: 5, accept: { $0.start(delegate: StreamRecorder()) }) { _ in }
            client.connectTCP(host: "127.0.0.1", port: 5, timeout: nil) { result in
                guard case .success(let transport) = result else { return }
                transport.start(delegate: StreamRecorder())
                transport.send(ByteBuffer(repeating: 0, count: 100_000))
            }
            strong.run(for: .microseconds(700))
            connection = strong.network.connections.first
            let connectionWasThere = connection != nil
            #expect(connectionWasThere)
        }
        let worldIsGone = world == nil
        #expect(worldIsGone)
        let connectionIsGone = connection == nil
        #expect(connectionIsGone)
    }
}
