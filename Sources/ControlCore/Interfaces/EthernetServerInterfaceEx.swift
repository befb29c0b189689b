public import Bytes
public import Polling

/// Listens for clients: the program's `EthernetServerInterfaceEx`.
///
/// Events of one client come in order: Connected, its data, Disconnected exactly once. Nothing here waits; no closure
/// that is handed in is called before the call that took it has returned. A client over ``maxClients``, or over
/// ``defaultMaxClients`` when that is `nil`, is closed at once and causes no event. While it ``isActive``, the
/// environment keeps the server alive.
///
/// With UDP each address that sends is a client, and a datagram is one ``onReceiveData``. A client is forgotten after
/// 300 s without a datagram. A client over ``maxClients`` is not heard; when that is `nil` and there are
/// ``defaultMaxClients`` already, the one that was idle longest is forgotten instead.
public final class EthernetServerInterfaceEx {
    private enum State {
        case idle
        /// The port is being opened for the call of that number.
        case opening(Int)
        case listening(any Listener)
    }

    /// The port as given; 0 lets the system choose, see ``listeningPort``.
    public let port: Int
    /// The protocol that is served.
    public let `protocol`: NetworkProtocol
    /// The interface as given: `Any`, `LAN` or `AVLAN`.
    public let interface: String
    /// The most clients at a time; `nil`: ``defaultMaxClients``.
    public let maxClients: Int?

    /// How many clients there may be when nobody has said: 1,000.
    public static let defaultMaxClients = 1000
    /// The most bytes that wait to be sent to all clients together: 16 MiB. To make room for more, those clients are
    /// disconnected for whom most bytes wait; of several those who connected first.
    public static let clientsQueueLimit = 16 << 20
    /// That there are too many clients is told once in so long.
    static let fullInterval = TimeAmount.seconds(60)

    /// Sees every event before the program's slots do.
    package weak var observer: (any EthernetServerObserver)?
    /// A client has connected.
    public var onConnected: ((ClientObject) -> Void)?
    /// A client is gone, whoever ended it.
    public var onDisconnected: ((ClientObject) -> Void)?
    /// A client has sent bytes: as many as came at once, at most 64 KiB. Without checks of exclusive access, as every
    /// message takes it: nothing is called while it is set.
    @exclusivity(unchecked) public var onReceiveData: ((ClientObject, ByteBuffer) -> Void)?
    /// UDP: a datagram did not get to its receiver, as far as the system knows, or the socket was lost. TLS: a
    /// connection did not become a client, as its handshake has failed.
    public var onFault: ((IOFault) -> Void)?
    /// What becomes of its port.
    public private(set) lazy var report = ConnectionReport(environment: environment)
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?

    /// On what terms each client speaks TLS; `nil`: none does.
    public private(set) var tls: TLSTerms?

    package let environment: any Environment
    private let interfaceAddresses: [String: String]
    private let bindAddress: String?
    private var state = State.idle
    private var listenCalls = 0
    private var listenWaiters: [(ListenOutcome) -> Void] = []
    private var listenEnd: (any Cancellable)?
    private var connected: [Int: ClientObject] = [:]
    /// Connections whose handshake is under way, and how to call it off.
    private var securing: [ObjectIdentifier: any Cancellable] = [:]
    /// Clients that were disconnected and whose event is not delivered yet.
    private var leaving = 0
    private var nextClient = 1
    /// What waits to be sent to all clients, and what they have taken since it was counted.
    private var queuedAtMost = 0
    /// When it was told that there are too many clients.
    private var toldFullAt: Deadline?
    private var wasActive = false
    /// UDP: the socket, which outlives the listening as long as there are clients.
    private var service: DatagramService?
    /// UDP: only clients from this port are heard; 0: from any.
    private let clientPort: Int

