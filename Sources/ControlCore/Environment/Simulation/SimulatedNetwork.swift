import Bytes
public import Polling

/// The network of a ``SimulatedWorld``: names, hosts, TCP connections between them, and what can go wrong.
///
/// Everything may be changed at any virtual time, and holds for what is sent from then on.
public final class SimulatedNetwork {
    /// The addresses (IP literals) of names, which are written in lower case. Hosts' own names and `localhost` need
    /// none. A name that is not known fails to resolve.
    public var names: [String: [String]] = [:]
    /// How long the resolving of certain names takes, be they known or not.
    public var nameDelays: [String: TimeAmount] = [:]
    /// How long the resolving of all other names takes.
    public var nameLatency = TimeAmount.milliseconds(1)
    /// The addresses of the hosts that belong to multicast groups, by the group's address.
    public var groups: [String: [String]] = [:]
    /// How long a packet travels, one way.
    public var latency = TimeAmount.microseconds(200)
    /// How much longer a packet may take; evenly distributed, order is kept. Off by default.
    public var jitter = TimeAmount.zero
    /// Bytes per second in each direction of a connection; `nil` sets no limit.
    public var bandwidth: Int?
    /// How many bytes of one direction may be on their way or unread at the receiver, for connections made from now on.
    public var window = 64 * 1024

    /// How long lost packets are sent again before a connection breaks: what Linux does by default.
    public static let retransmissionTimeout = TimeAmount.milliseconds(924_600)
    /// How long a connect goes unanswered before the system gives up: what Linux does by default.
    public static let connectTimeout = TimeAmount.seconds(127)
    /// After how long an unanswered connect is tried again at first; it doubles each time.
    static let firstRetry = TimeAmount.seconds(1)

    unowned let world: SimulatedWorld
    private var random: SplitMix64
    /// Each at the place that its id counts from 1.
    private var hosts: [SimulatedHost] = []
    private var faults: [ActiveFault] = []
    private var open: [Int: SimulatedConnection] = [:]
    private var lastConnection = 0
    /// What SSH clients have offered and no server has looked at yet, by the line that stands for it.
    private var offers: [String: (way: SimulatedSSHWay, user: String)] = [:]
    private var lastOffer = 0

    init(world: SimulatedWorld, seed: UInt64) {
        self.world = world
        random = SplitMix64(seed: seed, label: "network")
    }

    deinit {
        for connection in open.values { connection.letGoOfEnds() }
    }

    /// The connections of which at least one end is open, the oldest first.
    public var connections: [SimulatedConnection] {
        open.values.sorted { $0.id < $1.id }
    }

    // MARK: Faults

    /// Puts a fault in force.
    /// - Returns: the fault, to lift it.
    @discardableResult
    public func inject(_ fault: SimulatedFault, on target: FaultTarget = .everything) -> ActiveFault {
        let active = ActiveFault(fault, on: target, of: self)
        faults.append(active)
        return active
    }

    /// Lifts all faults.
    public func liftAllFaults() {
        faults = []
        resendStalled()
    }

    /// Breaks open connections as a middlebox does: both ends get a reset at once.
    public func reset(_ target: FaultTarget) {
        for connection in connections where target.matches(connection.path) { connection.reset() }
    }

    func lift(_ fault: ActiveFault) {
        faults.removeAll { $0 === fault }
        resendStalled()
    }

    private func resendStalled() {
        for connection in connections { connection.resendStalled() }
    }

    func condition(of path: NetworkPath) -> PathCondition {
        faults.isEmpty ? .sound : PathCondition(of: path, under: faults)
    }

    /// The condition for datagrams of one end to the other.
    func condition(of path: NetworkPath, back: NetworkPath) -> PathCondition {
        faults.isEmpty ? .sound : PathCondition(of: path, back: back, under: faults)
    }

    // MARK: Packets

    /// Whether something happens that has this probability. Nothing is drawn when it cannot.
    func happens(_ probability: Double) -> Bool {
        probability > 0 && random.nextUnit() < probability
    }

