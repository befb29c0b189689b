import ControlCore
import Polling
import Testing

@Suite("ModuleTcpHandler")
struct ModuleTcpHandlerTests {
    /// A handler with retries each 5 s, polls each second and a limit of 3, and its module.
    private func handler(
        _ scenario: ControlScenario, host: String = "10.0.0.2", connectedOn: HandlerOptions.ConnectedOn = .socket,
        publishes: Bool = true, resets: Bool = true
    ) throws -> (ModuleTcpHandler, FakeModule) {
        let client = try EthernetClientInterface(environment: scenario.controller, hostname: host, port: 23)
        let module = FakeModule(limit: 3)
        module.resets = resets
        module.asks { [unowned client] in
            client.sendAndWait($0, timeout: $1, delimiter: $2, completion: $3)
        }
        let handler = try ModuleTcpHandler(
            interface: client, module: module, options: HandlerOptions(disconnectLimit: 3, connectedOn: connectedOn))
        if publishes { module.publish = { [unowned handler] in handler.modulePublished($0) } }
        handler.onConnected = { scenario.note("Connected") }
        handler.onDisconnected = { scenario.note("Disconnected") }
        handler.onConnectFailed = { scenario.note("ConnectFailed \($0.reason)") }
        scenario.device.answer = { String($0.map { $0 == "Q" ? "A" : "?" }) }
        return (handler, module)
    }

    @Test("It is Connected with the socket, and polls each interval from then on")
    func start() throws {
        let scenario = ControlScenario()
        let (handler, module) = try handler(scenario)
        scenario.world.run(for: .seconds(10))
        #expect(handler.connectionStatus == .unknown)
        #expect(handler.pollTimer.state == .paused)
        handler.connect { scenario.note("Connect \($0.text)") }
        scenario.world.run(for: .milliseconds(999))
        #expect(scenario.takeLog() == ["10.0 Connected", "10.0 Connect Connected"])
        #expect(scenario.device.received == "")
        scenario.world.run(for: .milliseconds(5_001))
        #expect(scenario.device.received == "QQQQQQ")
        #expect(module.status == .connected)
        #expect(scenario.log == [])
    }

