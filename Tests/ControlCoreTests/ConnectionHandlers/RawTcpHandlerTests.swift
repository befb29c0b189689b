import Bytes
import ControlCore
import Polling
import Testing

@Suite("RawTcpHandler")
struct RawTcpHandlerTests {
    /// A handler with retries each 5 s, polls each second and a limit of 3, whose query sends `?`.
    private func handler(
        _ scenario: ControlScenario, connectedOn: HandlerOptions.ConnectedOn = .socket,
        query: ((RawTcpHandler, @escaping () -> Void) -> Void)? = nil
    ) throws -> RawTcpHandler {
        let client = try EthernetClientInterface(environment: scenario.controller, hostname: "10.0.0.2", port: 23)
        let handler = try RawTcpHandler(
            interface: client,
            options: HandlerOptions(disconnectLimit: 3, connectedOn: connectedOn),
            keepAliveQuery: query ?? { handler, finished in
                #expect(throws: Never.self) { try handler.send(ByteBuffer(string: "?")) }
                finished()
            })
        handler.onConnected = { scenario.note("Connected") }
        handler.onDisconnected = { scenario.note("Disconnected") }
        handler.onConnectFailed = { scenario.note("ConnectFailed \($0.reason)") }
        return handler
    }

    /// A handler whose device answers every query, and which accepts every answer.
    private func healthy(_ scenario: ControlScenario) throws -> RawTcpHandler {
        let handler = try handler(scenario)
        scenario.device.answer = { _ in "!" }
        handler.onReceiveData = { [unowned handler] _ in handler.responseAccepted() }
        return handler
    }

    @Test("Nothing happens before Connect; then the first poll comes one interval after the connection")
    func start() throws {
        let scenario = ControlScenario()
        let handler = try healthy(scenario)
        scenario.world.run(for: .seconds(10))
        #expect(scenario.log == [])
        #expect(handler.connectionStatus == .unknown)
        #expect(handler.pollTimer.state == .paused)
        handler.connect { scenario.note("Connect \($0.text)") }
        scenario.world.run(for: .milliseconds(999))
        #expect(scenario.takeLog() == ["10.0 Connected", "10.0 Connect Connected"])
        #expect(handler.connectionStatus == .connected)
        #expect(scenario.device.received == "")
        scenario.world.run(for: .milliseconds(5_001))
        #expect(scenario.device.received == "??????")
        #expect(handler.pollTimer.count == 6)
        #expect(scenario.log == [])
    }

