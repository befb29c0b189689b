package import Bytes
public import Polling

/// What the handlers of TCP and SSH connections have in common: connecting, reconnecting, and polling while connected.
///
/// It takes the observer's place of the interface, so that the interface's event slots stay the program's own; the
/// handler's events come first. A program may pause the poll timer, and polling stays paused over reconnects until it
/// is resumed or ``connect(timeout:completion:)`` is called. What is resumed while the connection is down starts with
/// the connection.
public class TcpConnectionHandler: ConnectionHandler {
    /// The interface that it handles.
    public let interface: EthernetClientInterface
    /// An attempt to connect failed.
    public var onConnectFailed: ((ConnectFailure) -> Void)?

    /// What it decides. Without a check of exclusive access: a machine calls nobody.
    @exclusivity(unchecked) private var machine: TcpStateMachine
    /// How many retries there were since the connection last stood for a while.
    private var retries = 0
    private var connectedAt: Deadline?
    private var connectTimeout: TimeAmount?
    private var attempt: (any Cancellable)?
    /// Those who wait for the attempt that goes on.
    private var waiters: [ConnectWaiter] = []
    private var retry: (any Cancellable)?

    init(
        interface: EthernetClientInterface, options: HandlerOptions, judge: TcpStateMachine.Judge
    ) throws(ParameterError) {
        self.interface = interface
        machine = TcpStateMachine(judge, connectedOn: options.connectedOn, retry: options.retry)
        super.init(
            options: options, pollTimer: try Self.makePollTimer(in: interface.environment, options: options))
        pollTimer.onTick = { [unowned self] _, _ in handle(.pollDue) }
        pollTimer.common.commandGate = { [unowned self] run in
            handle(.pollingWanted(run))
            return !run || machine.connection.isUp
        }
        interface.observer = self
        interface.report.plan = { [unowned self] in plan(after: $0) }
        interface.report.steadyTime = options.answerTime
        activityMayHaveChanged()
    }

    deinit {
        // A program may keep the timer and the interface.
        pollTimer.onTick = nil
        pollTimer.common.commandGate = nil
        if interface.observer === self {
            interface.observer = nil
            interface.report.plan = nil
        }
    }

    /// What is known of the device.
    public final override var connectionStatus: ConnectionStatus { machine.status }

    /// What becomes of its connections: that of ``interface``.
    public final override var report: ConnectionReport { interface.report }

    /// Whether it was told to connect, or was connected.
    public final override var hasBegun: Bool { machine.connection.hasBegun }

    /// Whether an attempt, a retry or a connection is there.
    public final override var isActive: Bool {
        interface.isActive || machine.connection.isRetryPending || machine.connection.socket != .down
    }

    /// Whether the handler connects again by itself. Set to `false`, it also ends retries that are under way, but not
    /// an attempt that ``connect(timeout:completion:)`` waits for. Set to `true` it starts nothing.
    public var autoReconnect: Bool {
        get { machine.connection.autoReconnect }
        set { handle(.autoReconnectSet(newValue)) }
    }

    /// Connects, and polls while connected. When connected already, polling goes on, or starts again when the program
    /// had paused it.
    ///
    /// When the attempt fails, ``onConnectFailed`` is called, and with ``autoReconnect`` the next attempt comes after
    /// the retry time.
    /// - Parameters:
    ///   - timeout: for this attempt and all later ones; `nil` waits as long as the system does. A call while an
    ///     attempt goes on waits for that one, whatever its time-out.
    ///   - completion: the outcome of this attempt, after the events.
    /// - Returns: stops waiting for the outcome; the handler goes on connecting.
    @discardableResult
    public func connect(
        timeout: TimeAmount? = nil,
        completion: @escaping (ConnectOutcome) -> Void = { _ in }
    ) -> any Cancellable {
        connectTimeout = timeout
        if machine.connection.isUp {
            handle(.connectCalled)
            return interface.environment.executeCancellably { completion(.connectedAlready) }
        }
        let waiter = ConnectWaiter(completion)
        waiters.append(waiter)
        handle(.connectCalled)
        return waiter
    }

    /// Closes the connection; with ``autoReconnect`` it comes back after the retry time. An attempt fails with
    /// ``ConnectFailure/calledOff``, which is reported inside this call. Without effect when there is neither.
    public func disconnect() {
        handle(.disconnectCalled)
    }

    /// Ends all that it does, ``autoReconnect`` included. Idempotent.
    public override func close() {
        autoReconnect = false
        disconnect()
        interface.close()
    }

    // MARK: What each kind does in its own way

    /// Runs the keep-alive query; `finished` is to be called when it is over.
    func runQuery(_ finished: @escaping () -> Void) {
        finished()
    }

    /// What is wrong with a device that does not answer.
    func silence(hasHeard: Bool) -> ConnectionTrouble { .withoutAnswer(disconnectLimit, hasHeard) }

