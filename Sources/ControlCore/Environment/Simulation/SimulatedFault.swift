public import Polling

/// What can be wrong with a simulated network, or a part of it.
public enum SimulatedFault: Equatable, Sendable {
    /// Connections and datagrams are refused. Open connections go on.
    case refuse
    /// Packets vanish, datagrams for good. Connects time out, names and connections under way fall silent. When the
    /// fault is lifted, what was sent meanwhile is sent again, unless the sender gave up first (see
    /// ``SimulatedNetwork/retransmissionTimeout``).
    case drop
    /// Every packet needs so much longer.
    case delay(TimeAmount)
    /// Chunks arrive in pieces of these sizes, in turn and over again.
    case split([Int])
    /// Each byte is, with this probability (0 to 1), another one on arrival.
    case corrupt(probability: Double)
    /// Each datagram vanishes with this probability (0 to 1). Connections are not concerned.
    case lose(probability: Double)
    /// Each datagram arrives twice with this probability (0 to 1). Connections are not concerned.
    case duplicate(probability: Double)
    /// Each datagram needs so much longer with this probability (0 to 1), so that later ones overtake it. Connections
    /// are not concerned.
    case reorder(by: TimeAmount, probability: Double)
}

/// Which traffic a fault concerns.
public enum FaultTarget: Equatable, Sendable {
    /// All of it.
    case everything
    /// Traffic from or to the host with this IP address.
    case host(String)
    /// Connections to this port of the host with this IP address, and datagrams to and from it.
    case endpoint(String, port: Int)
    /// The connection with this ``SimulatedConnection/id``.
    case connection(Int)

    func matches(_ path: NetworkPath) -> Bool {
        switch self {
        case .everything: true
        case .host(let address): path.client == address || path.server == address
        case .endpoint(let address, let port): path.server == address && path.port == port
        case .connection(let id): path.connection == id
        }
    }
}

/// A fault in force. ``cancel()`` lifts it; dropping it does not.
public final class ActiveFault: Cancellable {
    /// What is wrong.
    public let fault: SimulatedFault
    /// With what.
    public let target: FaultTarget
    private weak var network: SimulatedNetwork?

    init(_ fault: SimulatedFault, on target: FaultTarget, of network: SimulatedNetwork) {
        self.fault = fault
        self.target = target
        self.network = network
    }

    /// Lifts the fault. Harmless when it is lifted already.
    public func cancel() {
        network?.lift(self)
    }
}

/// Between whom packets go.
struct NetworkPath {
    var client: String
    var server: String
    var port: Int
    /// The connection's number; 0 while it is being opened.
    var connection = 0
}

/// All faults that concern one path, taken together.
struct PathCondition {
    var refuses = false
    var drops = false
    var delay = TimeAmount.zero
    var split: [Int] = []
    var corruption = 0.0
    var loss = 0.0
    var duplication = 0.0
    var reordering = (delay: TimeAmount.zero, probability: 0.0)

    /// The condition of a path with nothing wrong.
    static let sound = PathCondition()

    init() {}

    /// - Parameter back: the path seen from the other end, for datagrams, of which neither end has opened the other.
    init(of path: NetworkPath, back: NetworkPath? = nil, under faults: [ActiveFault]) {
        for active in faults where active.target.matches(path) || back.map(active.target.matches) == true {
            switch active.fault {
            case .refuse: refuses = true
            case .drop: drops = true
            case .delay(let extra): delay = delay + extra
            case .split(let sizes): split = sizes.filter { $0 > 0 }
            case .corrupt(let probability): corruption = max(corruption, probability)
            case .lose(let probability): loss = max(loss, probability)
            case .duplicate(let probability): duplication = max(duplication, probability)
            case .reorder(let delay, let probability): reordering = (delay, probability)
            }
        }
    }
}
