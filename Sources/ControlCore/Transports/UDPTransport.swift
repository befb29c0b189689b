import Bytes
import Glibc
import Polling

/// A UDP socket on the program's loop.
///
/// What the system refuses of one datagram, for instance for want of a route, is told to the delegate; the socket
/// stays.
final class UDPTransport: DatagramTransport, DatagramSourceHandler, LiveResource {
    let kind = LiveResourceKind.datagrams
    private var environment: LiveEnvironment?
    private let options: DatagramOptions
    // Assigned in init as it needs self, and never again.
    private var inbox: DatagramInbox! = nil
    private var source: DatagramSource?
    private(set) var localAddress: SocketAddress?
    private var isV6 = false
    private var largestDatagram: Int
    private var isClosing = false
    private var outbox = DatagramOutbox()

    /// Opens the socket.
    /// - Throws: why the system does not let it.
    init(environment: LiveEnvironment, options: DatagramOptions) throws(ListenFailure) {
        guard (0...65535).contains(options.port) else {
            throw .other("port \(options.port) is not in 0...65535")
        }
        self.environment = environment
        self.options = options
        largestDatagram = options.largestDatagram
        let scheduler = environment.scheduler
        inbox = DatagramInbox(transport: self) { scheduler.execute($0) }
        let source = try bindFirst(of: options.candidates, port: options.port) { address throws(SystemError) in
            try DatagramSource(loop: environment.loop, local: address, peer: options.peer, handler: self)
        }
        self.source = source
        let local = source.localAddress
        isV6 = local?.family == AF_INET6
        localAddress = local?.unmapped
        environment.opened(self)
    }

    var isOpen: Bool { environment != nil && !isClosing && !inbox.hasEnded }

    // MARK: DatagramTransport

    var queuedBytes: Int { outbox.queuedBytes }

    func start(delegate: any DatagramDelegate) {
        inbox.start(delegate: delegate)
        setReading(true)
    }

    func setReading(_ reading: Bool) {
        guard isOpen else { return }
        inbox.setReading(reading)
        source?.setReading(reading)
    }

    func setLargestDatagram(_ count: Int) {
        largestDatagram = count
    }

    func send(_ bytes: ByteBuffer, to address: SocketAddress) {
        guard isOpen else { return }
        // The delegate is told of a failure later: nobody sends or closes meanwhile.
        outbox.send(bytes, to: address) { transmit($0, to: $1) }
    }

    func close() {
        guard !isClosing else { return }
        isClosing = true
        outbox = DatagramOutbox()
        inbox.finish(.local)
        source?.close()
        source = nil
        let environment = environment
        self.environment = nil
        environment?.closed(self)
    }

    /// Hands one datagram to the system.
    /// - Returns: false when the system has no room for it at present.
    private func transmit(_ bytes: ByteBuffer, to address: SocketAddress) -> Bool {
        guard let source else { return true }
        let destination = options.peer == nil ? (isV6 ? address.mapped : address) : nil
        let error = bytes.withBytes { source.send($0, to: destination) }
        switch error {
        case 0: break
        case EAGAIN: return false
        default: failed(error)
        }
        return true
    }

    private func failed(_ error: CInt) {
        inbox.fail(ConnectFailure(errorNumber: error))
    }

    // MARK: DatagramSourceHandler

    func datagramDidArrive(_ bytes: RawSpan, from address: SocketAddress) {
        let kept = bytes.extracting(first: largestDatagram)
        inbox.receive(ByteBuffer(copying: kept), from: address.unmapped)
    }

    func datagramsDidFail(_ error: SystemError) {
        failed(error.number)
    }

    func datagramsCanSend() {
        if outbox.resume(transmit: { transmit($0, to: $1) }) { inbox.didDrain() }
    }
}

/// Opens a socket on the first of several local addresses that this machine has: one without IPv6 refuses the first.
/// - Throws: why none could be had.
func bindFirst<Socket>(
    of interfaces: [String], port: Int, _ open: (SocketAddress) throws(SystemError) -> Socket
) throws(ListenFailure) -> Socket {
    for (index, interface) in interfaces.enumerated() {
        guard let address = try? SocketAddress(ipAddress: interface, port: port) else {
            throw .interfaceUnavailable(interface)
        }
        do throws(SystemError) {
            return try open(address)
        } catch {
            let isMissing = error.number == EAFNOSUPPORT || error.number == EADDRNOTAVAIL
            guard isMissing, index + 1 < interfaces.count else {
                throw ListenFailure(binding: error.number, interface: interface)
            }
        }
    }
    throw .environmentClosed
}
