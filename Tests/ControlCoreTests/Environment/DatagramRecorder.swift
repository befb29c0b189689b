import Bytes
import ControlCore
import Polling

/// Notes what happens on a UDP socket.
final class DatagramRecorder: DatagramDelegate {
    private(set) var datagrams: [ByteBuffer] = []
    private(set) var senders: [SocketAddress] = []
    private(set) var failures: [ConnectFailure] = []
    private(set) var closes: [CloseReason] = []
    var onReceive: (any DatagramTransport, ByteBuffer, SocketAddress) -> Void = { _, _, _ in }
    var onFail: (ConnectFailure) -> Void = { _ in }
    var onClose: (CloseReason) -> Void = { _ in }

    /// What arrived, as text.
    var texts: [String] { datagrams.map { String(buffer: $0) } }

    func transport(_ transport: any DatagramTransport, didReceive bytes: ByteBuffer, from address: SocketAddress) {
        datagrams.append(bytes)
        senders.append(address)
        onReceive(transport, bytes, address)
    }

    func transport(_ transport: any DatagramTransport, didFail failure: ConnectFailure) {
        failures.append(failure)
        onFail(failure)
    }

    func transportDidDrain(_ transport: any DatagramTransport) {}

    func transportDidClose(_ transport: any DatagramTransport, reason: CloseReason) {
        closes.append(reason)
        onClose(reason)
    }
}