    /// Makes a server that does not listen.
    /// - Parameters:
    ///   - environment: the world in which it lives; all happens on its loop.
    ///   - port: 0…65535; 0 lets the system choose.
    ///   - protocol: TCP or UDP.
    ///   - interface: `Any`, `LAN` or `AVLAN`.
    ///   - maxClients: at least 1; `nil`: ``defaultMaxClients``.
    ///   - interfaceAddresses: the address of each interface that the machine has, by name.
    ///   - bindAddress: where `Any` listens; `nil`: on every interface.
    /// - Throws: when a parameter is out of its range.
    public convenience init(
        environment: any Environment,
        port: Int,
        protocol: NetworkProtocol = .tcp,
        interface: String = "Any",
        maxClients: Int? = nil,
        interfaceAddresses: [String: String] = [:],
        bindAddress: String? = nil
    ) throws(ParameterError) {
        try self.init(
            environment: environment, port: port, protocol: `protocol`, interface: interface, maxClients: maxClients,
            clientPort: 0, interfaceAddresses: interfaceAddresses, bindAddress: bindAddress)
    }

    /// - Parameter clientPort: UDP: only clients from this port are heard; 0: from any.
    init(
        environment: any Environment,
        port: Int,
        protocol: NetworkProtocol,
        interface: String,
        maxClients: Int?,
        clientPort: Int,
        interfaceAddresses: [String: String],
        bindAddress: String?
    ) throws(ParameterError) {
        guard (0...65_535).contains(port) else {
            throw ParameterError(parameter: "IPPort", problem: "is \(port)", allowed: "0 to 65535")
        }
        guard ["Any", "LAN", "AVLAN"].contains(interface) else {
            throw ParameterError(
                parameter: "Interface", problem: "is '\(interface)'", allowed: "'Any', 'LAN' or 'AVLAN'")
        }
        if let maxClients, maxClients < 1 {
            throw ParameterError(parameter: "MaxClients", problem: "is \(maxClients)", allowed: "at least 1, or none")
        }
        guard `protocol` != .ssh else {
            throw ParameterError(parameter: "Protocol", problem: "is 'SSH'", allowed: "'TCP' or 'UDP'")
        }
        self.environment = environment
        self.port = port
        self.protocol = `protocol`
        self.interface = interface
        self.maxClients = maxClients
        self.interfaceAddresses = interfaceAddresses
        self.bindAddress = bindAddress
        self.clientPort = clientPort
    }

    /// The connected clients, in order of connection. A copy.
    public var clients: [ClientObject] {
        connected.values.sorted { $0.id < $1.id }
    }

    /// How many clients are connected.
    public var clientCount: Int { connected.count }

    /// Whether it listens.
    public var isListening: Bool { listeningPort != nil }

    /// The port that it listens on; `nil` while it does not.
    public var listeningPort: Int? {
        if case .listening(let listener) = state { listener.port } else { nil }
    }

    /// Whether it listens, is about to, or has clients.
    public var isActive: Bool {
        if case .idle = state { !connected.isEmpty || leaving > 0 } else { true }
    }

    // MARK: TLS

    /// How long a client's handshake may take: 10 s.
    public static let handshakeLimit = TimeAmount.seconds(10)

    /// From now on each connection speaks TLS, and becomes a client when its handshake stands. One whose handshake
    /// fails, or takes longer than ``handshakeLimit``, causes no event but ``onFault``. Clients that are connected stay
    /// as they are.
    /// - Throws: when the protocol is not TCP, or the terms are of no use.
    public func useTLS(_ terms: TLSTerms) throws(ParameterError) {
        guard `protocol` == .tcp else {
            throw ParameterError(
                parameter: "Protocol", problem: "is '\(`protocol`.rawValue)'", allowed: "'TCP' for TLS")
        }
        try environment.checkTLS(terms)
        tls = terms
    }

    private func secure(_ transport: any StreamTransport, _ terms: TLSTerms) {
        let id = ObjectIdentifier(transport)
        let address = transport.remoteAddress
        securing[id] = transport.startTLSIfCapable(terms, timeout: Self.handshakeLimit, in: environment) {
            [self] result in
            guard securing.removeValue(forKey: id) != nil else { return }
            switch result {
            case .success:
                admit(ClientObject(id: nextClient, transport: transport, server: self))
            case .failure(let failure):
                let client = "\(address?.ipAddress ?? ""):\(address?.port ?? 0)"
                onFault?(IOFault("port \(listeningPort ?? port): \(client) is no client: \(failure.text)"))
            }
        }
    }

    // MARK: Listening

