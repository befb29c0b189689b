import ControlCore
import HSMS
import Testing

@Suite("HSMS connection manager")
struct HsmsConnectionManagerTests {
    @Test("The documented example: add a passive peer, test the session, stop")
    func example() throws {
        let scene = HsmsWorld()
        let manager = HsmsConnectionManager(environment: scene.host)
        let handler = try manager.addPeer(
            name: "connection", address: "10.0.0.2", port: 5_000, active: false, sessionID: 0)
        handler.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        peer.answerControl()
        scene.run(0)
        var answer: HsmsPacket?
        handler.sendLinktestRequest { answer = $0.reply }
        #expect(answer == nil)
        scene.run(0)
        #expect(answer?.header.messageType == .linktestResponse)
        handler.disable()
        manager.stop { scene.note("stopped") }
        scene.run(1)
        #expect(scene.log.lines == ["0.0 stopped"])
        #expect(peer.isClosed)
        #expect(scene.leftovers == [])
    }

    @Test("Passive peers of one port share a server, which ends with the last of them; active peers have none")
    func servers() throws {
        let scene = HsmsWorld()
        let manager = HsmsConnectionManager(environment: scene.host)
        try manager.addPeer(name: "a", address: "10.0.0.2", port: 5_000, active: false, sessionID: 0)
        try manager.addPeer(name: "b", address: "10.0.0.2", port: 5_000, active: false, sessionID: 1)
        try manager.addPeer(name: "c", address: "10.0.0.2", port: 5_001, active: false, sessionID: 2)
        try manager.addPeer(name: "d", address: "10.0.0.2", port: 5_000, active: true, sessionID: 3)
        try manager.addPeer(name: "e", address: "10.0.0.2", port: 6_000, active: true, sessionID: 3)
        #expect(manager.handlers.keys.sorted() == ["a", "b", "c", "d", "e"])
        #expect(manager.servers.keys.sorted() == [5_000, 5_001])
        scene.run(0)
        #expect(scene.host.openListeners == 2)
        #expect(manager.connection(to: "b") === manager["b"])
        #expect(manager["nobody"] == nil)
        #expect(manager.removePeer(name: "a"))
        #expect(!manager.removePeer(name: "a"))
        scene.run(0)
        #expect(scene.host.openListeners == 2)
        #expect(manager.removePeer(name: "b"))
        scene.run(0)
        #expect(scene.host.openListeners == 1)
        let error = #expect(throws: ParameterError.self) {
            try manager.addPeer(name: "c", address: "10.0.0.3", port: 5_000, active: true, sessionID: 0)
        }
        #expect(error?.parameter == "name")
        manager.stop()
        scene.run(2)
        #expect(manager.handlers.isEmpty && manager.servers.isEmpty)
        #expect(scene.leftovers == [])
    }

    @Test("Events reach those who ask for them later than the peers were added")
    func lateSubscription() throws {
        let scene = HsmsWorld()
        scene.onPeer = { $0.answerControl() }
        scene.listen()
        let manager = HsmsConnectionManager(environment: scene.host)
        try manager.addPeer(name: "tool", address: "10.0.0.2", port: 5_000, active: true, sessionID: 0)
        manager.onEvent = { handler, event in scene.note("\(handler.name) \(event.brief)") }
        scene.run(1)
        manager.stop()
        scene.run(30)
        #expect(
            scene.log.lines == [
                "0.0 tool connected", "0.01 tool selected", "1.0 tool disconnected: closed by this side",
            ])
        #expect(scene.peers[0].received.map(\.brief) == ["Select.req", "Separate.req"])
        #expect(scene.peers.count == 1)
    }
}
