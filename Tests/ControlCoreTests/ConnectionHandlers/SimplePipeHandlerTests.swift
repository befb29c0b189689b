import Bytes
import ControlCore
import Polling
import Testing

/// The handlers of serial ports and UDP clients, which know no connections.
@Suite("Simple pipe handlers")
struct SimplePipeHandlerTests {
    /// A UDP device at 10.0.0.2:23 that answers by a rule.
    private final class DatagramScenario {
        let scenario = ControlScenario(deviceListens: false)
        let server: EthernetServerInterfaceEx
        var answer: (String) -> String? = { $0 == "Q" ? "A" : nil }
        private(set) var heard = ""

        init() throws {
            server = try EthernetServerInterfaceEx(environment: scenario.device.environment, port: 23, protocol: .udp)
            server.onReceiveData = { [unowned self] client, bytes in
                let text = String(buffer: bytes)
                heard += text
                if let answer = answer(text) {
                    #expect(throws: Never.self) { try client.send(ByteBuffer(string: answer)) }
                }
            }
            server.startListen(timeout: nil) { _ in }
            scenario.world.run(for: .zero)
        }

        func client() throws -> EthernetClientInterface {
            try EthernetClientInterface(
                environment: scenario.controller, hostname: "10.0.0.2", port: 23, protocol: .udp)
        }
    }

    /// A handler with polls each second and a limit of 3, whose query sends `Q` and accepts `A`.
    private func raw(_ pipe: SimplePipe, _ note: @escaping (String) -> Void) throws -> RawSimplePipeHandler {
        let handler = try RawSimplePipeHandler(pipe: pipe, options: HandlerOptions(disconnectLimit: 3)) {
            handler, finished in
            do { try handler.send(ByteBuffer(string: "Q")) } catch { note("fault") }
            finished()
        }
        handler.onReceiveData = { [unowned handler] bytes in
            if String(buffer: bytes) == "A" { handler.responseAccepted() }
        }
        handler.onConnected = { note("Connected") }
        handler.onDisconnected = { note("Disconnected") }
        return handler
    }

