import Bytes
import Polling
import Testing

@testable import ControlCore

/// UDP servers of many clients.
@Suite("Ethernet server over UDP")
struct EthernetServerDatagramTests {
    private func server(_ scenario: ServerScenario, maxClients: Int? = nil) throws -> EthernetServerInterfaceEx {
        let server = try EthernetServerInterfaceEx(
            environment: scenario.host, port: 9_000, protocol: .udp, maxClients: maxClients)
        server.onConnected = { scenario.note("Connected \($0.id)") }
        server.onDisconnected = { scenario.note("Disconnected \($0.id)") }
        server.onReceiveData = { scenario.note("Data \($0.id) \(String(buffer: $1))") }
        listen(server, scenario)
        return server
    }

    private func listen(_ server: EthernetServerInterfaceEx, _ scenario: ServerScenario) {
        server.startListen(timeout: nil) { scenario.note($0.text) }
        scenario.world.run(for: .zero)
    }

    private func visitor(_ scenario: ServerScenario) throws -> EthernetClientInterface {
        try EthernetClientInterface(environment: scenario.visitors, hostname: "10.0.0.1", port: 9_000, protocol: .udp)
    }

    private func say(_ text: String, _ visitor: EthernetClientInterface, _ scenario: ServerScenario) throws {
        try visitor.send(ByteBuffer(string: text))
        scenario.world.run(for: .zero)
    }

