import Bytes
import ControlCore
import LoopTesting
import Polling

extension EthernetClientInterface {
    /// Waits until ``SSHServerPeer/echo`` is ready.
    func awaitEcho(_ body: @escaping (Bool) -> Void) {
        sendAndWait(
            ByteBuffer(), timeout: .seconds(30).here, delimiter: .suffix(ByteBuffer(string: SSHServerPeer.ready))
        ) { outcome in
            if case .response = outcome { body(true) } else { body(false) }
        }
    }
}

/// Sends a megabyte and takes it back, with reading off for a while.
final class SSHEcho: StreamDelegate {
    private let environment: LiveEnvironment
    private let transport: any StreamTransport
    private var done: ((String) -> Void)?
    private let expected: ByteBuffer
    private var unsent: ByteBuffer
    private var received = ByteBuffer()
    private var pauses = 0
    private var isReading = true
    private var isReady = false

    init(environment: LiveEnvironment, transport: any StreamTransport, done: @escaping (String) -> Void) {
        self.environment = environment
        self.transport = transport
        self.done = done
        var random = SplitMix64(seed: 5)
        expected = ByteBuffer(bytes: (0..<(1 << 20)).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        unsent = expected
    }

    func begin() {
        environment.schedule(after: .seconds(120).here) { [self] in
            finish("\(received.readableBytes) bytes when the time was over")
        }
    }

    private func pump() {
        while transport.queuedBytes <= 64 << 10, let piece = unsent.readSlice(length: min(5000, unsent.readableBytes)),
            piece.readableBytes > 0
        {
            transport.send(piece)
        }
    }

    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        if !isReading { return finish("bytes came while reading was off") }
        received.writeImmutableBuffer(bytes)
        if !isReady {
            guard received.readString(length: SSHServerPeer.ready.utf8.count) != nil else { return }
            isReady = true
            pump()
        }
        if received.readableBytes >= expected.readableBytes {
            return finish(received == expected ? "intact" : "changed")
        }
        guard received.readableBytes > (pauses + 1) * 200_000 else { return }
        pauses += 1
        isReading = false
        transport.setReading(false)
        environment.schedule(after: .milliseconds(200)) { [self] in
            isReading = true
            transport.setReading(true)
        }
    }

    func transportDidDrain(_ transport: any StreamTransport) { pump() }

    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) { finish("closed: \(reason)") }

    private func finish(_ outcome: String) {
        let done = done
        self.done = nil
        transport.close()
        done?(outcome)
    }
}
