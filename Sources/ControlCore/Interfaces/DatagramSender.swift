import Bytes
import DequeModule
import Polling

/// One address that has sent datagrams to a ``DatagramService``: what a UDP server's ``ClientObject`` talks through.
final class DatagramSender: ClientLine {
    /// The most bytes kept while the program takes none, ``DatagramInbox/overhead`` included: 64 KiB. What comes when
    /// they are full is dropped.
    static let keptBytesLimit = 64 << 10

    let address: SocketAddress
    /// When it was last heard of or spoken to.
    private(set) var lastTraffic: Deadline
    /// Set by the client. Strong, as a transport holds its delegate; let go at the end.
    var owner: (any LineOwner)?

    private let environment: any Environment
    private var service: DatagramService?
    private var isReceiving = true
    private var kept: Deque<ByteBuffer> = []
    private var keptBytes = 0
    private var isDeliveryPlanned = false

    init(address: SocketAddress, service: DatagramService, environment: any Environment) {
        self.address = address
        self.service = service
        self.environment = environment
        lastTraffic = environment.now
    }

    var isOpen: Bool { service != nil }
    var queuedBytes: Int { service?.queuedBytes ?? 0 }

    func start() {}

    func send(_ bytes: ByteBuffer) throws(IOFault) {
        guard let service else { throw IOFault("\(address.hostAndPort) is not connected") }
        try service.send(bytes, to: address)
        lastTraffic = environment.now
    }

    /// A datagram has no pieces: it is sent as a whole, or refused.
    func send(
        _ pieces: any MessagePieces, completion: @escaping (Result<Void, IOFault>) -> Void
    ) throws(IOFault) -> any Cancellable {
        try send(pieces.piece(at: 0, count: pieces.count))
        return environment.executeCancellably { completion(.success(())) }
    }

    var isWritable: Bool { service?.isWritable ?? true }

    func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)? {
        service?.whenWritable(body)
    }

    func startTLS(
        _ terms: TLSTerms, timeout: TimeAmount?, completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable {
        environment.executeCancellably { completion(.failure(.other("TLS is for TCP alone"))) }
    }

    func setReceiving(_ receiving: Bool) {
        guard receiving != isReceiving else { return }
        isReceiving = receiving
        if receiving, !kept.isEmpty {
            // Not from inside this call: the caller is often in the middle of taking events.
            planDelivery()
        }
    }

    /// A datagram from the address.
    func receive(_ bytes: ByteBuffer) {
        lastTraffic = environment.now
        if isReceiving, kept.isEmpty {
            owner?.lineDidReceive(bytes)
            return
        }
        let size = bytes.readableBytes + DatagramInbox.overhead
        guard keptBytes + size <= Self.keptBytesLimit else { return }
        keptBytes += size
        kept.append(bytes)
    }

    func close() {
        guard let service else { return }
        self.service = nil
        service.forget(self)
        environment.execute { self.end() }
    }

    private func planDelivery() {
        guard !isDeliveryPlanned else { return }
        isDeliveryPlanned = true
        environment.execute { [self] in
            isDeliveryPlanned = false
            deliverKept()
        }
    }

    private func deliverKept(evenUnasked: Bool = false) {
        var left = DatagramInbox.datagramsPerTurn
        while isReceiving || evenUnasked, !kept.isEmpty {
            if left == 0, !evenUnasked { return planDelivery() }
            left -= 1
            let datagram = kept.removeFirst()
            keptBytes -= datagram.readableBytes + DatagramInbox.overhead
            owner?.lineDidReceive(datagram)
        }
    }

    private func end() {
        deliverKept(evenUnasked: true)
        let owner = owner
        self.owner = nil
        owner?.lineDidEnd(.local)
    }
}
