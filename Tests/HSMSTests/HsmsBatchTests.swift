import Bytes
import ControlCore
import HSMS
import Testing

@Suite("HSMS answers to messages that came together")
struct HsmsBatchTests {
    @Test("Answers to messages that came in one piece go out in one piece, in order, and others by themselves")
    func onePiece() throws {
        let scene = HsmsWorld()
        let handler = try scene.handler(active: false)
        handler.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        var together = HsmsPacket(.selectRequest(system: 1)).encoded()
        for system in UInt32(2)...5 {
            together.writeImmutableBuffer(HsmsPacket(.linktestRequest(system: system)).encoded())
        }
        peer.transport.send(together)
        scene.run(0.01)
        #expect(peer.received.map(\.header.system) == [1, 2, 3, 4, 5])
        #expect(peer.pieces == 1)
        for system in UInt32(6)...7 {
            peer.send(.linktestRequest(system: system))
            scene.run(0.01)
        }
        #expect(peer.received.count == 7)
        #expect(peer.pieces == 3)
    }

    @Test("A long reply keeps its place among short ones, and nothing waits when the queue grows long")
    func mixedLengths() throws {
        let scene = HsmsWorld()
        let handler = try scene.handler(active: false)
        let lengths = [10, 100_000, 20, 20_000, 20_000, 30]
        var queued: [Int] = []
        handler.onEvent = { handler, event in
            guard case .packetReceived(let packet) = event else { return }
            let text = ByteBuffer(repeating: 0, count: lengths[Int(packet.header.system)])
            #expect(throws: Never.self) { try handler.sendReply(to: packet.header, function: 2, data: text) }
            queued.append(handler.connection.queuedBytes)
        }
        handler.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        peer.send(.selectRequest(system: 99))
        scene.run(0.01)
        var together = ByteBuffer()
        for system in lengths.indices {
            let request = HsmsHeader.data(
                session: 0, stream: 1, function: 1, requireResponse: true, system: UInt32(system))
            together.writeImmutableBuffer(HsmsPacket(request).encoded())
        }
        peer.transport.send(together)
        scene.run(1)
        #expect(peer.received.dropFirst().map { Int($0.header.system) } == Array(lengths.indices))
        #expect(peer.received.dropFirst().map(\.data.readableBytes) == lengths)
        // Bytes that are gathered count as queued.
        #expect(queued.first == 4 + 10 + lengths[0])
        #expect(handler.connection.queuedBytes == 0)
    }

    @Test("What was answered before a malformed length is sent before the connection closes")
    func beforeTheEnd() throws {
        let scene = HsmsWorld()
        let handler = try scene.handler(active: false)
        handler.enable()
        scene.run(0)
        let peer = try #require(scene.connect())
        var together = HsmsPacket(.linktestRequest(system: 1)).encoded()
        together.writeImmutableBuffer(ByteBuffer(hex: "00000001 ff"))
        peer.transport.send(together)
        scene.run(0.1)
        #expect(peer.received.map(\.brief) == ["Linktest.rsp"])
        #expect(peer.isClosed)
    }
}
