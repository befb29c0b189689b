import Bytes
import ControlCore
import HSMS
import Polling
import Testing

@Suite("HSMS lifetimes")
struct HsmsLifetimeTests {
    /// The states in which a protocol can be disabled, and how it gets there.
    static let states = [
        "idle", "connecting", "waiting for T5", "listening", "taken port", "connected", "selecting", "selected",
        "requesting", "deselecting", "mid message", "deaf peer", "vanished peer", "separating", "disabled",
    ]

    @Test("Disabling completes within a second in every state, and leaves nothing behind", arguments: states)
    func disable(_ state: String) throws {
        let scene = HsmsWorld()
        let isActive = !["listening", "taken port", "mid message"].contains(state)
        var other: (any Listener)?
        switch state {
        case "idle", "waiting for T5", "listening": break
        case "connecting": scene.world.network.inject(.drop, on: .host("10.0.0.2"))
        case "taken port":
            scene.host.listenTCP(
                address: nil, port: 5_000, accept: { $0.close() }, completion: { other = try? $0.get() })
        case "connected", "selecting": scene.listen()
        default:
            if isActive {
                scene.onPeer = { $0.answerControl() }
                scene.listen()
            }
        }
        let handler = try scene.handler(active: isActive) {
            $0.timers.selectDelay = state == "connected" ? .seconds(100) : .zero
            $0.timers.t7 = .seconds(200)
        }
        if state != "idle" { handler.enable() }
        scene.run(1)
        var outcome: String?
        switch state {
        case "requesting", "vanished peer":
            handler.sendAndAwaitReply(stream: 1, function: 1) { outcome = $0.reason }
        case "deselecting":
            scene.peers[0].onPacket = nil
            handler.sendDeselectRequest { outcome = $0.reason }
        case "mid message":
            scene.connect()?.send(hex: "0000000a ffff")
        case "deaf peer":
            scene.peers[0].transport.setReading(false)
            try handler.sendStreamFunction(stream: 7, function: 3, data: ByteBuffer(repeating: 0, count: 5_000_000))
            handler.sendAndAwaitReply(stream: 1, function: 1) { outcome = $0.reason }
        case "separating": try handler.sendSeparateRequest()
        case "disabled": handler.disable()
        default: break
        }
        if state != "separating" { scene.run(0.5) }
        if state == "vanished peer" { scene.world.network.inject(.drop) }
        let wasConnected = handler.connection.isConnected
        _ = scene.log.take()
        let start = scene.host.now
        var completions = 0
        handler.disable {
            #expect(scene.host.now - start < .seconds(isSanitized ? 20 : 1))
            completions += 1
        }
        handler.disable { completions += 1 }
        scene.run(1)
        #expect(completions == 2)
        #expect(scene.log.lines.count == (wasConnected ? 1 : 0), "\(scene.log.lines)")
        #expect(!handler.connection.isActive)
        #expect(handler.state == .notConnected)
        if ["requesting", "vanished peer", "deselecting", "deaf peer"].contains(state) { #expect(outcome == "Closed") }
        other?.close()
        scene.stopListening()
        scene.world.network.liftAllFaults()
        scene.run(1_000)
        #expect(scene.leftovers == [])
    }

    @Test("A manager stops within a second with peers in every state, and none comes back")
    func managerStop() throws {
        let scene = HsmsWorld()
        scene.onPeer = { $0.answerControl() }
        scene.listen()
        let manager = HsmsConnectionManager(environment: scene.host)
        try manager.addPeer(name: "selected", address: "10.0.0.2", port: 5_000, active: true, sessionID: 0)
        try manager.addPeer(name: "refused", address: "10.0.0.2", port: 5_001, active: true, sessionID: 0)
        try manager.addPeer(name: "silent", address: "10.9.9.9", port: 5_001, active: true, sessionID: 0)
        try manager.addPeer(name: "waiting", address: "10.0.0.2", port: 5_002, active: false, sessionID: 0)
        try manager.addPeer(name: "served", address: "10.0.0.2", port: 5_003, active: false, sessionID: 0)
        scene.run(0)
        _ = try #require(scene.connect(port: 5_003))
        scene.run(1)
        var isStopped = false
        manager.stop { isStopped = true }
        scene.run(1)
        #expect(isStopped)
        scene.stopListening()
        scene.run(100)
        #expect(scene.leftovers == [])
        #expect(scene.peers.count == 1)
    }

    @Test("Enabling again right after disabling goes on with a new connection")
    func enableAgain() throws {
        let scene = HsmsWorld()
        scene.onPeer = { $0.answerControl() }
        scene.listen()
        let handler = try scene.handler(active: true)
        handler.enable()
        scene.run(1)
        handler.disable { scene.note("disabled") }
        handler.enable()
        scene.run(11)
        #expect(
            scene.log.lines == [
                "0.0 connected", "0.0 selected", "1.0 disconnected: closed by this side", "1.0 disabled",
                "11.0 connected", "11.0 selected",
            ])
    }

