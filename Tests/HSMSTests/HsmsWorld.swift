import ControlCore
import HSMS
import Polling

/// A host at 10.0.0.1 and peers from 10.0.0.2 on, in a network without latency, so that virtual times are exact.
final class HsmsWorld {
    let world: SimulatedWorld
    let host: SimulatedEnvironment
    let tool: SimulatedEnvironment
    let log = EventLog()
    /// The peers that the tool's port was given, see ``listen(port:)``.
    private(set) var peers: [RawPeer] = []
    var onPeer: ((RawPeer) -> Void)?
    private var listener: (any Listener)?

    init(seed: UInt64 = 3) {
        world = SimulatedWorld(seed: seed)
        world.network.latency = .zero
        host = world.environment(named: "host", address: "10.0.0.1")
        tool = world.environment(named: "tool", address: "10.0.0.2")
    }

    /// Seconds of virtual time.
    var time: Double { Double(host.now.uptimeNanoseconds / 1_000_000) / 1_000 }

    func note(_ text: String) { log.note("\(time) \(text)") }

    func run(_ seconds: Double) { world.run(for: .nanoseconds(Int64(seconds * 1e9))) }

    /// A protocol of the host that notes its events with their times.
    func handler(
        active: Bool, port: Int = 5_000, address: String = "10.0.0.2",
        _ configure: (inout HsmsConfiguration) -> Void = { _ in }
    ) throws -> HsmsProtocol {
        var configuration = HsmsConfiguration()
        configuration.timers.selectDelay = .zero
        configure(&configuration)
        let handler = try HsmsProtocol(
            environment: host, address: address, port: port, active: active, name: "tool", configuration: configuration)
        handler.onEvent = { self.note($1.brief) }
        return handler
    }

    /// Lets the tool listen, and keep quiet.
    func listen(port: Int = 5_000) {
        tool.listenTCP(address: nil, port: port) { transport in
            let peer = RawPeer(transport)
            self.peers.append(peer)
            self.onPeer?(peer)
            peer.start()
        } completion: {
            self.listener = try? $0.get()
        }
        run(0)
    }

    func stopListening() {
        listener?.close()
        listener = nil
    }

    /// Lets a peer connect to the host, and takes it.
    func connect(from environment: SimulatedEnvironment? = nil, port: Int = 5_000) -> RawPeer? {
        var peer: RawPeer?
        (environment ?? tool).connectTCP(host: "10.0.0.1", port: port, timeout: .seconds(1)) { result in
            peer = (try? result.get()).map(RawPeer.init)
            peer?.start()
        }
        run(0)
        return peer
    }

    /// What is left when the host has done all: nothing.
    var leftovers: [String] {
        var left: [String] = []
        if host.openTransports > 0 { left.append("\(host.openTransports) streams") }
        if host.openListeners > 0 { left.append("\(host.openListeners) listeners") }
        if world.pendingEvents > 0 { left.append("\(world.pendingEvents) events") }
        return left
    }
}
