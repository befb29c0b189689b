public import ControlCore

/// One listening port for the connections of many peers, told apart by their addresses.
///
/// Several connections may have one address: a peer gets the first of them that is enabled and has none. A peer that is
/// not expected, or whose connections are all disabled or in use, is closed at once, without any call of a delegate;
/// ``HsmsConfiguration/duplicatePolicy`` of its connections may say that it takes the place of the first one instead.
///
/// Nothing here waits. While it is started, the environment keeps the server alive, and its connections with it.
public final class HsmsMultiPassiveServer {
    /// The port as given; 0 lets the system choose, see ``listeningPort``.
    public let port: Int
    /// Whether it listens, or tries to.
    public private(set) var isStarted = false
    /// An attempt to listen has failed; it is repeated after T5.
    public var onListenFailed: ((ListenFailure) -> Void)?
    /// What becomes of the port.
    public private(set) lazy var report = ConnectionReport(environment: environment)
    /// ``isStarted`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?
    /// The connections, in the order of their creation.
    public private(set) var connections: [HsmsMultiPassiveConnection] = []

    /// The environment in which it lives.
    package let environment: any Environment
    /// What its connections have by default.
    public let configuration: HsmsConfiguration
    private let listening: HsmsListeningPort
    private var startWaiters: [(ListenOutcome) -> Void] = []

    /// Makes a server that does not listen.
    /// - Parameters:
    ///   - environment: the world in which it lives; all happens on its loop.
    ///   - port: 0…65535; 0 lets the system choose.
    ///   - configuration: what its connections have by default; its `bindAddress` and T5 are the server's own.
    /// - Throws: when a parameter is out of its range.
    public init(
        environment: any Environment, port: Int = 5_000, configuration: HsmsConfiguration = HsmsConfiguration()
    ) throws(ParameterError) {
        guard (0...65_535).contains(port) else {
            throw ParameterError(parameter: "port", problem: "is \(port)", allowed: "0 to 65535")
        }
        try configuration.check()
        self.environment = environment
        self.port = port
        self.configuration = configuration
        listening = HsmsListeningPort(
            environment: environment, address: configuration.bindAddress, port: port,
            retryTime: configuration.timers.t5)
    }

    /// The port that it listens on; `nil` while it does not.
    public var listeningPort: Int? { listening.port }

    /// Makes the connection of one peer. It is not enabled.
    /// - Parameters:
    ///   - address: the address or host name from which the peer is expected; empty, `0.0.0.0` or `::`: any.
    ///   - port: the peer's port, for messages only.
    ///   - sessionID: the session ID that the peer is configured for.
    ///   - delegate: receives what happens; held strongly.
    ///   - configuration: `nil`: the server's.
    /// - Throws: when a parameter is out of its range.
    @discardableResult
    public func createConnection(
        address: String, port: Int = 5_000, sessionID: UInt16 = 0, delegate: (any HsmsConnectionDelegate)? = nil,
        configuration: HsmsConfiguration? = nil
    ) throws(ParameterError) -> HsmsMultiPassiveConnection {
        let connection = try HsmsMultiPassiveConnection(
            server: self, address: address, port: port, sessionID: sessionID, delegate: delegate,
            configuration: configuration ?? self.configuration)
        connections.append(connection)
        return connection
    }

    /// Disables a connection and forgets it; another server's is left alone. Idempotent.
    public func removeConnection(_ connection: HsmsMultiPassiveConnection) {
        guard let index = connections.firstIndex(where: { $0 === connection }) else { return }
        connections.remove(at: index)
        connection.disable()
    }

    /// Listens until ``stop(terminateConnections:completion:)``. While the port cannot be had, it is tried again every
    /// T5.
    /// - Parameter completion: called once, on a later turn of the loop, with the outcome of the first try.
    public func start(completion: @escaping (ListenOutcome) -> Void = { _ in }) {
        guard !isStarted else {
            if listening.port != nil || startWaiters.isEmpty {
                environment.execute { completion(.listeningAlready) }
            } else {
                startWaiters.append(completion)
            }
            return
        }
        isStarted = true
        report.plan = { [t5 = configuration.timers.t5] _ in "again every \(t5.plainText) (T5)" }
        startWaiters = [completion]
        listening.open { [self] transport in
            admit(transport)
        } report: { [self] result in
            answerWaiters(result.outcome)
            switch result {
            case .success(let port):
                report.didOpen("listening on \(configuration.bindAddress ?? "0.0.0.0"):\(port)")
            case .failure(let failure):
                report.didFail(ConnectionTrouble(failure, port: port))
                onListenFailed?(failure)
            }
        }
        onActivityChanged?(true)
    }

    /// Frees the port. The connections are kept, and serve again after the next ``start(completion:)``. Idempotent.
    /// - Parameters:
    ///   - terminateConnections: whether peers that are connected are closed; otherwise they stay.
    ///   - completion: called once, on a later turn of the loop, when the delegates have heard of all closes. Nothing
    ///     of the peers or the network can delay it.
    public func stop(terminateConnections: Bool = true, completion: @escaping () -> Void = {}) {
        listening.close()
        if isStarted {
            isStarted = false
            report.didClose("no longer listening")
            let waiters = startWaiters
            startWaiters = []
            environment.execute {
                for waiter in waiters { waiter(.failed(.calledOff)) }
            }
            onActivityChanged?(false)
        }
        guard terminateConnections else {
            environment.execute(completion)
            return
        }
        var open = connections.count + 1
        let oneIsClosed = {
            open -= 1
            if open == 0 { completion() }
        }
        for connection in connections { connection.close(.local, oneIsClosed) }
        environment.execute(oneIsClosed)
    }

    private func answerWaiters(_ outcome: ListenOutcome) {
        let waiters = startWaiters
        startWaiters = []
        for waiter in waiters { waiter(outcome) }
    }

    // MARK: Peers

    private func admit(_ transport: any StreamTransport) {
        let address = transport.remoteAddress
        let certain = connections.filter { $0.expected.accepts(address) == true }
        if let connection = certain.first(where: \.hasRoom) {
            connection.serve(transport)
            return
        }
        let uncertain = connections.filter { $0.isEnabled && $0.expected.accepts(address) == nil }
        guard !uncertain.isEmpty else {
            serve(transport, by: certain)
            return
        }
        // Names are looked up side by side; then the order of creation decides, as it does for addresses.
        var answers = uncertain.count
        var matching = certain
        for connection in uncertain {
            connection.expected.check(address, in: environment) { accepted in
                answers -= 1
                if accepted { matching.append(connection) }
                guard answers == 0 else { return }
                self.serve(transport, by: self.connections.filter { one in matching.contains { $0 === one } })
            }
        }
    }

    /// Gives a peer to one of the connections that expect it, or closes it.
    private func serve(_ transport: any StreamTransport, by matching: [HsmsMultiPassiveConnection]) {
        guard isStarted else {
            transport.close()
            return
        }
        let choice = matching.first(where: \.hasRoom) ?? matching.first(where: \.isReplaceable)
        if let choice {
            choice.serve(transport)
        } else {
            transport.close()
        }
    }
}

extension Result where Success == Int, Failure == ListenFailure {
    /// The outcome of a try to listen.
    fileprivate var outcome: ListenOutcome {
        switch self {
        case .success: .listening
        case .failure(let failure): .failed(failure)
        }
    }
}

extension HsmsMultiPassiveServer: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }

    /// See ``stop(terminateConnections:completion:)``.
    package func close() { stop() }
}
