import Bytes
import CPolling
import Glibc
import LoopTesting
import Polling
import Synchronization
import Testing

@Suite("Loop", .timeLimit(.minutes(5)))
struct LoopTests {
    @Test("Bodies run in order, and those that they ask for in the next turn", arguments: LoopBackend.tested)
    func order(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            var out: [String] = []
            try scene.play { [loop = scene.loop] done in
                loop.execute {
                    out.append("first")
                    loop.execute {
                        out.append("of the first")
                        done()
                    }
                }
                loop.execute { out.append("second") }
            }
            #expect(out == ["first", "second", "of the first"])
        }
    }

    @Test("Submitted bodies come in the order of each thread, and all of them", arguments: LoopBackend.tested)
    func manyThreads(_ backend: LoopBackend) throws {
        let perThread = 250_000
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let (recorder, other) = (Recorder(), Recorder())
            let counts = Carried(value: Counts(threads: 4))
            var fired = 0
            try scene.on {
                // A message that goes to and fro, and a deadline, while all this goes on.
                let one = scene.stream(near, recorder)
                let two = scene.stream(far.descriptor, other)
                _ = fcntl(far.descriptor, F_SETFL, fcntl(far.descriptor, F_GETFL) | O_NONBLOCK)
                recorder.onReceive = { if recorder.sizes.count < 100 { one.send("x") } }
                other.onReceive = { two.send("x") }
                one.send("x")
                scene.queue.arm(at: .now() + .milliseconds(2)) { fired += 1 }
            }
            let threads = try (0..<4).map { number in
                try SystemThread(name: "flood \(number)") { [loop = scene.loop] in
                    for value in 0..<perThread { loop.submit { counts.value.note(value, of: number) } }
                }
            }
            for thread in threads { thread.join() }
            try scene.wait { recorder.sizes.count == 100 && fired == 1 }
            #expect(try scene.on { counts.value.next } == [Int](repeating: perThread, count: 4))
            try scene.expect { counts.value.isOrdered }
        }
    }

    @Test("Bodies without end starve neither a source nor a deadline", arguments: LoopBackend.tested)
    func endlessBodies(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            var fired = 0
            try scene.play { [loop = scene.loop] done in
                _ = scene.stream(near, recorder)
                func again() {
                    guard recorder.sizes.count < 3 || fired < 3 else { return done() }
                    loop.execute(again)
                }
                let carried = Carried(value: loop)
                @Sendable func submitAgain() { carried.value.submit(submitAgain) }
                submitAgain()
                func tick() {
                    fired += 1
                    far.write("x")
                    if fired < 3 { scene.queue.arm(at: .now(), tick) }
                }
                recorder.onReceive = { if recorder.sizes.count < 3 { far.write("x") } }
                scene.queue.arm(at: .now() + .milliseconds(3), tick)
                again()
            }
            far.close()
        }
    }

    @Test("No wake-up is lost when the loop has just gone to sleep", arguments: LoopBackend.tested)
    func wakeUps(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            for _ in 0..<5_000 { try scene.on {} }
        }
    }

    @Test(
        "What was submitted before the stop is done, and what it asks for; what comes later is refused",
        arguments: LoopBackend.tested)
    func end(_ backend: LoopBackend) async throws {
        let thread = try LoopThread(name: "ends", backend: backend)
        let counted = Counter()
        let loop = thread.loop
        for _ in 0..<1_000 {
            loop.submit { loop.execute { counted.add() } }
        }
        thread.stop()
        thread.join()
        thread.join()
        #expect(counted.value == 1_000)
        #expect(!loop.submit { counted.add() })
        await #expect(throws: LoopEnded.self) { try await loop.call { counted.add() } }
        #expect(counted.value == 1_000)
    }

    @Test(
        "The thread of a loop that has ended is not the loop's any more, nor is one that gets its number",
        arguments: LoopBackend.tested)
    func endedThread(_ backend: LoopBackend) throws {
        let loop = try PollLoop(backend)
        let seen = Mutex<[Bool]>([])
        let note: @Sendable () -> Void = {
            let isCurrent = loop.isCurrent || PollLoop.current != nil
            seen.withLock { $0.append(isCurrent) }
        }
        loop.submit(note)
        loop.stop()
        try SystemThread(name: "ends") {
            loop.run()
            note()
        }.join()
        for _ in 0..<20 { try SystemThread(name: "later", note).join() }
        #expect(seen.withLock { $0 } == [true] + [Bool](repeating: false, count: 21))
    }

    @Test(
        "A loop that has ended keeps no descriptor although somebody keeps it, and does nothing that it is asked for",
        arguments: LoopBackend.tested)
    func endedButKept(_ backend: LoopBackend) async {
        await #expect(processExitsWith: .success) { [backend] in
            func openDescriptors() -> Int { (0..<1_024).count { fcntl(CInt($0), F_GETFD) >= 0 } }
            let before = openDescriptors()
            var loops: [PollLoop] = []
            for _ in 0..<50 {
                let thread = try LoopThread(name: "kept", backend: backend)
                loops.append(thread.loop)
                thread.stop()
                thread.join()
            }
            // The system's libraries open a few of their own meanwhile.
            guard openDescriptors() < before + 50 else { exit(1) }
            for loop in loops {
                loop.execute { exit(2) }
                loop.schedule(after: .zero) { exit(3) }
                guard !loop.submit({ exit(4) }) else { exit(5) }
                loop.stop()
            }
        }
    }

    @Test("What is submitted in the last turn of a loop is done, too", arguments: LoopBackend.tested, 0..<20)
    func submittedInLastTurn(_ backend: LoopBackend, round: Int) throws {
        let thread = try LoopThread(name: "ends", backend: backend)
        let counted = Counter()
        let loop = thread.loop
        loop.submit {
            loop.stop()
            loop.submit { loop.submit { counted.add() } }
        }
        thread.join()
        #expect(counted.value == 1)
    }

    @Test(
        "Calls return what their bodies return and throw what they throw, up to the end", arguments: LoopBackend.tested)
    func calls(_ backend: LoopBackend) async throws {
        let thread = try LoopThread(name: "calls", backend: backend)
        let loop = thread.loop
        #expect(try await loop.call { loop.isCurrent })
        #expect(!loop.isCurrent)
        await #expect(throws: TooLong.self) { try await loop.call { throw TooLong() } }
        // Each of these is answered, whichever side of the end it falls on.
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    if number == 100 { thread.stop() }
                    do { #expect(try await loop.call { number } == number) } catch { #expect(error is LoopEnded) }
                }
            }
        }
        thread.join()
    }

    @Test("The thread has its name, blocks what signals it can, and says that it ends", arguments: LoopBackend.tested)
    func thread(_ backend: LoopBackend) async throws {
        let ended = Promise<Bool>()
        let thread = try LoopThread(name: "named loop", backend: backend) { ended.keep(true) }
        let (name, blocked) = try await thread.loop.call {
            let file = open("/proc/thread-self/comm", O_RDONLY)
            defer { close(file) }
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            let name = try Peer(file).readAll()
            return (String(decoding: name, as: UTF8.self), [SIGTERM, SIGINT, SIGSEGV].map { sigismember(&mask, $0) })
        }
        #expect(name == "named loop\n")
        #expect(blocked == [1, 1, 0])
        thread.stop()
        #expect(await ended.value)
        thread.join()
    }

    @Test("A loop whose thread is let go of ends", arguments: LoopBackend.tested)
    func letGo(_ backend: LoopBackend) async throws {
        let ended = Promise<Bool>()
        _ = try LoopThread(name: "let go", backend: backend) { ended.keep(true) }
        #expect(await ended.value)
    }

    @Test("A promise keeps the first value, whether it comes before or after somebody waits")
    func promise() async {
        let (early, late) = (Promise<Int>(), Promise<Int>())
        early.keep(1)
        early.keep(2)
        #expect(await early.value == 1)
        async let value = late.value
        late.keep(3)
        #expect(await value == 3)
    }

    @Test(
        "A value bound to a loop is read there only, and bodies are executed from there only",
        arguments: LoopBackend.tested)
    func boundValue(_ backend: LoopBackend) async throws {
        await #expect(processExitsWith: .success) { [backend] in
            let thread = try LoopThread(name: "bound", backend: backend)
            let loop = thread.loop
            let bound = try await loop.call { LoopBound(7, loop: loop) }
            #expect(try await loop.call { bound.value } == 7)
        }
        await #expect(processExitsWith: .failure) { [backend] in
            let thread = try LoopThread(name: "bound", backend: backend)
            let loop = thread.loop
            let bound = try await loop.call { LoopBound(7, loop: loop) }
            _ = bound.value
        }
        await #expect(processExitsWith: .failure) { [backend] in
            let thread = try LoopThread(name: "execute", backend: backend)
            thread.loop.execute {}
            // After the end it would be harmless.
            withExtendedLifetime(thread) {}
        }
    }

    @Test("A handler of broken pipes that the process has installed stays")
    func brokenPipes() async {
        await #expect(processExitsWith: .exitCode(42)) {
            signal(SIGPIPE) { _ in _exit(42) }
            _ = try PollLoop()
            raise(SIGPIPE)
        }
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_DFL)
            _ = try PollLoop()
            raise(SIGPIPE)
        }
    }
}

