import Bytes
import ControlCore

/// A delegate that notes what it is told, and passes it on.
final class StreamRecorder: StreamDelegate {
    private(set) var received = ByteBuffer()
    private(set) var chunkSizes: [Int] = []
    private(set) var drains = 0
    private(set) var closes: [CloseReason] = []
    var onReceive: ((any StreamTransport, ByteBuffer) -> Void)?
    var onDrain: ((any StreamTransport) -> Void)?
    var onClose: ((CloseReason) -> Void)?

    var text: String { String(buffer: received) }

    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        received.writeImmutableBuffer(bytes)
        chunkSizes.append(bytes.readableBytes)
        onReceive?(transport, bytes)
    }

    func transportDidDrain(_ transport: any StreamTransport) {
        drains += 1
        onDrain?(transport)
    }

    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        closes.append(reason)
        onClose?(reason)
    }
}

extension StreamTransport {
    func send(_ text: String) { send(ByteBuffer(string: text)) }
}
