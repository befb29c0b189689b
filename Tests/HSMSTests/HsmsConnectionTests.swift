import Bytes
import ControlCore
import HSMS
import Polling
import Testing

@Suite("HSMS connections")
struct HsmsConnectionTests {
    @Test(
        "The delegate hears of the connection before its first packet, and of its end once, last",
        arguments: EnvironmentKind.allCases)
    func order(_ kind: EnvironmentKind) async throws {
        try await withHsmsScene(kind) { scene in
            let delegate = RecordingDelegate()
            var configuration = HsmsConfiguration()
            configuration.timers.t5 = .seconds(1)
            guard
                let connection = try? HsmsPassiveConnection(
                    environment: scene.here, address: scene.thereAddress, port: 0, delegate: delegate,
                    configuration: configuration)
            else { return scene.fail("no connection") }
            connection.onListening = { port in
                scene.connect(to: port) { peer in
                    // In the same breath as the connect.
                    peer.send(.selectRequest(system: 1))
                    peer.send(.rejectRequest(of: .selectResponse(system: 0), reason: .transactionNotOpen))
                    peer.transport.close()
                }
            }
            delegate.log.onLine = { line in
                guard line.hasPrefix("closed") else { return }
                #expect(!connection.isConnected)
                scene.here.schedule(after: .milliseconds(50)) {
                    #expect(
                        delegate.log.lines == [
                            "established", "packet Select.req", "packet Reject.req 3 of 2", "before closed",
                            "closed: closed by the peer",
                        ])
                    scene.end()
                }
            }
            connection.enable()
        }
    }

    @Test("A connection speaks no procedures: nothing is answered")
    func noProcedures() throws {
        let scene = HsmsWorld()
        let connection = try HsmsPassiveConnection(environment: scene.host, address: "10.0.0.2")
        connection.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        peer.send(.selectRequest(system: 1))
        scene.run(100)
        #expect(peer.received == [])
        #expect(connection.isConnected)
        #expect(connection.remoteAddress?.hasPrefix("10.0.0.2:") == true)
        #expect("\(connection)" == "Passive connection to 10.0.0.2:5000 session_id=0")
    }

    @Test("The documented example of an active connection: packets in, a message out, terminated by the peer")
    func activeExample() throws {
        let scene = HsmsWorld()
        scene.listen()
        let delegate = RecordingDelegate()
        let connection = try HsmsActiveConnection(
            environment: scene.host, address: "10.0.0.2", port: 5_000, sessionID: 0, delegate: delegate)
        #expect(throws: IOFault.self) { try connection.send(HsmsPacket(.selectRequest(system: 1))) }
        connection.enable()
        connection.enable()
        scene.run(0)
        try connection.send(HsmsPacket(.linktestRequest(system: 5)))
        scene.peers[0].send(HsmsHeader(sessionID: 0, function: 4, sType: 7, system: 0))
        scene.run(0)
        #expect(scene.peers[0].received == [HsmsPacket(.linktestRequest(system: 5))])
        scene.peers[0].transport.close()
        scene.run(1)
        connection.disable()
        scene.run(30)
        #expect(
            delegate.log.lines == [
                "established", "packet Reject.req 4 of 0", "before closed", "closed: closed by the peer",
            ])
        #expect(scene.peers.count == 1)
        #expect(scene.leftovers == [])
    }

    @Test("A last message can be sent when the connection is about to be closed, unless the peer closed it")
    func lastWords() throws {
        final class Polite: HsmsConnectionDelegate {
            var faults = 0
            func connectionBeforeClosed(_ connection: HsmsConnection) {
                do { try connection.send(HsmsPacket(.separateRequest(system: 1))) } catch { faults += 1 }
            }
        }
        let scene = HsmsWorld()
        scene.listen()
        let delegate = Polite()
        let connection = try HsmsActiveConnection(environment: scene.host, address: "10.0.0.2", delegate: delegate)
        connection.enable()
        scene.run(0)
        connection.disconnect()
        scene.run(1)
        #expect(scene.peers[0].received.map(\.brief) == ["Separate.req"])
        scene.run(10)
        scene.peers[1].transport.close()
        scene.run(1)
        #expect(scene.peers[1].received == [])
        #expect(delegate.faults == 1)
    }

    @Test("Disconnecting from within a packet ends the connection after it: no later packet is delivered")
    func disconnectInside() throws {
        let scene = HsmsWorld()
        let delegate = RecordingDelegate()
        delegate.onPacket = { connection, _ in
            connection.disconnect()
            delegate.log.note("packet is over")
        }
        let connection = try HsmsPassiveConnection(environment: scene.host, address: "", delegate: delegate)
        connection.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        peer.send(.selectRequest(system: 1))
        peer.send(.selectRequest(system: 2))
        scene.run(1)
        #expect(
            delegate.log.lines == [
                "established", "packet Select.req", "packet is over", "before closed", "closed: closed by this side",
            ])
        #expect(connection.isEnabled)
    }

    @Test("While messages are not taken, the peer is slowed down, nothing is lost and T8 stands still")
    func backPressure() throws {
        let scene = HsmsWorld()
        let delegate = RecordingDelegate()
        var taken: [UInt32] = []
        delegate.onPacket = { connection, packet in
            taken.append(packet.header.system)
            if taken.count == 3 { connection.setReading(false) }
        }
        let connection = try HsmsPassiveConnection(environment: scene.host, address: "", delegate: delegate)
        connection.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        for system in 1...100 as ClosedRange<UInt32> {
            peer.send(
                .data(session: 0, stream: 7, function: 3, requireResponse: false, system: system),
                data: ByteBuffer(repeating: 0, count: 10_000))
        }
        scene.run(100)
        #expect(taken == [1, 2, 3])
        #expect(peer.transport.queuedBytes > 0)
        connection.setReading(true)
        scene.run(1)
        #expect(taken == Array(1...100))
        #expect(connection.isConnected)
    }

    @Test("Who comes from another address is turned away without a word", arguments: ["10.0.0.2", "tool.fab"])
    func expectedAddress(_ address: String) throws {
        let scene = HsmsWorld()
        scene.world.network.names["tool.fab"] = ["10.0.0.2"]
        let stranger = scene.world.environment(named: "stranger", address: "10.0.0.3")
        let delegate = RecordingDelegate()
        let connection = try HsmsPassiveConnection(environment: scene.host, address: address, delegate: delegate)
        connection.enable()
        scene.run(0)
        let other = try #require(scene.connect(from: stranger))
        scene.run(1)
        #expect(other.isClosed)
        #expect(delegate.log.lines == [])
        let peer = try #require(scene.connect())
        scene.run(1)
        #expect(!peer.isClosed)
        #expect(delegate.log.lines == ["established"])
    }

    @Test("A second peer is turned away while the first is served, and the port stays open")
    func secondPeer() throws {
        let scene = HsmsWorld()
        let delegate = RecordingDelegate()
        let connection = try HsmsPassiveConnection(environment: scene.host, address: "10.0.0.2", delegate: delegate)
        connection.enable()
        scene.run(0)
        let first = try #require(scene.connect())
        let second = try #require(scene.connect())
        scene.run(1)
        #expect(second.isClosed && !first.isClosed)
        first.transport.close()
        scene.run(0)
        let third = try #require(scene.connect())
        scene.run(1)
        #expect(!third.isClosed)
        #expect(
            delegate.log.lines == ["established", "before closed", "closed: closed by the peer", "established"])
    }

    @Test("A second peer may take the place of the first, whose end is reported before")
    func replacement() throws {
        let scene = HsmsWorld()
        let delegate = RecordingDelegate()
        var configuration = HsmsConfiguration()
        configuration.duplicatePolicy = .replace
        let connection = try HsmsPassiveConnection(
            environment: scene.host, address: "10.0.0.2", delegate: delegate, configuration: configuration)
        connection.enable()
        scene.run(0)
        let first = try #require(scene.connect())
        let second = try #require(scene.connect())
        scene.run(1)
        #expect(first.isClosed && !second.isClosed)
        #expect(
            delegate.log.lines == [
                "established", "before closed", "closed: replaced by a newer connection of the peer", "established",
            ])
    }

    @Test("A port that is taken is tried again every T5")
    func portTaken() throws {
        let scene = HsmsWorld()
        var other: (any Listener)?
        scene.host.listenTCP(address: nil, port: 5_000, accept: { $0.close() }, completion: { other = try? $0.get() })
        let delegate = RecordingDelegate()
        let connection = try HsmsPassiveConnection(environment: scene.host, address: "", delegate: delegate)
        connection.enable()
        scene.run(15)
        #expect(delegate.log.take() == ["open failed: PortUnavailable", "open failed: PortUnavailable"])
        other?.close()
        scene.run(10)
        #expect(connection.listeningPort == 5_000)
        #expect(delegate.log.lines == [])
    }

    @Test("A peer that takes nothing does not let the queue grow: a message over the limit is an error")
    func sendQueue() throws {
        let scene = HsmsWorld()
        scene.listen()
        var configuration = HsmsConfiguration()
        configuration.sendQueueLimit = 1_000_000
        let connection = try HsmsActiveConnection(
            environment: scene.host, address: "10.0.0.2", configuration: configuration)
        connection.enable()
        scene.run(0)
        scene.peers[0].transport.setReading(false)
        let packet = HsmsPacket(
            .data(session: 0, stream: 7, function: 3, requireResponse: false, system: 1),
            data: ByteBuffer(repeating: 0, count: 400_000))
        try connection.send(packet)
        try connection.send(packet)
        #expect(throws: IOFault.self) {
            for _ in 0..<3 { try connection.send(packet) }
        }
        var isWritable = false
        #expect(connection.whenWritable { isWritable = true })
        scene.peers[0].transport.setReading(true)
        scene.run(1)
        #expect(isWritable)
        #expect(!connection.whenWritable {})
        #expect(scene.peers[0].received == [packet, packet])
    }

    @Test(
        "A message of 16 MB arrives whole, and one that is longer than the maximum ends the connection",
        arguments: EnvironmentKind.allCases)
    func large(_ kind: EnvironmentKind) async throws {
        try await withHsmsScene(kind) { scene in
            let events = EventLog()
            var text = ByteBuffer()
            for page in 0..<4_096 as Range<UInt32> { text.writeRepeatingByte(UInt8(page % 251), count: 4_096) }
            let sent = text
            var configuration = HsmsConfiguration()
            configuration.timers.linktest = nil
            scene.passive(configuration, events: events) { handler, port in
                handler.onEvent = { _, event in
                    events.note(event)
                    guard case .packetReceived(let packet) = event else { return }
                    #expect(packet.data == sent)
                }
                scene.connect(to: port) { peer in
                    let header = HsmsHeader.data(session: 0, stream: 7, function: 3, requireResponse: false, system: 2)
                    peer.onClose = {
                        #expect(events.lines.count == 4)
                        #expect(events.lines.last?.contains("longer than the maximum") == true)
                        scene.end()
                    }
                    peer.send(.selectRequest(system: 1))
                    peer.send(header, data: sent)
                    var longer = sent
                    longer.writeRepeatingByte(0, count: 1 << 17)
                    peer.send(header, data: longer)
                }
            }
        }
    }
}