    /// Begins to listen. While the port is being opened, a second call gets the same outcome.
    /// - Parameters:
    ///   - timeout: how long to listen; then listening ends without an event, and clients stay. `nil` or zero: until
    ///     ``stopListen()``.
    ///   - completion: called once.
    public func startListen(timeout: TimeAmount?, completion: @escaping (ListenOutcome) -> Void) {
        switch state {
        case .listening:
            environment.execute { completion(.listeningAlready) }
        case .opening:
            listenWaiters.append(completion)
        case .idle:
            open(timeout: timeout, completion: completion)
        }
    }

    /// Ends listening; clients stay. Calls that wait for the port get ``ListenFailure/calledOff``. Idempotent.
    public func stopListen() {
        // Who is not a client yet becomes none.
        let handshakes = securing
        securing = [:]
        for handshake in handshakes.values { handshake.cancel() }
        listenEnd?.cancel()
        listenEnd = nil
        switch state {
        case .idle:
            return
        case .opening:
            let waiters = listenWaiters
            listenWaiters = []
            environment.execute {
                for waiter in waiters { waiter(.failed(.calledOff)) }
            }
        case .listening(let listener):
            listener.close()
            report.didClose("no longer listening")
        }
        state = .idle
        activityMayHaveChanged()
    }

    /// Disconnects a client of this server; another server's is left alone. Idempotent.
    public func disconnect(_ client: ClientObject) {
        guard client.server === self else { return }
        client.disconnect()
    }

    /// Ends all that it does: listening and every client. It can be used again. Idempotent.
    public func close() {
        stopListen()
        for client in clients { client.disconnect() }
    }

    private func open(timeout: TimeAmount?, completion: @escaping (ListenOutcome) -> Void) {
        var address = bindAddress
        if interface != "Any" {
            guard let known = interfaceAddresses[interface] else {
                report.didFail(ConnectionTrouble(.interfaceUnavailable(interface), port: port))
                environment.execute { completion(.failed(.interfaceUnavailable(self.interface))) }
                return
            }
            address = known
        }
        listenCalls += 1
        let call = listenCalls
        state = .opening(call)
        listenWaiters = [completion]
        activityMayHaveChanged()
        if `protocol` == .udp {
            openDatagrams(address: address, call: call, timeout: timeout)
            return
        }
        environment.listenTCP(
            address: address,
            port: port,
            accept: { self.accept($0, from: call) },
            completion: { self.opened($0, call: call, timeout: timeout) }
        )
    }

    private func openDatagrams(address: String?, call: Int, timeout: TimeAmount?) {
        if let service, service.resume() {
            // The socket is still there for its clients.
            environment.execute { self.opened(.success(service), call: call, timeout: timeout) }
            return
        }
        environment.openDatagrams(DatagramOptions(address: address, port: port)) { [self] result in
            opened(result.map(makeService), call: call, timeout: timeout)
        }
    }

    private func makeService(_ transport: any DatagramTransport) -> any Listener {
        let service = DatagramService(
            environment: environment, transport: transport, maxSenders: maxClients, senderPort: clientPort)
        self.service = service
        // Strong, as a listener holds what it accepts for: the service lets go when its socket is closed.
        service.onAccept = { [self] sender in admit(ClientObject(id: nextClient, sender: sender, server: self)) }
        service.onFault = { [self] fault in onFault?(fault) }
        service.onClose = { [self] closed in serviceIsClosed(closed) }
        service.start()
        return service
    }

    private func serviceIsClosed(_ closed: DatagramService) {
        guard closed === service else { return }
        service = nil
        if case .listening(let listener) = state, listener === closed { stopListen() }
    }

    private func opened(_ result: Result<any Listener, ListenFailure>, call: Int, timeout: TimeAmount?) {
        guard case .opening(call) = state else {
            // It was stopped meanwhile; the port is given back.
            if case .success(let listener) = result { listener.close() }
            return
        }
        let waiters = listenWaiters
        listenWaiters = []
        let outcome: ListenOutcome
        switch result {
        case .success(let listener):
            state = .listening(listener)
            listener.onTrouble = { [weak self] text in
                guard let self else { return }
                onFault?(IOFault("port \(listeningPort ?? port): \(text)"))
            }
            outcome = .listening
            report.didOpen("listening on \(listeningAddress(listener.port))")
            if let timeout, timeout > .zero {
                listenEnd = environment.schedule(after: timeout.boundedDelay) { self.stopListen() }
            }
        case .failure(let failure):
            state = .idle
            // The program knows the interface by its name, not by its address.
            if case .interfaceUnavailable = failure, interface != "Any" {
                outcome = .failed(.interfaceUnavailable(interface))
            } else {
                outcome = .failed(failure)
            }
            if case .failed(let failure) = outcome { report.didFail(ConnectionTrouble(failure, port: port)) }
        }
        activityMayHaveChanged()
        for waiter in waiters { waiter(outcome) }
    }

