import Bytes
import ControlCore
import Polling
import Testing

@Suite("EthernetClientInterface: connecting")
struct EthernetClientConnectTests {
    private func connect(
        _ client: EthernetClientInterface, _ scenario: ControlScenario, _ name: String = "Connect",
        timeout: TimeAmount? = nil
    ) -> any Cancellable {
        client.connect(timeout: timeout) { scenario.note("\(name): \($0.text)") }
    }

    @Test("The Connected event runs before the completion, and neither inside the call")
    func order() throws {
        let scenario = ControlScenario()
        let client = try scenario.client()
        _ = connect(client, scenario)
        #expect(scenario.log.isEmpty)
        scenario.world.run(for: .zero)
        #expect(scenario.takeLog() == ["0.0 Connected", "0.0 Connect: Connected"])
        #expect(client.isConnected)
        #expect(client.ipAddress == "10.0.0.2")
        _ = connect(client, scenario)
        #expect(scenario.log.isEmpty)
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 Connect: ConnectedAlready"])
    }

    @Test("A refused connection is reported once, and silence at the time-out")
    func failures() throws {
        let scenario = ControlScenario()
        let refused = try scenario.client(port: 24)
        _ = connect(refused, scenario)
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["0.0 Connect: ConnectionRefused"])
        scenario.world.network.inject(.drop)
        let silent = try scenario.client()
        _ = connect(silent, scenario, timeout: .seconds(3))
        scenario.world.run(for: .seconds(100))
        #expect(scenario.takeLog() == ["13.0 Connect: TimedOut"])
        #expect(!refused.isActive && !silent.isActive)
    }

    @Test("A name that does not resolve fails with HostError")
    func unknownName() throws {
        let scenario = ControlScenario()
        let client = try EthernetClientInterface(environment: scenario.controller, hostname: "nobody", port: 23)
        #expect(client.ipAddress == nil)
        _ = connect(client, scenario, timeout: .seconds(5))
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.001 Connect: HostError"])
    }

    @Test("Calls during an attempt share it, each with its own time-out")
    func joined() throws {
        let scenario = ControlScenario()
        let client = try scenario.client()
        let silence = scenario.world.network.inject(.drop)
        _ = connect(client, scenario, "first", timeout: .seconds(4))
        _ = connect(client, scenario, "short", timeout: .seconds(2))
        _ = connect(client, scenario, "long", timeout: .seconds(20))
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["2.0 short: TimedOut", "4.0 first: TimedOut"])
        silence.cancel()
        scenario.world.run(for: .seconds(10))
        #expect(
            scenario.takeLog().map { $0.split(separator: " ").dropFirst().joined(separator: " ") } == [
                "Connected", "long: Connected",
            ])
        #expect(scenario.device.accepted == 1)
    }

    @Test("An attempt that nobody waits for any more is called off")
    func cancelled() throws {
        let scenario = ControlScenario()
        let client = try scenario.client()
        scenario.world.network.inject(.drop)
        let first = connect(client, scenario, "first")
        let second = connect(client, scenario, "second")
        first.cancel()
        #expect(client.isActive)
        second.cancel()
        #expect(!client.isActive)
        scenario.world.network.liftAllFaults()
        scenario.world.run(for: .seconds(300))
        #expect(scenario.takeLog() == [])
        #expect(scenario.device.accepted == 0)
    }

    @Test("disconnect() fails a pending attempt as called off; the next connect is a fresh one")
    func disconnectWhileConnecting() throws {
        let scenario = ControlScenario()
        let client = try scenario.client()
        _ = connect(client, scenario, "old")
        client.disconnect()
        _ = connect(client, scenario, "new")
        #expect(scenario.log.isEmpty)
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 old: Disconnected", "0.0 Connected", "0.0 new: Connected"])
        #expect(scenario.device.accepted == 1)
    }

    @Test("Disconnected comes once, after disconnect() has returned, and before the next Connected")
    func reconnectAtOnce() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        client.disconnect()
        client.disconnect()
        #expect(!client.isConnected)
        #expect(scenario.log.isEmpty)
        #expect(throws: IOFault.self) { try client.send(ByteBuffer(string: "x")) }
        _ = connect(client, scenario)
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 Disconnected", "0.0 Connected", "0.0 Connect: Connected"])
        #expect(client.lastCloseReason == .local)
    }

    @Test("The peer's end and a reset are told as Disconnected, with their reason")
    func lost() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        scenario.device.hangUp()
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 Disconnected"])
        #expect(client.lastCloseReason == .peer)
        _ = connect(client, scenario)
        scenario.world.run(for: .zero)
        scenario.world.network.reset(.everything)
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["1.0 Connected", "1.0 Connect: Connected", "1.0 Disconnected"])
        guard case .failed = client.lastCloseReason else {
            Issue.record("\(String(describing: client.lastCloseReason))")
            return
        }
    }

    @Test("Activity is told when it begins and when it ends, and a forgotten idle interface is released")
    func activity() throws {
        let scenario = ControlScenario()
        weak var released: EthernetClientInterface?
        do {
            let client = try EthernetClientInterface(environment: scenario.controller, hostname: "10.0.0.2", port: 23)
            released = client
            client.onActivityChanged = { scenario.note("active \($0)") }
            client.connect(timeout: nil) { _ in }
            client.disconnect()
            scenario.world.run(for: .seconds(1))
            client.connect(timeout: nil) { _ in }
        }
        scenario.world.run(for: .seconds(1))
        #expect(released?.isConnected == true)
        #expect(scenario.takeLog() == ["0.0 active true", "0.0 active false", "1.0 active true"])
        scenario.device.hangUp()
        scenario.world.run(for: .seconds(30))
        #expect(scenario.takeLog() == ["2.0 active false"])
        #expect(released == nil)
        #expect(scenario.controller.openTransports == 0)
    }

    @Test("Parameters out of range are refused by name")
    func parameters() {
        let environment = SimulatedEnvironment(seed: 1)
        func refusal(
            _ host: String, _ port: Int, service: Int = 0, size: Int = 1, by: NetworkProtocol = .tcp
        ) -> String? {
            let error = #expect(throws: ParameterError.self) {
                try EthernetClientInterface(
                    environment: environment, hostname: host, port: port, protocol: by, servicePort: service,
                    bufferSize: size)
            }
            return error?.parameter
        }
        #expect(refusal("", 1) == "Hostname")
        for port in [-1, 0, 65_536] { #expect(refusal("a", port) == "IPPort") }
        #expect(refusal("a", 1, service: 1_023) == "ServicePort")
        #expect(refusal("a", 1, size: 0) == "bufferSize")
        #expect(refusal("a", 1, by: .ssh) == "Credentials")
        #expect("\(Credentials(user: "admin", password: "secret"))" == "admin:***")
    }
}
