import Bytes
import DequeModule
import Polling

/// One direction of a simulated connection: the sender's queue, the packets under way and the receiver's window.
///
/// Packets keep their order. A packet that meets a fault which drops it stalls, and all behind it: when the fault is
/// lifted they are sent again, and when that takes too long the sender's end breaks.
///
/// A link is part of its sender, which packets and deadlines under way keep alive.
final class SimulatedLink {
    enum Packet {
        /// Completes the opening: the server's side learns that the connection stands.
        case opened(SimulatedListener)
        case bytes(ByteBuffer)
        case end
    }

    private unowned let sender: SimulatedTransport
    private unowned let network: SimulatedNetwork
    private unowned let connection: SimulatedConnection
    private unowned let world: SimulatedWorld

    private var queue: Deque<ByteBuffer> = []
    private(set) var queuedBytes = 0
    /// What the window still lets through.
    private var window: Int
    /// Acknowledgements on their way back: what they add to the window, and when.
    private var credits: Deque<(arrival: Deadline, count: Int)> = []
    private var pumpTimer: ScheduledDeadline?
    private var endIsWanted = false
    private(set) var endIsSent = false
    private var lastArrival = Deadline.uptimeNanoseconds(0)
    /// When the line is free again, as far as bandwidth is limited.
    private var lineIsFree = Deadline.uptimeNanoseconds(0)
    private var splitIndex = 0
    private var stalled: Deque<Packet> = []
    private var stallTimer: ScheduledDeadline?
    private var isDead = false

    init(sender: SimulatedTransport, connection: SimulatedConnection, network: SimulatedNetwork) {
        self.sender = sender
        self.connection = connection
        self.network = network
        world = network.world
        window = network.window
    }

    // MARK: The sender's side

    func send(_ bytes: ByteBuffer) {
        queue.append(bytes)
        queuedBytes += bytes.readableBytes
        pump()
    }

    /// Ends the stream behind what is queued.
    func sendEnd() {
        guard !endIsWanted else { return }
        endIsWanted = true
        pump()
    }

    func sendOpened(_ listener: SimulatedListener) {
        transmit(.opened(listener), size: 0)
    }

    /// Drops what is queued: it will not be sent any more.
    func dropQueue() {
        queue.removeAll()
        queuedBytes = 0
    }

    /// Ends all activity. Packets under way are lost.
    func kill() {
        isDead = true
        dropQueue()
        stalled.removeAll()
        pumpTimer?.cancel()
        stallTimer?.cancel()
    }

    /// Moves bytes from the queue onto the line, as far as the window allows.
    private func pump() {
        guard !isDead else { return }
        while let credit = credits.first, credit.arrival <= world.now {
            window += credit.count
            credits.removeFirst()
        }
        while window > 0, !queue.isEmpty {
            let first = queue.startIndex
            var limit = window
            let split = connection.condition.split
            if !split.isEmpty {
                limit = min(limit, split[splitIndex % split.count])
                splitIndex += 1
            }
            let size = min(limit, queue[first].readableBytes)
            guard let chunk = queue[first].readSlice(length: size) else { break }
            if queue[first].readableBytes == 0 { queue.removeFirst() }
            window -= size
            queuedBytes -= size
            transmit(.bytes(chunk), size: size)
        }
        if queue.isEmpty {
            if endIsWanted, !endIsSent {
                endIsSent = true
                transmit(.end, size: 0)
                sender.didSendEnd()
            }
        } else {
            planPump()
        }
    }

    /// Goes on when the next acknowledgement arrives.
    private func planPump() {
        guard let credit = credits.first, pumpTimer?.isArmed != true else { return }
        pumpTimer = world.arm(at: credit.arrival, owner: 0) { [sender] in
            sender.link.pump()
            sender.didPump()
        }
    }

    private func transmit(_ packet: Packet, size: Int) {
        let condition = connection.condition
        var arrival = world.now + network.transitTime(condition)
        if let bandwidth = network.bandwidth, bandwidth > 0, size > 0 {
            let begin = max(world.now, lineIsFree)
            lineIsFree = begin + .nanoseconds(Int64(size) * 1_000_000_000 / Int64(bandwidth))
            arrival = arrival + (lineIsFree - world.now)
        }
        if arrival <= lastArrival {
            // Packets keep their order, and the pieces of a split chunk do not arrive at one instant.
            arrival = lastArrival + .microseconds(condition.split.isEmpty ? 0 : 1)
        }
        lastArrival = arrival
        var packet = packet
        if condition.corruption > 0, case .bytes(var bytes) = packet {
            network.corrupt(&bytes, probability: condition.corruption)
            packet = .bytes(bytes)
        }
        world.arm(at: arrival, owner: 0) { [sender] in sender.link.arrive(packet) }
    }

    // MARK: The receiver's side

    private func arrive(_ packet: Packet) {
        guard !isDead else { return }
        if !stalled.isEmpty || connection.condition.drops {
            stalled.append(packet)
            if stallTimer?.isArmed != true {
                stallTimer = world.arm(after: SimulatedNetwork.retransmissionTimeout) { [sender] in sender.timeOut() }
            }
            return
        }
        guard let receiver = sender.peer else { return }
        switch packet {
        case .opened(let listener): receiver.receiveOpened(listener)
        case .bytes(let bytes): receiver.receive(bytes)
        case .end: receiver.receiveEnd()
        }
    }

    /// Sends lost packets again, if the line is sound by now.
    func resendStalled() {
        guard !isDead, !stalled.isEmpty, !connection.condition.drops else { return }
        stallTimer?.cancel()
        let packets = stalled
        stalled = []
        for packet in packets {
            guard case .bytes(let bytes) = packet else {
                transmit(packet, size: 0)
                continue
            }
            transmit(packet, size: bytes.readableBytes)
        }
    }

    /// Tells the sender that the receiver has taken `count` bytes, and has room for as many.
    func release(_ count: Int) {
        guard !isDead else { return }
        credits.append((world.now + network.latency, count))
        if !queue.isEmpty { planPump() }
    }
}
