import Bytes
import ControlCore
import HSMS
import Polling
import Testing

@Suite("GEM with a silent peer")
struct GemSilentPeerTests {
    /// Equipment, and a host that does nothing by itself but to answer linktests, as the HSMS layer of one without GEM.
    private final class Scene {
        let world = SimulatedWorld(seed: 5)
        let hsms: HsmsProtocol
        let handler: GemEquipmentHandler
        private let there: any Environment
        private(set) var host: RawPeer?
        /// What the equipment sent on this connection: when, in seconds, and its bytes without the system bytes.
        private(set) var received: [String] = []
        private let begin: Deadline

        init() throws {
            var configuration = HsmsConfiguration()
            configuration.role = .equipment
            let here = world.environment(named: "equipment", address: "10.0.0.2")
            there = world.environment(named: "host", address: "10.0.0.1")
            hsms = try HsmsProtocol(
                environment: here, address: "10.0.0.1", port: 5000, active: false, name: "equipment",
                configuration: configuration)
            var control = GemControlConfiguration()
            control.initialState = .online
            handler = GemEquipmentHandler(
                session: HsmsSession(hsms), identity: GemIdentity(model: "etcher", revision: "1.2"), control: control)
            begin = here.now
            handler.enable()
            hsms.enable()
            world.run(for: .milliseconds(1))
        }

        var seconds: Int64 { (there.now - begin).nanoseconds / 1_000_000_000 }

        /// Lets the host connect and select.
        func connect() {
            received = []
            there.connectTCP(host: "10.0.0.2", port: 5000, timeout: .seconds(5)) { [unowned self] result in
                guard case .success(let transport) = result else {
                    Issue.record("\(result)")
                    return
                }
                let peer = RawPeer(transport)
                host = peer
                peer.onPacket = { [unowned self, unowned peer] packet in
                    if packet.header.messageType == .linktestRequest {
                        peer.send(.linktestResponse(system: packet.header.system))
                    } else {
                        received.append("\(seconds) \(packet.brief)")
                    }
                }
                peer.start()
                peer.send(hex: "0000000a ffff 0000 00 01 18f75213")
            }
            world.run(for: .milliseconds(100))
        }
    }

    @Test("Equipment whose S1F13 a selected host drops twice separates, and communicates in the next session")
    func dropped() throws {
        let scene = try Scene()
        scene.connect()
        #expect(scene.received == ["0 Select.rsp 0", "0 S1F13 W"])
        scene.world.run(for: .seconds(99))
        #expect(scene.host?.isClosed == false)
        scene.world.run(for: .seconds(2))
        #expect(
            scene.received == [
                "0 Select.rsp 0", "0 S1F13 W", "45 S9F9", "55 S1F13 W", "100 S9F9", "100 Separate.req",
            ])
        #expect(scene.host?.isClosed == true)
        #expect(scene.handler.communicationState == .notCommunicating)

        // The host's T5.
        scene.world.run(for: .seconds(10))
        scene.connect()
        #expect(scene.received == ["111 Select.rsp 0", "111 S1F13 W"])
        let establish = try #require(scene.host?.received.last)
        #expect(establish.data.hex == "01024106657463686572" + "4103312e32")
        let header = HsmsHeader.data(
            session: 0, stream: 1, function: 14, requireResponse: false, system: establish.header.system)
        scene.host?.send(header, data: ByteBuffer(hex: "0102 210100 0100"))
        scene.world.run(for: .seconds(1))
        #expect(scene.handler.isCommunicating)
        // Linktests alone keep the session from here on.
        scene.world.run(for: .seconds(600))
        #expect(scene.handler.isCommunicating)
    }

    @Test("Equipment whose S1F13 is rejected twice, as the host does not hold the session for selected, separates")
    func rejected() throws {
        let scene = try Scene()
        scene.connect()
        for _ in 1...2 {
            let establish = try #require(scene.host?.received.last)
            #expect(establish.brief == "S1F13 W")
            scene.host?.send(.rejectRequest(of: establish.header, reason: .entityNotSelected))
            scene.world.run(for: .milliseconds(10_100))
        }
        #expect(scene.received == ["0 Select.rsp 0", "0 S1F13 W", "10 S1F13 W", "10 Separate.req"])
        #expect(scene.host?.isClosed == true)
    }

    @Test("A host whose own S1F13 comes while the equipment's is unanswered keeps its session")
    func late() throws {
        let scene = try Scene()
        scene.connect()
        scene.world.run(for: .seconds(99))
        let request = HsmsHeader.data(session: 0, stream: 1, function: 13, requireResponse: true, system: 7)
        scene.host?.send(request, data: ByteBuffer(hex: "0100"))
        scene.world.run(for: .seconds(60))
        #expect(scene.received.last == "100 S9F9")
        #expect(scene.received.dropLast().last == "99 S1F14")
        #expect(scene.handler.isCommunicating)
        #expect(scene.host?.isClosed == false)
    }

    @Test("Of several sessions only the silent one is renewed, by the side that selects")
    func several() throws {
        let world = SimulatedWorld(seed: 6)
        var configuration = HsmsConfiguration()
        configuration.sessionModel = .general([1, 2])
        let host = try HsmsProtocol(
            environment: world.environment(named: "host", address: "10.0.0.1"), address: "10.0.0.2", active: true,
            name: "host", configuration: configuration)
        configuration.role = .equipment
        let equipment = try HsmsProtocol(
            environment: world.environment(named: "equipment", address: "10.0.0.2"), address: "10.0.0.1",
            active: false, name: "equipment", configuration: configuration)
        var events: [String] = []
        equipment.onEvent = { _, event in
            switch event {
            case .connected, .selected, .deselected, .disconnected: events.append("\(event)")
            case .packetReceived, .unexpectedReply, .openFailed: break
            }
        }
        let silent = HsmsSession(equipment, session: 2)
        let handler = GemHostHandler(session: HsmsSession(host, session: 2))
        handler.enable()
        equipment.enable()
        host.enable()
        world.run(for: .seconds(99))
        #expect(!events.contains { $0.hasPrefix("deselected") })
        world.run(for: .seconds(5))
        #expect(silent.isSelected)
        #expect(host.isSelected(session: 1))
        #expect(
            events == [
                "connected", "selected(session: 1)", "selected(session: 2)", "deselected(session: 2)",
                "selected(session: 2)",
            ])
    }
}
