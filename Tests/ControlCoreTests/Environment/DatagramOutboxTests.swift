import Bytes
import Polling
import Testing

@testable import ControlCore

/// What waits while the system has no room for datagrams.
@Suite("Datagrams that wait to be sent")
struct DatagramOutboxTests {
    /// A system that takes so many datagrams.
    private final class Line {
        var room = 0
        private(set) var sent: [Int] = []

        func take(_ bytes: ByteBuffer, _ address: SocketAddress) -> Bool {
            guard room > 0 else { return false }
            room -= 1
            sent.append(bytes.readableBytes)
            return true
        }
    }

    private let line = Line()
    private let address: SocketAddress

    init() throws { address = try SocketAddress(ipAddress: "192.0.2.1", port: 9) }

    private func send(_ size: Int, through outbox: inout DatagramOutbox) {
        outbox.send(ByteBuffer(repeating: 0, count: size), to: address, transmit: line.take)
    }

    private func resume(_ outbox: inout DatagramOutbox) -> Bool { outbox.resume(transmit: line.take) }

    @Test("A queue that was full tells that it has drained although the system is full again before all is sent")
    func drainWhileFull() {
        var outbox = DatagramOutbox()
        for _ in 0..<70 { send(1_000, through: &outbox) }
        #expect(outbox.queuedBytes > 64 << 10)
        line.room = 10
        #expect(!resume(&outbox))
        line.room = 40
        #expect(resume(&outbox))
        #expect(line.sent.count == 50 && outbox.queuedBytes > 0)
        // It is told once.
        line.room = 20
        #expect(!resume(&outbox))
        #expect(outbox.queuedBytes == 0)
    }

    @Test("Empty datagrams that wait count, and fill the queue in the end")
    func emptyOnes() {
        var outbox = DatagramOutbox()
        for _ in 0..<300 { send(0, through: &outbox) }
        #expect(outbox.queuedBytes > 64 << 10)
        line.room = 300
        #expect(resume(&outbox))
        #expect(outbox.queuedBytes == 0)
    }

    @Test("Nothing waits while there is room, and what waits goes first")
    func order() {
        var outbox = DatagramOutbox()
        line.room = 1
        send(1, through: &outbox)
        #expect(outbox.queuedBytes == 0)
        send(2, through: &outbox)
        line.room = 1
        send(3, through: &outbox)
        #expect(line.sent == [1])
        #expect(!resume(&outbox))
        line.room = 1
        #expect(!resume(&outbox))
        #expect(line.sent == [1, 2, 3] && outbox.queuedBytes == 0)
    }
}
