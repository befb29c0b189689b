public import NIOCore

/// A client's connection to a device in the network: the program's `EthernetClientInterface`.
///
/// Nothing here waits: what takes time has a completion. All is called on the environment's loop. No closure that is
/// handed in is called before the call that took it has returned. While it ``isActive``, the environment keeps the
/// interface alive.
///
/// Every byte that arrives is delivered exactly once and in order, either as the response of a `sendAndWait` or to
/// ``onReceiveData``. What arrives after ``disconnect()`` is dropped.
///
/// With UDP there is no connection: ``send(_:)`` works at once, and ``connect(timeout:completion:)`` fails. The socket
/// opens with the first datagram, which waits until the name is resolved. Every datagram is one ``onReceiveData``; those
/// behind a response keep their bounds. What cannot be sent then is told by ``onFault``.
public final class EthernetClientInterface: DeviceInterface {
    private enum State {
        case idle
        case connecting(ConnectAttempt)
        case connected(StreamConnection)
    }

    /// The device's name or IP literal, as given.
    public let hostname: String
    /// The device's port.
    public let port: Int
    /// The protocol that is spoken.
    public let `protocol`: NetworkProtocol
    /// The local port as given, at which replies are expected; of meaning for UDP only. 0: the system chooses, see
    /// ``localPort``.
    public let servicePort: Int
    /// The credentials; of meaning for SSH only.
    public let credentials: Credentials?
    /// How SSH connections are opened; of meaning for SSH only.
    public let ssh: SSHSettings
    /// The largest datagram that is delivered, in bytes; of meaning for UDP only.
    public private(set) var bufferSize: Int

    /// Called before the observer and ``onConnected`` are told of a new connection: for a device module, which has to log in
    /// before anybody sends a command.
    package var onOpened: (() -> Void)?

    // The variables without a check of exclusive access are of values that no access holds on to while other code runs.

    /// Sees every event before the program's slots do; clears this before it goes. Not weak: counting the references to an
    /// object takes twice as long for ever once there was a weak one.
    @exclusivity(unchecked) package unowned(unsafe) var observer: (any EthernetClientObserver)?
    /// The connection was opened.
    public var onConnected: (() -> Void)?
    /// The connection ended, whoever ended it. Once for each connection.
    public var onDisconnected: (() -> Void)?
    /// Bytes arrived, as many as came at once, at most 64 KiB.
    @exclusivity(unchecked) public var onReceiveData: ((ByteBuffer) -> Void)?
    /// What no caller is told otherwise. UDP: datagrams that were sent are lost, as far as the system knows: the name is not
    /// resolved, the service port is not free, or the peer refuses them; the last is told once until the peer answers
    /// again.
    ///
    /// TLS: a connection stands whose peer was not verified.
    public var onFault: ((IOFault) -> Void)?
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?
    /// Why the last connection ended; `nil` before the first end.
    public private(set) var lastCloseReason: CloseReason?

    /// On what terms each connection speaks TLS; `nil`: it does not.
    public private(set) var tls: TLSTerms?

    package let environment: any Environment
    /// Bytes of the names that it was made with. Counted once: ``heldBytes`` is asked for after every call of a program.
    private let nameBytes: Int
    /// What becomes of its connections.
    public private(set) lazy var report = ConnectionReport(environment: environment)
    /// Why a connection is closed that is given up.
    private var givingUp: ConnectionTrouble?
    @exclusivity(unchecked) private var state = State.idle
    /// A connection that ``disconnect()`` has closed and whose end is not reported yet.
    private var ending: StreamConnection?
    private var lastAddress: String?
    private var wasActive = false
    /// For UDP only. Assigned in init, as it needs self, and never again.
    private var datagrams: DatagramConnection?
    /// Commands, keep-alive and pauses, which outlive a connection.
    public let traffic: DeviceTraffic