    /// The connection has ended.
    func connectionWasLost() {}

    /// Bytes arrived; `nil`: those that a `sendAndWait` waits for.
    func received(_ bytes: ByteBuffer?) {}

    // MARK: Deciding

    /// Tells the machine, and does what it decides.
    final func handle(_ input: TcpStateMachine.Input) {
        perform(decide(input))
        activityMayHaveChanged()
    }

    /// Asks the machine whether the program may send; when it may not, the connection is closed.
    final func admitSend() -> Bool {
        let decision = machine.admitSend()
        if report.isDebugTold, let account = machine.account(of: decision) { report.tell(.debug, account) }
        switch decision {
        case .send: return true
        case .giveUp(let outputs):
            perform(outputs)
            return false
        }
    }

    private func decide(_ input: TcpStateMachine.Input) -> [TcpOutput] {
        guard report.isDebugTold else { return machine.handle(input) }
        let former = machine
        let outputs = machine.handle(input)
        if let account = machine.account(of: input, since: former, outputs) { report.tell(.debug, account) }
        return outputs
    }

    private func perform(_ outputs: [TcpOutput]) {
        for output in outputs {
            switch output {
            case .openSocket: attempt = interface.connect(timeout: connectTimeout) { self.attemptEnded($0) }
            case .abandonAttempt: dropAttempt()
            case .closeSocket:
                dropAttempt()
                interface.disconnect()
            case .closeForSilence:
                dropAttempt()
                interface.disconnect(because: silence(hasHeard: interface.hasReceived))
            case .scheduleRetry: scheduleRetry()
            case .cancelRetry:
                retry?.cancel()
                retry = nil
            case .startPolling: startPolling()
            case .stopPolling: pollTimer.performPause()
            case .runQuery: poll(runQuery)
            case .tellModuleOfLoss: connectionWasLost()
            case .reportConnected:
                if options.connectedOn == .response || report.isSilent { report.didAnswer() }
                onConnected?()
            case .reportDisconnected:
                if interface.isConnected { report.didFallSilent(.publishedByModule) }
                onDisconnected?()
            case .reportConnectFailed(let failure): onConnectFailed?(failure)
            }
        }
    }

    // MARK: Attempts and retries

    private func attemptEnded(_ outcome: ConnectOutcome) {
        attempt = nil
        let waiting = waiters
        waiters = []
        switch outcome {
        case .connected: break  // The observer has seen it.
        case .connectedAlready: handle(.socketConnected)
        case .failed(let failure): handle(.attemptFailed(failure))
        }
        for waiter in waiting { waiter.settle(outcome) }
    }

    /// Does not wait for the attempt any more, and tells those who wait for it. The attempt itself goes on for others
    /// that the interface knows.
    private func dropAttempt() {
        attempt?.cancel()
        attempt = nil
        let waiting = waiters
        waiters = []
        interface.environment.execute {
            for waiter in waiting { waiter.settle(.failed(.calledOff)) }
        }
    }

    private func scheduleRetry() {
        let environment = interface.environment
        if let connectedAt, environment.now - connectedAt >= ConnectionReport.steadyTime { retries = 0 }
        connectedAt = nil
        let random = options.retry.kind == .backoff ? environment.nextRandom() : 0
        let delay = options.retry.delay(after: retries, random: random)
        retry = environment.schedule(after: delay) {
            self.retry = nil
            self.handle(.retryDue)
        }
        retries += 1
        report.tell(.debug, "retry \(retries) comes in \(delay.roundedText) (\(options.retry.kind.rawValue))")
    }

    /// What comes next, for people.
    private func plan(after trouble: ConnectionTrouble) -> String? {
        // The connection stands, and polling goes on.
        guard trouble != .publishedByModule else { return nil }
        guard autoReconnect else { return "not again, as AutoReconnect is false" }
        return options.retry.text(
            after: trouble, isRetrying: machine.connection.socket == .down || machine.connection.isConnecting)
    }
}

extension TcpConnectionHandler: DeviceObserver {
    package func deviceDidConnect() {
        connectedAt = interface.environment.now
        handle(.socketConnected)
    }

    package func deviceDidDisconnect() {
        handle(.socketDisconnected)
    }

    package func deviceDidReceive(_ bytes: ByteBuffer) {
        received(bytes)
    }

    package func deviceDidReceiveAwaited() {
        received(nil)
    }

    package func deviceActivityDidChange() {
        activityMayHaveChanged()
    }
}

/// One who waits for the outcome of an attempt.
private final class ConnectWaiter: Cancellable {
    private var completion: ((ConnectOutcome) -> Void)?

    init(_ completion: @escaping (ConnectOutcome) -> Void) {
        self.completion = completion
    }

    func settle(_ outcome: ConnectOutcome) {
        let completion = self.completion
        self.completion = nil
        completion?(outcome)
    }

    func cancel() {
        completion = nil
    }
}
