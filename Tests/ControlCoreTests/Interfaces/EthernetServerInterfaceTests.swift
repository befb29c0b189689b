import Bytes
import Polling
import Testing

@testable import ControlCore

/// The server of one client.
@Suite("Ethernet server of one client")
struct EthernetServerInterfaceTests {
    private func server(
        _ scenario: ServerScenario, _ networkProtocol: NetworkProtocol = .tcp, servicePort: Int = 0
    ) throws -> EthernetServerInterface {
        let server = try EthernetServerInterface(
            environment: scenario.host, port: 9_000, protocol: networkProtocol, servicePort: servicePort)
        server.onConnected = { [unowned server] in scenario.note("Connected \(server.ipAddress ?? "-")") }
        server.onDisconnected = { scenario.note("Disconnected") }
        server.onReceiveData = { scenario.note("Data \(String(buffer: $0))") }
        return server
    }

    private func listen(_ server: EthernetServerInterface, _ scenario: ServerScenario) {
        server.startListen(timeout: nil) { scenario.note($0.text) }
        scenario.world.run(for: .zero)
    }

    @Test("Listening ends with the first client, and can begin again after its end")
    func oneClient() throws {
        let scenario = ServerScenario()
        let server = try server(scenario)
        #expect(throws: IOFault("the server of port 9000 has no client")) { try server.send(ByteBuffer(string: "x")) }
        listen(server, scenario)
        let first = try scenario.visitor()
        #expect(server.listeningPort == nil)
        #expect(server.isConnected && server.ipAddress == "10.0.0.2")
        let second = try scenario.visitor()
        #expect(!second.isConnected)
        var heard = ""
        first.onReceiveData = { heard += String(buffer: $0) }
        try server.send(ByteBuffer(string: "hello"))
        try first.send(ByteBuffer(string: "hi"))
        scenario.world.run(for: .zero)
        #expect(heard == "hello")
        server.disconnect()
        scenario.world.run(for: .zero)
        #expect(!server.isActive && server.ipAddress == nil)
        listen(server, scenario)
        let third = try scenario.visitor()
        #expect(third.isConnected)
        third.close()
        scenario.world.run(for: .zero)
        #expect(
            scenario.takeLog() == [
                "0.0 Listening", "0.0 Connected 10.0.0.2", "0.0 Data hi", "0.0 Disconnected", "0.0 Listening",
                "0.0 Connected 10.0.0.2", "0.0 Disconnected",
            ])
        server.close()
    }

    @Test("A UDP server hears its first sender alone until that was idle for 5 minutes")
    func datagrams() throws {
        let scenario = ServerScenario()
        let server = try server(scenario, .udp)
        listen(server, scenario)
        func visitor() throws -> EthernetClientInterface {
            try EthernetClientInterface(
                environment: scenario.visitors, hostname: "10.0.0.1", port: 9_000, protocol: .udp)
        }
        let first = try visitor()
        let second = try visitor()
        var heard: [String] = []
        first.onReceiveData = { heard.append(String(buffer: $0)) }
        try first.send(ByteBuffer(string: "one"))
        scenario.world.run(for: .seconds(1))
        try second.send(ByteBuffer(string: "two"))
        try server.send(ByteBuffer(string: "answer"))
        scenario.world.run(for: .seconds(300))
        try second.send(ByteBuffer(string: "three"))
        scenario.world.run(for: .zero)
        #expect(heard == ["answer"])
        #expect(
            scenario.takeLog() == [
                "0.0 Listening", "0.0 Connected 10.0.0.2", "0.0 Data one", "301.0 Disconnected",
                "301.0 Connected 10.0.0.2", "301.0 Data three",
            ])
        for closable in [first, second] { closable.close() }
        server.close()
        scenario.world.run(for: .zero)
        #expect(!server.isActive)
        #expect(scenario.host.openDatagramSockets == 0)
    }

    @Test("With a service port only clients from that port are heard")
    func servicePort() throws {
        let scenario = ServerScenario()
        let server = try server(scenario, .udp, servicePort: 4_000)
        listen(server, scenario)
        for port in [0, 4_000] {
            let visitor = try EthernetClientInterface(
                environment: scenario.visitors, hostname: "10.0.0.1", port: 9_000, protocol: .udp, servicePort: port)
            try visitor.send(ByteBuffer(string: "from \(port)"))
            scenario.world.run(for: .zero)
            visitor.close()
        }
        #expect(scenario.takeLog() == ["0.0 Listening", "0.0 Connected 10.0.0.2", "0.0 Data from 4000"])
        server.close()
        scenario.world.run(for: .zero)
    }

    @Test("An active server stays, an idle one that nobody keeps goes, and leaves nothing open")
    func lifetime() throws {
        let scenario = ServerScenario()
        weak var released: EthernetServerInterface?
        do {
            let server = try server(scenario)
            released = server
            listen(server, scenario)
        }
        #expect(released != nil)
        released?.close()
        scenario.world.run(for: .zero)
        #expect(released == nil)
        #expect(scenario.host.openListeners == 0)
    }

    @Test("Parameters out of range are refused by name")
    func parameters() {
        let environment = SimulatedEnvironment(seed: 1)
        func refusal(_ port: Int, _ networkProtocol: NetworkProtocol = .tcp, service: Int = 0) -> String? {
            #expect(throws: ParameterError.self) {
                try EthernetServerInterface(
                    environment: environment, port: port, protocol: networkProtocol, servicePort: service)
            }?.parameter
        }
        #expect(refusal(65_536) == "IPPort")
        #expect(refusal(1, .ssh) == "Protocol")
        #expect(refusal(1, service: -1) == "ServicePort")
    }
}