    @Test("With ConnectedOn response it is Connected with the module's word, after each reconnect anew")
    func onWord() throws {
        let scenario = ControlScenario()
        let (handler, _) = try handler(scenario, connectedOn: .response)
        handler.connect()
        scenario.world.run(for: .milliseconds(2_500))
        scenario.device.hangUp()
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["1.0 Connected", "2.5 Disconnected", "8.5 Connected"])
    }

    @Test("A silent device is Disconnected by its module, closed with that poll, and tried again after the retry time")
    func silent() throws {
        let scenario = ControlScenario()
        let (handler, module) = try handler(scenario)
        handler.connect()
        scenario.world.run(for: .milliseconds(2_500))
        scenario.device.answer = { _ in nil }
        scenario.world.run(for: .seconds(5))
        // Polls at 3, 4 and 5 go unanswered. That at 6 is over the limit, and is over 0.3 s later.
        #expect(scenario.takeLog() == ["0.0 Connected", "6.0 Disconnected"])
        #expect(module.losses == 1)
        #expect(!handler.interface.isConnected)
        scenario.device.answer = { _ in "A" }
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["11.3 Connected"])
        #expect(module.status == .connected)
    }

    @Test("A module that publishes nothing is judged by its interface: silence closes the connection")
    func silentModule() throws {
        let scenario = ControlScenario()
        let (handler, _) = try handler(scenario, publishes: false)
        handler.connect()
        scenario.world.run(for: .seconds(60))
        #expect(scenario.takeLog() == ["0.0 Connected"])
        scenario.device.answer = { _ in nil }
        scenario.world.run(for: .milliseconds(10_500))
        // The poll at 60 was answered; those at 61, 62 and 63 were not, and at 64 there are too many.
        #expect(scenario.takeLog() == ["64.0 Disconnected", "69.0 Connected"])
        // What is no answer to the module is one to its interface.
        scenario.device.answer = { _ in "?" }
        scenario.world.run(for: .seconds(60))
        #expect(scenario.takeLog() == [])
    }

    @Test("A module that keeps its state over a loss is Connected again with the first answer")
    func keepsState() throws {
        let scenario = ControlScenario()
        let (handler, module) = try handler(scenario, connectedOn: .response, resets: false)
        handler.connect()
        scenario.world.run(for: .milliseconds(2_500))
        scenario.device.hangUp()
        scenario.world.run(for: .seconds(10))
        #expect(module.status == .connected)
        // The poll at 8.5 was answered, which is found at 9.5.
        #expect(scenario.takeLog() == ["1.0 Connected", "2.5 Disconnected", "9.5 Connected"])
    }

    @Test("A device that answers nonsense is Disconnected, and closed when the module stays with that")
    func nonsense() throws {
        let scenario = ControlScenario()
        let (handler, _) = try handler(scenario)
        handler.connect()
        scenario.world.run(for: .milliseconds(2_500))
        scenario.device.answer = { _ in "?" }
        scenario.world.run(for: .seconds(9))
        // Until 6.0 what was received counts; from then on the module contradicts.
        let events = scenario.takeLog()
        #expect(events == ["0.0 Connected", "6.0 Disconnected"], "\(events)")
        #expect(!handler.interface.isConnected)
        #expect(handler.isActive)
    }

    @Test("Refused, silent and unknown: each attempt fails with its reason and is followed by the next")
    func failures() throws {
        let scenario = ControlScenario(deviceListens: false)
        let (handler, _) = try handler(scenario)
        handler.connect(timeout: .seconds(3))
        scenario.world.run(for: .seconds(6))
        #expect(scenario.takeLog() == ["0.0 ConnectFailed ConnectionRefused", "5.0 ConnectFailed ConnectionRefused"])
        scenario.world.network.inject(.drop)
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["13.0 ConnectFailed TimedOut"])
        handler.close()
        scenario.world.network.liftAllFaults()
        _ = scenario.takeLog()

        let (lost, _) = try self.handler(scenario, host: "nowhere")
        scenario.world.network.nameLatency = .milliseconds(500)
        lost.connect(timeout: .seconds(3))
        scenario.world.run(for: .seconds(7))
        #expect(scenario.takeLog() == ["16.5 ConnectFailed HostError", "22.0 ConnectFailed HostError"])
        scenario.world.network.names["nowhere"] = ["10.0.0.2"]
        scenario.device.listen()
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["27.5 Connected"])
    }

    @Test("A slow device that answers in time keeps its connection")
    func slow() throws {
        let scenario = ControlScenario()
        scenario.world.network.inject(.delay(.milliseconds(140)))
        let (handler, _) = try handler(scenario)
        handler.connect()
        scenario.world.run(for: .minutes(10))
        #expect(scenario.takeLog() == ["0.28 Connected"])
    }

    @Test("A reset in the middle of a reply, a half-open connection and a flapping device: one event for each change")
    func losses() throws {
        let scenario = ControlScenario()
        let (handler, module) = try handler(scenario)
        handler.connect()
        scenario.world.network.inject(.delay(.milliseconds(100)))
        scenario.world.run(for: .milliseconds(3_350))
        // The query of 3.2 has arrived, the reply is on its way.
        scenario.world.network.reset(.everything)
        scenario.world.run(for: .milliseconds(5_350))
        #expect(scenario.takeLog() == ["0.2 Connected", "3.35 Disconnected", "8.55 Connected"])
        scenario.world.network.liftAllFaults()
        scenario.world.run(for: .milliseconds(2_000))
        // At 10.5 the device is cut off without a word.
        let cut = scenario.world.network.inject(.drop)
        scenario.world.run(for: .seconds(6))
        #expect(scenario.takeLog() == ["14.55 Disconnected"])
        cut.cancel()
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["19.85 Connected"])
        for _ in 0..<50 {
            scenario.device.hangUp()
            scenario.world.run(for: .seconds(7))
        }
        let events = scenario.takeLog().map { $0.split(separator: " ")[1] }
        #expect(events == (0..<100).map { $0 % 2 == 0 ? "Disconnected" : "Connected" })
        #expect(module.losses == 52)
    }

    @Test("A wall clock that jumps changes nothing")
    func clockJump() throws {
        let scenario = ControlScenario()
        let (handler, _) = try handler(scenario)
        handler.connect()
        for _ in 0..<10 {
            scenario.world.run(for: .seconds(3))
            scenario.controller.jumpWallClock(by: .hours(24))
            scenario.world.run(for: .seconds(3))
            scenario.controller.jumpWallClock(by: .hours(-50))
        }
        #expect(scenario.takeLog() == ["0.0 Connected"])
        #expect(scenario.device.received.count == 60)
    }

    @Test("Disconnect comes back after the retry time, AutoReconnect false does not, and a paused timer stays paused")
    func byHand() throws {
        let scenario = ControlScenario()
        let (handler, _) = try handler(scenario)
        handler.connect()
        scenario.world.run(for: .milliseconds(1_500))
        handler.disconnect()
        scenario.world.run(for: .seconds(6))
        #expect(scenario.takeLog() == ["0.0 Connected", "1.5 Disconnected", "6.5 Connected"])
        handler.pollTimer.pause()
        handler.disconnect()
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["7.5 Disconnected", "12.5 Connected"])
        #expect(scenario.device.received == "Q" + "Q")
        handler.autoReconnect = false
        handler.disconnect()
        scenario.world.run(for: .seconds(60))
        #expect(scenario.takeLog() == ["17.5 Disconnected"])
        #expect(!handler.isActive)
        handler.autoReconnect = true
        scenario.world.run(for: .seconds(60))
        #expect(scenario.takeLog() == [])
        handler.connect()
        scenario.world.run(for: .milliseconds(1_500))
        #expect(scenario.takeLog() == ["137.5 Connected"])
        #expect(scenario.device.received == "QQQ")
    }

    @Test("A closed handler is released with its module, and nothing is left")
    func closing() throws {
        let scenario = ControlScenario()
        weak var released: ModuleTcpHandler?
        weak var releasedModule: FakeModule?
        do {
            let (handler, module) = try handler(scenario)
            released = handler
            releasedModule = module
            handler.connect()
            scenario.world.run(for: .seconds(3))
        }
        #expect(released?.isActive == true)
        released?.close()
        scenario.world.run(for: .seconds(30))
        #expect(released == nil)
        #expect(releasedModule == nil)
        #expect(scenario.controller.openTransports == 0)
        #expect(scenario.world.pendingEvents == 0)
    }
}