    @Test("Each sender is a client of its own, and an answer goes to it from the server's port")
    func senders() throws {
        let scenario = ServerScenario()
        let server = try server(scenario)
        let (first, second) = (try visitor(scenario), try visitor(scenario))
        for (name, visitor) in [("first", first), ("second", second)] {
            visitor.onReceiveData = { scenario.note("\(name) hears \(String(buffer: $0))") }
        }
        try say("a", first, scenario)
        try say("b", second, scenario)
        try say("c", first, scenario)
        for client in server.clients { try client.send(ByteBuffer(string: "for \(client.id)")) }
        scenario.world.run(for: .zero)
        #expect(
            scenario.takeLog() == [
                "0.0 Listening", "0.0 Connected 1", "0.0 Data 1 a", "0.0 Connected 2", "0.0 Data 2 b", "0.0 Data 1 c",
                "0.0 first hears for 1", "0.0 second hears for 2",
            ])
        #expect(server.clients.map(\.servicePort) == [first.localPort, second.localPort])
        server.close()
        scenario.world.run(for: .zero)
        #expect(scenario.takeLog() == ["0.0 Disconnected 1", "0.0 Disconnected 2"].sorted())
        #expect(scenario.host.openDatagramSockets == 0)
    }

    @Test("A client is forgotten 5 minutes after its last datagram in either direction, and comes back as another")
    func idleness() throws {
        let scenario = ServerScenario()
        let server = try server(scenario)
        let visitor = try visitor(scenario)
        try say("a", visitor, scenario)
        scenario.world.run(for: .seconds(200))
        try server.clients[0].send(ByteBuffer(string: "b"))
        scenario.world.run(for: .seconds(299))
        #expect(server.clientCount == 1)
        scenario.world.run(for: .seconds(1))
        try say("c", visitor, scenario)
        #expect(
            scenario.takeLog() == [
                "0.0 Listening", "0.0 Connected 1", "0.0 Data 1 a", "500.0 Disconnected 1", "500.0 Connected 2",
                "500.0 Data 2 c",
            ])
        server.close()
    }

    @Test("The 1,001st sender takes the place of the one that was idle longest")
    func senderLimit() throws {
        let scenario = ServerScenario()
        let server = try server(scenario)
        var sockets: [any DatagramTransport] = []
        let target = try SocketAddress(ipAddress: "10.0.0.1", port: 9_000)
        for number in 0...1000 {
            scenario.visitors.openDatagrams(DatagramOptions()) { result in
                guard let socket = try? result.get() else { return }
                sockets.append(socket)
                socket.send(ByteBuffer(string: "\(number)"), to: target)
            }
            scenario.world.run(for: .milliseconds(1))
            // The first one keeps talking.
            if number > 0 { sockets[0].send(ByteBuffer(string: "again"), to: target) }
        }
        scenario.world.run(for: .zero)
        #expect(server.clientCount == 1000)
        #expect(scenario.takeLog().filter { $0.contains("Disconnected") } == ["1.0 Disconnected 2"])
        server.close()
        scenario.world.run(for: .zero)
        #expect(scenario.host.openDatagramSockets == 0)
    }

    @Test("Over MaxClients newcomers are not heard, until there is room")
    func maxClients() throws {
        let scenario = ServerScenario()
        let server = try server(scenario, maxClients: 1)
        let (first, second) = (try visitor(scenario), try visitor(scenario))
        try say("a", first, scenario)
        try say("b", second, scenario)
        server.disconnect(server.clients[0])
        scenario.world.run(for: .zero)
        try say("c", second, scenario)
        #expect(
            scenario.takeLog() == [
                "0.0 Listening", "0.0 Connected 1", "0.0 Data 1 a", "0.0 Disconnected 1", "0.0 Connected 2",
                "0.0 Data 2 c",
            ])
        server.close()
    }

    @Test("StopListen keeps the known clients, on the same port, and takes no others")
    func stopListen() throws {
        let scenario = ServerScenario()
        let server = try server(scenario)
        let (first, second) = (try visitor(scenario), try visitor(scenario))
        try say("a", first, scenario)
        server.stopListen()
        try say("b", second, scenario)
        try say("c", first, scenario)
        #expect(scenario.host.openDatagramSockets == 1)
        listen(server, scenario)
        try say("d", second, scenario)
        server.stopListen()
        for client in server.clients { client.disconnect() }
        scenario.world.run(for: .zero)
        #expect(
            scenario.takeLog() == [
                "0.0 Listening", "0.0 Connected 1", "0.0 Data 1 a", "0.0 Data 1 c", "0.0 Listening", "0.0 Connected 2",
                "0.0 Data 2 d", "0.0 Disconnected 1", "0.0 Disconnected 2",
            ])
        #expect(!server.isActive)
        #expect(scenario.host.openDatagramSockets == 0)
    }

    @Test("A client that is paused keeps its datagrams, and disturbs no other")
    func pause() throws {
        let scenario = ServerScenario()
        let server = try server(scenario)
        let (first, second) = (try visitor(scenario), try visitor(scenario))
        try say("a", first, scenario)
        server.clients[0].setReceiving(false)
        try say("b", first, scenario)
        try say("c", second, scenario)
        server.clients[0].setReceiving(true)
        scenario.world.run(for: .zero)
        #expect(
            scenario.takeLog() == [
                "0.0 Listening", "0.0 Connected 1", "0.0 Data 1 a", "0.0 Connected 2", "0.0 Data 2 c", "0.0 Data 1 b",
            ])
        server.close()
    }

    @Test("A port in use and an interface that is not there are reasons, as with TCP")
    func reasons() throws {
        let scenario = ServerScenario()
        let server = try server(scenario)
        let other = try EthernetServerInterfaceEx(environment: scenario.host, port: 9_000, protocol: .udp)
        other.startListen(timeout: nil) { scenario.note($0.text) }
        let lan = try EthernetServerInterfaceEx(
            environment: scenario.host, port: 9_001, protocol: .udp, interface: "LAN")
        lan.startListen(timeout: nil) { scenario.note($0.text) }
        scenario.world.run(for: .zero)
        #expect(
            scenario.takeLog().sorted() == [
                "0.0 InterfaceUnavailable: LAN", "0.0 Listening", "0.0 PortUnavailable",
            ])
        server.close()
    }
}
