public import Polling

/// A client's connection to a device in the network: the program's `EthernetClientInterface`.
///
/// Nothing here waits: what takes time has a completion. All is called on the environment's loop. No closure that is
/// handed in is called before the call that took it has returned. While it ``isActive``, the environment keeps the
/// interface alive.
///
/// Every byte that arrives is delivered exactly once and in order, either as the response of a `sendAndWait` or to
/// ``DeviceInterface/onReceiveData``. What arrives after ``disconnect()`` is dropped.
///
/// With UDP there is no connection: ``DeviceInterface/send(_:)`` works at once, and ``connect(timeout:completion:)``
/// fails. The socket opens with the first datagram, which waits until the name is resolved. Every datagram is one
/// ``DeviceInterface/onReceiveData``; those behind a response keep their bounds. What cannot be sent then is told by
/// ``onFault``.
public final class EthernetClientInterface: DeviceInterface {
    /// The device's name or IP literal, as given.
    public var hostname: String { connector.hostname }
    /// The device's port.
    public var port: Int { connector.port }
    /// The protocol that is spoken.
    public var `protocol`: NetworkProtocol { connector.protocol }
    /// The local port as given, at which replies are expected; of meaning for UDP only. 0: the system chooses, see
    /// ``localPort``.
    public let servicePort: Int
    /// The credentials; of meaning for SSH only.
    public var credentials: Credentials? { connector.credentials }
    /// How SSH connections are opened; of meaning for SSH only.
    public var ssh: SSHSettings { connector.ssh }
    /// On what terms each connection speaks TLS; `nil`: it does not.
    public var tls: TLSTerms? { connector.tls }
    /// The largest datagram that is delivered, in bytes; of meaning for UDP only.
    public private(set) var bufferSize: Int

    /// Called before the observer and ``onConnected`` are told of a new connection: for a device module, which has to
    /// log in before anybody sends a command.
    package var onOpened: (() -> Void)?

    /// The connection was opened.
    public var onConnected: (() -> Void)?
    /// The connection ended, whoever ended it. Once for each connection.
    public var onDisconnected: (() -> Void)?
    /// What no caller is told otherwise. UDP: datagrams that were sent are lost, as far as the system knows: the name
    /// is not resolved, the service port is not free, or the peer refuses them; the last is told once until the peer
    /// answers again.
    ///
    /// TLS: a connection stands whose peer was not verified.
    public var onFault: ((IOFault) -> Void)?
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?
    /// Why the last connection ended; `nil` before the first end.
    public private(set) var lastCloseReason: CloseReason?

    package let environment: any Environment
    /// Bytes of the names that it was made with. Counted once: ``heldBytes`` is asked for after every call of a
    /// program.
    private let nameBytes: Int
    /// What becomes of its connections.
    public private(set) lazy var report = ConnectionReport(environment: environment)
    /// Why a connection is closed that is given up.
    private var givingUp: ConnectionTrouble?
    private var lastAddress: String?
    private var wasActive = false
    private let connector: ClientConnector
    /// The line, and commands, keep-alive and pauses, which outlive it.
    public let traffic: DeviceTraffic

