import NIOCore

/// Whose connection a ``TcpDriver`` keeps.
protocol TcpDriverOwner: AnyObject {
    func driverRunsQuery()
    func driverStartsPolling()
    func driverLosesConnection()
    func driverReports(_ status: ConnectionStatus)
    func driverReports(_ failure: ConnectFailure)
    /// What is wrong with a device that does not answer.
    func driverAsksForSilence(hasHeard: Bool) -> ConnectionTrouble
    /// - Parameter bytes: `nil`: those that a `sendAndWait` waits for.
    func driverReceives(_ bytes: ByteBuffer?)
    func driverActivityMayHaveChanged()
}

/// What a ``TcpConnectionHandler`` needs of its driver, whatever the machine.
protocol TcpDriving: AnyObject {
    var status: ConnectionStatus { get }
    var autoReconnect: Bool { get set }
    var isActive: Bool { get }
    var hasBegun: Bool { get }
    var owner: (any TcpDriverOwner)? { get set }
    func connect(timeout: TimeAmount?, completion: @escaping (ConnectOutcome) -> Void) -> any Cancellable
    func disconnect()
}

/// Carries out what the machine of a TCP handler decides: sees the interface, tells the machine, and acts.
final class TcpDriver<Machine: TcpStateMachine>: TcpDriving {
    let interface: EthernetClientInterface
    /// Set by the owner as soon as it exists, and cleared before it goes. The owner keeps the driver. Not weak: counting the
    /// references to an object takes twice as long for ever once there was a weak one.
    @exclusivity(unchecked) unowned(unsafe) var owner: (any TcpDriverOwner)?

    /// Without a check of exclusive access: a machine calls nobody.
    @exclusivity(unchecked) private(set) var machine: Machine
    private let policy: RetryPolicy
    /// How many there were since the connection last stood for a while.
    private var retries = 0
    private var connectedAt: NIODeadline?
    private let pollTimer: ControlTimer
    private var connectTimeout: TimeAmount?
    private var attempt: (any Cancellable)?
    /// Those who wait for the attempt that goes on.
    private var askers: [ConnectAsker] = []
    private var retry: (any Cancellable)?

