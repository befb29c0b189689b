import Bytes
import ControlCore
import Glibc
import HSMS
import Polling
import Testing

/// What a peer may send at once, and what a program that is held up must not delay.
@Suite("HSMS under load")
struct HsmsLoadTrialTests {
    /// 200,000 messages in one piece; 2,000,000 with `LECTERN_TEST_LONG=1`.
    private static let flood =
        getenv("LECTERN_TEST_LONG").map { String(cString: $0) == "1" } == true ? 2_000_000 : 200_000

    /// A selected connection with a peer that does nothing by itself.
    private func selected(
        _ scene: HsmsWorld, _ configure: (inout HsmsConfiguration) -> Void = { _ in }
    ) throws -> (HsmsProtocol, RawPeer) {
        let handler = try scene.handler(active: false, configure)
        handler.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        peer.send(.selectRequest(system: 1))
        scene.run(0.01)
        #expect(handler.isSelected())
        return (handler, peer)
    }

    private func data(
        _ system: UInt32, stream: UInt8 = 6, function: UInt8 = 11, text: ByteBuffer = ByteBuffer()
    )
        -> HsmsPacket
    {
        HsmsPacket(
            .data(session: 0, stream: stream, function: function, requireResponse: true, system: system), data: text)
    }

    // MARK: - A program that is held up

    @Test("While messages wait for the program, replies, their timers and control messages do not")
    func heldUp() throws {
        let scene = HsmsWorld()
        let (handler, peer) = try selected(scene) { $0.timers.t3 = .seconds(1) }
        var received = 0
        handler.onEvent = { _, event in if case .packetReceived = event { received += 1 } }
        handler.setHolding(true)
        var outcomes: [String] = []
        handler.sendAndAwaitReply(stream: 1, function: 1) { outcomes.append($0.reason) }
        handler.sendAndAwaitReply(stream: 1, function: 3) { outcomes.append($0.reason) }
        scene.run(0.01)
        let requests = peer.received.suffix(2)
        for number in UInt32(0)..<50 { peer.transport.send(data(1_000 + number).encoded()) }
        let first = try #require(requests.first)
        peer.send(
            .data(session: 0, stream: 1, function: 2, requireResponse: false, system: first.header.system))
        peer.send(.linktestRequest(system: 77))
        scene.run(0.1)
        #expect(outcomes == ["Reply"])
        #expect(peer.received.last?.brief == "Linktest.rsp")
        #expect(received == 0)
        #expect(handler.heldMessages == 50)
        scene.run(1)
        #expect(outcomes == ["Reply", "TimedOut"])
        handler.setHolding(false)
        scene.run(0.1)
        #expect(received == 50)
        #expect(handler.heldMessages == 0)
        #expect(handler.heldBytes == 0)
    }

    @Test("Beyond its bound in number or bytes, what waits for the program is refused with SxF0, and said once")
    func refused() throws {
        let scene = HsmsWorld()
        let (handler, peer) = try selected(scene)
        var refusals = 0
        handler.onRefusal = { refusals += 1 }
        handler.setHolding(true)
        for number in 0..<HsmsHeldMessages.mostMessages + 40 {
            peer.transport.send(data(UInt32(1_000 + number)).encoded())
        }
        scene.run(1)
        #expect(handler.heldMessages == HsmsHeldMessages.mostMessages)
        #expect(refusals == 1)
        #expect(peer.received.filter { $0.brief == "S6F0" }.count == 40)
        peer.send(.linktestRequest(system: 5))
        scene.run(0.1)
        #expect(peer.received.last?.brief == "Linktest.rsp")
        handler.setHolding(false)
        scene.run(1)
        // One long message is kept, and with it no other one.
        handler.setHolding(true)
        for number in UInt32(0)..<3 {
            let text = ByteBuffer(repeating: 0, count: HsmsHeldMessages.mostBytes + 1)
            peer.transport.send(data(9_000 + number, text: text).encoded())
        }
        scene.run(1)
        #expect(handler.heldMessages == 1)
        #expect(refusals == 2)
    }

    @Test("When the session ends, what waited for the program comes before that, in order")
    func ended() throws {
        let scene = HsmsWorld()
        let (handler, peer) = try selected(scene)
        var events: [String] = []
        handler.onEvent = { _, event in
            switch event {
            case .packetReceived(let packet): events.append("\(packet.header.system)")
            case .disconnected: events.append("closed")
            default: break
            }
        }
        handler.setHolding(true)
        for number in UInt32(1)...3 { peer.transport.send(data(number).encoded()) }
        scene.run(0.1)
        #expect(events == [])
        peer.transport.close()
        scene.run(0.1)
        #expect(events == ["1", "2", "3", "closed"])
    }

