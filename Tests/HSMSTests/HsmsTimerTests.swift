import Bytes
import ControlCore
import HSMS
import Polling
import Testing

@Suite("HSMS timers")
struct HsmsTimerTests {
    @Test("The first attempt is made at once, every later one after T5, with its fraction")
    func connectSeparation() throws {
        let scene = HsmsWorld()
        let handler = try scene.handler(active: true) { $0.timers.t5 = .milliseconds(2_500) }
        handler.enable()
        scene.run(6)
        #expect(
            scene.log.take() == [
                "0.0 open failed: ConnectionRefused", "2.5 open failed: ConnectionRefused",
                "5.0 open failed: ConnectionRefused",
            ])
        scene.onPeer = { $0.answerControl() }
        scene.listen()
        scene.run(3)
        #expect(scene.log.take() == ["7.5 connected", "7.5 selected"])
        scene.peers[0].transport.close()
        scene.run(2)
        #expect(scene.log.take() == ["9.0 disconnected: closed by the peer"])
        scene.run(1)
        #expect(scene.log.take() == ["11.5 connected", "11.5 selected"])
    }

    @Test("T5 may be longer at random, so that connections that were lost together do not come back together")
    func jitter() throws {
        let scene = HsmsWorld()
        let handlers = try (0..<20).map { _ in
            try scene.handler(active: true) {
                $0.timers.t5 = .seconds(2)
                $0.timers.t5Jitter = .seconds(1)
            }
        }
        for handler in handlers { handler.enable() }
        scene.run(0)
        #expect(Set(scene.log.take()) == ["0.0 open failed: ConnectionRefused"])
        scene.run(2)
        #expect(scene.log.lines.count < 3)
        scene.run(1)
        #expect(scene.log.lines.count == 20)
        #expect(Set(scene.log.lines).count > 10)
    }

    @Test("While messages are not taken, neither T3 nor a linktest ends anything")
    func paused() throws {
        let scene = HsmsWorld()
        scene.onPeer = { $0.answerControl() }
        scene.listen()
        let handler = try scene.handler(active: true) { $0.timers.t3 = .seconds(1) }
        handler.enable()
        scene.run(1)
        handler.sendAndAwaitReply(stream: 1, function: 1) { scene.note($0.reason) }
        scene.run(0)
        let request = try #require(scene.peers[0].received.last)
        handler.connection.setReading(false)
        scene.peers[0].send(
            .data(session: 0, stream: 1, function: 2, requireResponse: false, system: request.header.system))
        scene.run(100)
        handler.connection.setReading(true)
        scene.run(1)
        #expect(scene.log.lines == ["0.0 connected", "0.0 selected", "101.0 Reply"])
    }

    @Test("A peer that does not answer the connect is given up after the connect time")
    func connectTimeout() throws {
        let scene = HsmsWorld()
        scene.world.network.inject(.drop, on: .host("10.0.0.2"))
        try scene.handler(active: true).enable()
        scene.run(25)
        #expect(scene.log.take() == ["10.0 open failed: TimedOut"])
    }

    @Test("T3 ends the request and nothing else; a later reply is reported as unexpected")
    func replyTimeout() throws {
        let scene = HsmsWorld()
        scene.onPeer = { $0.answerControl() }
        scene.listen()
        let handler = try scene.handler(active: true) { $0.timers.t3 = .milliseconds(1_500) }
        handler.enable()
        scene.run(1)
        handler.sendAndAwaitReply(stream: 1, function: 1) { scene.note($0.reason) }
        scene.run(3)
        let request = try #require(scene.peers[0].received.last)
        scene.peers[0].send(
            .data(session: 0, stream: 1, function: 2, requireResponse: false, system: request.header.system))
        scene.run(1)
        #expect(scene.log.take() == ["0.0 connected", "0.0 selected", "2.5 TimedOut", "4.0 unexpected S1F2"])
        #expect(handler.state == .selected)
        #expect(handler.openTransactions == 0)
    }

    @Test("T3 is no longer for a request that is made while a message is handled")
    func replyTimeoutInTurn() throws {
        let scene = HsmsWorld()
        scene.onPeer = { $0.answerControl() }
        scene.listen()
        let handler = try scene.handler(active: true) { $0.timers.t3 = .seconds(2) }
        handler.enable()
        scene.run(1)
        handler.sendAndAwaitReply(stream: 1, function: 1) { _ in
            handler.sendAndAwaitReply(stream: 1, function: 3) { scene.note($0.reason) }
        }
        scene.run(1)
        let request = try #require(scene.peers[0].received.last)
        scene.peers[0].send(
            .data(session: 0, stream: 1, function: 2, requireResponse: false, system: request.header.system))
        scene.run(5)
        #expect(scene.log.take() == ["0.0 connected", "0.0 selected", "4.0 TimedOut"])
    }

    @Test("Select.req is sent again when T6 has passed, and then the connection is given up for T5")
    func selectTimeout() throws {
        let scene = HsmsWorld()
        scene.listen()
        try scene.handler(active: true).enable()
        scene.run(12)
        #expect(scene.log.take() == ["0.0 connected", "10.0 disconnected: T6: no answer to Select.req"])
        #expect(scene.peers[0].received.map(\.brief) == ["Select.req", "Select.req"])
        #expect(scene.peers[0].received.map(\.header.system) == scene.peers[0].received.map(\.header.system).sorted())
        scene.run(9)
        #expect(scene.log.take() == ["20.0 connected"])
    }

    @Test("A lost Select.req is made good by the next")
    func lostSelect() throws {
        let scene = HsmsWorld()
        scene.onPeer = { peer in
            peer.onPacket = { [unowned peer] _ in if peer.received.count == 2 { peer.answerControl() } }
        }
        scene.listen()
        let handler = try scene.handler(active: true) { $0.timers.t6 = .seconds(1) }
        handler.enable()
        scene.run(1.5)
        scene.peers[0].send(.selectResponse(system: scene.peers[0].received[1].header.system))
        scene.run(1)
        #expect(scene.log.take() == ["0.0 connected", "1.5 selected"])
    }

    @Test("A session that the peer has half lost is selected again, and then carries data")
    func halfSelected() throws {
        let scene = HsmsWorld()
        var selects = 0
        scene.onPeer = { peer in
            peer.onPacket = { [unowned peer] packet in
                switch packet.header.messageType {
                case .selectRequest:
                    selects += 1
                    peer.send(.selectResponse(system: packet.header.system))
                case .data where selects == 1:
                    peer.send(.rejectRequest(of: packet.header, reason: .entityNotSelected))
                case .data:
                    peer.send(
                        .data(session: 0, stream: 1, function: 2, requireResponse: false, system: packet.header.system))
                default: break
                }
            }
        }
        scene.listen()
        let handler = try scene.handler(active: true)
        handler.enable()
        scene.run(1)
        handler.sendAndAwaitReply(stream: 1, function: 1) { scene.note($0.reason) }
        scene.run(1)
        handler.sendAndAwaitReply(stream: 1, function: 1) { scene.note($0.reason) }
        scene.run(1)
        #expect(
            scene.log.take() == [
                "0.0 connected", "0.0 selected", "1.0 Rejected", "1.0 deselected", "1.0 selected", "2.0 Reply",
            ])
    }

    @Test("A linktest is sent after silence only, and its failures are counted in a row")
    func linktest() throws {
        let scene = HsmsWorld()
        let handler = try scene.handler(active: false) {
            $0.timers.linktest = .seconds(10)
            $0.toleratedLinktestFailures = 1
        }
        handler.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        peer.send(.selectRequest(system: 1))
        scene.run(6)
        peer.send(.linktestRequest(system: 2))
        scene.run(9)
        #expect(peer.received.map(\.brief) == ["Select.rsp 0", "Linktest.rsp"])
        scene.run(2)
        #expect(peer.received.last?.brief == "Linktest.req")
        // Unanswered at 21, tolerated; the next at 26 is answered; then all fails: 36 + 5, 46 + 5.
        scene.run(10)
        #expect(peer.received.count(where: { $0.brief == "Linktest.req" }) == 2)
        peer.send(.linktestResponse(system: peer.received.last?.header.system ?? 0))
        scene.run(40)
        #expect(
            scene.log.take() == [
                "0.0 connected", "0.0 selected", "52.0 disconnected: T6: no answer to Linktest.req",
            ])
    }

    @Test("A connection that stays deselected is closed after T7, and selected again after T5")
    func deselected() throws {
        let scene = HsmsWorld()
        scene.onPeer = { $0.answerControl() }
        scene.listen()
        let handler = try scene.handler(active: true)
        handler.enable()
        scene.run(1)
        handler.sendDeselectRequest { scene.note("\($0.reason) \($0.reply?.deselectStatus?.rawValue ?? 99)") }
        scene.run(25)
        #expect(
            scene.log.take() == [
                "0.0 connected", "0.0 selected", "1.0 Reply 0", "1.0 deselected",
                "11.0 disconnected: T7: no session was selected", "21.0 connected", "21.0 selected",
            ])
    }

    @Test("T3 counts from when the request was sent: behind a long message on a slow line it waits")
    func slowLine() throws {
        let scene = HsmsWorld()
        scene.onPeer = { $0.answerControl() }
        scene.listen()
        scene.world.network.bandwidth = 100_000
        let handler = try scene.handler(active: true) {
            $0.timers.t3 = .seconds(2)
            $0.timers.t6 = .seconds(2)
            $0.timers.linktest = nil
        }
        handler.enable()
        scene.run(1)
        try handler.sendStreamFunction(stream: 7, function: 3, data: ByteBuffer(repeating: 1, count: 1_000_000))
        scene.peers[0].onPacket = { [unowned peer = scene.peers[0]] packet in
            guard packet.header.requireResponse else { return }
            peer.send(.data(session: 0, stream: 1, function: 2, requireResponse: false, system: packet.header.system))
        }
        handler.sendAndAwaitReply(stream: 1, function: 1) { scene.note($0.reason) }
        scene.run(20)
        #expect(scene.log.lines.last?.hasSuffix("Reply") == true, "\(scene.log.lines)")
    }

    @Test("A peer that takes nothing is no slow line: the request is timed out")
    func stuckLine() throws {
        let scene = HsmsWorld()
        scene.onPeer = { $0.answerControl() }
        scene.listen()
        let handler = try scene.handler(active: true) {
            $0.timers.t3 = .seconds(2)
            $0.timers.linktest = nil
        }
        handler.enable()
        scene.run(1)
        scene.peers[0].transport.setReading(false)
        try handler.sendStreamFunction(stream: 7, function: 3, data: ByteBuffer(repeating: 1, count: 1_000_000))
        handler.sendAndAwaitReply(stream: 1, function: 1) { scene.note($0.reason) }
        scene.run(20)
        #expect(scene.log.lines.last == "3.0 TimedOut")
    }

    @Test("Timers outside of the standard work and are pointed out; impossible ones are refused")
    func ranges() throws {
        var timers = HsmsTimers()
        #expect(timers.outsideStandard == [])
        timers.t3 = .milliseconds(500)
        timers.t5 = .seconds(241)
        #expect(
            timers.outsideStandard == [
                "T3 is 0.5 s; SEMI E37 allows 1 to 120 s", "T5 is 241.0 s; SEMI E37 allows 1 to 240 s",
            ])
        let scene = HsmsWorld()
        _ = try scene.handler(active: true) { $0.timers = timers }
        let refused: [(String, (inout HsmsConfiguration) -> Void)] = [
            ("T6", { $0.timers.t6 = .zero }), ("T8", { $0.timers.t8 = .hours(1_000_000) }),
            ("linktest interval", { $0.timers.linktest = .nanoseconds(-1) }),
            ("maximum message length", { $0.maximumMessageLength = 9 }),
            ("select attempts", { $0.selectAttempts = 0 }), ("sessions", { $0.sessionModel = .general([]) }),
            ("sessions", { $0.sessionModel = .general([1, 1]) }),
            ("sessions", { $0.sessionModel = .general([0xFFFF]) }),
        ]
        for (parameter, configure) in refused {
            let error = #expect(throws: ParameterError.self) { _ = try scene.handler(active: true, configure) }
            #expect(error?.parameter == parameter)
        }
        let port = #expect(throws: ParameterError.self) { _ = try scene.handler(active: false, port: 70_000) }
        #expect(port?.parameter == "port")
    }
}