    /// Takes the observer's place of the interface and steers the poll timer.
    init(interface: EthernetClientInterface, machine: Machine, retry: RetryPolicy, pollTimer: ControlTimer) {
        self.interface = interface
        self.machine = machine
        policy = retry
        self.pollTimer = pollTimer
        pollTimer.onTick = { [unowned self] _, _ in handle(.pollDue) }
        pollTimer.common.commandGate = { [unowned self] run in
            handle(.pollingWanted(run))
            return !run || self.machine.link.socket == .up
        }
        interface.observer = self
        interface.report.plan = { [unowned self] in plan(after: $0) }
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

    var status: ConnectionStatus { machine.status }

    var hasBegun: Bool { machine.link.hasBegun }

    /// What comes next, for people.
    private func plan(after trouble: ConnectionTrouble) -> String? {
        // The connection stands, and polling goes on.
        guard trouble != .publishedByModule else { return nil }
        guard autoReconnect else { return "not again, as AutoReconnect is false" }
        return policy.text(after: trouble, isRetrying: machine.link.socket == .down || machine.link.isConnecting)
    }

    var autoReconnect: Bool {
        get { machine.link.autoReconnect }
        set { handle(.autoReconnectSet(newValue)) }
    }

    var isActive: Bool { interface.isActive || machine.link.isRetryPending || machine.link.socket != .down }

    func connect(timeout: TimeAmount?, completion: @escaping (ConnectOutcome) -> Void) -> any Cancellable {
        connectTimeout = timeout
        if machine.link.socket == .up {
            handle(.connectCalled)
            return interface.environment.executeCancellably { completion(.connectedAlready) }
        }
        let asker = ConnectAsker(completion)
        askers.append(asker)
        handle(.connectCalled)
        return asker
    }

    func disconnect() {
        handle(.disconnectCalled)
    }

    func handle(_ input: Machine.Input) {
        perform(decide(input))
        owner?.driverActivityMayHaveChanged()
    }

    /// Asks the machine whether the program may send.
    /// - Parameter input: that the program is about to.
    /// - Returns: whether it may; what else the machine has decided is done.
    func admits(_ input: Machine.Input) -> Bool {
        let outputs = decide(input)
        if outputs.count == 1, case .transmit = outputs[0] { return true }
        perform(outputs)
        return false
    }

    private func decide(_ input: Machine.Input) -> [TcpHandlerOutput] {
        let report = interface.report
        guard report.isDebugTold else { return machine.handle(input) }
        let former = machine
        let outputs = machine.handle(input)
        if let account = machine.account(of: input, since: former, outputs) { report.tell(.debug, account) }
        return outputs
    }

    private func perform(_ outputs: [TcpHandlerOutput]) {
        for output in outputs {
            switch output {
            case .openSocket: openSocket()
            case .abandonAttempt: dropAttempt()
            case .closeSocket:
                dropAttempt()
                interface.disconnect()
            case .closeForSilence:
                dropAttempt()
                interface.disconnect(because: owner?.driverAsksForSilence(hasHeard: interface.hasReceived))
            case .transmit: break  // The sender does it, see admits().
            case .scheduleRetry: scheduleRetry()
            case .cancelRetry:
                retry?.cancel()
                retry = nil
            case .startPolling: owner?.driverStartsPolling()
            case .stopPolling: pollTimer.performPause()
            case .runQuery: owner?.driverRunsQuery()
            case .tellModuleOfLoss: owner?.driverLosesConnection()
            case .reportConnected: owner?.driverReports(.connected)
            case .reportDisconnected: owner?.driverReports(.disconnected)
            case .reportConnectFailed(let failure): owner?.driverReports(failure)
            }
        }
    }

    private func scheduleRetry() {
        let environment = interface.environment
        if let connectedAt, environment.now - connectedAt >= ConnectionReport.steadyTime { retries = 0 }
        connectedAt = nil
        let random = policy.kind == .backoff ? environment.nextRandom() : 0
        let delay = policy.delay(after: retries, random: random)
        retry = environment.schedule(after: delay) { self.retryDue() }
        retries += 1
        interface.report.tell(.debug, "retry \(retries) comes in \(delay.roundedText) (\(policy.kind.rawValue))")
    }

    private func openSocket() {
        attempt = interface.connect(timeout: connectTimeout) { self.attemptEnded($0) }
    }

    private func attemptEnded(_ outcome: ConnectOutcome) {
        attempt = nil
        let waiting = askers
        askers = []
        switch outcome {
        case .connected: break  // The observer has seen it.
        case .connectedAlready: handle(.socketConnected)
        case .failed(let failure): handle(.attemptFailed(failure))
        }
        for asker in waiting { asker.settle(outcome) }
    }

    /// Does not wait for the attempt any more, and tells those who wait for it. The attempt itself goes on for others
    /// that the interface knows.
    private func dropAttempt() {
        attempt?.cancel()
        attempt = nil
        let waiting = askers
        askers = []
        interface.environment.execute {
            for asker in waiting { asker.settle(.failed(.calledOff)) }
        }
    }

    private func retryDue() {
        retry = nil
        handle(.retryDue)
    }
}

extension TcpDriver: DeviceObserver {
    func deviceDidConnect() {
        connectedAt = interface.environment.now
        handle(.socketConnected)
    }

    func deviceDidDisconnect() {
        handle(.socketDisconnected)
    }

    func deviceDidReceive(_ bytes: ByteBuffer) {
        owner?.driverReceives(bytes)
    }

    func deviceDidReceiveAwaited() {
        owner?.driverReceives(nil)
    }

    func deviceActivityDidChange() {
        owner?.driverActivityMayHaveChanged()
    }
}

/// One who waits for the outcome of an attempt.
private final class ConnectAsker: Cancellable {
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
