public import Bytes
public import Polling

/// One client of an ``EthernetServerInterfaceEx``. Made by the server only; compare by identity.
///
/// Its events come at the server. The environment keeps it alive until it is disconnected. With UDP it is whoever sends
/// from one address and port, connected from its first datagram until it is forgotten or disconnected.
public final class ClientObject: PiecewiseSender {
    /// The most bytes that wait to be sent to one client, and the largest message that is queued as a whole: 128 KiB.
    public static let sendQueueLimit = 128 << 10

    /// Tells the clients of one server apart; counts up in the order of connection.
    public let id: Int
    /// The client's address, which stands for its name: names are not looked up.
    public let hostname: String
    /// The client's address.
    public let ipAddress: String
    /// The client's port.
    public let servicePort: Int

    /// ``isActive`` changed: it has become false, after the Disconnected event.
    public var onActivityChanged: ((ClientObject, Bool) -> Void)?

    /// The server that it belongs to. Strong while connected: a server whose clients are served stays alive.
    private(set) var server: EthernetServerInterfaceEx?
    private var connection: (any ClientLine)?

    init(id: Int, transport: any StreamTransport, server: EthernetServerInterfaceEx) {
        self.id = id
        self.server = server
        let address = transport.remoteAddress
        ipAddress = address?.ipAddress ?? ""
        hostname = ipAddress
        servicePort = address?.port ?? 0
        connection = StreamConnection(
            transport: transport, peer: "\(ipAddress):\(servicePort)", isReceiving: true, owner: self,
            environment: server.environment, sendLimit: Self.sendQueueLimit, largestMessage: Self.sendQueueLimit)
    }

    init(id: Int, sender: DatagramSender, server: EthernetServerInterfaceEx) {
        self.id = id
        self.server = server
        ipAddress = sender.address.ipAddress
        hostname = ipAddress
        servicePort = sender.address.port
        connection = sender
        sender.owner = self
    }

    /// The client as `host:port`, for messages.
    public var peer: String { "\(ipAddress):\(servicePort)" }

    /// Whether the client is connected.
    public var isConnected: Bool { connection?.isOpen ?? false }

    /// Whether events may still come for it: from its connection until after its Disconnected event.
    public var isActive: Bool { connection != nil }

    /// Bytes that were sent and that the system has not taken yet.
    public var queuedBytes: Int { connection?.queuedBytes ?? 0 }

    /// Sends all of `bytes`, in order. Never waits. At most ``sendQueueLimit`` wait to be sent; a larger message goes
    /// in pieces, see ``send(_:completion:)``. When too much waits for all clients of the server, one is disconnected,
    /// perhaps this one; see ``EthernetServerInterfaceEx/clientsQueueLimit``.
    /// - Throws: when not connected, or when the send queue has no room; then nothing of `bytes` is sent.
    public func send(_ bytes: ByteBuffer) throws(IOFault) {
        try prepare(bytes.readableBytes).send(bytes)
    }

    /// A message of more bytes is to be sent in pieces. A datagram has none.
    public var largestWholeMessage: Int { connection is StreamConnection ? Self.sendQueueLimit : .max }

    /// Sends a message of any size; see ``PiecewiseSender/send(_:completion:)``.
    public func send(
        _ pieces: any MessagePieces, completion: @escaping (Result<Void, IOFault>) -> Void
    ) throws(IOFault) -> any Cancellable {
        try prepare(min(pieces.count, Self.sendQueueLimit)).send(pieces, completion: completion)
    }

    /// Makes room for bytes among those that wait for all clients of the server.
    private func prepare(_ count: Int) throws(IOFault) -> any ClientLine {
        server?.makeRoom(for: count)
        guard let connection else { throw IOFault("\(peer) is not connected") }
        return connection
    }

    /// Whether there is room in the send queue.
    public var isWritable: Bool { connection?.isWritable ?? true }

    /// Waits for room in the send queue: calls `body` once when there is some, or the line has ended; `nil` when there
    /// is room now.
    public func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)? {
        connection?.whenWritable(body)
    }

    /// Pauses or resumes the delivery of data, and with it reading. At most what was already read when the pause began
    /// is kept; it is delivered after the pause, or when the connection ends.
    public func setReceiving(_ receiving: Bool) {
        connection?.setReceiving(receiving)
    }

    /// Turns TLS on over the open connection, as its server side; see
    /// ``TLSCapableTransport/startTLS(_:timeout:completion:)``.
    /// - Throws: when not connected.
    @discardableResult
    public func startTLS(
        _ terms: TLSTerms, timeout: TimeAmount?, completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) throws(IOFault) -> any Cancellable {
        guard let connection, connection.isOpen else { throw IOFault("\(peer) is not connected") }
        return connection.startTLS(terms, timeout: timeout, completion: completion)
    }

    /// Closes the connection. The Disconnected event follows in the same turn of the loop. Idempotent.
    public func disconnect() {
        guard let connection, connection.isOpen else { return }
        connection.close()
        server?.clientIsLeaving(self)
    }

    func start() {
        connection?.start()
    }
}

extension ClientObject: LineOwner {
    func lineDidReceive(_ bytes: ByteBuffer) {
        server?.client(self, didReceive: bytes)
    }

    func lineDidEnd(_ reason: CloseReason) {
        connection = nil
        let server = self.server
        self.server = nil
        server?.clientHasLeft(self)
        onActivityChanged?(self, false)
    }
}

extension ClientObject: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }

    /// See ``disconnect()``.
    package func close() { disconnect() }
}

/// What a ``ClientObject`` talks through: a stream, or datagrams of one sender.
protocol ClientLine: AnyObject, Writable {
    /// Whether bytes can be sent.
    var isOpen: Bool { get }
    /// Bytes that the system has not taken yet.
    var queuedBytes: Int { get }
    /// Begins to read.
    func start()
    /// Sends all of `bytes`, or throws and sends nothing.
    func send(_ bytes: ByteBuffer) throws(IOFault)
    /// Sends a message of any size, see ``PiecewiseSender/send(_:completion:)``.
    func send(
        _ pieces: any MessagePieces, completion: @escaping (Result<Void, IOFault>) -> Void
    ) throws(IOFault) -> any Cancellable
    /// Whether the program takes data.
    func setReceiving(_ receiving: Bool)
    /// Turns TLS on; datagrams cannot carry it.
    func startTLS(
        _ terms: TLSTerms, timeout: TimeAmount?, completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable
    /// Closes it; the client hears of its end in the same turn of the loop.
    func close()
}

extension StreamConnection: ClientLine {}
