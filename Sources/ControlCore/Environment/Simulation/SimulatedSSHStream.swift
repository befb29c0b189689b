import Bytes
import Polling

/// One end of a simulated SSH connection: a stream in a stream. First come lines, of the login; then the bytes of the
/// shell.
///
/// The passwords themselves are not on the line, so that no trace shows them: the ends of a simulation share an object
/// instead.
final class SimulatedSSHStream: StreamTransport {
    /// No line of a login is longer.
    private static let lineLimit = 1024

    private let carrier: any StreamTransport
    // Assigned in init as it needs self, and never again.
    private var inbox: StreamInbox! = nil
    private var partial = ByteBuffer()
    /// Gets the login's lines; `nil` when the login is over.
    private var onLine: ((String) -> Void)?
    /// Told when the connection ends before the login is over.
    private var onLost: ((CloseReason) -> Void)?
    private var isClosing = false

    /// Takes over a stream that is not started.
    init(over carrier: any StreamTransport, execute: @escaping (@escaping () -> Void) -> Void) {
        self.carrier = carrier
        inbox = StreamInbox(transport: self, execute: execute)
    }

    // MARK: The login

    func beginLogin(onLine: @escaping (String) -> Void, onLost: @escaping (CloseReason) -> Void) {
        self.onLine = onLine
        self.onLost = onLost
        carrier.start(delegate: self)
    }

    func send(line: String) { carrier.send(ByteBuffer(string: line + "\n")) }

    /// From now on there are no lines but bytes, for whom ``start(delegate:)`` names.
    func endLogin() {
        onLine = nil
        onLost = nil
        carrier.setReading(false)
        inbox.receive(partial)
        partial = ByteBuffer()
    }

    private func takeLines() {
        while let onLine {
            let view = partial.readableBytesView
            guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else {
                if view.count > Self.lineLimit { carrier.close() }
                return
            }
            let line = String(decoding: view[..<end], as: UTF8.self)
            partial.moveReaderIndex(to: end + 1)
            onLine(line)
        }
    }

    // MARK: StreamTransport

    var remoteAddress: SocketAddress? { carrier.remoteAddress }
    var localAddress: SocketAddress? { carrier.localAddress }
    var queuedBytes: Int { carrier.queuedBytes }
    var isOpen: Bool { !isClosing && carrier.isOpen && !inbox.hasEnded }

    func start(delegate: any StreamDelegate) {
        inbox.start(delegate: delegate)
        carrier.setReading(true)
    }

    func setReading(_ reading: Bool) {
        guard !isClosing else { return }
        inbox.setReading(reading)
        carrier.setReading(reading)
    }

    func send(_ bytes: ByteBuffer) {
        guard isOpen else { return }
        carrier.send(bytes)
    }

    func close() {
        guard !isClosing else { return }
        isClosing = true
        onLine = nil
        onLost = nil
        inbox.discard()
        carrier.close()
    }
}

extension SimulatedSSHStream: StreamDelegate {
    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        guard onLine != nil else {
            inbox.receive(bytes)
            return
        }
        partial.writeImmutableBuffer(bytes)
        takeLines()
    }

    func transportDidDrain(_ transport: any StreamTransport) { inbox.didDrain() }

    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        let onLost = onLost
        onLine = nil
        self.onLost = nil
        inbox.finish(isClosing ? .local : reason)
        onLost?(reason)
    }
}