    /// Makes an interface that is not connected.
    /// - Parameters:
    ///   - environment: the world in which it lives; all happens on its loop.
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
        connector = try ClientConnector(
            environment: environment, hostname: hostname, port: port, protocol: `protocol`, credentials: credentials,
            ssh: ssh)
        self.environment = environment
        traffic = DeviceTraffic(environment: environment, peer: "\(hostname):\(port)")
        nameBytes =
            hostname.utf8.count + (credentials.map { $0.user.utf8.count + $0.password.utf8.count } ?? 0)
        self.servicePort = servicePort
        self.bufferSize = bufferSize
        traffic.owner = self
        if `protocol` == .udp {
            traffic.useDatagrams(
                host: hostname, port: port, servicePort: servicePort, largestDatagram: bufferSize)
        }
    }

    deinit { traffic.ownerIsGone() }

    /// The peer as `host:port`, for messages.
    public var peer: String { "\(hostname):\(port)" }

    /// The address of the present or the last connection, else ``hostname`` when that is an IP literal; `nil` while the
    /// address of a name is not known.
    public var ipAddress: String? {
        if let known = traffic.datagrams?.address?.ipAddress ?? lastAddress { return known }
        return (try? SocketAddress(ipAddress: hostname, port: port))?.ipAddress
    }

    /// UDP only: the local port while the socket is open; `nil` before the first datagram and after ``close()``.
    public var localPort: Int? { traffic.datagrams?.localPort }

    /// Changes the largest datagram that is delivered; of meaning for UDP only.
    /// - Parameter size: at least 1 byte.
    /// - Throws: when it is out of its range.
    public func setBufferSize(_ size: Int) throws(ParameterError) {
        guard size > 0 else {
            throw ParameterError(parameter: "bufferSize", problem: "is \(size)", allowed: "at least 1")
        }
        bufferSize = size
        traffic.datagrams?.largestDatagram = size
    }

    /// Whether the connection is up; never with UDP.
    public var isConnected: Bool { traffic.stream != nil }

    /// Whether it is connecting or connected, or has a keep-alive. With UDP: whether its socket is open and either has
    /// a service port or had traffic in the last 5 minutes; an idle socket stays open as long as the interface is kept.
    /// An active interface may call its slots; an idle one does nothing until it is called.
    public var isActive: Bool { connector.isConnecting || traffic.isActive }

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
        guard !isConnected else { return environment.executeCancellably { completion(.connectedAlready) } }
        guard `protocol` != .udp else {
            return environment.executeCancellably { completion(.failed(.other("UDP has no connection"))) }
        }
        let begins = !connector.isConnecting
        if begins { report.didBegin() }
        let waiter = connector.connect(timeout: timeout, onEnd: { self.attemptEnded($0) }, completion: completion)
        if begins { activityMayHaveChanged() }
        return waiter
    }

    /// Closes the connection, or calls an attempt off: those who wait for it get ``ConnectFailure/calledOff``.
    ///
    /// ``isConnected`` is false at once; the Disconnected event follows in the same turn of the loop, after all that
    /// was received before. What was queued is still sent as far as the peer takes it. Idempotent.
    public func disconnect() {
        disconnect(because: nil)
    }

    /// Whether the present connection has received anything.
    var hasReceived: Bool { traffic.stream?.hasReceived ?? false }

    /// As ``disconnect()``, for a trouble with the device, which the report then tells.
    func disconnect(because trouble: ConnectionTrouble?) {
        if connector.callOff() {
            report.didStopTrying()
            activityMayHaveChanged()
        } else if isConnected {
            givingUp = trouble
            traffic.close()
        }
    }

    /// Ends all that it does: the keep-alive, an attempt, the connection, the UDP socket. It can be used again.
    /// Idempotent.
    public func close() {
        stopKeepAlive()
        disconnect()
        traffic.close()
    }

    private func attemptEnded(_ result: Result<any StreamTransport, ConnectFailure>) {
        switch result {
        case .success(let transport):
            traffic.open(transport)
            lastAddress = transport.remoteAddress?.ipAddress ?? lastAddress
            activityMayHaveChanged()
            report.didOpen("connected")
            if let session = transport.tlsSessionIfCapable { didAgree(session, tls) }
            onOpened?()
            observer?.deviceDidConnect()
            onConnected?()
        case .failure(let failure):
            if failure == .calledOff { report.didStopTrying() } else { report.didFail(ConnectionTrouble(failure)) }
            activityMayHaveChanged()
        }
    }

    // MARK: TLS

    /// From now on each connection speaks TLS: ``connect(timeout:completion:)`` counts the handshake in its time-out
    /// and succeeds when it stands. The peer's name of the terms is ``hostname``. A connection that is open stays as it
    /// is.
    /// - Throws: when the protocol is not TCP, or the terms are of no use.
    public func useTLS(_ terms: TLSTerms) throws(ParameterError) {
        try connector.useTLS(terms)
    }

    /// Turns TLS on over the open connection, and only over that; see
    /// ``TLSCapableTransport/startTLS(_:timeout:completion:)``. A connection whose handshake fails is closed.
    /// - Throws: ``ParameterError`` when the terms are of no use, ``IOFault`` when not connected.
    @discardableResult
    public func startTLS(
        _ terms: TLSTerms, timeout: TimeAmount?, completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) throws -> any Cancellable {
        let terms = try connector.complete(terms)
        guard let stream = traffic.stream else { throw downFault }
        return stream.startTLS(terms, timeout: timeout) { [self] result in
            // A failure is the caller's to tell.
            if case .success(let session) = result { didAgree(session, terms) }
            completion(result)
        }
    }

    private func didAgree(_ session: TLSSession, _ terms: TLSTerms?) {
        guard terms?.verification == TLSTerms.Verification.none else { return }
        let certificate = session.peerFingerprint.map { ", certificate \($0)" } ?? ""
        onFault?(IOFault("\(peer) is not verified, as 'CERT_NONE' asks for: \(session.version)\(certificate)"))
    }

    // MARK: Traffic

    /// Bytes that the interface keeps for the program: names, what is to be sent, and what was collected. Known at
    /// once.
    public var heldBytes: Int { nameBytes + queuedBytes + traffic.heldBytes }

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

    private func activityMayHaveChanged() {
        let active = isActive
        guard active != wasActive else { return }
        wasActive = active
        observer?.deviceActivityDidChange()
        onActivityChanged?(active)
    }
}

extension EthernetClientInterface: DeviceTrafficOwner {
    var downFault: IOFault { IOFault("\(peer) is not connected") }

    var takesKeepAlive: Bool { true }

    func lineDidEnd(_ reason: CloseReason) {
        lastCloseReason = reason
        tellEnd(ConnectionTrouble(reason))
        observer?.deviceDidDisconnect()
        onDisconnected?()
    }

    func lineDidFail(_ fault: IOFault) {
        onFault?(fault)
    }

    func trafficActivityMayHaveChanged() {
        activityMayHaveChanged()
    }
}

extension EthernetClientInterface: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }
}
