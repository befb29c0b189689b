import Bytes
import ControlCore
import Polling

/// A server at 10.0.0.1:9000 and visitors at 10.0.0.2, in a network without latency.
final class ServerScenario {
    let world: SimulatedWorld
    let host: SimulatedEnvironment
    let visitors: SimulatedEnvironment
    private(set) var log: [String] = []

    init() {
        world = SimulatedWorld(seed: 5)
        world.network.latency = .zero
        host = world.environment(named: "host", address: "10.0.0.1")
        visitors = world.environment(named: "visitors", address: "10.0.0.2")
    }

    func note(_ text: String) {
        log.append("\(Double(host.now.uptimeNanoseconds / 1_000_000) / 1000) \(text)")
    }

    func takeLog() -> [String] {
        defer { log = [] }
        return log
    }

    func server(maxClients: Int? = nil, interface: String = "Any") throws -> EthernetServerInterfaceEx {
        let server = try EthernetServerInterfaceEx(
            environment: host, port: 9_000, interface: interface, maxClients: maxClients,
            interfaceAddresses: ["LAN": "10.0.0.1"])
        server.onConnected = { self.note("Connected \($0.id)") }
        server.onDisconnected = { self.note("Disconnected \($0.id)") }
        server.onReceiveData = { self.note("Data \($0.id) \(String(buffer: $1))") }
        return server
    }

    /// Connects a visitor; it is connected when the world has run.
    func visitor(port: Int = 9_000) throws -> EthernetClientInterface {
        let visitor = try EthernetClientInterface(environment: visitors, hostname: "10.0.0.1", port: port)
        visitor.connect(timeout: .seconds(3)) { _ in }
        world.run(for: .zero)
        return visitor
    }
}
