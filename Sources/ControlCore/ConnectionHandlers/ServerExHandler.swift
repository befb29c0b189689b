public import Bytes
public import Polling

/// Keeps a server listening and drops clients that have fallen silent.
///
/// It takes the observer's place of the interface, so that the interface's event slots stay the program's own; the
/// handler's events come first. While it ``isActive`` it keeps itself alive.
public final class ServerExHandler {
    /// How often it looks for idle clients: an idle client goes within this time after the time-out.
    public static let scanInterval = TimeAmount.seconds(1)

    /// The server that it handles.
    public let interface: EthernetServerInterfaceEx
    /// The options that it was made with.
    public let options: HandlerOptions

    /// A client has connected.
    public var onConnected: ((ClientObject) -> Void)?
    /// A client is gone, whoever ended it. Once for each client.
    public var onDisconnected: ((ClientObject) -> Void)?
    /// A client has sent bytes.
    public var onReceiveData: ((ClientObject, ByteBuffer) -> Void)?
    /// An attempt to listen failed; the next comes after the retry time.
    public var onListenFailed: ((ListenFailure) -> Void)?
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?

    /// What becomes of its port: that of its interface.
    public var report: ConnectionReport { interface.report }
    /// Whether it was told to listen.
    public private(set) var hasBegun = false

    private var machine: ServerExStateMachine
    private var clients: [Int: ClientObject] = [:]
    private var listenTimeout: TimeAmount?
    private var waiters: [(ListenOutcome) -> Void] = []
    /// Counts up when listening is stopped.
    private var listenCalls = 0
    private var retry: (any Cancellable)?
    private let scan: ControlTimer
    private var selfWhileActive: ServerExHandler?

    /// Takes over `interface`. Nothing happens until ``startListen(timeout:completion:)``. Clients that are connected
    /// already are taken over without an event.
    public init(interface: EthernetServerInterfaceEx, options: HandlerOptions) throws(ParameterError) {
        self.interface = interface
        self.options = options
        machine = ServerExStateMachine(serverTimeout: options.serverTimeout)
        scan = try ControlTimer(environment: interface.environment, interval: Self.scanInterval)
        scan.onTick = { [weak self] _, _ in
            guard let self else { return }
            self.handle(.scanDue(at: self.interface.environment.now))
        }
        interface.observer = self
        interface.report.plan = { [retryTime = options.connectRetryTime] _ in "again every \(retryTime.plainText)" }
        for client in interface.clients { server(interface, didAccept: client) }
        activityMayHaveChanged()
    }

    /// Whether it may call its slots: it listens, is about to, or has clients.
    public var isActive: Bool { interface.isActive || machine.state == .waitingForRetry || !clients.isEmpty }

    /// Listens. When that fails, ``onListenFailed`` is called and it is tried again after the retry time, until it
    /// succeeds or ``stopListen()`` is called. To listen already is success.
    /// - Parameters:
    ///   - timeout: how long to listen, for this and the attempts that follow; `nil` or zero: without end. When it is
    ///     over, listening ends without an event and is not tried again.
    ///   - completion: the outcome of this attempt, after the events. Called once.
    public func startListen(timeout: TimeAmount? = nil, completion: @escaping (ListenOutcome) -> Void = { _ in }) {
        hasBegun = true
        listenTimeout = timeout
        waiters.append(completion)
        handle(.startListenCalled)
    }

    /// Ends listening, and trying to. Clients stay. Idempotent.
    public func stopListen() {
        handle(.stopListenCalled)
    }

    /// Disconnects a client. Idempotent.
    public func disconnect(_ client: ClientObject) {
        interface.disconnect(client)
    }

    /// Ends all that it does: listening and every client. Idempotent.
    public func close() {
        stopListen()
        interface.close()
    }

    private func handle(_ input: ServerExStateMachine.Input) {
        for output in machine.handle(input) {
            switch output {
            case .startListening:
                let call = listenCalls
                interface.startListen(timeout: listenTimeout) { self.listenEnded($0, call: call) }
            case .stopListening: stopListening()
            case .scheduleRetry:
                report.tell(.debug, "tries to listen again in \(options.connectRetryTime.plainText)")
                retry = interface.environment.schedule(after: options.connectRetryTime) {
                    self.retry = nil
                    self.handle(.retryDue)
                }
            case .cancelRetry:
                retry?.cancel()
                retry = nil
            case .startScan: scan.restart()
            case .stopScan: scan.stop()
            case .drop(let id):
                guard let client = clients[id] else { continue }
                report.tell(
                    .debug,
                    "drops client \(client.peer): it has sent nothing for \(options.serverTimeout.plainText) (serverTimeout)"
                )
                client.disconnect()
            case .reportConnected(let id):
                if let client = clients[id] { onConnected?(client) }
            case .reportDisconnected(let id):
                if let client = clients.removeValue(forKey: id) { onDisconnected?(client) }
            case .reportListenFailed(let failure): onListenFailed?(failure)
            }
        }
        activityMayHaveChanged()
    }

    private func stopListening() {
        listenCalls += 1
        let waiting = waiters
        waiters = []
        interface.stopListen()
        interface.environment.execute {
            for waiter in waiting { waiter(.failed(.calledOff)) }
        }
    }

    private func listenEnded(_ outcome: ListenOutcome, call: Int) {
        // A call that was stopped has no say in one that was made since.
        guard call == listenCalls else { return }
        let waiting = waiters
        waiters = []
        switch outcome {
        case .listening, .listeningAlready: handle(.listening)
        case .failed(let failure): handle(.listenFailed(failure))
        }
        for waiter in waiting { waiter(outcome) }
    }

    private func activityMayHaveChanged() {
        let active = isActive
        guard active != (selfWhileActive != nil) else { return }
        selfWhileActive = active ? self : nil
        onActivityChanged?(active)
    }
}

extension ServerExHandler: EthernetServerObserver {
    package func server(_ server: EthernetServerInterfaceEx, didAccept client: ClientObject) {
        clients[client.id] = client
        handle(.clientConnected(client.id, at: server.environment.now))
    }

    package func server(_ server: EthernetServerInterfaceEx, didLose client: ClientObject) {
        handle(.clientDisconnected(client.id))
    }

    package func server(_ server: EthernetServerInterfaceEx, client: ClientObject, didReceive bytes: ByteBuffer) {
        handle(.clientTalked(client.id, at: server.environment.now))
        onReceiveData?(client, bytes)
    }

    package func serverActivityDidChange(_ server: EthernetServerInterfaceEx) {
        activityMayHaveChanged()
    }
}

extension ServerExHandler: ClosableResource {
    /// Before what it handles.
    package static var closingOrder: ClosingOrder { .firstAsItReconnects }
}