    /// How long a packet takes that is sent now.
    func transitTime(_ condition: PathCondition) -> TimeAmount {
        var time = latency + condition.delay
        if jitter > .zero {
            time = time + .nanoseconds(Int64(Double(jitter.nanoseconds) * random.nextUnit()))
        }
        return time
    }

    /// Changes bytes as a bad line does.
    func corrupt(_ bytes: inout ByteBuffer, probability: Double) {
        for index in bytes.readerIndex..<bytes.writerIndex where random.nextUnit() < probability {
            guard let byte = bytes.getInteger(at: index, as: UInt8.self) else { continue }
            bytes.setInteger(byte ^ UInt8(1 + random.next() % 255), at: index)
        }
    }

    // MARK: Hosts and names

    func addHost(named name: String, address: String) -> SimulatedHost {
        precondition((try? SocketAddress(ipAddress: address, port: 0)) != nil, "\(address) is not an IP address")
        precondition(!hosts.contains { $0.address == address }, "two hosts with the address \(address)")
        let host = SimulatedHost(id: hosts.count + 1, name: name, address: address)
        hosts.append(host)
        return host
    }

    func nameOfHost(_ id: Int) -> String { hosts[id - 1].name }

    /// The host that has `address`, seen from `source`.
    func host(at address: String, from source: SimulatedHost) -> SimulatedHost? {
        SimulatedHost.isLoopback(address) ? source : hosts.first { $0.address == address }
    }

    /// The hosts that get a datagram to `address`: one, or those of a group, or, for a broadcast, all others.
    func receivers(of address: String, from source: SimulatedHost) -> [SimulatedHost] {
        if let members = groups[address] {
            return hosts.filter { members.contains($0.address) }
        }
        if address == "255.255.255.255" || (address.hasSuffix(".255") && !SimulatedHost.isLoopback(address)) {
            let net = address == "255.255.255.255" ? "" : address.dropLast(3)
            return hosts.filter { $0 !== source && $0.address.hasPrefix(net) && $0.address.contains(".") }
        }
        return host(at: address, from: source).map { [$0] } ?? []
    }

    /// What a look-up of `name` finds, and when.
    func look(up name: String) -> (addresses: [SocketAddress], delay: TimeAmount) {
        if let literal = try? SocketAddress(ipAddress: name, port: 0) { return ([literal], .zero) }
        let key = name.lowercased()
        let texts: [String] =
            if let known = names[key] {
                known
            } else if key == "localhost" {
                ["127.0.0.1"]
            } else {
                hosts.filter { $0.name.lowercased() == key }.map(\.address)
            }
        let addresses = texts.map { text -> SocketAddress in
            guard let address = try? SocketAddress(ipAddress: text, port: 0) else {
                preconditionFailure("\(name) was given the address \(text), which is not an IP address")
            }
            return address
        }
        return (addresses, nameDelays[key] ?? nameLatency)
    }

    // MARK: Connections

    func makeConnection(
        from client: SimulatedHost, to server: SimulatedHost, path: NetworkPath
    ) -> SimulatedConnection {
        lastConnection += 1
        var path = path
        path.connection = lastConnection
        let connection = SimulatedConnection(network: self, path: path, client: client, server: server)
        open[lastConnection] = connection
        return connection
    }

    func forget(_ connection: SimulatedConnection) {
        open[connection.id] = nil
    }

    // MARK: SSH logins

    /// The line that stands for a way of logging in: it shows the user, and no secret.
    func offer(_ way: SimulatedSSHWay, of user: String) -> String {
        lastOffer += 1
        let line = "offer \(lastOffer) \(user)"
        offers[line] = (way, user)
        return line
    }

    /// What a line stands for; `nil` when it was changed on its way.
    func takeOffer(_ line: String) -> (way: SimulatedSSHWay, user: String)? {
        offers.removeValue(forKey: line)
    }
}
