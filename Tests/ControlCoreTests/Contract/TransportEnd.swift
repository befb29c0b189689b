import Bytes
import ControlCore
import Polling

/// One end of an open transport, and what happened on it.
protocol TransportEnd: AnyObject {
    /// The stream or socket itself.
    var transport: AnyObject { get }
    var isOpen: Bool { get }
    var queuedBytes: Int { get }
    /// All that was delivered.
    var text: String { get }
    var closes: [CloseReason] { get }
    /// Called after each delivery, until the close.
    var onReceive: () -> Void { get set }
    /// Called when the close is reported.
    var onClose: () -> Void { get set }

    func start()
    func setReading(_ reading: Bool)
    func send(_ text: String)
    func close()
}

/// An end of a stream.
final class StreamEnd: TransportEnd, StreamDelegate {
    let stream: any StreamTransport
    private(set) var received = ByteBuffer()
    private(set) var closes: [CloseReason] = []
    var onReceive: () -> Void = {}
    var onClose: () -> Void = {}

    init(_ stream: any StreamTransport) {
        self.stream = stream
    }

    var transport: AnyObject { stream }
    var isOpen: Bool { stream.isOpen }
    var queuedBytes: Int { stream.queuedBytes }
    var text: String { String(buffer: received) }

    func start() { stream.start(delegate: self) }
    func setReading(_ reading: Bool) { stream.setReading(reading) }
    func send(_ text: String) { stream.send(text) }
    func close() { stream.close() }

    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        received.writeImmutableBuffer(bytes)
        onReceive()
    }

    func transportDidDrain(_ transport: any StreamTransport) {}

    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        closes.append(reason)
        let report = onClose
        // They may hold the end itself.
        onReceive = {}
        onClose = {}
        report()
    }
}

/// A UDP socket and the partner that it sends to.
final class DatagramEnd: TransportEnd, DatagramDelegate {
    let socket: any DatagramTransport
    private let partner: SocketAddress
    private var received = ByteBuffer()
    private(set) var closes: [CloseReason] = []
    var onReceive: () -> Void = {}
    var onFail: (ConnectFailure) -> Void = { _ in }
    var onClose: () -> Void = {}

    init(_ socket: any DatagramTransport, partner: SocketAddress) {
        self.socket = socket
        self.partner = partner
    }

    var transport: AnyObject { socket }
    var isOpen: Bool { socket.isOpen }
    var queuedBytes: Int { socket.queuedBytes }
    var text: String { String(buffer: received) }

    func start() { socket.start(delegate: self) }
    func setReading(_ reading: Bool) { socket.setReading(reading) }
    func send(_ text: String) { socket.send(ByteBuffer(string: text), to: partner) }
    func close() { socket.close() }

    func transport(_ transport: any DatagramTransport, didReceive bytes: ByteBuffer, from address: SocketAddress) {
        received.writeImmutableBuffer(bytes)
        onReceive()
    }

    func transport(_ transport: any DatagramTransport, didFail failure: ConnectFailure) {
        onFail(failure)
    }

    func transportDidDrain(_ transport: any DatagramTransport) {}

    func transportDidClose(_ transport: any DatagramTransport, reason: CloseReason) {
        closes.append(reason)
        let report = onClose
        // They may hold the end itself.
        onReceive = {}
        onFail = { _ in }
        onClose = {}
        report()
    }
}
