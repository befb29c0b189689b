import Polling
import Testing

@Suite("Deadline queue")
struct DeadlineQueueTests {
    private static func time(_ value: Int) -> Deadline { .uptimeNanoseconds(UInt64(value)) }

    /// Runs what is due until `now`.
    private static func drain(_ queue: DeadlineQueue, until now: Int) {
        while let node = queue.popDue(at: time(now)) { node.fire() }
    }

    @Test("Bodies come out by time, and by age among equals")
    func order() {
        let queue = DeadlineQueue()
        var out: [String] = []
        for (name, deadline) in [("d", 7), ("a", 3), ("b", 3), ("e", 9), ("c", 3)] {
            queue.arm(at: Self.time(deadline)) { out.append(name) }
        }
        #expect(queue.earliest == Self.time(3))
        Self.drain(queue, until: 8)
        #expect(out == ["a", "b", "c", "d"])
        #expect(queue.count == 1)
    }

    @Test("What is not due stays")
    func notDue() {
        let queue = DeadlineQueue()
        queue.arm(at: Self.time(10)) {}
        #expect(queue.popDue(at: Self.time(9)) == nil)
        #expect(queue.popDue(at: Self.time(10)) != nil)
        #expect(queue.popDue(at: Self.time(10)) == nil)
    }

    @Test("A drain ends although each body arms the next")
    func boundedDrain() {
        let queue = DeadlineQueue()
        var calls = 0
        func again() {
            calls += 1
            queue.arm(at: Self.time(0), again)
        }
        queue.arm(at: Self.time(0), again)
        let limit = queue.nextSequence
        while let node = queue.popDue(at: Self.time(0), armedBefore: limit) { node.fire() }
        #expect(calls == 1)
        #expect(queue.count == 1)
    }

    @Test("Cancelled deadlines are gone at once, wherever they are, and let go of their bodies")
    func cancel() {
        final class Canary {}
        let queue = DeadlineQueue()
        var random = Numbers(seed: 7)
        var expected: [(deadline: Int, number: Int)] = []
        var out: [Int] = []
        weak var canary: Canary?
        for number in 0..<2000 {
            let deadline = Int(random.next() % 500)
            let object = Canary()
            let handle = queue.arm(at: Self.time(deadline)) {
                withExtendedLifetime(object) { out.append(number) }
            }
            if random.next() % 3 == 0 {
                canary = object
                #expect(handle.isArmed)
                handle.cancel()
                #expect(!handle.isArmed)
                handle.cancel()
            } else {
                expected.append((deadline, number))
            }
        }
        #expect(canary == nil)
        #expect(queue.count == expected.count)
        Self.drain(queue, until: 500)
        #expect(out == expected.sorted { ($0.deadline, $0.number) < ($1.deadline, $1.number) }.map(\.number))
    }

    @Test("Cancelling from the middle keeps the order of the rest")
    func cancelInRandomOrder() {
        let queue = DeadlineQueue()
        var random = Numbers(seed: 3)
        var handles: [(deadline: Int, number: Int, handle: ScheduledDeadline)] = []
        var out: [Int] = []
        for number in 0..<1000 {
            let deadline = Int(random.next() % 100)
            handles.append((deadline, number, queue.arm(at: Self.time(deadline)) { out.append(number) }))
        }
        handles.shuffle(using: &random)
        for entry in handles.prefix(600) { entry.handle.cancel() }
        Self.drain(queue, until: 100)
        let rest = handles.dropFirst(600).sorted { ($0.deadline, $0.number) < ($1.deadline, $1.number) }
        #expect(out == rest.map(\.number))
    }

    @Test("One owner's deadlines go, the others' stay in order")
    func owners() {
        let queue = DeadlineQueue()
        var out: [Int] = []
        for number in 0..<100 {
            queue.arm(at: Self.time(100 - number), owner: number % 3) { out.append(number) }
        }
        queue.removeAll(ownedBy: 1)
        Self.drain(queue, until: 100)
        #expect(out == (0..<100).reversed().filter { $0 % 3 != 1 })
    }

    @Test("Bodies whose end cancels other deadlines may go all at once")
    func cancelFromDeinit() {
        final class Owner {
            var handle: ScheduledDeadline?
            deinit { handle?.cancel() }
        }
        func armPairs(_ queue: DeadlineQueue) {
            for number in 0..<10 {
                let owner = Owner()
                queue.arm(at: Self.time(number), owner: 1) { withExtendedLifetime(owner) {} }
                owner.handle = queue.arm(at: Self.time(100 - number), owner: 1) {}
            }
        }
        var queue: DeadlineQueue? = DeadlineQueue()
        queue.map(armPairs)
        queue?.removeAll()
        #expect(queue?.count == 0)
        queue.map(armPairs)
        queue?.removeAll(ownedBy: 1)
        #expect(queue?.count == 0)
        queue.map(armPairs)
        queue = nil
    }