private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add() { count.add(1, ordering: .relaxed) }
}

/// Counts what threads have submitted; on the loop.
private final class Counts {
    var next: [Int]
    var isOrdered = true

    init(threads: Int) { next = Array(repeating: 0, count: threads) }

    func note(_ value: Int, of thread: Int) {
        if next[thread] != value { isOrdered = false }
        next[thread] += 1
    }
}

@Suite("Deadlines of a loop", .timeLimit(.minutes(5)))
struct LoopDeadlineTests {
    @Test("A hundred thousand deadlines are served in order", arguments: LoopBackend.tested)
    func many(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            var out: [(Deadline, Int)] = []
            var expected: [(Deadline, Int)] = []
            try scene.play { done in
                let begin = Deadline.now()
                for number in 0..<100_000 {
                    let deadline = begin + .microseconds(Int64(number &* 7_919 % 50_000))
                    expected.append((deadline, number))
                    scene.queue.arm(at: deadline) {
                        out.append((deadline, number))
                        if out.count == 100_000 { done() }
                    }
                }
            }
            expected.sort { $0 < $1 }
            let misplaced = zip(out, expected).filter { $0 != $1 }
            #expect(misplaced.isEmpty, "\(misplaced.prefix(3)) of \(misplaced.count)")
        }
    }

    @Test("Deadlines of one millisecond are served in one turn", arguments: LoopBackend.tested)
    func together(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            var turn = 0
            var turns: [Int] = []
            try scene.play { done in
                let begin = (Deadline.now().uptimeNanoseconds / 1_000_000 + 20) * 1_000_000
                for number in 1...10 {
                    scene.queue.arm(at: .uptimeNanoseconds(begin + UInt64(number) * 90_000)) {
                        turns.append(turn)
                        scene.loop.execute { turn += 1 }
                        if number == 10 { done() }
                    }
                }
            }
            #expect(turns == [Int](repeating: 0, count: 10))
        }
    }

    @Test(
        "A deadline that another one cancels in the same turn is not served, nor those of a queue that is stopped",
        arguments: LoopBackend.tested)
    func cancelled(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            var out: [String] = []
            let other = DeadlineQueue()
            try scene.play { [loop = scene.loop, queue = scene.queue] done in
                loop.serve(other)
                let now = Deadline.now()
                var second: ScheduledDeadline?
                queue.arm(at: now) {
                    out.append("first")
                    second?.cancel()
                }
                second = queue.arm(at: now) { out.append("second") }
                queue.arm(at: now) { loop.stopServing(other) }
                other.arm(at: now) { out.append("other") }
                queue.arm(at: now) { loop.execute { loop.execute(done) } }
            }
            #expect(out == ["first"])
        }
    }

    @Test(
        "What is scheduled on the loop itself comes by time unless it is cancelled, and goes with the loop",
        arguments: LoopBackend.tested)
    func scheduled(_ backend: LoopBackend) throws {
        weak var kept: PollLoop?
        try Scene.run(backend) { scene in
            kept = scene.loop
            var out: [Int] = []
            try scene.play { [loop = scene.loop] done in
                #expect(PollLoop.current === loop)
                loop.schedule(after: .milliseconds(3)) {
                    out.append(3)
                    done()
                }
                loop.schedule(after: .milliseconds(2)) { out.append(2) }.cancel()
                loop.schedule(after: .milliseconds(1)) { out.append(1) }
                loop.schedule(after: .hours(1)) { loop.stop() }
            }
            #expect(out == [1, 3])
        }
        #expect(kept == nil && PollLoop.current == nil)
    }

    @Test(
        "A deadline that arms one for the past starves neither sources nor other deadlines",
        arguments: LoopBackend.tested)
    func past(_ backend: LoopBackend) throws {
        try Scene.run(backend) { scene in
            let (near, far) = try socketPair()
            let recorder = Recorder()
            var isServed = false
            try scene.play { [queue = scene.queue] done in
                _ = scene.stream(near, recorder)
                func again() {
                    if isServed, !recorder.ends.isEmpty { done() } else { queue.arm(at: .distantPast, again) }
                }
                queue.arm(at: .distantPast, again)
                queue.arm(at: .now() + .milliseconds(1)) {
                    isServed = true
                    far.close()
                }
            }
        }
    }
}