    /// Makes an interface that is not connected.
    /// - Parameters:
    ///   - hostname: a name or an IP literal, not empty.
    ///   - port: 1…65535.
    ///   - protocol: how to talk to the device.
    ///   - servicePort: 0, or 1024…65535.
    ///   - credentials: who logs in; SSH needs them.
    ///   - ssh: known hosts, key files and algorithms.
    ///   - bufferSize: at least 1.
    /// - Throws: when a parameter is out of its range.
    public init(
        environment: any Environment,
        hostname: String,
        port: Int,
        protocol: NetworkProtocol = .tcp,
        servicePort: Int = 0,
        credentials: Credentials? = nil,
        ssh: SSHSettings = SSHSettings(),
        bufferSize: Int = 4096
    ) throws(ParameterError) {
        guard !hostname.isEmpty else {
            throw ParameterError(parameter: "Hostname", problem: "is empty", allowed: "a host name or an IP address")
        }
        guard (1...65_535).contains(port) else {
            throw ParameterError(parameter: "IPPort", problem: "is \(port)", allowed: "1 to 65535")
        }
        guard servicePort == 0 || (1_024...65_535).contains(servicePort) else {
            throw ParameterError(parameter: "ServicePort", problem: "is \(servicePort)", allowed: "0, or 1024 to 65535")
        }
        guard bufferSize > 0 else {
            throw ParameterError(parameter: "bufferSize", problem: "is \(bufferSize)", allowed: "at least 1")
        }
        try ClientTransports.check(`protocol`, credentials)
        self.environment = environment
        traffic = DeviceTraffic(environment: environment)
        nameBytes =
            hostname.utf8.count + (credentials.map { $0.user.utf8.count + $0.password.utf8.count } ?? 0)
        self.hostname = hostname
        self.port = port
        self.protocol = `protocol`
        self.servicePort = servicePort
        self.credentials = credentials
        self.ssh = ssh
        self.bufferSize = bufferSize
        traffic.line = self
        if `protocol` == .udp {
            datagrams = DatagramConnection(
                environment: environment, host: hostname, port: port, servicePort: servicePort,
                largestDatagram: bufferSize, owner: self)
        }
    }

    deinit {
        traffic.line = nil
        datagrams?.ownerIsGone()
    }

    /// The peer as `host:port`, for messages.
    public var peer: String { "\(hostname):\(port)" }

    /// The address of the present or the last connection, else ``hostname`` when that is an IP literal; `nil` while the
    /// address of a name is not known.
    public var ipAddress: String? {
        if let known = datagrams?.address?.ipAddress ?? lastAddress { return known }
        return (try? SocketAddress(ipAddress: hostname, port: port))?.ipAddress
    }

    /// UDP only: the local port while the socket is open; `nil` before the first datagram and after ``close()``.
    public var localPort: Int? { datagrams?.localPort }

    /// Changes the largest datagram that is delivered; of meaning for UDP only.
    /// - Parameter size: at least 1 byte.
    /// - Throws: when it is out of its range.
    public func setBufferSize(_ size: Int) throws(ParameterError) {
        guard size > 0 else {
            throw ParameterError(parameter: "bufferSize", problem: "is \(size)", allowed: "at least 1")
        }
        bufferSize = size
        datagrams?.largestDatagram = size
    }

    /// Whether the connection is up; never with UDP.
    public var isConnected: Bool { connection != nil }

    /// Whether it is connecting or connected, or has a keep-alive. With UDP: whether its socket is open and either has a
    /// service port or had traffic in the last 5 minutes; an idle socket stays open as long as the interface is kept. An active interface may call its slots; an idle one
    /// does nothing until it is called.
    public var isActive: Bool {
        switch state {
        case .connecting, .connected: true
        case .idle: ending != nil || traffic.hasKeepAlive || datagrams?.isActive == true
        }
    }

    private var login: SSHLogin? { credentials.map { SSHLogin(credentials: $0, settings: ssh) } }

    private var connection: StreamConnection? {
        if case .connected(let connection) = state { connection } else { nil }
    }

    // MARK: Connecting

    /// Opens the connection.
    ///
    /// While an attempt is under way, a second call joins it: there are never two attempts at once, both get its
    /// outcome, and each has its own time-out. The Connected event runs before the completion.
    /// - Parameters:
    ///   - timeout: for all of it, resolving the name included; `nil` waits as long as the system does.
    ///   - completion: called once, unless cancelled.
    /// - Returns: stops waiting; the attempt is called off when nobody waits for it any more.
    @discardableResult
    public func connect(
        timeout: TimeAmount?,
        completion: @escaping (ConnectOutcome) -> Void
    ) -> any Cancellable {
        switch state {
        case .connected:
            return environment.executeCancellably { completion(.connectedAlready) }
        case .connecting(let attempt):
            return attempt.join(timeout: timeout, completion: completion)
        case .idle where datagrams != nil:
            return environment.executeCancellably { completion(.failed(.other("UDP has no connection"))) }
        case .idle:
            let attempt = ConnectAttempt(
                environment: environment,
                open: { [environment, hostname, port, login, tls, `protocol` = self.protocol] timeout, completion in
                    ClientTransports.open(
                        `protocol`, host: hostname, port: port, login: login, tls: tls, timeout: timeout,
                        in: environment, completion: completion)
                },
                onEnd: { self.attemptEnded($0) }
            )
            state = .connecting(attempt)
            report.didBegin()
            let asker = attempt.join(timeout: timeout, completion: completion)
            activityMayHaveChanged()
            return asker
        }
    }

