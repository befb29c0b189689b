public import Bytes
public import Polling

/// Listens for one client: the program's `EthernetServerInterface`, the older of the two servers.
///
/// With TCP listening ends when a client is accepted: after its end the program listens again. With UDP whoever sends
/// first is the client until it is disconnected or was idle for 5 minutes; others are not heard meanwhile, and
/// listening goes on. Events come in order: Connected, data, Disconnected exactly once. Nothing here waits; no closure
/// that is handed in is called before the call that took it has returned. While it ``isActive``, the environment keeps
/// it alive.
public final class EthernetServerInterface: PiecewiseSender {
    /// The port as given; 0 lets the system choose, see ``listeningPort``.
    public var port: Int { server.port }
    /// The protocol that is served.
    public var `protocol`: NetworkProtocol { server.protocol }
    /// The interface as given: `Any`, `LAN` or `AVLAN`.
    public var interface: String { server.interface }
    /// UDP: the only port of a client that is heard; 0: any.
    public let servicePort: Int

    /// A client has connected.
    public var onConnected: (() -> Void)?
    /// The client is gone, whoever ended it.
    public var onDisconnected: (() -> Void)?
    /// The client has sent bytes: as many as came at once, at most 64 KiB; with UDP one datagram.
    public var onReceiveData: ((ByteBuffer) -> Void)?
    /// As ``EthernetServerInterfaceEx/onFault``.
    public var onFault: ((IOFault) -> Void)?
    /// What becomes of its port.
    public var report: ConnectionReport { server.report }
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?

    private let server: EthernetServerInterfaceEx
    private var client: ClientObject?
    private var isReceiving = true
    /// Set while active.
    private var keptSelf: EthernetServerInterface?

    /// Makes a server that does not listen.
    /// - Parameters:
    ///   - environment: the world in which it lives; all happens on its loop.
    ///   - port: 0…65535; 0 lets the system choose.
    ///   - protocol: TCP or UDP.
    ///   - interface: `Any`, `LAN` or `AVLAN`.
    ///   - servicePort: for UDP: the only port of a client that is heard; 0: any.
    ///   - interfaceAddresses: the address of each interface that the machine has, by name.
    ///   - bindAddress: where `Any` listens; `nil`: on every interface.
    /// - Throws: when a parameter is out of its range.
    public init(
        environment: any Environment,
        port: Int,
        protocol: NetworkProtocol = .tcp,
        interface: String = "Any",
        servicePort: Int = 0,
        interfaceAddresses: [String: String] = [:],
        bindAddress: String? = nil
    ) throws(ParameterError) {
        guard (0...65_535).contains(servicePort) else {
            throw ParameterError(parameter: "ServicePort", problem: "is \(servicePort)", allowed: "0 to 65535")
        }
        self.servicePort = servicePort
        server = try EthernetServerInterfaceEx(
            environment: environment, port: port, protocol: `protocol`, interface: interface, maxClients: 1,
            clientPort: servicePort, interfaceAddresses: interfaceAddresses, bindAddress: bindAddress)
        connectEvents()
    }

    /// The client's address; `nil` without one.
    public var ipAddress: String? { client?.ipAddress }
    /// The client's address, which stands for its name; `nil` without one.
    public var hostname: String? { client?.hostname }
    /// The client's port; `nil` without one.
    public var clientPort: Int? { client?.servicePort }
    /// Whether there is a client.
    public var isConnected: Bool { client?.isConnected ?? false }
    /// The port that it listens on; `nil` while it does not.
    public var listeningPort: Int? { server.listeningPort }
    /// Whether it listens, is about to, or has a client.
    public var isActive: Bool { server.isActive }
    /// Bytes that were sent and that the system has not taken yet.
    public var queuedBytes: Int { client?.queuedBytes ?? 0 }

    /// From now on each client speaks TLS; as ``EthernetServerInterfaceEx/useTLS(_:)``.
    public func useTLS(_ terms: TLSTerms) throws(ParameterError) {
        try server.useTLS(terms)
    }

    /// Turns TLS on over the open connection of the client; as ``ClientObject/startTLS(_:timeout:completion:)``.
    /// - Throws: when there is no client.
    @discardableResult
    public func startTLS(
        _ terms: TLSTerms, timeout: TimeAmount?, completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) throws(IOFault) -> any Cancellable {
        guard let client else { throw IOFault("the server of port \(listeningPort ?? port) has no client") }
        return try client.startTLS(terms, timeout: timeout, completion: completion)
    }

    /// Begins to listen; as ``EthernetServerInterfaceEx/startListen(timeout:completion:)``.
    public func startListen(timeout: TimeAmount?, completion: @escaping (ListenOutcome) -> Void) {
        server.startListen(timeout: timeout, completion: completion)
    }

    /// Ends listening; the client stays. Idempotent.
    public func stopListen() {
        server.stopListen()
    }

    /// Disconnects the client. The Disconnected event follows in the same turn of the loop. Idempotent.
    public func disconnect() {
        client?.disconnect()
    }

    /// Ends listening and disconnects the client. It can be used again. Idempotent.
    public func close() {
        server.close()
    }

    /// Sends all of `bytes` to the client, in order; with UDP as one datagram. Never waits.
    /// - Throws: when there is no client, when its send queue has no room, or when a datagram is too long; then nothing
    ///   is sent.
    public func send(_ bytes: ByteBuffer) throws(IOFault) {
        guard let client else { throw IOFault("the server of port \(listeningPort ?? port) has no client") }
        try client.send(bytes)
    }

    /// A message of more bytes is to be sent in pieces. A datagram has none.
    public var largestWholeMessage: Int { client?.largestWholeMessage ?? .max }

    /// Sends a message of any size; see ``PiecewiseSender/send(_:completion:)``.
    public func send(
        _ pieces: any MessagePieces, completion: @escaping (Result<Void, IOFault>) -> Void
    ) throws(IOFault) -> any Cancellable {
        guard let client else { throw IOFault("the server of port \(listeningPort ?? port) has no client") }
        return try client.send(pieces, completion: completion)
    }

    /// Whether there is room in the send queue.
    public var isWritable: Bool { client?.isWritable ?? true }

    /// Waits for room in the send queue: calls `body` once when there is some, or the line has ended; `nil` when there
    /// is room now.
    public func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)? {
        client?.whenWritable(body)
    }

    /// Pauses or resumes the delivery of data; as ``ClientObject/setReceiving(_:)``. Holds for later clients too.
    public func setReceiving(_ receiving: Bool) {
        isReceiving = receiving
        client?.setReceiving(receiving)
    }

    private func connectEvents() {
        server.onConnected = { [weak self] client in self?.connected(client) }
        server.onDisconnected = { [weak self] client in self?.disconnected(client) }
        server.onReceiveData = { [weak self] _, bytes in self?.onReceiveData?(bytes) }
        server.onFault = { [weak self] fault in self?.onFault?(fault) }
        server.onActivityChanged = { [weak self] active in
            guard let self else { return }
            keptSelf = active ? self : nil
            onActivityChanged?(active)
        }
    }

    private func connected(_ client: ClientObject) {
        self.client = client
        if `protocol` == .tcp { server.stopListen() }
        client.setReceiving(isReceiving)
        onConnected?()
    }

    private func disconnected(_ client: ClientObject) {
        if self.client === client { self.client = nil }
        onDisconnected?()
    }
}

extension EthernetServerInterface: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }
}