    @Test("1,000 reconnects leave nothing behind", arguments: [true, false])
    func reconnects(_ isActive: Bool) throws {
        let scene = HsmsWorld()
        scene.onPeer = { $0.answerControl() }
        if isActive { scene.listen() }
        let handler = try scene.handler(active: isActive) { $0.timers.t5 = .milliseconds(10) }
        var sessions = 0
        var ends = 0
        handler.onEvent = { _, event in
            switch event {
            case .selected: sessions += 1
            case .disconnected: ends += 1
            default: break
            }
        }
        handler.enable()
        scene.run(0)
        for index in 0..<1_000 {
            if !isActive {
                let peer = try #require(scene.connect())
                peer.send(.selectRequest(system: 1))
            }
            scene.run(0.02)
            handler.sendAndAwaitReply(stream: 1, function: 1) { #expect($0 == .closed) }
            scene.run(0.001)
            switch index % 3 {
            case 0: scene.world.network.reset(.everything)
            case 1: handler.disconnect()
            default: try handler.sendSeparateRequest()
            }
            scene.run(0.02)
        }
        #expect(sessions >= 1_000)
        handler.disable()
        scene.stopListening()
        scene.run(100)
        #expect(ends == sessions)
        #expect(scene.leftovers == [])
    }

    @Test("What is disabled is let go of, and what is enabled is kept")
    func release() throws {
        let scene = HsmsWorld()
        weak var handler: HsmsProtocol?
        weak var connection: HsmsConnection?
        weak var server: HsmsMultiPassiveServer?
        func begin() throws {
            let newServer = try HsmsMultiPassiveServer(environment: scene.host)
            newServer.start()
            let active = try HsmsProtocol(environment: scene.host, address: "10.0.0.2", active: true, name: "active")
            active.enable()
            let passive = try newServer.createConnection(address: "10.0.0.2")
            passive.enable()
            server = newServer
            handler = active
            connection = passive
        }
        try begin()
        scene.run(100)
        #expect(handler != nil && connection != nil && server != nil)
        handler?.disable()
        server?.stop()
        scene.run(1)
        #expect(handler == nil && connection == nil && server == nil)
    }

    @Test("A stop in the real world takes less than a second too, with a peer that does not read")
    func liveStop() async throws {
        try await withHsmsScene(.live) { scene in
            scene.passive { handler, port in
                scene.connect(to: port) { peer in
                    peer.onPacket = { _ in
                        peer.transport.setReading(false)
                        #expect(throws: Never.self) {
                            try handler.sendStreamFunction(
                                stream: 7, function: 3, data: ByteBuffer(repeating: 0, count: 16_000_000))
                        }
                        let start = scene.here.now
                        handler.disable {
                            #expect(scene.here.now - start < .seconds(isSanitized ? 20 : 1))
                            #expect(handler.state == .notConnected)
                            scene.end()
                        }
                    }
                    peer.send(.selectRequest(system: 1))
                }
            }
        }
    }
}