    /// Closes the connection, or calls an attempt off: those who wait for it get ``ConnectFailure/calledOff``.
    ///
    /// ``isConnected`` is false at once; the Disconnected event follows in the same turn of the loop, after all that was
    /// received before. What was queued is still sent as far as the peer takes it. Idempotent.
    public func disconnect() {
        disconnect(because: nil)
    }

    /// Whether the present connection has received anything.
    var hasReceived: Bool { connection?.hasReceived ?? false }

    /// As ``disconnect()``, for a trouble with the device, which the report then tells.
    func disconnect(because trouble: ConnectionTrouble?) {
        switch state {
        case .idle:
            return
        case .connecting(let attempt):
            state = .idle
            report.didStopTrying()
            attempt.abandon()
            activityMayHaveChanged()
        case .connected(let connection):
            state = .idle
            givingUp = trouble
            ending = connection
            connection.close()
        }
    }

    /// Ends all that it does: the keep-alive, an attempt, the connection, the UDP socket. It can be used again. Idempotent.
    public func close() {
        stopKeepAlive()
        disconnect()
        if let datagrams {
            traffic.sendAndWaits.connectionWillEnd()
            datagrams.close()
            traffic.sendAndWaits.connectionDidEnd(notSent: IOFault("\(peer) is closed"))
        }
    }

    private func attemptEnded(_ result: Result<any StreamTransport, ConnectFailure>) {
        state = .idle
        if case .success(let transport) = result {
            // The end of the former connection is reported before the start of the next.
            ending?.endNow()
            let connection = StreamConnection(
                transport: transport, peer: peer, isReceiving: traffic.isReceiving, owner: self,
                environment: environment)
            state = .connected(connection)
            lastAddress = transport.remoteAddress?.ipAddress ?? lastAddress
            connection.start()
            activityMayHaveChanged()
            report.didOpen("connected")
            if let session = transport.tlsSessionIfCapable { didAgree(session, tls) }
            onOpened?()
            observer?.clientDidConnect(self)
            onConnected?()
        } else {
            if case .failure(let failure) = result {
                if failure == .calledOff { report.didStopTrying() } else { report.didFail(ConnectionTrouble(failure)) }
            }
            activityMayHaveChanged()
        }
    }

    // MARK: TLS

    /// From now on each connection speaks TLS: ``connect(timeout:completion:)`` counts the handshake in its time-out and
    /// succeeds when it stands. The peer's name of the terms is ``hostname``. A connection that is open stays as it is.
    /// - Throws: when the protocol is not TCP, or the terms are of no use.
    public func useTLS(_ terms: TLSTerms) throws(ParameterError) {
        tls = try complete(terms)
    }

    /// Turns TLS on over the open connection, and only over that; see
    /// ``TLSCapableTransport/startTLS(_:timeout:completion:)``. A connection whose handshake fails is closed.
    /// - Throws: ``ParameterError`` when the terms are of no use, ``IOFault`` when not connected.
    @discardableResult
    public func startTLS(
        _ terms: TLSTerms, timeout: TimeAmount?, completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) throws -> any Cancellable {
        let terms = try complete(terms)
        guard let connection else { throw notConnected }
        return connection.startTLS(terms, timeout: timeout) { [self] result in
            // A failure is the caller's to tell.
            if case .success(let session) = result { didAgree(session, terms) }
            completion(result)
        }
    }

    private func complete(_ terms: TLSTerms) throws(ParameterError) -> TLSTerms {
        guard `protocol` == .tcp else {
            throw ParameterError(
                parameter: "Protocol", problem: "is '\(`protocol`.rawValue)'", allowed: "'TCP' for TLS")
        }
        var terms = terms
        terms.role = .client
        terms.peerName = hostname
        try environment.checkTLS(terms)
        return terms
    }

