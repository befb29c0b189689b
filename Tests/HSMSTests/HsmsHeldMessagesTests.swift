import Bytes
import Testing

@testable import HSMS

@Suite("HSMS messages that wait for the program")
struct HsmsHeldMessagesTests {
    /// A message with so many bytes of text, in a buffer of so many.
    private func message(_ system: UInt32, text: Int = 0, capacity: Int = 0) -> HsmsEvent {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(max(text, capacity))
        buffer.writeRepeatingByte(7, count: text)
        return .packetReceived(
            HsmsPacket(
                .data(session: 0, stream: 6, function: 11, requireResponse: true, system: system), data: buffer))
    }

    private func packet(_ event: HsmsEvent?) -> HsmsPacket? {
        switch event {
        case .packetReceived(let packet), .unexpectedReply(let packet): packet
        default: nil
        }
    }

    @Test("Messages come back in their order, and each takes 128 bytes beside its text")
    func order() {
        var held = HsmsHeldMessages()
        #expect(held.isEmpty)
        #expect(held.keep(message(1, text: 10)) == true)
        #expect(held.keep(.deselected(session: 0)) == true)
        #expect(held.keep(message(2, text: 20)) == true)
        #expect(!held.isEmpty)
        #expect(held.count == 3)
        #expect(held.bytes == 30 + 3 * 128)
        #expect(packet(held.popFirst())?.header.system == 1)
        #expect(held.bytes == 20 + 2 * 128)
        #expect(held.popFirst() == .deselected(session: 0))
        #expect(packet(held.popFirst())?.header.system == 2)
        #expect(held.bytes == 0 && held.isEmpty)
        #expect(held.popFirst() == nil)
    }

    @Test("960 messages wait, and no more")
    func number() {
        var held = HsmsHeldMessages()
        for system in 0..<960 as Range<UInt32> { #expect(held.keep(message(system)) == true) }
        #expect(held.keep(message(960)) == false)
        #expect(held.count == 960)
        _ = held.popFirst()
        #expect(held.keep(message(961)) == true)
    }

    @Test("4 MiB wait, and not a byte more; a single message may be longer")
    func bytes() {
        let half = (2 << 20) - 128
        var held = HsmsHeldMessages()
        #expect(held.keep(message(1, text: half)) == true)
        #expect(held.keep(message(2, text: half + 1)) == false)
        #expect(held.keep(message(3, text: half)) == true)
        #expect(held.bytes == 4 << 20)
        #expect(held.keep(message(4)) == false)
        var other = HsmsHeldMessages()
        #expect(other.keep(message(1, text: 5 << 20)) == true)
        #expect(other.keep(message(2)) == false)
    }

    @Test("That one was refused is told once, until all were taken")
    func refusals() {
        var held = HsmsHeldMessages()
        for system in 1...2 as ClosedRange<UInt32> { #expect(held.keep(message(system)) == true) }
        #expect(held.refuse() == true)
        #expect(held.refuse() == false)
        _ = held.popFirst()
        #expect(held.refuse() == false)
        _ = held.popFirst()
        #expect(held.refuse() == true)
    }

    @Test(
        "A text gets memory of its own when it came in over twice as much and 64 bytes",
        arguments: [
            (32, 128, 128), (32, 256, 32), (1, 128, 16), (0, 64, 0), (0, 128, 0), (200, 512, 208), (300, 512, 512),
        ])
    func compacts(text: Int, capacity: Int, kept: Int) throws {
        let size = MemoryLayout<HsmsPacket>.size
        for isReply in [false, true] {
            var held = HsmsHeldMessages()
            let given = try #require(packet(message(1, text: text, capacity: capacity)))
            #expect(given.heldBytes == size + capacity)
            #expect(held.keep(isReply ? .unexpectedReply(given) : .packetReceived(given)) == true)
            let taken = try #require(packet(held.popFirst()))
            #expect(taken == given)
            #expect(taken.heldBytes == size + kept)
        }
    }
}
