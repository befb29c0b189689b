public import Bytes
public import Polling

/// A TCP connection to one instrument for drivers that ask and read, as SOCS' `TCPInterface`: it connects by itself,
/// survives the loss of its device, and has one error to catch.
///
/// It connects when ``connect(_:)`` is called, and with a ``send(_:completion:)`` that finds no connection. Receiving
/// never connects. When the device closes the connection, what it sent before can still be received; then receiving
/// fails, and the next send begins with a new connection.
///
/// Sends take turns in order, and so do receives; a send does not wait for a receive. An interface that is let go of
/// closes its connection. It belongs to the loop of its environment.
public final class TCPInterface {
    /// The device's name or address; a new value counts for the next connection.
    public var host: String
    /// The device's port; a new value counts for the next connection.
    public var port: Int
    /// How long each step waits: connecting, handing a message to the system, the arrival of something.
    public var timeout: TimeAmount
    /// Whether a message that could not be sent is sent again, whole, on a new connection. The device may then have got
    /// some of it twice.
    public var resends = true
    /// The connection; `nil` when there is none. It stays when the device has closed it as long as there is something
    /// to read.
    public private(set) var connection: TCPConnection?
    /// What becomes of its connections, and each message that is sent again.
    public private(set) lazy var report = ConnectionReport(environment: environment)

    let environment: any Environment
    private var attempt: ConnectAttempt?
    /// Why there is no connection any more.
    private var lossReason: ConnectionFault.Reason?
    private let sends = TurnQueue<TCPSend>()
    private let queries = TurnQueue<TCPQuery>()
    private var receives: [TCPReceive] = []

    /// Makes an interface without a connection.
    /// - Parameters:
    ///   - environment: the world it connects in.
    ///   - host: a name or an IP address. A name is resolved anew for every connection.
    ///   - port: 1 to 65535.
    ///   - timeout: above 0.
    /// - Throws: when a parameter is out of its range.
    public init(environment: any Environment, host: String, port: Int, timeout: TimeAmount) throws(ParameterError) {
        guard !host.isEmpty else {
            throw ParameterError(parameter: "ip_address", problem: "is empty", allowed: "a name or an IP address")
        }
        guard (1...65_535).contains(port) else {
            throw ParameterError(parameter: "port", problem: "is \(port)", allowed: "1 to 65535")
        }
        guard timeout > .zero else {
            throw ParameterError(parameter: "timeout", problem: "is \(timeout.secondsText)", allowed: "above 0")
        }
        self.environment = environment
        self.host = host
        self.port = port
        self.timeout = timeout
    }

    deinit { connection?.close() }

    /// The device as `host:port`.
    public var peer: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    // MARK: Connecting

    /// Makes one attempt to connect, or waits for the one under way. A failure is told by ``report``.
    /// - Parameter completion: called once, unless cancelled; ``connection`` is then there, or `nil`.
    @discardableResult
    public func connect(_ completion: @escaping () -> Void) -> any Cancellable {
        guard connection?.isOpen != true else { return environment.executeCancellably(completion) }
        return reconnect { _ in completion() }
    }

    /// Closes the connection and what waits for it: these calls fail. The next send connects again. Idempotent.
    public func close() {
        attempt?.abandon()
        attempt = nil
        if let connection { drop(connection, because: .closed) }
        lossReason = nil
    }

    /// Ends the connection that there is and makes one attempt for a new one, or joins the attempt under way.
    /// - Parameter completion: called once, never before this returns, unless cancelled: with the failure, or `nil`.
    func reconnect(_ completion: @escaping (ConnectFailure?) -> Void) -> any Cancellable {
        let attempt = attempt ?? begin()
        return attempt.join(timeout: timeout) { outcome in
            if case .failed(let failure) = outcome { completion(failure) } else { completion(nil) }
        }
    }

    private func begin() -> ConnectAttempt {
        let attempt = ConnectAttempt(
            environment: environment,
            open: { [environment, host, port] timeout, completion in
                environment.connectTCP(host: host, port: port, timeout: timeout, completion: completion)
            },
            onEnd: { self.attemptEnded($0) }
        )
        self.attempt = attempt
        report.didBegin()
        if let connection { drop(connection, because: .closed) }
        return attempt
    }

    private func attemptEnded(_ result: Result<any StreamTransport, ConnectFailure>) {
        attempt = nil
        switch result {
        case .success(let transport):
            let connection = TCPConnection(transport: transport, environment: environment)
            connection.owner = self
            self.connection = connection
            lossReason = nil
            report.didOpen("connected")
            connection.start()
        case .failure(let failure):
            guard failure != .calledOff else { return }
            lossReason = .unreachable(failure)
            report.didFail(ConnectionTrouble(failure))
        }
    }

    // MARK: Sending

    /// Sends all of `bytes`.
    ///
    /// Without a connection it makes one attempt to connect first. When the message cannot be sent, or the device does
    /// not take it within ``timeout``, the whole message is sent once more on a new connection (see ``resends``); when
    /// that fails too, the connection is closed. So a call lasts at most four times ``timeout``.
    /// - Parameters:
    ///   - bytes: the message.
    ///   - completion: called once, unless cancelled, perhaps before this returns: when the system has taken all but
    ///     64 KiB, or with the failure.
    @discardableResult
    public func send(
        _ bytes: ByteBuffer, completion: @escaping (Result<Void, ConnectionFault>) -> Void
    ) -> any Cancellable {
        let send = TCPSend(bytes, through: self, completion: completion)
        sends.add(send)
        return send
    }