    private func didAgree(_ session: TLSSession, _ terms: TLSTerms?) {
        guard terms?.verification == TLSTerms.Verification.none else { return }
        let certificate = session.peerFingerprint.map { ", certificate \($0)" } ?? ""
        onFault?(IOFault("\(peer) is not verified, as 'CERT_NONE' asks for: \(session.version)\(certificate)"))
    }

    // MARK: Sending

    /// Bytes that were sent and that the system has not taken yet.
    public var queuedBytes: Int { datagrams?.queuedBytes ?? connection?.queuedBytes ?? 0 }

    /// Bytes that the interface keeps for the program: names, what is to be sent, and what was collected. Known at once.
    public var heldBytes: Int { nameBytes + queuedBytes + traffic.heldBytes }

    /// Sends all of `bytes`, in order. Never waits. A message that is larger than ``sendQueueLimit`` is taken when
    /// nothing else is queued.
    /// With UDP it is one datagram of at most ``DatagramOptions/sizeLimit`` bytes.
    /// - Throws: when not connected, when the send queue has no room, or when a datagram is too long; then nothing of
    ///   `bytes` is sent.
    public func send(_ bytes: ByteBuffer) throws(IOFault) {
        if let datagrams { return try datagrams.send(bytes) }
        guard let connection else { throw notConnected }
        try connection.send(bytes)
    }

    /// Whether there is room in the send queue.
    public var isWritable: Bool { datagrams?.isWritable ?? connection?.isWritable ?? true }

    /// Waits for room in the send queue: calls `body` once when there is some, or the line has ended; `nil` when there is
    /// room now.
    public func whenWritable(_ body: @escaping () -> Void) -> (any Cancellable)? {
        if let datagrams { return datagrams.whenWritable(body) }
        return connection?.whenWritable(body)
    }

    private var notConnected: IOFault { IOFault("\(peer) is not connected") }

    func deliver(_ bytes: ByteBuffer) {
        observer?.client(self, didReceive: bytes)
        onReceiveData?(bytes)
    }

    private func tellEnd(_ trouble: ConnectionTrouble?) {
        if let silence = givingUp {
            givingUp = nil
            report.didEnd(silence, isSilence: true)
        } else if let trouble {
            report.didEnd(trouble)
        } else {
            report.didClose()
        }
    }

    func activityMayHaveChanged() {
        let active = isActive
        guard active != wasActive else { return }
        wasActive = active
        observer?.clientActivityDidChange(self)
        onActivityChanged?(active)
    }
}

extension EthernetClientInterface: StreamConnectionOwner {
    func connection(_ connection: StreamConnection, didReceive bytes: ByteBuffer) {
        deliver(bytes)
    }

    func connection(_ connection: StreamConnection, didReceiveAwaited bytes: ByteBuffer) {
        observer?.clientDidReceiveAwaited(self)
        traffic.sendAndWaits.receive(bytes)
    }

    func connectionWillEnd(_ connection: StreamConnection) {
        traffic.sendAndWaits.connectionWillEnd()
    }

    func connectionDidEnd(_ connection: StreamConnection, reason: CloseReason) {
        if ending === connection {
            ending = nil
        } else {
            state = .idle
        }
        lastCloseReason = reason
        tellEnd(ConnectionTrouble(reason))
        observer?.clientDidDisconnect(self)
        onDisconnected?()
        traffic.sendAndWaits.connectionDidEnd(notSent: notConnected)
        activityMayHaveChanged()
    }
}

extension EthernetClientInterface: DeviceLine {
    var takesKeepAlive: Bool { true }

    func transmitKeepAlive(_ bytes: ByteBuffer) {
        // Down or full: the turn is left out, as documented; the next one comes by itself.
        guard isConnected || datagrams != nil else { return }
        try? send(bytes)
    }

    func keepAliveDidChange() {
        activityMayHaveChanged()
    }

    func receivingDidChange(_ receiving: Bool) {
        datagrams?.setReceiving(receiving)
        connection?.setReceiving(receiving)
    }

    func transmit(_ bytes: ByteBuffer) throws(IOFault) {
        try send(bytes)
    }

    func handOver(_ bytes: ByteBuffer) {
        datagrams?.handOver(bytes)
        (ending ?? connection)?.handOver(bytes)
    }

    func awaitsResponse(_ awaits: Bool) {
        datagrams?.isAwaited = awaits
        (ending ?? connection)?.isAwaited = awaits
    }
}
