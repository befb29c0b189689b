import Bytes
import ControlCore
import HSMS
import Polling
import Testing

@Suite("HSMS procedures")
struct HsmsProtocolTests {
    /// Two protocols that talk to each other.
    private final class Pair {
        let scene = HsmsWorld()
        let equipment: HsmsProtocol
        let host: HsmsProtocol
        var log: [String] = []

        init(_ configure: (inout HsmsConfiguration) -> Void = { _ in }) throws {
            var configuration = HsmsConfiguration()
            configure(&configuration)
            equipment = try HsmsProtocol(
                environment: scene.tool, address: "10.0.0.1", active: false, name: "equipment",
                configuration: configuration)
            host = try HsmsProtocol(
                environment: scene.host, address: "10.0.0.2", active: true, name: "host", configuration: configuration)
            for handler in [equipment, host] {
                handler.onEvent = { self.log.append("\($0.name) \($1.brief)") }
            }
            equipment.enable()
            host.enable()
            scene.run(1)
        }

        func take() -> [String] {
            defer { log = [] }
            return log
        }
    }

    @Test("A whole conversation: select, data both ways, linktest, deselect, reselect, separate, reconnect")
    func conversation() throws {
        let pair = try Pair()
        #expect(pair.take() == ["host connected", "equipment connected", "equipment selected", "host selected"])
        pair.equipment.onEvent = { handler, event in
            guard case .packetReceived(let packet) = event else { return pair.log.append("equipment \(event.brief)") }
            pair.log.append("equipment \(event.brief)")
            #expect(throws: Never.self) {
                try handler.sendReply(to: packet.header, data: ByteBuffer(bytes: [1, 0]))
            }
        }
        func outcome(_ name: String) -> (HsmsOutcome) -> Void {
            { pair.log.append("\(name) \($0.packet?.brief ?? $0.reason)") }
        }
        pair.host.sendAndAwaitReply(stream: 1, function: 1, completion: outcome("S1F1"))
        pair.equipment.sendLinktestRequest(completion: outcome("linktest"))
        pair.scene.run(1)
        #expect(pair.take() == ["equipment received S1F1 W", "S1F1 S1F2", "linktest Linktest.rsp"])
        pair.host.sendDeselectRequest(completion: outcome("deselect"))
        pair.scene.run(1)
        #expect(pair.take() == ["equipment deselected", "deselect Deselect.rsp 0", "host deselected"])
        pair.host.sendAndAwaitReply(stream: 1, function: 1, completion: outcome("S1F1"))
        #expect(throws: IOFault.self) { try pair.host.sendStreamFunction(stream: 1, function: 1) }
        pair.host.sendSelectRequest(completion: outcome("select"))
        pair.scene.run(1)
        #expect(
            pair.take() == ["S1F1 NotSelected", "equipment selected", "select Select.rsp 0", "host selected"])
        pair.host.sendSelectRequest(completion: outcome("select"))
        pair.scene.run(1)
        #expect(pair.take() == ["select Select.rsp 1"])
        try pair.host.sendSeparateRequest()
        pair.scene.run(1)
        #expect(pair.take() == ["host disconnected: separated", "equipment disconnected: separated"])
        #expect(throws: IOFault.self) { try pair.host.sendSeparateRequest() }
        pair.host.sendLinktestRequest(completion: outcome("linktest"))
        pair.scene.run(10)
        #expect(
            pair.take() == [
                "linktest NotConnected", "host connected", "equipment connected", "equipment selected", "host selected",
            ])
    }

    @Test("General sessions of one connection are used side by side")
    func generalSessions() throws {
        let pair = try Pair { $0.sessionModel = .general([7, 8]) }
        #expect(pair.host.isSelected(session: 7) && pair.equipment.isSelected(session: 8))
        pair.equipment.onEvent = { handler, event in
            guard case .packetReceived(let packet) = event else { return }
            #expect(throws: Never.self) { try handler.sendReply(to: packet.header) }
        }
        _ = pair.take()
        pair.host.sendAndAwaitReply(stream: 1, function: 1, session: 8) { outcome in
            pair.log.append("\(outcome.reply?.header.sessionID ?? 0)")
        }
        try pair.host.sendSeparateRequest(session: 7)
        pair.scene.run(1)
        #expect(pair.take() == ["host deselected", "8"])
        #expect(!pair.equipment.isSelected(session: 7) && pair.equipment.isSelected(session: 8))
        pair.host.sendAndAwaitReply(stream: 1, function: 1, session: 7) { pair.log.append($0.reason) }
        pair.scene.run(1)
        #expect(pair.take() == ["NotSelected"])
    }

    @Test("Data right behind Select.req and right behind Select.rsp finds the session established")
    func dataBehindSelect() throws {
        let scene = HsmsWorld()
        let s1f13 = HsmsHeader.data(session: 0, stream: 1, function: 13, requireResponse: true, system: 2)
        let passive = try scene.handler(active: false)
        passive.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        peer.send(.selectRequest(system: 1))
        peer.send(s1f13)
        scene.run(0)
        #expect(scene.log.take() == ["0.0 connected", "0.0 selected", "0.0 received S1F13 W"])
        #expect(peer.received.map(\.brief) == ["Select.rsp 0"])

        let other = HsmsWorld()
        other.onPeer = { peer in
            peer.onPacket = { [unowned peer] packet in
                guard packet.header.messageType == .selectRequest else { return }
                peer.send(.selectResponse(system: packet.header.system))
                peer.send(s1f13)
            }
        }
        other.listen()
        let active = try other.handler(active: true)
        active.enable()
        other.run(0)
        #expect(other.log.take() == ["0.0 connected", "0.0 selected", "0.0 received S1F13 W"])
        #expect(other.peers[0].received.map(\.brief) == ["Select.req"])
    }

    @Test("A request can be made in any event and completion, and no completion is called inside the call that took it")
    func requestsInside() throws {
        let pair = try Pair()
        pair.equipment.onEvent = { handler, event in
            guard case .packetReceived(let packet) = event else { return }
            // As a peer that asks back before it answers.
            handler.sendAndAwaitReply(stream: 1, function: 3) { outcome in
                pair.log.append("equipment got \(outcome.packet?.brief ?? outcome.reason)")
                #expect(throws: Never.self) { try handler.sendReply(to: packet.header) }
            }
        }
        pair.host.onEvent = { handler, event in
            guard case .packetReceived(let packet) = event else { return }
            #expect(throws: Never.self) { try handler.sendReply(to: packet.header) }
        }
        _ = pair.take()
        var isInside = true
        pair.host.sendAndAwaitReply(stream: 1, function: 1) { outcome in
            #expect(!isInside)
            pair.log.append("host got \(outcome.packet?.brief ?? outcome.reason)")
            isInside = true
            pair.host.disable()
            pair.host.sendLinktestRequest {
                #expect(!isInside)
                pair.log.append("linktest \($0.reason)")
            }
            pair.host.sendAndAwaitReply(stream: 1, function: 1) { pair.log.append("data \($0.reason)") }
            isInside = false
        }
        isInside = false
        pair.scene.run(1)
        #expect(
            pair.take() == ["equipment got S1F4", "host got S1F2", "linktest NotConnected", "data NotConnected"])
    }

    @Test("A request that was cancelled reports nothing, and its reply is taken for no other's")
    func cancelled() throws {
        let pair = try Pair()
        pair.equipment.onEvent = { handler, event in
            guard case .packetReceived(let packet) = event else { return }
            #expect(throws: Never.self) { try handler.sendReply(to: packet.header) }
        }
        _ = pair.take()
        let call = pair.host.sendAndAwaitReply(stream: 1, function: 1) { _ in pair.log.append("called") }
        call.cancel()
        pair.scene.run(1)
        #expect(pair.take() == [])
        #expect(pair.host.openTransactions == 0)
    }

    @Test("Every way in which a request ends is told apart")
    func outcomes() throws {
        let scene = HsmsWorld()
        scene.onPeer = { peer in
            peer.onPacket = { [unowned peer] packet in
                let header = packet.header
                func data(_ stream: UInt8, _ function: UInt8) {
                    peer.send(
                        .data(
                            session: 0, stream: stream, function: function, requireResponse: false,
                            system: header.system))
                }
                switch (header.messageType, header.stream) {
                case (.selectRequest, _): peer.send(.selectResponse(system: header.system))
                case (.data, 1): data(1, header.function + 1)
                case (.data, 2): data(2, 0)
                case (.data, 3): peer.send(.rejectRequest(of: header, reason: .sTypeNotSupported))
                case (.data, 4): data(9, 5)
                case (.data, 6): peer.transport.close()
                default: break
                }
            }
        }
        scene.listen()
        let handler = try scene.handler(active: true) {
            $0.maximumOpenTransactions = 1
            $0.timers.linktest = nil
        }
        handler.onEvent = nil
        func ask(_ stream: UInt8) { handler.sendAndAwaitReply(stream: stream, function: 1) { scene.note($0.reason) } }
        ask(1)
        handler.enable()
        scene.run(0)
        for stream in 1...4 as ClosedRange<UInt8> {
            ask(stream)
            scene.run(0)
        }
        ask(5)
        ask(5)
        scene.run(46)
        ask(6)
        scene.run(1)
        #expect(
            scene.log.lines == [
                "0.0 NotConnected", "0.0 Reply", "0.0 Aborted", "0.0 Rejected", "0.0 ErrorReported", "0.0 Busy",
                "45.0 TimedOut", "46.0 Closed",
            ])
    }

    @Test("Equipment tells its host by S9F9 that a reply did not come")
    func equipmentTimeout() throws {
        let scene = HsmsWorld()
        let handler = try scene.handler(active: false) {
            $0.role = .equipment
            $0.timers.t3 = .seconds(1)
        }
        handler.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        peer.send(.selectRequest(system: 1))
        scene.run(0)
        handler.sendAndAwaitReply(stream: 6, function: 11) { _ in }
        scene.run(2)
        let request = try #require(peer.received.dropFirst().first)
        let error = try #require(peer.received.last)
        #expect(error.brief == "S9F9")
        #expect(error.data == ByteBuffer(bytes: [0x21, 0x0A] + request.header.bytes))
        try handler.sendErrorMessage(.unrecognizedStream, about: request.header)
        scene.run(0)
        #expect(peer.received.last?.brief == "S9F3")
    }

    @Test("An answer that cannot be queued ends the connection: a peer that only talks is not served for ever")
    func deafPeer() throws {
        let scene = HsmsWorld()
        let handler = try scene.handler(active: false) { $0.sendQueueLimit = 100_000 }
        handler.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        peer.transport.setReading(false)
        for _ in 0..<20 {
            for system in 0..<1_000 as Range<UInt32> { peer.send(.linktestRequest(system: system)) }
            scene.run(0.01)
        }
        scene.run(1)
        #expect(scene.log.lines.last?.hasSuffix("disconnected: the peer takes no data") == true)
    }

    @Test("Equal seeds give equal traces, faults and all")
    func determinism() throws {
        func trace() throws -> [String] {
            let pair = try Pair()
            pair.scene.world.schedule(at: pair.scene.host.now + .seconds(5)) {
                pair.scene.world.network.reset(.everything)
            }
            pair.scene.world.network.jitter = .milliseconds(3)
            pair.scene.world.network.inject(.split([1, 5, 3]))
            pair.scene.run(60)
            return pair.scene.world.trace.lines + pair.log
        }
        let first = try trace()
        #expect(try trace() == first)
        #expect(first.last == "host selected")
    }
}