    /// Where it listens, for people.
    private func listeningAddress(_ port: Int) -> String {
        let address = interface == "Any" ? bindAddress : interfaceAddresses[interface]
        let isIPv6 = address?.contains(":") ?? false
        return "\(address.map { isIPv6 ? "[\($0)]" : $0 } ?? "0.0.0.0"):\(port)\(`protocol` == .udp ? " (UDP)" : "")"
    }

    // MARK: Clients

    private func accept(_ transport: any StreamTransport, from call: Int) {
        // A connection that the system had accepted before listening was stopped is not served either.
        guard call == listenCalls, isActiveListener else {
            transport.close()
            return
        }
        guard connected.count + securing.count < maxClients ?? Self.defaultMaxClients else {
            transport.close()
            tellFull()
            return
        }
        if let tls {
            secure(transport, tls)
            return
        }
        admit(ClientObject(id: nextClient, transport: transport, server: self))
    }

    /// The program that has set a limit knows of it; the default one it may not.
    private func tellFull() {
        guard maxClients == nil else { return }
        let now = environment.now
        if let toldFullAt, now - toldFullAt < Self.fullInterval { return }
        toldFullAt = now
        onFault?(
            IOFault(
                "port \(listeningPort ?? port): \(Self.defaultMaxClients) clients are connected, and further ones are closed at "
                    + "once; MaxClients sets another bound"))
    }

    /// Disconnects clients that take nothing when too much waits for all together.
    func makeRoom(for count: Int) {
        queuedAtMost += count
        guard queuedAtMost > Self.clientsQueueLimit, `protocol` == .tcp else { return }
        var waiting = connected.values.map { (client: $0, bytes: $0.queuedBytes) }
        queuedAtMost = waiting.reduce(count) { $0 + $1.bytes }
        guard queuedAtMost > Self.clientsQueueLimit else { return }
        waiting.sort { $0.bytes == $1.bytes ? $0.client.id < $1.client.id : $0.bytes > $1.bytes }
        for (client, bytes) in waiting where queuedAtMost > Self.clientsQueueLimit && bytes > 0 {
            queuedAtMost -= bytes
            onFault?(
                IOFault(
                    "port \(listeningPort ?? port): \(client.peer) is disconnected: \(bytes) bytes wait for it, and more than "
                        + "\(Self.clientsQueueLimit) for all clients"))
            client.disconnect()
        }
    }

    private func admit(_ client: ClientObject) {
        nextClient += 1
        connected[client.id] = client
        client.start()
        activityMayHaveChanged()
        report.tell(.debug, "client \(client.peer) has connected")
        observer?.server(self, didAccept: client)
        onConnected?(client)
    }

    private var isActiveListener: Bool {
        if case .idle = state { false } else { true }
    }

    func client(_ client: ClientObject, didReceive bytes: ByteBuffer) {
        observer?.server(self, client: client, didReceive: bytes)
        onReceiveData?(client, bytes)
    }

    /// A client was told to go; its event follows.
    func clientIsLeaving(_ client: ClientObject) {
        guard connected.removeValue(forKey: client.id) != nil else { return }
        leaving += 1
    }

    func clientHasLeft(_ client: ClientObject) {
        if connected.removeValue(forKey: client.id) == nil { leaving -= 1 }
        report.tell(.debug, "client \(client.peer) is gone")
        observer?.server(self, didLose: client)
        onDisconnected?(client)
        activityMayHaveChanged()
    }

    private func activityMayHaveChanged() {
        let active = isActive
        guard active != wasActive else { return }
        wasActive = active
        observer?.serverActivityDidChange(self)
        onActivityChanged?(active)
    }
}

extension EthernetServerInterfaceEx: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }
}