    @Test("A UDP device is Connected with its first accepted response, and Disconnected at the send over the limit")
    func datagrams() throws {
        let device = try DatagramScenario()
        let scenario = device.scenario
        let handler = try raw(.datagrams(device.client()), scenario.note)
        scenario.world.run(for: .seconds(5))
        #expect(handler.connectionStatus == .unknown)
        #expect(!handler.isActive)
        handler.connect()
        handler.connect()
        scenario.world.run(for: .milliseconds(2_500))
        #expect(scenario.takeLog() == ["6.0 Connected"])
        #expect(device.heard == "QQ")
        device.answer = { _ in "?" }
        scenario.world.run(for: .seconds(10))
        // Sends at 8, 9 and 10 have no good response; that at 11 is over the limit, and goes out as all later ones.
        #expect(scenario.takeLog() == ["11.0 Disconnected"])
        #expect(device.heard.count == 12)
        device.answer = { _ in "A" }
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["18.0 Connected"])
    }

    @Test("A device that never answers is Disconnected from Unknown")
    func neverThere() throws {
        let device = try DatagramScenario()
        device.answer = { _ in nil }
        let handler = try raw(.datagrams(device.client()), device.scenario.note)
        handler.connect()
        device.scenario.world.run(for: .seconds(30))
        #expect(device.scenario.takeLog() == ["4.0 Disconnected"])
    }

    @Test("What is sent by sendAndWait counts too, and its response does not count by itself")
    func sendAndWait() throws {
        let device = try DatagramScenario()
        let scenario = device.scenario
        let handler = try raw(.datagrams(device.client()), scenario.note)
        for _ in 0..<5 {
            handler.sendAndWait(ByteBuffer(string: "Q"), timeout: .seconds(1), delimiter: .length(1)) {
                scenario.note(ControlScenario.text($0))
            }
        }
        scenario.world.run(for: .seconds(1))
        #expect(
            scenario.takeLog() == ["0.0 Disconnected"] + Array(repeating: "0.0 response 'A'", count: 5))
        handler.responseAccepted()
        #expect(handler.connectionStatus == .connected)
    }

    @Test("The poll timer is the program's: a pause holds until it is resumed or Connect is called")
    func pollTimer() throws {
        let device = try DatagramScenario()
        let scenario = device.scenario
        let handler = try raw(.datagrams(device.client()), scenario.note)
        handler.connect()
        scenario.world.run(for: .milliseconds(2_400))
        handler.pollTimer.pause()
        scenario.world.run(for: .seconds(60))
        #expect(device.heard == "QQ")
        #expect(handler.connectionStatus == .connected)
        handler.pollTimer.resume()
        scenario.world.run(for: .milliseconds(600))
        #expect(device.heard == "QQQ")
        try handler.pollTimer.change(.seconds(10))
        scenario.world.run(for: .seconds(30))
        #expect(device.heard == "QQQQQQ")
        handler.pollTimer.stop()
        #expect(handler.pollTimer.count == 0)
        scenario.world.run(for: .seconds(30))
        #expect(device.heard == "QQQQQQ")
        handler.connect()
        scenario.world.run(for: .seconds(10))
        #expect(device.heard == "QQQQQQQ")
        handler.pollTimer.restart()
        scenario.world.run(for: .seconds(9))
        #expect(device.heard == "QQQQQQQ")
    }

    @Test("A serial device that is unplugged is Disconnected, and Connected again when it answers")
    func serial() throws {
        let scenario = SerialScenario()
        try scenario.startDevice()
        scenario.answer = { $0 == "Q" ? "A" : nil }
        let serial = try SerialInterface(
            environment: scenario.controller, name: "Main COM1", address: .device(path: "/dev/ttyUSB0"),
            claims: scenario.claims)
        let handler = try raw(.serial(serial), scenario.note)
        #expect(handler.isActive)
        handler.connect()
        scenario.run(2.5)
        scenario.port.unplug()
        scenario.run(5)
        scenario.port.replug()
        scenario.run(10)
        let events = scenario.takeLog()
        #expect(
            events == ["1.002 Connected", "6.0 Disconnected", "11.002 Connected"],
            "\(events)")
        // The port is looked for less and less often, and found at 10.25. Until then nothing is asked in vain.
        #expect(!events.contains { $0.hasSuffix("fault") })
        handler.close()
        #expect(!serial.isActive)
        #expect(!handler.isActive)
    }

    private func module(
        _ client: EthernetClientInterface, _ note: @escaping (String) -> Void, publishes: Bool = true
    ) throws -> (ModuleSimplePipeHandler, FakeModule) {
        let module = FakeModule(limit: 3)
        module.asks { [unowned client] in client.sendAndWait($0, timeout: $1, delimiter: $2, completion: $3) }
        let handler = try ModuleSimplePipeHandler(
            pipe: .datagrams(client), module: module, options: HandlerOptions(disconnectLimit: 3))
        if publishes { module.publish = { [unowned handler] in handler.modulePublished($0) } }
        handler.onConnected = { note("Connected") }
        handler.onDisconnected = { note("Disconnected") }
        return (handler, module)
    }

    @Test("A module's word is the status, and polls go on while the device is away")
    func modules() throws {
        let device = try DatagramScenario()
        let scenario = device.scenario
        let (handler, module) = try module(device.client(), scenario.note)
        handler.connect()
        scenario.world.run(for: .milliseconds(2_500))
        device.answer = { _ in nil }
        scenario.world.run(for: .seconds(10))
        device.answer = { _ in "A" }
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["1.0 Connected", "6.0 Disconnected", "13.0 Connected"])
        #expect(device.heard.count == 17)
        #expect(module.losses == 0)
    }

    @Test("Without the module's word, what was received since the last poll is an answer")
    func silentModule() throws {
        let device = try DatagramScenario()
        let scenario = device.scenario
        let (handler, _) = try module(device.client(), scenario.note, publishes: false)
        handler.connect()
        scenario.world.run(for: .milliseconds(2_500))
        device.answer = { _ in nil }
        scenario.world.run(for: .seconds(10))
        device.answer = { _ in "?" }
        scenario.world.run(for: .seconds(5))
        #expect(scenario.takeLog() == ["2.0 Connected", "6.0 Disconnected", "14.0 Connected"])
    }

    @Test("A query that goes on skips the polls that are due meanwhile")
    func busy() throws {
        let device = try DatagramScenario()
        device.answer = { _ in nil }
        var polls = 0
        let handler = try RawSimplePipeHandler(pipe: .datagrams(device.client()), options: HandlerOptions()) {
            handler, finished in
            polls += 1
            handler.sendAndWait(ByteBuffer(string: "Q"), timeout: .milliseconds(2_500), delimiter: .length(1)) { _ in
                finished()
            }
        }
        handler.connect()
        device.scenario.world.run(for: .seconds(9))
        #expect(polls == 3)
        #expect(handler.connectionStatus == .unknown)
    }

    @Test("A closed handler is released, and nothing is left")
    func closing() throws {
        let device = try DatagramScenario()
        let scenario = device.scenario
        weak var released: RawSimplePipeHandler?
        do {
            let handler = try raw(.datagrams(device.client()), scenario.note)
            released = handler
            handler.connect()
        }
        scenario.world.run(for: .seconds(3))
        #expect(released?.isActive == true)
        released?.close()
        scenario.world.run(for: .seconds(1))
        #expect(released == nil)
        #expect(scenario.controller.openDatagramSockets == 0)
    }
}
