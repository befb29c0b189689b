import Bytes
import Polling

/// A UDP socket that is watched: as a whole, or what it exchanges with certain peers.
final class TracedDatagrams: DatagramTransport, DatagramDelegate {
    private let socket: any DatagramTransport
    private let tap: WireTap
    /// Whether a peer's datagrams are recorded.
    private let shows: (SocketAddress) -> Bool
    private var delegate: (any DatagramDelegate)?
    private var isStarted = false
    /// Whether the opening was recorded: of a socket that is watched for certain peers, with the first of these.
    private var isShown: Bool

    /// - Parameter shows: which peers' datagrams are recorded; `nil`: all, and the opening at once.
    init(_ socket: any DatagramTransport, tap: WireTap, shows: ((SocketAddress) -> Bool)?) {
        self.socket = socket
        self.tap = tap
        self.shows = shows ?? { _ in true }
        isShown = shows == nil
        if isShown { tap.record(.opened) }
    }

    var localAddress: SocketAddress? { socket.localAddress }
    var queuedBytes: Int { socket.queuedBytes }
    var isOpen: Bool { socket.isOpen }

    func start(delegate: any DatagramDelegate) {
        isStarted = true
        self.delegate = delegate
        socket.start(delegate: self)
    }

    func setReading(_ reading: Bool) { socket.setReading(reading) }
    func setLargestDatagram(_ count: Int) { socket.setLargestDatagram(count) }

    func send(_ bytes: ByteBuffer, to address: SocketAddress) {
        if socket.isOpen, isRecorded(address) { tap.sent(bytes, to: address) }
        socket.send(bytes, to: address)
    }

    func close() {
        socket.close()
        // The close of a socket without a delegate is reported to nobody.
        if !isStarted, isShown { tap.ended(.local) }
    }

    private func isRecorded(_ peer: SocketAddress) -> Bool {
        guard shows(peer) else { return false }
        if !isShown { tap.record(.opened) }
        isShown = true
        return true
    }

    // MARK: From the socket

    func transport(_ transport: any DatagramTransport, didReceive bytes: ByteBuffer, from address: SocketAddress) {
        if isRecorded(address) { tap.received(bytes, from: address) }
        delegate?.transport(self, didReceive: bytes, from: address)
    }

    func transport(_ transport: any DatagramTransport, didFail failure: ConnectFailure) {
        if isShown { tap.record(.undelivered(failure.text)) }
        delegate?.transport(self, didFail: failure)
    }

    func transportDidDrain(_ transport: any DatagramTransport) { delegate?.transportDidDrain(self) }

    func transportDidClose(_ transport: any DatagramTransport, reason: CloseReason) {
        if isShown { tap.ended(reason) }
        let delegate = delegate
        self.delegate = nil
        delegate?.transportDidClose(self, reason: reason)
    }
}
