import ControlCore
import HSMS
import Polling
import Testing

@Suite("HSMS multi-passive server")
struct HsmsMultiPassiveTests {
    @Test("50 peers that connect together are all selected within one second", arguments: EnvironmentKind.allCases)
    func fifty(_ kind: EnvironmentKind) async throws {
        try await withHsmsScene(kind) { scene in
            guard let server = try? HsmsMultiPassiveServer(environment: scene.here, port: 0) else {
                return scene.fail("no server")
            }
            var selected = 0
            var start = scene.here.now
            var handlers: [HsmsProtocol] = []
            for index in 0..<50 {
                guard
                    let handler = try? HsmsProtocol(
                        environment: scene.here, address: scene.thereAddress, active: false, name: "\(index)",
                        server: server)
                else { return scene.fail("no handler") }
                handler.onEvent = { _, event in
                    guard case .selected = event else { return }
                    selected += 1
                    guard selected == 50 else { return }
                    #expect(scene.here.now - start < .seconds(isSanitized ? 20 : 1))
                    #expect(handlers.allSatisfy { $0.isSelected() })
                    scene.end()
                }
                handlers.append(handler)
                handler.enable()
            }
            server.start { outcome in
                #expect(outcome == .listening)
                guard let port = server.listeningPort else { return scene.fail("no port") }
                start = scene.here.now
                for system in 1...50 as ClosedRange<UInt32> {
                    scene.connect(to: port) { $0.send(.selectRequest(system: system)) }
                }
            }
        }
    }

    @Test("50 peers from 50 addresses get the connections that were made for them")
    func addresses() throws {
        let scene = HsmsWorld()
        let server = try HsmsMultiPassiveServer(environment: scene.host)
        var log: [String] = []
        for index in 2..<52 {
            let handler = try HsmsProtocol(
                environment: scene.host, address: "10.0.1.\(index)", active: false, name: "\(index)", server: server)
            handler.onEvent = { handler, event in
                guard event.brief == "selected" else { return }
                log.append("\(handler.name) \(handler.connection.remoteAddress?.split(separator: ":").first ?? "")")
            }
            handler.enable()
        }
        server.start()
        scene.run(0)
        var expected: [String] = []
        for index in 2..<52 {
            let peer = scene.world.environment(named: "peer\(index)", address: "10.0.1.\(index)")
            let raw = try #require(scene.connect(from: peer))
            raw.send(.selectRequest(system: 1))
            expected.append("\(index) 10.0.1.\(index)")
        }
        scene.run(0.1)
        #expect(log == expected)
    }

    private func delegates(
        _ scene: HsmsWorld, policy: HsmsConfiguration.DuplicatePolicy = .refuse, count: Int = 1
    ) throws
        -> (server: HsmsMultiPassiveServer, delegates: [RecordingDelegate])
    {
        var configuration = HsmsConfiguration()
        configuration.duplicatePolicy = policy
        let server = try HsmsMultiPassiveServer(environment: scene.host, configuration: configuration)
        let delegates = try (0..<count).map { _ in
            let delegate = RecordingDelegate()
            try server.createConnection(address: "10.0.0.2", delegate: delegate)
            return delegate
        }
        server.start()
        scene.run(0)
        return (server, delegates)
    }

    @Test("Unknown peers, and known ones whose connection is not enabled, are turned away without a word")
    func unknown() throws {
        let scene = HsmsWorld()
        let stranger = scene.world.environment(named: "stranger", address: "10.0.0.9")
        let (server, delegates) = try delegates(scene)
        for environment in [stranger, scene.tool] {
            let peer = try #require(scene.connect(from: environment))
            scene.run(0.1)
            #expect(peer.isClosed)
        }
        server.connections[0].enable()
        let peer = try #require(scene.connect())
        scene.run(0.1)
        #expect(!peer.isClosed)
        #expect(delegates[0].log.lines == ["established"])
    }