    @Test("A silent device is given up at the send over the limit, and tried again after the retry time")
    func silentDevice() throws {
        let scenario = ControlScenario()
        let handler = try handler(scenario)
        handler.connect()
        scenario.world.run(for: .seconds(20))
        #expect(
            scenario.takeLog() == [
                "0.0 Connected", "4.0 Disconnected", "9.0 Connected", "13.0 Disconnected", "18.0 Connected",
            ])
        // Three in each of two connections, and two in the third.
        #expect(scenario.device.received == "????????")
    }

    @Test("With ConnectedOn response, a silent device is never Connected, and Disconnected once")
    func silentDeviceOnResponse() throws {
        let scenario = ControlScenario()
        let handler = try handler(scenario, connectedOn: .response)
        handler.connect()
        scenario.world.run(for: .seconds(20))
        #expect(scenario.takeLog() == ["4.0 Disconnected"])
    }

    @Test("A refused connection is retried after each retry time, until the device is there")
    func refused() throws {
        let scenario = ControlScenario(deviceListens: false)
        let handler = try healthy(scenario)
        handler.connect { scenario.note("Connect \($0.text)") }
        scenario.world.run(for: .seconds(12))
        #expect(
            scenario.takeLog() == [
                "0.0 ConnectFailed ConnectionRefused", "0.0 Connect ConnectionRefused",
                "5.0 ConnectFailed ConnectionRefused", "10.0 ConnectFailed ConnectionRefused",
            ])
        #expect(handler.connectionStatus == .unknown)
        scenario.device.listen()
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["15.0 Connected"])
    }

    @Test("A silent network is waited for with the time-out of Connect, at every attempt, and never twice at once")
    func silentNetwork() throws {
        let scenario = ControlScenario()
        scenario.world.network.inject(.drop)
        let handler = try handler(scenario)
        handler.connect(timeout: .seconds(3))
        scenario.world.run(for: .seconds(2))
        handler.connect(timeout: .seconds(3)) { scenario.note("Connect \($0.text)") }
        scenario.world.run(for: .seconds(18))
        #expect(
            scenario.takeLog() == [
                "3.0 ConnectFailed TimedOut", "3.0 Connect TimedOut", "11.0 ConnectFailed TimedOut",
                "19.0 ConnectFailed TimedOut",
            ])
    }

    @Test("Connect when connected is harmless: polling goes on at its pace")
    func connectAgain() throws {
        let scenario = ControlScenario()
        let handler = try healthy(scenario)
        handler.connect()
        scenario.world.run(for: .milliseconds(1_500))
        handler.connect { scenario.note("Connect \($0.text)") }
        scenario.world.run(for: .milliseconds(2_500))
        #expect(scenario.takeLog() == ["0.0 Connected", "1.5 Connect ConnectedAlready"])
        #expect(scenario.device.received == "????")
        #expect(scenario.device.accepted == 1)
    }

    @Test("A reset, a hang-up and a half-open connection all end in Disconnected and a reconnect")
    func losses() throws {
        let scenario = ControlScenario()
        let handler = try healthy(scenario)
        handler.connect()
        scenario.world.run(for: .milliseconds(2_500))
        scenario.world.network.reset(.everything)
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["0.0 Connected", "2.5 Disconnected", "7.5 Connected"])
        scenario.device.hangUp()
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["12.5 Disconnected", "17.5 Connected"])
        // Half open: nothing arrives any more, and nobody says so. Polls at 22.5 … are answered no longer.
        let silence = scenario.world.network.inject(.drop)
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["26.5 Disconnected"])
        silence.cancel()
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["31.5 Connected"])
        withExtendedLifetime(handler) {}
    }

    @Test("A slow device that answers in time keeps its connection")
    func slow() throws {
        let scenario = ControlScenario()
        scenario.world.network.inject(.delay(.milliseconds(900)))
        let handler = try healthy(scenario)
        handler.connect()
        scenario.world.run(for: .minutes(10))
        #expect(scenario.takeLog() == ["1.8 Connected"])
    }

    @Test("A flapping device gives one event for each change")
    func flapping() throws {
        let scenario = ControlScenario()
        let handler = try healthy(scenario)
        handler.connect()
        for _ in 0..<50 {
            scenario.world.run(for: .seconds(7))
            scenario.device.hangUp()
        }
        scenario.world.run(for: .seconds(1))
        let events = scenario.takeLog().map { $0.split(separator: " ")[1] }
        #expect(events.count == 100)
        for (index, event) in events.enumerated() {
            #expect(event == (index % 2 == 0 ? "Connected" : "Disconnected"))
        }
        #expect(scenario.device.accepted == 50)
    }

    @Test("AutoReconnect false ends a running retry loop and the attempt of it; true starts nothing")
    func autoReconnect() throws {
        let scenario = ControlScenario(deviceListens: false)
        let handler = try healthy(scenario)
        handler.connect()
        scenario.world.run(for: .seconds(6))
        handler.autoReconnect = false
        #expect(!handler.isActive)
        scenario.device.listen()
        scenario.world.run(for: .seconds(60))
        handler.autoReconnect = true
        scenario.world.run(for: .seconds(60))
        #expect(
            scenario.takeLog() == ["0.0 ConnectFailed ConnectionRefused", "5.0 ConnectFailed ConnectionRefused"])
        handler.connect()
        scenario.world.run(for: .seconds(1))
        handler.autoReconnect = false
        scenario.device.hangUp()
        scenario.world.run(for: .seconds(60))
        #expect(scenario.takeLog() == ["126.0 Connected", "127.0 Disconnected"])
        #expect(handler.pollTimer.state == .paused)

        scenario.world.network.inject(.drop)
        handler.autoReconnect = true
        handler.connect(timeout: .seconds(2))
        scenario.world.run(for: .seconds(8))
        #expect(scenario.takeLog() == ["189.0 ConnectFailed TimedOut"])
        handler.autoReconnect = false
        scenario.world.network.liftAllFaults()
        scenario.world.run(for: .seconds(60))
        #expect(scenario.takeLog() == [])
    }

    @Test("handler.Disconnect comes back after the retry time; Connect right behind it reconnects at once")
    func disconnect() throws {
        let scenario = ControlScenario()
        let handler = try healthy(scenario)
        handler.connect()
        scenario.world.run(for: .seconds(1))
        handler.disconnect()
        handler.disconnect()
        scenario.world.run(for: .seconds(6))
        #expect(scenario.takeLog() == ["0.0 Connected", "1.0 Disconnected", "6.0 Connected"])
        handler.disconnect()
        handler.connect { scenario.note("Connect \($0.text)") }
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["7.0 Disconnected", "7.0 Connected", "7.0 Connect Connected"])
        handler.disconnect()
        handler.connect { scenario.note("Connect \($0.text)") }
        handler.disconnect()
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["8.0 Disconnected", "8.0 Connect Disconnected"])
    }

    @Test("A pause of the poll timer outlives a reconnect; a resume while down starts with the connection")
    func pausedPolling() throws {
        let scenario = ControlScenario()
        let handler = try healthy(scenario)
        handler.connect()
        scenario.world.run(for: .milliseconds(1_500))
        handler.pollTimer.pause()
        scenario.device.hangUp()
        scenario.world.run(for: .seconds(10))
        #expect(scenario.device.received == "?")
        #expect(handler.connectionStatus == .connected)
        handler.pollTimer.resume()
        scenario.world.run(for: .seconds(2))
        #expect(scenario.device.received == "???")
        scenario.device.hangUp()
        scenario.world.run(for: .zero)
        handler.pollTimer.pause()
        handler.pollTimer.resume()
        #expect(handler.pollTimer.state == .paused)
        scenario.world.run(for: .seconds(7))
        #expect(handler.pollTimer.state == .running)
        #expect(scenario.device.received == "?????")
    }

    @Test("A poll that goes on skips those that are due meanwhile, and polling goes on after a loss")
    func longPoll() throws {
        let scenario = ControlScenario()
        let handler = try handler(scenario) { handler, finished in
            handler.sendAndWait(ByteBuffer(string: "Q"), timeout: .milliseconds(2_500), delimiter: .suffix([13])) {
                scenario.note("poll \(ControlScenario.text($0))")
                handler.responseAccepted()
                finished()
                finished()
            }
        }
        handler.connect()
        scenario.world.run(for: .milliseconds(7_800))
        #expect(scenario.takeLog() == ["0.0 Connected", "3.5 poll unmet timedOut", "6.5 poll unmet timedOut"])
        scenario.device.hangUp()
        scenario.world.run(for: .milliseconds(8_700))
        #expect(
            scenario.takeLog() == [
                "7.8 Disconnected", "7.8 poll unmet connectionLost", "12.8 Connected", "16.3 poll unmet timedOut",
            ])
    }

    @Test("A poll that is finished twice does not finish the next one")
    func finishedTwice() throws {
        let scenario = ControlScenario()
        var finishers: [() -> Void] = []
        let handler = try handler(scenario) { _, finished in finishers.append(finished) }
        handler.connect()
        scenario.world.run(for: .seconds(1))
        finishers[0]()
        scenario.world.run(for: .seconds(1))
        #expect(finishers.count == 2)
        finishers[0]()
        scenario.world.run(for: .seconds(5))
        #expect(finishers.count == 2)
        #expect(handler.pollTimer.count == 2)
    }

    @Test("Over the limit, send says that it did not send, and sendAndWait completes as lost")
    func overLimit() throws {
        let scenario = ControlScenario()
        let handler = try handler(scenario)
        handler.connect()
        scenario.world.run(for: .zero)
        handler.pollTimer.pause()
        for _ in 0..<3 { #expect(try handler.send(ByteBuffer(string: "s"))) }
        #expect(try !handler.send(ByteBuffer(string: "t")))
        #expect(throws: IOFault.self) { try handler.send(ByteBuffer(string: "u")) }
        scenario.world.run(for: .seconds(5))
        #expect(scenario.device.received == "sss")
        handler.pollTimer.pause()
        for _ in 0..<3 { try handler.send(ByteBuffer(string: "s")) }
        handler.sendAndWait(ByteBuffer(string: "t"), timeout: .seconds(1), delimiter: nil) {
            scenario.note(ControlScenario.text($0))
        }
        scenario.world.run(for: .seconds(1))
        #expect(
            scenario.takeLog() == [
                "0.0 Connected", "0.0 Disconnected", "5.0 Connected", "5.0 Disconnected", "5.0 unmet connectionLost",
            ])
    }

    @Test("A simulated day of losses: a retry is always pending, and nothing is left at the end")
    func day() throws {
        let scenario = ControlScenario(seed: 7)
        weak var released: RawTcpHandler?
        do {
            let handler = try healthy(scenario)
            released = handler
            handler.connect(timeout: .seconds(3))
            var losses = 0
            for hour in 0..<24 {
                scenario.world.run(for: .minutes(20))
                #expect(handler.connectionStatus == .connected, "hour \(hour)")
                switch hour % 3 {
                case 0:
                    scenario.world.network.reset(.everything)
                case 1:
                    scenario.device.stopListening()
                    scenario.device.hangUp()
                default:
                    scenario.world.network.inject(.drop)
                }
                scenario.world.run(for: .minutes(20))
                #expect(handler.isActive)
                if hour % 3 != 0 { #expect(handler.connectionStatus == .disconnected, "hour \(hour)") }
                if hour % 3 == 1 { scenario.device.listen() }
                scenario.world.network.liftAllFaults()
                scenario.world.run(for: .minutes(20))
                losses += 1
            }
            let events = scenario.takeLog()
            #expect(events.filter { $0.hasSuffix(" Connected") }.count == losses + 1)
            #expect(events.filter { $0.hasSuffix(" Disconnected") }.count == losses)
            #expect(scenario.device.received.utf8.count > 50_000)
            handler.onReceiveData = nil
            handler.close()
            handler.close()
        }
        scenario.world.run(for: .minutes(30))
        #expect(released == nil)
        #expect(scenario.controller.openTransports == 0)
        #expect(scenario.world.pendingEvents == 0)
    }
}
