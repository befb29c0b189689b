public import Polling

/// A TCP connection in a simulated network: two ends, and a link in each direction.
public final class SimulatedConnection {
    /// Its number in the world, from 1, as the trace shows it.
    public let id: Int
    /// The address and port of the end that connected.
    public let clientAddress: SocketAddress
    /// The address and port of the end that listened.
    public let serverAddress: SocketAddress

    let path: NetworkPath
    // Assigned in init, as they refer to the connection, and let go when both are gone.
    private(set) var client: SimulatedTransport! = nil
    private(set) var server: SimulatedTransport! = nil
    private unowned let network: SimulatedNetwork

    init(network: SimulatedNetwork, path: NetworkPath, client: SimulatedHost, server: SimulatedHost) {
        self.network = network
        self.path = path
        id = path.connection
        let source = SimulatedHost.isLoopback(path.server) ? path.server : client.address
        clientAddress = Self.address(source, client.nextPort())
        serverAddress = Self.address(path.server, path.port)
        self.client = SimulatedTransport(
            connection: self, host: client, local: clientAddress, remote: serverAddress, network: network)
        self.server = SimulatedTransport(
            connection: self, host: server, local: serverAddress, remote: clientAddress, network: network)
        self.client.peer = self.server
        self.server.peer = self.client
    }

    private static func address(_ text: String, _ port: Int) -> SocketAddress {
        guard let address = try? SocketAddress(ipAddress: text, port: port) else {
            preconditionFailure("hosts have IP addresses; \(text) is none")
        }
        return address
    }

    /// Breaks the connection: both ends get a reset at once.
    public func reset() {
        for end in [client, server] { end?.receiveReset() }
    }

    var condition: PathCondition { network.condition(of: path) }

    func resendStalled() {
        for end in [client, server] { end?.link.resendStalled() }
    }

    /// Called when an end is gone for good.
    func endIsGone() {
        guard let client, let server, client.isGone, server.isGone else { return }
        network.forget(self)
        letGoOfEnds()
    }

    /// Breaks the circle of connection and ends, when nothing more can happen.
    func letGoOfEnds() {
        client?.peer = nil
        server?.peer = nil
        client = nil
        server = nil
    }
}
