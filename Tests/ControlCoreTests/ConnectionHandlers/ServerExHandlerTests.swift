import Bytes
import ControlCore
import Polling
import Testing

@Suite("ServerExHandler")
struct ServerExHandlerTests {
    private func handler(_ scenario: ServerScenario, timeout: TimeAmount = .seconds(30)) throws -> ServerExHandler {
        let server = try EthernetServerInterfaceEx(environment: scenario.host, port: 9_000)
        let handler = try ServerExHandler(interface: server, options: HandlerOptions(serverTimeout: timeout))
        handler.onConnected = { scenario.note("Connected \($0.id)") }
        handler.onDisconnected = { scenario.note("Disconnected \($0.id)") }
        handler.onReceiveData = { scenario.note("Data \($0.id) \(String(buffer: $1))") }
        handler.onListenFailed = { scenario.note("ListenFailed \($0.reason)") }
        return handler
    }

    @Test("An idle client is dropped within a second of the time-out, whoever comes meanwhile")
    func idle() throws {
        let scenario = ServerScenario()
        let handler = try handler(scenario)
        handler.startListen { scenario.note($0.text) }
        scenario.world.run(for: .milliseconds(300))
        let first = try scenario.visitor()
        #expect(scenario.takeLog() == ["0.0 Listening", "0.3 Connected 1"])
        // Newcomers each 0.9 s must not put the look at the first one off.
        var others: [EthernetClientInterface] = []
        for _ in 0..<32 {
            scenario.world.run(for: .milliseconds(900))
            others.append(try scenario.visitor())
            others.last?.disconnect()
        }
        scenario.world.run(for: .zero)
        _ = scenario.takeLog()
        scenario.world.run(until: .uptimeNanoseconds(30_300_000_000))
        #expect(first.isConnected)
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["31.3 Disconnected 1"])
        #expect(!first.isConnected)
    }

    @Test("What a client sends keeps it; what it is sent does not")
    func activity() throws {
        let scenario = ServerScenario()
        let handler = try handler(scenario)
        handler.startListen()
        scenario.world.run(for: .zero)
        let (talker, listener) = (try scenario.visitor(), try scenario.visitor())
        _ = scenario.takeLog()
        for _ in 0..<4 {
            scenario.world.run(for: .seconds(20))
            try talker.send(ByteBuffer(string: "."))
            for client in handler.interface.clients { try client.send(ByteBuffer(string: "x")) }
        }
        scenario.world.run(for: .zero)
        #expect(talker.isConnected && !listener.isConnected)
        #expect(
            scenario.takeLog() == [
                "20.0 Data 1 .", "31.0 Disconnected 2", "40.0 Data 1 .", "60.0 Data 1 .", "80.0 Data 1 .",
            ])
    }

    @Test("A port in use is tried again after each retry time until it is free; to listen already is success")
    func retry() throws {
        let scenario = ServerScenario()
        let squatter = try scenario.server()
        squatter.startListen(timeout: nil) { _ in }
        scenario.world.run(for: .zero)
        let handler = try handler(scenario)
        handler.startListen { scenario.note($0.text) }
        scenario.world.run(for: .seconds(7))
        #expect(
            scenario.takeLog() == [
                "0.0 ListenFailed PortUnavailable", "0.0 PortUnavailable", "5.0 ListenFailed PortUnavailable",
            ])
        squatter.stopListen()
        scenario.world.run(for: .seconds(20))
        #expect(handler.interface.isListening)
        handler.startListen { scenario.note($0.text) }
        scenario.world.run(for: .seconds(20))
        #expect(scenario.takeLog() == ["27.0 ListeningAlready"])
    }

    @Test("StopListen cancels a pending retry, and a stopped attempt has no say in the next")
    func stop() throws {
        let scenario = ServerScenario()
        let squatter = try scenario.server()
        squatter.startListen(timeout: nil) { _ in }
        scenario.world.run(for: .zero)
        let handler = try handler(scenario)
        handler.startListen()
        scenario.world.run(for: .seconds(2))
        handler.stopListen()
        squatter.stopListen()
        #expect(!handler.isActive)
        scenario.world.run(for: .seconds(20))
        #expect(scenario.takeLog() == ["0.0 ListenFailed PortUnavailable"])
        #expect(scenario.host.openListeners == 0)
        handler.startListen { scenario.note("first \($0.text)") }
        handler.stopListen()
        handler.startListen { scenario.note("second \($0.text)") }
        scenario.world.run(for: .seconds(20))
        #expect(scenario.takeLog() == ["22.0 first Stopped", "22.0 second Listening"])
        #expect(scenario.host.openListeners == 1)
    }

    @Test("The interface's own slots stay the program's, and are called after the handler's")
    func slots() throws {
        let scenario = ServerScenario()
        let handler = try handler(scenario)
        handler.interface.onConnected = { scenario.note("own \($0.id)") }
        handler.startListen()
        scenario.world.run(for: .zero)
        let visitor = try scenario.visitor()
        #expect(scenario.takeLog() == ["0.0 Connected 1", "0.0 own 1"])
        #expect(visitor.isConnected)
    }

    @Test("A closed handler is released, and nothing is left")
    func closing() throws {
        let scenario = ServerScenario()
        weak var released: ServerExHandler?
        do {
            let handler = try handler(scenario)
            released = handler
            handler.startListen()
            scenario.world.run(for: .zero)
        }
        let visitor = try scenario.visitor()
        #expect(released?.isActive == true)
        released?.close()
        scenario.world.run(for: .seconds(30))
        #expect(released == nil)
        #expect(!visitor.isConnected)
        #expect(scenario.world.pendingEvents == 0)
        #expect(scenario.takeLog() == ["0.0 Connected 1", "0.0 Disconnected 1"])
    }
}