    @Test("A handle may outlive its queue")
    func handleOutlivesQueue() {
        var queue: DeadlineQueue? = DeadlineQueue()
        let handle = queue?.arm(at: Self.time(1)) {}
        queue = nil
        handle?.cancel()
        #expect(handle?.isArmed == false)
    }

    @Test("A node that is armed again moves, behind equals, and is kept by the queue until it is fired or disarmed")
    func node() {
        final class Node: DeadlineNode {
            var onFire: (() -> Void)?
            override func fire() { onFire?() }
        }
        let queue = DeadlineQueue()
        var out: [String] = []
        weak var released: Node?
        do {
            let node = Node()
            released = node
            node.onFire = { out.append("node") }
            queue.arm(node, at: Self.time(9))
            queue.arm(node, at: Self.time(3))
            for number in 1...5 { queue.arm(at: Self.time(5)) { out.append("\(number)") } }
            queue.arm(node, at: Self.time(5))
        }
        #expect(queue.count == 6)
        Self.drain(queue, until: 5)
        #expect(out == ["1", "2", "3", "4", "5", "node"])
        #expect(released == nil)
        let node = Node()
        queue.arm(node, at: Self.time(7))
        node.disarm()
        node.disarm()
        #expect(!node.isArmed && queue.count == 0)
    }

    @Test("What is due again stays armed, behind equals, until it is moved or disarmed")
    func again() {
        final class Repeating: DeadlineNode {
            var onFire: (() -> Void)?
            override func nextDeadline() -> Deadline? { deadline.map { $0 + .nanoseconds(3) } }
            override func fire() { onFire?() }
        }
        let queue = DeadlineQueue()
        var out: [String] = []
        let node = Repeating()
        queue.arm(node, at: Self.time(3))
        queue.arm(at: Self.time(6)) { out.append("6") }
        let limit = queue.nextSequence
        #expect(queue.popDue(at: Self.time(3)) === node)
        #expect(queue.count == 2 && node.deadline == Self.time(6))
        #expect(queue.popDue(at: Self.time(6), armedBefore: limit) is ScheduledDeadline)
        #expect(queue.popDue(at: Self.time(6), armedBefore: limit) == nil)
        node.onFire = {
            out.append("node")
            if out.count == 2 { queue.arm(node, at: Self.time(20)) }
            if out.count == 3 { node.disarm() }
        }
        Self.drain(queue, until: 6)
        queue.arm(at: Self.time(9)) { Issue.record("is not due") }
        Self.drain(queue, until: 8)
        #expect(out == ["node"] && node.deadline == Self.time(9))
        queue.removeAll()
        queue.arm(node, at: Self.time(9))
        Self.drain(queue, until: 19)
        #expect(out == ["node", "node"] && node.deadline == Self.time(20))
        Self.drain(queue, until: 20)
        #expect(out.count == 3 && !node.isArmed && node.deadline == nil && queue.count == 0)
    }

    @Test("100,000 deadlines come out in order, and as many cancelled ones leave nothing")
    func many() {
        let queue = DeadlineQueue()
        var random = Numbers(seed: 1)
        var last = -1
        var count = 0
        var cancelled: [ScheduledDeadline] = []
        for _ in 0..<100_000 {
            let deadline = Int(random.next() % 1_000_000)
            queue.arm(at: Self.time(deadline)) {
                if deadline < last { Issue.record("\(deadline) came after \(last)") }
                last = deadline
                count += 1
            }
            cancelled.append(queue.arm(at: Self.time(Int(random.next() % 1_000_000))) { Issue.record("was cancelled") })
        }
        for handle in cancelled { handle.cancel() }
        #expect(queue.count == 100_000)
        Self.drain(queue, until: 1_000_000)
        #expect(count == 100_000)
        #expect(queue.count == 0)
    }
}

/// Numbers that are the same in each run.
private struct Numbers: RandomNumberGenerator {
    var seed: UInt64

    mutating func next() -> UInt64 {
        // Knuth's multiplier; of the low bits, which repeat soon, nothing is left.
        seed = seed &* 6_364_136_223_846_793_005 &+ 1
        return (seed >> 33) << 32 | (seed &* 6_364_136_223_846_793_005 &+ 1) >> 32
    }
}