    /// The next one's turn.
    func sendEnded(_ send: TCPSend) { sends.remove(send) }

    // MARK: Receiving

    /// Waits for bytes, at most ``timeout``.
    /// - Parameters:
    ///   - limit: the most bytes to take; what is left stays for the next call.
    ///   - resetOnError: after a failure a new connection is made before the completion is called, so that an answer
    ///     that comes late is not taken for the answer to the next question.
    ///   - completion: called once, unless cancelled, perhaps before this returns: with what has arrived, never
    ///     nothing.
    @discardableResult
    public func receive(
        upTo limit: Int, resetOnError: Bool = false,
        completion: @escaping (Result<ByteBuffer, ConnectionFault>) -> Void
    ) -> any Cancellable {
        let receive = TCPReceive(upTo: limit, resetsOnError: resetOnError, from: self, completion: completion)
        guard let connection else {
            receive.fail(lossReason ?? .notConnected)
            return receive
        }
        if receives.isEmpty, let bytes = connection.read(upTo: limit) {
            letGoOfSpent(connection)
            receive.succeed(bytes)
        } else {
            receives.append(receive)
            receive.start()
        }
        return receive
    }

    func forget(_ receive: TCPReceive) {
        receives.removeAll { $0 === receive }
    }

    // MARK: Queries

    /// Sends a message and waits for its answer; queries of several callers take turns, each as a whole.
    ///
    /// See ``send(_:completion:)`` and ``receive(upTo:resetOnError:completion:)`` for what may happen.
    /// - Parameters:
    ///   - message: what is sent.
    ///   - limit: the most bytes of the answer to take; what is left stays for the next call.
    ///   - resetOnError: after a failure a new connection is made before the completion is called.
    ///   - completion: called once, unless cancelled.
    @discardableResult
    public func query(
        _ message: ByteBuffer, upTo limit: Int, resetOnError: Bool = false,
        completion: @escaping (Result<ByteBuffer, ConnectionFault>) -> Void
    ) -> any Cancellable {
        let query = TCPQuery(message, upTo: limit, resetsOnError: resetOnError, through: self, completion: completion)
        queries.add(query)
        return query
    }

    /// The next one's turn.
    func queryEnded(_ query: TCPQuery) { queries.remove(query) }

    // MARK: The end of a connection

    func fault(_ reason: ConnectionFault.Reason) -> ConnectionFault { ConnectionFault(peer: peer, reason: reason) }

    /// Why bytes can no longer be sent on a connection.
    func endReason(of connection: TCPConnection) -> ConnectionFault.Reason {
        switch connection.end {
        case .local: .closed
        case .peer: .closedByPeer
        case .failed(let text): .broken(text)
        // The end is known, and waits behind bytes that are not delivered yet.
        case nil: .closedByPeer
        }
    }

    /// Closes a connection. Those who wait for bytes of it fail.
    func drop(_ connection: TCPConnection, because reason: ConnectionFault.Reason) {
        guard connection === self.connection else { return }
        self.connection = nil
        lossReason = reason
        tellEnd(of: connection, reason)
        connection.close()
        failReceives(reason)
        if let send = sends.current, send.connection === connection { send.connectionDidChange() }
    }

    private func letGoOfSpent(_ connection: TCPConnection) {
        guard connection.isSpent, connection === self.connection else { return }
        let reason = endReason(of: connection)
        lossReason = reason
        tellEnd(of: connection, reason)
        self.connection = nil
    }

    private func tellEnd(of connection: TCPConnection, _ reason: ConnectionFault.Reason) {
        // One that the device has closed may be let go of only when it is needed again.
        let reason = reason == .closed && connection.end != nil ? endReason(of: connection) : reason
        switch reason {
        case .closed, .notConnected, .unreachable: report.didClose()
        case .closedByPeer:
            report.didEnd(ConnectionTrouble("ClosedByPeer", detail: "the device has closed the connection"))
        case .broken(let text): report.didEnd(ConnectionTrouble("Lost", detail: text))
        case .silent(let time):
            report.didEnd(
                ConnectionTrouble("NoResponse", detail: "nothing came for \(time.plainText)"), isSilence: true)
        case .notTaken(let time):
            report.didEnd(ConnectionTrouble("NotTaken", detail: "the device took no bytes for \(time.plainText)"))
        }
    }

    private func failReceives(_ reason: ConnectionFault.Reason) {
        let failing = receives
        receives = []
        for receive in failing { receive.fail(reason) }
    }
}

extension TCPInterface: TCPConnectionOwner {
    func connectionDidChange(_ connection: TCPConnection) {
        guard connection === self.connection else { return }
        // Each completion may do anything to this interface.
        while connection === self.connection, let receive = receives.first,
            let bytes = connection.read(upTo: receive.limit)
        {
            receives.removeFirst()
            letGoOfSpent(connection)
            receive.succeed(bytes)
        }
        if let send = sends.current, send.connection === connection { send.connectionDidChange() }
        if connection === self.connection, connection.isSpent {
            letGoOfSpent(connection)
            failReceives(lossReason ?? .closed)
        }
    }
}

extension TCPInterface: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }
}
