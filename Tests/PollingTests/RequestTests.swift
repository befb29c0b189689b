import Bytes
import CPolling
import CSeccomp
import Glibc
import LoopTesting
import Testing

@testable import Polling

/// What the kernel has in hand while a loop goes on: what could be lost, doubled, kept for ever or told to the wrong
/// one.
@Suite("Requests under way", .timeLimit(.minutes(5)))
struct RequestTests {
    private static let backends = LoopBackend.tested
    private static let rings = LoopBackend.tested.filter { $0 == .ioUring }

    @Test("An address that is given up can be taken at once", arguments: backends)
    func addressReuse(_ backend: LoopBackend) throws {
        final class Nobody: ListenerSourceHandler, DatagramSourceHandler {
            func listenerDidAccept(_ descriptor: CInt, from address: SocketAddress?) { close(descriptor) }
            func listenerDidFail(_ error: SystemError) {}
            func datagramDidArrive(_ bytes: RawSpan, from address: SocketAddress) {}
            func datagramsDidFail(_ error: SystemError) {}
            func datagramsCanSend() {}
        }
        try Scene.run(backend) { scene in
            var listening = try loopback
            var bound = try loopback
            for round in 0..<10 {
                let (listener, socket) = try scene.on { [listening, bound] in
                    let socket = try DatagramSource(loop: scene.loop, local: bound, peer: nil, handler: Nobody())
                    socket.setReading(round % 2 == 0)
                    return (try ListenerSource(loop: scene.loop, on: listening, handler: Nobody()), socket)
                }
                // The kernel has its requests now.
                try scene.passTurns()
                (listening, bound) = try scene.on {
                    let addresses = (try #require(listener.localAddress), try #require(socket.localAddress))
                    listener.close()
                    socket.close()
                    let again = try ListenerSource(loop: scene.loop, on: addresses.0, handler: Nobody())
                    again.close()
                    return addresses
                }
            }
        }
    }

    @Test("Pauses at any time lose nothing and keep the order", arguments: backends, 0..<6)
    func pauses(_ backend: LoopBackend, seed: Int) throws {
        let total = 3_000_000
        try Scene.run(backend) { scene in
            let (near, far) = try seed % 2 == 0 ? tcpPair() : socketPair()
            let exchange = PausingReader(seed: UInt64(seed))
            try scene.on {
                let source = scene.keep(
                    StreamSource(loop: scene.loop, descriptor: near, kind: .socket, handler: exchange))
                exchange.begin(source, scene.queue)
            }
            var (position, random) = (0, UInt64(seed) &+ 7)
            while position < total {
                random = random &* 6_364_136_223_846_793_005 &+ 1
                let limit = [50, 3_000, 5_000, 60_000][Int(random >> 40) % 4]
                let count = min(1 + Int(random >> 33) % limit, total - position)
                far.write(Pattern.piece(at: position, count))
                position += count
            }
            far.close()
            try scene.wait { exchange.ends > 0 }
            try scene.expect { exchange.received == total && exchange.isWhole && exchange.ends == 1 }
            try scene.expect { exchange.largest <= PollLoop.readLimit }
        }
    }

    @Test("A paused stream takes no more off its socket than the ring has buffers", arguments: rings)
    func bound(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            let source = try scene.on { scene.stream(near, recorder) }
            far.write("x")
            try scene.wait { recorder.bytes.count == 1 }
            try scene.on { source.setReading(false) }
            let writer = try SystemThread(name: "writer") {
                for part in 0..<100 { far.write(Pattern.piece(at: part * 20_000, 20_000)) }
            }
            try scene.wait { source.inRing?.hasKept == true && !source.requests.isReceiving }
            try scene.passTurns()
            let kept = try scene.on { source.inRing?.kept.readableBytes ?? 0 }
            #expect(kept > 0 && kept <= 64 * CompletionRing.bufferSize)
            try scene.on {
                recorder.bytes = []
                source.setReading(true)
            }
            try scene.wait { recorder.bytes.count == 2_000_000 }
            writer.join()
            let isWhole = (0..<100).allSatisfy {
                recorder.bytes[$0 * 20_000..<($0 + 1) * 20_000].elementsEqual(Pattern.piece(at: $0 * 20_000, 20_000))
            }
            #expect(isWhole)
            far.close()
        }
    }

