import Bytes
import Polling

/// A UDP socket of a simulated host. It behaves as ``UDPTransport`` does.
///
/// The trace has `datagram` for what is sent, `datagram-in` for what arrives and `datagram-lost` for what does not.
final class SimulatedDatagramSocket: DatagramTransport {
    let port: Int
    let localAddress: SocketAddress?

    /// The address that it is bound to; `nil`: all of the host's.
    private let address: String?
    private let peer: SocketAddress?
    private var largestDatagram: Int
    private unowned let network: SimulatedNetwork
    private unowned let world: SimulatedWorld
    private weak var host: SimulatedHost?
    private let hostName: String
    // Assigned in init as it needs self, and never again.
    private var inbox: DatagramInbox! = nil

    /// Opens a socket, if its address and port are free.
    static func open(
        _ options: DatagramOptions, on host: SimulatedHost, in network: SimulatedNetwork
    ) -> Result<any DatagramTransport, ListenFailure> {
        guard (0...65535).contains(options.port) else {
            return .failure(.other("port \(options.port) is not in 0...65535"))
        }
        let isWildcard = options.address == nil || options.address == "0.0.0.0" || options.address == "::"
        if let address = options.address, !isWildcard, !host.owns(address) {
            return .failure(.interfaceUnavailable(address))
        }
        guard options.port == 0 || host.datagrams[options.port] == nil else { return .failure(.portUnavailable) }
        let port = options.port == 0 ? host.nextDatagramPort() : options.port
        let socket = SimulatedDatagramSocket(
            host: host, address: isWildcard ? nil : options.address, port: port, options: options, network: network)
        host.add(socket)
        network.world.trace.record(network.world.now, host.name, "datagram-open \(port)")
        return .success(socket)
    }

    private init(
        host: SimulatedHost, address: String?, port: Int, options: DatagramOptions, network: SimulatedNetwork
    ) {
        self.host = host
        self.address = address
        self.port = port
        self.network = network
        let world = network.world
        self.world = world
        hostName = host.name
        peer = options.peer
        largestDatagram = options.largestDatagram
        localAddress = try? SocketAddress(ipAddress: address ?? "0.0.0.0", port: port)
        inbox = DatagramInbox(transport: self) { [unowned world] body in world.arm(after: .zero, body) }
    }

    var isOpen: Bool { !inbox.hasEnded }
    /// The line takes everything at once.
    var queuedBytes: Int { 0 }

    func start(delegate: any DatagramDelegate) {
        inbox.start(delegate: delegate)
    }

    func setReading(_ reading: Bool) {
        guard isOpen else { return }
        inbox.setReading(reading)
    }

    func setLargestDatagram(_ count: Int) {
        largestDatagram = count
    }

    func close() {
        guard isOpen else { return }
        inbox.finish(.local)
        host?.remove(self)
        host = nil
        record("datagram-close \(port)")
    }

    func send(_ bytes: ByteBuffer, to address: SocketAddress) {
        guard isOpen, let host else { return }
        let target = address.ipAddress
        let targetPort = address.port
        record("datagram \(target):\(targetPort) \(world.trace.describe(bytes))")
        let sender = SimulatedHost.isLoopback(target) ? target : host.address
        for receiver in network.receivers(of: target, from: host) {
            let path = NetworkPath(client: sender, server: receiver.address, port: targetPort)
            let back = NetworkPath(client: receiver.address, server: sender, port: port)
            transmit(bytes, from: sender, to: receiver, at: target, path, back)
        }
    }

    private func transmit(
        _ bytes: ByteBuffer, from sender: String, to receiver: SimulatedHost, at target: String,
        _ path: NetworkPath, _ back: NetworkPath
    ) {
        let condition = network.condition(of: path, back: back)
        if condition.drops || network.happens(condition.loss) {
            record("datagram-lost \(receiver.address):\(path.port)")
            return
        }
        var bytes = bytes
        if condition.corruption > 0 { network.corrupt(&bytes, probability: condition.corruption) }
        guard let source = try? SocketAddress(ipAddress: sender, port: port) else { return }
        for _ in 0..<(network.happens(condition.duplication) ? 2 : 1) {
            var transit = network.transitTime(condition)
            if network.happens(condition.reordering.probability) { transit = transit + condition.reordering.delay }
            world.arm(after: transit) { [self] in
                let isRefused = network.condition(of: path, back: back).refuses
                if !isRefused, let socket = receiver.datagrams[path.port], socket.serves(target) {
                    socket.receive(bytes, from: source)
                } else if target == receiver.address || SimulatedHost.isLoopback(target) {
                    refuse(path, back)
                }
            }
        }
    }

    /// The receiver's host answers that nobody has the port; only a socket with a peer hears of it.
    private func refuse(_ path: NetworkPath, _ back: NetworkPath) {
        guard peer != nil else { return }
        let condition = network.condition(of: path, back: back)
        guard !condition.drops else { return }
        world.arm(after: network.transitTime(condition)) { [self] in
            guard isOpen else { return }
            record("datagram-refused \(path.server):\(path.port)")
            inbox.fail(.connectionRefused)
        }
    }

    private func serves(_ target: String) -> Bool {
        guard let address else { return true }
        return address == target || network.groups[target] != nil || target.hasSuffix(".255")
    }

    private func receive(_ bytes: ByteBuffer, from source: SocketAddress) {
        guard isOpen, peer == nil || peer == source else { return }
        var bytes = bytes
        let cut = bytes.readSlice(length: min(bytes.readableBytes, largestDatagram)) ?? bytes
        record("datagram-in \(SimulatedTransport.text(source)) \(world.trace.describe(cut))")
        inbox.receive(cut, from: source)
    }

    private func record(_ event: @autoclosure () -> String) {
        world.trace.record(world.now, hostName, event())
    }
}
