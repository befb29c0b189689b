import Bytes
import ControlCore
import Polling
import Testing

@Suite("EthernetServerInterfaceEx")
struct EthernetServerInterfaceExTests {
    private func listen(
        _ server: EthernetServerInterfaceEx, _ scenario: ServerScenario, timeout: TimeAmount? = nil
    ) {
        server.startListen(timeout: timeout) { scenario.note($0.text) }
    }

    @Test("Listening answers Listening, then ListeningAlready, never inside the call")
    func listening() throws {
        let scenario = ServerScenario()
        let server = try scenario.server()
        listen(server, scenario)
        listen(server, scenario)
        #expect(scenario.log == [])
        scenario.world.run(for: .zero)
        listen(server, scenario)
        scenario.world.run(for: .zero)
        #expect(scenario.takeLog() == ["0.0 Listening", "0.0 Listening", "0.0 ListeningAlready"])
        #expect(server.listeningPort == 9_000)
        #expect(scenario.host.openListeners == 1)
    }

    @Test("A port in use and a missing interface are told apart")
    func unavailable() throws {
        let scenario = ServerScenario()
        let first = try scenario.server()
        let second = try scenario.server()
        let missing = try scenario.server(interface: "AVLAN")
        listen(first, scenario)
        listen(second, scenario)
        listen(missing, scenario)
        scenario.world.run(for: .zero)
        #expect(
            scenario.takeLog().sorted() == [
                "0.0 InterfaceUnavailable: AVLAN", "0.0 Listening", "0.0 PortUnavailable",
            ])
        #expect(!second.isListening && !second.isActive && !missing.isActive)
        first.stopListen()
        let lan = try scenario.server(interface: "LAN")
        listen(lan, scenario)
        scenario.world.run(for: .zero)
        #expect(scenario.takeLog() == ["0.0 Listening"])
    }

    @Test("A client's events come in order: Connected, data, Disconnected once")
    func events() throws {
        let scenario = ServerScenario()
        let server = try scenario.server()
        listen(server, scenario)
        scenario.world.run(for: .zero)
        let visitor = try scenario.visitor()
        try visitor.send(ByteBuffer(string: "hello"))
        visitor.disconnect()
        scenario.world.run(for: .seconds(1))
        #expect(
            scenario.takeLog() == ["0.0 Listening", "0.0 Connected 1", "0.0 Data 1 hello", "0.0 Disconnected 1"])
        #expect(server.clients.isEmpty)
    }

    @Test("Clients are listed in order, may be disconnected while the list is walked, and are sent to by themselves")
    func clients() throws {
        let scenario = ServerScenario()
        let server = try scenario.server()
        listen(server, scenario)
        scenario.world.run(for: .zero)
        var received: [String] = []
        var visitors: [EthernetClientInterface] = []
        for index in 0..<3 {
            let visitor = try scenario.visitor()
            visitor.onReceiveData = { received.append("\(index) \(String(buffer: $0))") }
            visitors.append(visitor)
        }
        #expect(server.clients.map(\.id) == [1, 2, 3])
        #expect(server.clients[1].ipAddress == "10.0.0.2")
        #expect(server.clients[1].servicePort > 0)
        try server.clients[1].send(ByteBuffer(string: "you"))
        scenario.world.run(for: .zero)
        #expect(received == ["1 you"])
        let second = server.clients[1]
        for client in server.clients { server.disconnect(client) }
        second.disconnect()
        #expect(server.clients.isEmpty)
        #expect(throws: IOFault.self) { try second.send(ByteBuffer(string: "x")) }
        _ = scenario.takeLog()
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 Disconnected 1", "0.0 Disconnected 2", "0.0 Disconnected 3"])
        #expect(visitors.map(\.isConnected) == [false, false, false])
    }

    @Test("stopListen leaves clients alone, and frees the port")
    func stopping() throws {
        let scenario = ServerScenario()
        let server = try scenario.server()
        listen(server, scenario)
        scenario.world.run(for: .zero)
        let visitor = try scenario.visitor()
        server.stopListen()
        server.stopListen()
        #expect(scenario.host.openListeners == 0)
        let late = try scenario.visitor()
        #expect(!late.isConnected)
        try visitor.send(ByteBuffer(string: "still here"))
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 Listening", "0.0 Connected 1", "0.0 Data 1 still here"])
        #expect(server.isActive)
        listen(server, scenario)
        server.stopListen()
        listen(server, scenario)
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["1.0 Stopped", "1.0 Listening"])
        #expect(scenario.host.openListeners == 1)
    }

    @Test("A listen time-out ends listening without an event; clients stay")
    func timeout() throws {
        let scenario = ServerScenario()
        let server = try scenario.server()
        listen(server, scenario, timeout: .seconds(10))
        scenario.world.run(for: .seconds(5))
        let visitor = try scenario.visitor()
        scenario.world.run(for: .milliseconds(4_999))
        #expect(server.isListening)
        scenario.world.run(for: .milliseconds(1))
        #expect(!server.isListening)
        #expect(visitor.isConnected)
        #expect(scenario.takeLog() == ["0.0 Listening", "5.0 Connected 1"])
    }

    @Test("A client too many is closed without an event, and there is room when one has left")
    func maxClients() throws {
        let scenario = ServerScenario()
        let server = try scenario.server(maxClients: 1)
        listen(server, scenario)
        scenario.world.run(for: .zero)
        let first = try scenario.visitor()
        let second = try scenario.visitor()
        scenario.world.run(for: .seconds(1))
        #expect(first.isConnected && !second.isConnected)
        #expect(scenario.takeLog() == ["0.0 Listening", "0.0 Connected 1"])
        first.disconnect()
        scenario.world.run(for: .seconds(1))
        let third = try scenario.visitor()
        #expect(third.isConnected)
        #expect(scenario.takeLog() == ["1.0 Disconnected 1", "2.0 Connected 2"])
    }

    @Test("A paused client slows its peer down and no other client")
    func backPressure() throws {
        let scenario = ServerScenario()
        let server = try scenario.server()
        listen(server, scenario)
        scenario.world.run(for: .zero)
        let (slow, quick) = (try scenario.visitor(), try scenario.visitor())
        var bytes = [1: 0, 2: 0]
        server.onReceiveData = { bytes[$0.id, default: 0] += $1.readableBytes }
        server.clients[0].setReceiving(false)
        try slow.send(ByteBuffer(repeating: 1, count: 900_000))
        try quick.send(ByteBuffer(repeating: 1, count: 900_000))
        scenario.world.run(for: .seconds(10))
        #expect(bytes == [1: 0, 2: 900_000])
        #expect(slow.queuedBytes > 500_000)
        server.clients[0].setReceiving(true)
        scenario.world.run(for: .seconds(10))
        #expect(bytes == [1: 900_000, 2: 900_000])
    }

    @Test("A thousand clients connect, talk and leave, and nothing is left")
    func thousand() throws {
        let scenario = ServerScenario()
        weak var released: EthernetServerInterfaceEx?
        weak var releasedClient: ClientObject?
        do {
            let server = try scenario.server()
            released = server
            var counts = (connected: 0, bytes: 0, disconnected: 0)
            var ended = 0
            server.onConnected = { client in
                counts.connected += 1
                releasedClient = client
                client.onActivityChanged = { if !$1 { ended += 1 } }
            }
            server.onReceiveData = { client, bytes in
                counts.bytes += bytes.readableBytes
                #expect(throws: Never.self) { try client.send(bytes) }
            }
            server.onDisconnected = { _ in counts.disconnected += 1 }
            server.startListen(timeout: nil) { _ in }
            scenario.world.run(for: .zero)
            var echoed = 0
            for index in 0..<1_000 {
                let visitor = try EthernetClientInterface(
                    environment: scenario.visitors, hostname: "10.0.0.1", port: 9_000)
                visitor.onConnected = { [unowned visitor] in
                    #expect(throws: Never.self) { try visitor.send(ByteBuffer(string: "0123456789")) }
                }
                visitor.onReceiveData = { [unowned visitor] bytes in
                    echoed += bytes.readableBytes
                    if index % 2 == 0 { visitor.disconnect() }
                }
                visitor.connect(timeout: .seconds(5)) { _ in }
            }
            scenario.world.run(for: .seconds(1))
            #expect(counts == (1_000, 10_000, 500))
            #expect(echoed == 10_000)
            #expect(server.clientCount == 500)
            server.close()
            scenario.world.run(for: .seconds(60))
            #expect(counts == (1_000, 10_000, 1_000))
            #expect(server.clientCount == 0 && !server.isActive)
            #expect(ended == 1_000)
        }
        #expect(released == nil)
        #expect(releasedClient == nil)
        #expect(scenario.host.openTransports == 0 && scenario.host.openListeners == 0)
        #expect(scenario.visitors.openTransports == 0)
        #expect(scenario.world.pendingEvents == 0)
    }

    @Test("Parameters out of range are refused by name")
    func parameters() {
        let environment = SimulatedEnvironment(seed: 1)
        func refusal(
            _ port: Int, by: NetworkProtocol = .tcp, interface: String = "Any", maxClients: Int? = nil
        ) -> String? {
            let error = #expect(throws: ParameterError.self) {
                try EthernetServerInterfaceEx(
                    environment: environment, port: port, protocol: by, interface: interface, maxClients: maxClients)
            }
            return error?.parameter
        }
        #expect(refusal(-1) == "IPPort")
        #expect(refusal(65_536) == "IPPort")
        #expect(refusal(9_000, by: .ssh) == "Protocol")
        #expect(refusal(9_000, interface: "WAN") == "Interface")
        #expect(refusal(9_000, maxClients: 0) == "MaxClients")
    }
}