    @Test("When no buffer is left each peer is heard even so, and there are more buffers then", arguments: rings)
    func buffers(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let ring = try #require(scene.loop.ring?.ring)
            let first = Int(polling_ring_buffers(ring))
            let (near, far) = try socketPair()
            defer { close(near) }
            // A receive of nobody's, whose buffers nobody gives back.
            try scene.on { #expect(polling_ring_receive(ring, near, 0)) }
            far.write([UInt8](repeating: 0, count: first * CompletionRing.bufferSize))
            let pairs = try (0..<20).map { _ in try socketPair() }
            let recorders = pairs.map { _ in Recorder() }
            try scene.on { for (pair, recorder) in zip(pairs, recorders) { _ = scene.stream(pair.near, recorder) } }
            for round in 1...3 {
                try scene.on { for pair in pairs { pair.far.write("12345") } }
                try scene.wait { recorders.allSatisfy { $0.bytes.count == 5 * round } }
            }
            #expect(try scene.on { Int(polling_ring_buffers(ring)) } == 2 * first)
            for pair in pairs { pair.far.close() }
            try scene.wait { recorders.allSatisfy { $0.ends == [nil] } }
            far.close()
        }
    }

    @Test("More is told at once than the queue of completions holds, and all of it in order", arguments: rings)
    func overflow(_ backend: LoopBackend) throws {
        var made: OpaquePointer?
        var obstacle = POLLING_RING_REFUSED
        try #require(polling_ring_create(&made, &obstacle) == 0)
        let ring = try #require(made)
        let counter = polling_wakeup_create()
        defer {
            polling_ring_destroy(ring)
            close(counter)
        }
        try #require(polling_ring_enable(ring) == 0)
        polling_wakeup_signal(counter)
        let count: UInt64 = 10_000
        for number in 1...count {
            #expect(polling_ring_poll(ring, counter, Readiness.readable, number * 8))
        }
        #expect(polling_ring_turn(ring, 0) == 0)
        var told: [UInt64] = []
        var completion = polling_completion()
        for _ in 0..<100 where told.count < Int(count) {
            while polling_ring_next(ring, &completion) { told.append(completion.value / 8) }
            #expect(polling_ring_turn(ring, 0) == 0)
        }
        #expect(told.elementsEqual(1...count))
        #expect(polling_ring_requests(ring) == 0)
    }

    @Test("What is closed leaves no request and no object behind", arguments: rings)
    func nothingUnderWay(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let weakly = Weak()
            for round in 0..<40 {
                let (near, far) = try socketPair()
                try scene.on {
                    let recorder = Recorder()
                    let source = StreamSource(loop: scene.loop, descriptor: near, kind: .socket, handler: recorder)
                    weakly.sources.append(WeakSource(source: source))
                    source.setReading(round % 2 == 0)
                    recorder.onReceive = { source.close() }
                    if round % 4 < 2 { scene.loop.execute { scene.loop.execute { source.close() } } }
                    if round % 4 == 2 { far.write("x") }
                    if round % 4 == 3 { scene.queue.arm(at: .now()) { source.reset() } }
                }
                try scene.passTurns()
                // No receive keeps the socket open.
                #expect(try far.readAll().isEmpty)
                far.close()
            }
            try scene.wait { scene.loop.openSources == 0 }
            try scene.passTurns()
            let ring = try #require(scene.loop.ring?.ring)
            // The loop's own wake-up.
            #expect(try scene.on { polling_ring_requests(ring) } <= 1)
            try scene.expect { weakly.sources.allSatisfy { $0.source == nil } }
        }
    }

    @Test("A loop with nothing to do sleeps, whatever it has in hand", arguments: rings)
    func idle(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (paused, full, silent) = (try tcpPair(), try tcpPair(), try tcpPair())
            let recorder = Recorder()
            try scene.on {
                let source = scene.stream(paused.near, recorder)
                recorder.onReceive = { source.setReading(false) }
                scene.stream(full.near, Recorder()).send(ByteBuffer(repeating: 1, count: 20_000_000))
                _ = scene.stream(silent.near, Recorder(), reads: false)
            }
            for _ in 0..<3 {
                paused.far.write(Pattern.piece(at: 0, 9_000))
                try scene.passTurns()
            }
            var turns: UInt32 = 0
            try scene.play { done in
                let before = scene.loop.turns
                scene.queue.arm(at: .now() + .milliseconds(50)) {
                    turns = scene.loop.turns - before
                    done()
                }
            }
            #expect(turns <= 4)
            for pair in [paused, full, silent] { pair.far.close() }
        }
    }
}