    @Test("A duplicate is refused, or takes the place of the first, as the policy says")
    func duplicates() throws {
        for policy in [HsmsConfiguration.DuplicatePolicy.refuse, .replace] {
            let scene = HsmsWorld()
            let (server, delegates) = try delegates(scene, policy: policy)
            server.connections[0].enable()
            let first = try #require(scene.connect())
            let second = try #require(scene.connect())
            scene.run(0.1)
            #expect(first.isClosed == (policy == .replace))
            #expect(second.isClosed == (policy == .refuse))
            #expect(
                delegates[0].log.lines
                    == (policy == .refuse
                        ? ["established"]
                        : [
                            "established", "before closed", "closed: replaced by a newer connection of the peer",
                            "established",
                        ]))
        }
    }

    @Test("Several connections of one address are given out in turn, and again when they are free")
    func sameAddress() throws {
        let scene = HsmsWorld()
        let (server, delegates) = try delegates(scene, count: 2)
        for connection in server.connections { connection.enable() }
        let first = try #require(scene.connect())
        let second = try #require(scene.connect())
        let third = try #require(scene.connect())
        scene.run(0.1)
        #expect(third.isClosed && !second.isClosed)
        first.transport.close()
        scene.run(0.1)
        _ = try #require(scene.connect())
        scene.run(0.1)
        #expect(delegates[0].log.lines.last == "established")
        #expect(delegates[0].log.lines.count == 4)
        #expect(delegates[1].log.lines == ["established"])
    }

    @Test("Peers known by name are looked up, whatever else is under way")
    func names() throws {
        let scene = HsmsWorld()
        scene.world.network.names["tool.fab"] = ["10.0.0.2"]
        scene.world.network.nameDelays["lost.fab"] = .seconds(60)
        let server = try HsmsMultiPassiveServer(environment: scene.host)
        let delegate = RecordingDelegate()
        for name in ["lost.fab", "tool.fab"] {
            try server.createConnection(address: name, delegate: name == "tool.fab" ? delegate : nil).enable()
        }
        server.start()
        scene.run(0)
        let peer = try #require(scene.connect())
        peer.send(.selectRequest(system: 1))
        scene.run(6)
        #expect(delegate.log.lines == ["established", "packet Select.req"])
    }

    @Test("A stopped server frees the port, ends its connections if told so, and starts again with them")
    func stop() throws {
        let scene = HsmsWorld()
        let (server, delegates) = try delegates(scene)
        server.connections[0].enable()
        let first = try #require(scene.connect())
        server.stop(terminateConnections: false) { scene.note("stopped") }
        scene.run(0.1)
        #expect(scene.host.openListeners == 0)
        #expect(!first.isClosed)
        server.stop { scene.note("stopped") }
        scene.run(0.1)
        #expect(first.isClosed)
        #expect(scene.log.take() == ["0.0 stopped", "0.1 stopped"])
        #expect(delegates[0].log.take() == ["established", "before closed", "closed: closed by this side"])
        server.start { scene.note($0.text) }
        server.start { scene.note($0.text) }
        scene.run(0.1)
        server.start { scene.note($0.text) }
        scene.run(0)
        #expect(scene.log.take() == ["0.2 Listening", "0.2 Listening", "0.3 ListeningAlready"])
        _ = try #require(scene.connect())
        scene.run(0.1)
        #expect(delegates[0].log.lines == ["established"])
        server.stop()
        server.start { scene.note($0.text) }
        server.stop()
        scene.run(0.1)
        #expect(scene.log.take() == ["0.4 Stopped"])
    }

    @Test("A server whose port is taken says so, and tries again every T5")
    func portTaken() throws {
        let scene = HsmsWorld()
        var other: (any Listener)?
        scene.host.listenTCP(address: nil, port: 5_000, accept: { $0.close() }, completion: { other = try? $0.get() })
        let server = try HsmsMultiPassiveServer(environment: scene.host)
        server.onListenFailed = { scene.note($0.reason) }
        server.start { scene.note("start: \($0.text)") }
        scene.run(1)
        other?.close()
        scene.run(10)
        #expect(scene.log.lines == ["0.0 start: PortUnavailable", "0.0 PortUnavailable"])
        #expect(server.listeningPort == 5_000)
    }
}
