public import Polling

/// A world with a clock of its own and a network in it, in which control programs and the devices they drive run
/// together.
///
/// Nothing happens by itself: whoever drives the world runs it up to some moment, and everything that is due until then
/// happens in the order of its time, on the caller's thread. A day passes as fast as its events can be computed. Two
/// worlds with one seed and equal programs have equal ``trace``s.
///
/// A world and everything in it belong to one thread.
public final class SimulatedWorld {
    /// Decides all randomness.
    public let seed: UInt64
    /// What happened, line by line.
    public let trace = SimulationTrace()
    /// The virtual monotonic time. It begins at 0.
    public private(set) var now = Deadline.uptimeNanoseconds(0)

    /// So many events at one instant mean a program that schedules itself without delay for ever.
    static let instantLimit = 10_000_000

    private let queue = DeadlineQueue()
    private var eventsAtThisInstant = 0
    // Assigned in init, as it needs self, and never again.
    private var ownNetwork: SimulatedNetwork! = nil

    /// Makes an empty world.
    public init(seed: UInt64) {
        self.seed = seed
        ownNetwork = SimulatedNetwork(world: self, seed: seed)
    }

    /// What connects the world's hosts.
    public var network: SimulatedNetwork { ownNetwork }

    /// How many deadlines and network events are to come.
    public var pendingEvents: Int { queue.count }

    /// Puts a host into the world.
    /// - Parameters:
    ///   - name: appears in the trace, and resolves to `address`.
    ///   - address: an IP literal that no other host has.
    /// - Returns: the environment for the one program that runs on the host. It keeps the world.
    public func environment(named name: String, address: String) -> SimulatedEnvironment {
        SimulatedEnvironment(world: self, host: network.addHost(named: name, address: address))
    }

    /// Runs `body` at `deadline`: a script for what befalls the world, such as a fault. Past deadlines mean now.
    @discardableResult
    public func schedule(at deadline: Deadline, _ body: @escaping () -> Void) -> any Cancellable {
        arm(at: deadline, owner: 0, body)
    }

    /// Lets the next event happen, and moves the clock to it.
    /// - Returns: false when there is none.
    @discardableResult
    public func step() -> Bool {
        guard let next = queue.earliest else { return false }
        if next > now {
            now = next
            eventsAtThisInstant = 0
        }
        eventsAtThisInstant += 1
        precondition(
            eventsAtThisInstant < Self.instantLimit, "virtual time stands still: something reschedules itself at once")
        guard let node = queue.popDue(at: now) else { return true }
        // A body of a program's records itself, those of the network are not recorded.
        if trace.includesTimers, !(node is ScheduledDeadline) {
            trace.record(now, network.nameOfHost(Int(node.owner)), "timer")
        }
        node.fire()
        return true
    }

    /// Lets everything happen that is due until `deadline`, which is then the time.
    public func run(until deadline: Deadline) {
        while let next = queue.earliest, next <= deadline { step() }
        now = max(now, deadline)
    }

    /// Lets `duration` pass.
    public func run(for duration: TimeAmount) {
        run(until: now + duration)
    }

    /// Lets events happen until `condition` holds, which is asked after each.
    /// - Parameters:
    ///   - limit: how much virtual time may pass at most.
    ///   - condition: what is waited for.
    /// - Returns: whether it holds. If not, the events ran out, or the whole of `limit` has passed.
    @discardableResult
    public func run(limit: TimeAmount, until condition: () -> Bool) -> Bool {
        let deadline = now + limit
        while !condition() {
            guard let next = queue.earliest, next <= deadline else { return false }
            step()
        }
        return true
    }

    /// Lets everything happen until nothing more is to come.
    /// - Parameter limit: how much virtual time may pass at most, as a repeating timer never ends.
    /// - Returns: whether nothing is to come.
    @discardableResult
    public func runUntilIdle(limit: TimeAmount = .hours(1)) -> Bool {
        run(limit: limit) { queue.count == 0 }
    }

    /// Arms a deadline. One that is past is due now, behind what already is.
    @discardableResult
    func arm(at deadline: Deadline, owner: Int, _ body: @escaping () -> Void) -> ScheduledDeadline {
        queue.arm(at: max(deadline, now), owner: owner, body)
    }

    /// Arms a node of a program's. A deadline that is past is due now, behind what already is.
    func arm(_ node: DeadlineNode, at deadline: Deadline, owner: Int) {
        queue.arm(node, at: max(deadline, now), owner: owner)
    }

    /// Arms an event of the network, which belongs to no host.
    @discardableResult
    func arm(after delay: TimeAmount, _ body: @escaping () -> Void) -> ScheduledDeadline {
        arm(at: now + delay, owner: 0, body)
    }

    /// Cancels the deadlines of one host.
    func disarm(owner: Int) {
        queue.removeAll(ownedBy: owner)
    }
}