/// Pauses and goes on by chance, and compares what arrives with the pattern.
private final class PausingReader: StreamSourceHandler {
    private var random: UInt64
    private var source: StreamSource?
    private var queue: DeadlineQueue?
    private var isPaused = false
    private(set) var received = 0
    private(set) var largest = 0
    private(set) var isWhole = true
    private(set) var ends = 0

    init(seed: UInt64) { random = seed &* 77 &+ 1 }

    func begin(_ source: StreamSource, _ queue: DeadlineQueue) {
        self.source = source
        self.queue = queue
        source.setReading(true)
        toggle()
    }

    private func chance(_ count: UInt64) -> Bool {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (random >> 33) % count == 0
    }

    private func set(_ paused: Bool) {
        isPaused = paused
        source?.setReading(!paused)
    }

    private func toggle() {
        guard ends == 0 else { return }
        if chance(3) { set(!isPaused) }
        if isPaused, chance(2) { set(false) }
        queue?.arm(at: .now() + .microseconds(200)) { [self] in toggle() }
    }

    func streamDidReceive(_ bytes: RawSpan) {
        largest = max(largest, bytes.byteCount)
        isWhole = isWhole && bytes.withUnsafeBytes { Pattern.matches($0, at: received) }
        received += bytes.byteCount
        if chance(4) { set(true) }
        if chance(6) {
            set(true)
            set(false)
        }
    }

    func streamDidEnd(_ error: SystemError?) {
        ends += 1
        source = nil
        queue = nil
    }

    func streamDidSend() {}
}

private struct WeakSource {
    weak var source: StreamSource?
}

private final class Weak {
    var sources: [WeakSource] = []
}

@Suite("Choice of a loop", .timeLimit(.minutes(5)))
struct LoopChoiceTests {
    @Test("Epoll is always to be had, and each choice comes to what can be had")
    func choices() throws {
        #expect(LoopBackend.epoll.refusal == nil)
        #expect(try LoopChoice.epoll.backend() == .epoll)
        #expect(LoopBackend.tested.contains(try LoopChoice.auto.backend()))
        if LoopBackend.tested.contains(.ioUring) {
            #expect(try LoopChoice.ioUring.backend() == .ioUring)
        } else {
            #expect(throws: LoopRefusal.self) { try LoopChoice.ioUring.backend() }
        }
        for backend in LoopBackend.tested { #expect(try PollLoop(backend).backend == backend) }
    }

    @Test(
        "A system that refuses the ring is named with the reason; auto takes epoll then",
        arguments: [(EPERM, "EPERM"), (ENOSYS, "ENOSYS"), (EMFILE, "EMFILE")])
    func refused(error: CInt, name: String) async {
        await #expect(processExitsWith: .success) { [error, name] in
            // io_uring_setup, as a profile of a container refuses it.
            guard refuse_system_call(425, UInt32(error)) == 0 else { exit(1) }
            guard let refusal = LoopBackend.ioUring.refusal, refusal.description.contains(name) else { exit(2) }
            guard try LoopChoice.auto.backend() == .epoll else { exit(3) }
            do throws(LoopRefusal) {
                _ = try LoopChoice.ioUring.backend()
                exit(4)
            } catch {
                guard error == refusal else { exit(5) }
            }
            do throws(SystemError) {
                _ = try PollLoop(.ioUring)
                exit(6)
            } catch {
                guard name == "EPERM" ? error.number == EPERM : error.number != 0 else { exit(7) }
            }
        }
    }

    @Test("What is missing is said")
    func obstacles() {
        let cases: [(polling_ring_obstacle, CInt, String)] = [
            (POLLING_RING_REFUSED, ENOSYS, "the kernel does not have it, ENOSYS"),
            (POLLING_RING_FEATURE, EINVAL, "the kernel is older than 6.1, EINVAL"),
            (POLLING_RING_OPERATION, EOPNOTSUPP, "the kernel lacks one of its operations, EOPNOTSUPP"),
            (POLLING_RING_BUFFERS, EINVAL, "the kernel gives it no buffers, EINVAL"),
            (POLLING_RING_MEMORY, ENOMEM, "no memory for it, ENOMEM"),
            (POLLING_RING_BEHAVIOUR, EIO, "the kernel does not serve it as it must, Input/output error"),
        ]
        for (obstacle, error, text) in cases { #expect(LoopRefusal(obstacle, error).description == text) }
    }
}