    @Test("A short message that waits does not keep the long piece that it came with")
    func compact() throws {
        let scene = HsmsWorld()
        let (handler, peer) = try selected(scene)
        handler.setHolding(true)
        var together = ByteBuffer()
        for number in UInt32(1)...10 {
            together.writeImmutableBuffer(data(number, text: ByteBuffer(string: "A text.")).encoded())
        }
        together.writeImmutableBuffer(
            HsmsPacket(.linktestRequest(system: 4), data: ByteBuffer(repeating: 0, count: 60_000)).encoded())
        var packets: [HsmsPacket] = []
        handler.onEvent = { _, event in if case .packetReceived(let packet) = event { packets.append(packet) } }
        peer.transport.send(together)
        scene.run(0.1)
        handler.setHolding(false)
        scene.run(0.1)
        #expect(packets.count == 10)
        #expect(packets.allSatisfy { $0.heldBytes < 1_000 })
    }

    @Test("GEM answers what it knows, and S1F13, also while messages wait for the program")
    func gemAnswers() throws {
        let pair = try GemPair { equipment in
            try equipment.variables.add(statusVariable: GemVariable(id: 10, name: "Pressure", value: .u4(7)))
            try equipment.commands.add(GemRemoteCommands.Command("START") { $0.reply(.done) })
        }
        pair.equipmentSession.isForProgram = { [equipment = pair.equipment] in
            !equipment.isUrgent($0) && equipment.isForProgram($0)
        }
        pair.equipmentSession.setHolding(true)
        var answers: [String] = []
        pair.host.command("START") { _ in answers.append("START") }
        pair.host.statusVariables([10]) { answers.append("\(String(describing: try? $0.get().first))") }
        pair.run(0.1)
        #expect(answers == ["Optional(<U4 7>)"])
        pair.host.disable()
        pair.host.enable()
        pair.run(1)
        #expect(pair.host.isCommunicating)
        pair.equipmentSession.setHolding(false)
        pair.run(1)
        #expect(answers.last == "START")
    }

    // MARK: - A share for each

    @Test("Messages that come in one piece are handled in turns, between which others have theirs")
    func turns() throws {
        let scene = HsmsWorld()
        let (handler, peer) = try selected(scene)
        var handled = 0
        var most = 0
        var inTurn = 0
        handler.onEvent = { _, event in
            guard case .packetReceived = event else { return }
            handled += 1
            inTurn += 1
            most = max(most, inTurn)
        }
        // Others of the loop: what was handled since the last tick.
        var ticks = 0
        func tick() {
            ticks += 1
            inTurn = 0
            scene.host.schedule(after: .milliseconds(1)) { tick() }
        }
        tick()
        let one = data(7).encoded()
        var together = ByteBuffer()
        together.reserveCapacity(Self.flood * one.readableBytes)
        for _ in 0..<Self.flood { together.writeImmutableBuffer(one) }
        peer.transport.send(together)
        peer.send(.linktestRequest(system: 9))
        scene.run(Double(Self.flood) / 200_000 * 2)
        #expect(handled == Self.flood)
        // A turn of the connection and one of the timers may lie on either side of an instant.
        #expect(most <= 2 * 1_024)
        #expect(ticks >= Self.flood / 1_024)
        #expect(peer.received.last?.brief == "Linktest.rsp")
    }

    @Test("What came before the peer closed is delivered to the last message, however much it is")
    func beforeTheClose() throws {
        let scene = HsmsWorld()
        let (handler, peer) = try selected(scene)
        var events: [String] = []
        var handled = 0
        handler.onEvent = { _, event in
            switch event {
            case .packetReceived: handled += 1
            case .disconnected(let reason): events.append("\(handled) \(reason)")
            default: break
            }
        }
        var together = ByteBuffer()
        for number in UInt32(0)..<5_000 { together.writeImmutableBuffer(data(number).encoded()) }
        peer.transport.send(together)
        peer.transport.close()
        scene.run(1)
        #expect(events == ["5000 closed by the peer"])
    }

    @Test("A message that is cut while others are still handled is given T8 from when they are")
    func intercharacterTime() throws {
        let scene = HsmsWorld()
        let (handler, peer) = try selected(scene) { $0.timers.t8 = .milliseconds(2) }
        var together = ByteBuffer()
        for number in UInt32(0)..<10_000 { together.writeImmutableBuffer(data(number).encoded()) }
        together.writeInteger(UInt32(10))
        peer.transport.send(together)
        scene.run(0.0095)
        #expect(handler.connection.isConnected)
        scene.run(1)
        #expect(!handler.connection.isConnected)
    }

    @Test("The highest function has a reply, or none, without harm")
    func highestFunction() throws {
        let scene = HsmsWorld()
        let (handler, peer) = try selected(scene)
        var outcomes: [String] = []
        handler.sendAndAwaitReply(stream: 1, function: 255) { outcomes.append($0.reason) }
        scene.run(0.01)
        let system = try #require(peer.received.last).header.system
        peer.send(.data(session: 0, stream: 1, function: 2, requireResponse: false, system: system))
        peer.send(.data(session: 0, stream: 1, function: 0, requireResponse: false, system: system))
        scene.run(0.01)
        #expect(outcomes == ["Aborted"])
    }
}
