public import NIOCore

/// Keeps a TCP connection alive: polls the device, notices when it falls silent, and reconnects.
///
/// It takes the observer's place of the interface, so that the interface's event slots stay the program's own; the
/// handler's events come first. While it ``isActive`` it keeps itself alive.
public final class RawTcpHandler {
    /// The interface that it handles.
    public let interface: EthernetClientInterface
    /// The options that it was made with.
    public let options: HandlerOptions
    /// Schedules the keep-alive query. A program may pause it, and polling stays paused over reconnects until it is
    /// resumed or ``connect(timeout:completion:)`` is called. What is resumed while the connection is down starts with
    /// the connection.
    public let pollTimer: ControlTimer

    /// The device is there; see ``HandlerOptions/ConnectedOn``.
    public var onConnected: (() -> Void)?
    /// The device is gone: the socket closed, or it was closed over the limit. Once for each change.
    public var onDisconnected: (() -> Void)?
    /// An attempt to connect failed.
    public var onConnectFailed: ((ConnectFailure) -> Void)?
    /// Bytes arrived that belong to no `sendAndWait`.
    public var onReceiveData: ((ByteBuffer) -> Void)?
    /// ``isActive`` changed to the value that is given.
    public var onActivityChanged: ((Bool) -> Void)?

    private let keepAliveQuery: (RawTcpHandler, _ finished: @escaping () -> Void) -> Void
    private var machine: RawTcpStateMachine
    private var connectTimeout: TimeAmount?
    private var attempt: (any Cancellable)?
    /// Those who wait for the attempt that goes on.
    private var askers: [CancellableOutcome] = []
    private var retry: (any Cancellable)?
    private var selfWhileActive: RawTcpHandler?

    private final class CancellableOutcome: Cancellable {
        var completion: ((ConnectOutcome) -> Void)?

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

    /// Takes over `interface`. Nothing happens until ``connect(timeout:completion:)``; the poll timer is paused.
    /// - Parameter keepAliveQuery: asks the device for something, and calls `finished` when the answer was dealt with. A
    ///   poll that is due before is skipped.
    public init(
        interface: EthernetClientInterface,
        options: HandlerOptions,
        keepAliveQuery: @escaping (RawTcpHandler, _ finished: @escaping () -> Void) -> Void
    ) throws(ParameterError) {
        self.interface = interface
        self.options = options
        self.keepAliveQuery = keepAliveQuery
        machine = RawTcpStateMachine(disconnectLimit: options.disconnectLimit, connectedOn: options.connectedOn)
        pollTimer = try ControlTimer(environment: interface.environment, interval: options.pollFrequency)
        pollTimer.performArm()
        pollTimer.onTick = { [weak self] _, _ in self?.handle(.pollDue) }
        pollTimer.commandGate = { [weak self] run in
            guard let self else { return true }
            self.handle(.pollingWanted(run))
            return !run || self.machine.socket == .up
        }
        interface.observer = self
        activityMayHaveChanged()
    }

    /// What is known of the device.
    public var connectionStatus: ConnectionStatus { machine.status }

    /// How many sends may go without an accepted response.
    public var disconnectLimit: Int { options.disconnectLimit }

    /// Whether the handler connects again by itself. Set to `false`, it also ends retries that are under way, but not an
    /// attempt that ``connect(timeout:completion:)`` waits for. Set to `true` it starts nothing.
    public var autoReconnect: Bool {
        get { machine.autoReconnect }
        set { handle(.autoReconnectSet(newValue)) }
    }

    /// Whether it may call its slots: an attempt, a retry or a connection is there.
    public var isActive: Bool { interface.isActive || machine.isRetryPending || machine.socket != .down }

    // MARK: What the program does

    /// Connects, and polls while connected. When connected already, polling goes on, or starts again when the program
    /// had paused it.
    ///
    /// When the attempt fails, ``onConnectFailed`` is called, and with ``autoReconnect`` the next attempt comes after
    /// the retry time.
    /// - Parameters:
    ///   - timeout: for this attempt and all later ones; `nil` waits as long as the system does. A call while an attempt
    ///     goes on waits for that one, whatever its time-out.
    ///   - completion: the outcome of this attempt, after the events.
    /// - Returns: stops waiting for the outcome; the handler goes on connecting.
    @discardableResult
    public func connect(
        timeout: TimeAmount? = nil,
        completion: @escaping (ConnectOutcome) -> Void = { _ in }
    ) -> any Cancellable {
        connectTimeout = timeout
        if machine.socket == .up {
            handle(.connectCalled)
            return interface.environment.executeCancellably { completion(.connectedAlready) }
        }
        let asker = CancellableOutcome(completion)
        askers.append(asker)
        handle(.connectCalled)
        return asker
    }

    /// Closes the connection; with ``autoReconnect`` it comes back after the retry time. An attempt fails with
    /// ``ConnectFailure/calledOff``, which is reported inside this call. Without effect when there is neither.
    public func disconnect() {
        handle(.disconnectCalled)
    }

    /// Ends all that it does, ``autoReconnect`` included. Idempotent.
    public func close() {
        autoReconnect = false
        disconnect()
        interface.close()
    }

    /// Sends `bytes` and counts that as a send without a response. Over the limit nothing is sent: the connection is
    /// closed, and the Disconnected event follows.
    /// - Returns: whether it was sent.
    /// - Throws: when not connected, or when the send queue has no room.
    @discardableResult
    public func send(_ bytes: ByteBuffer) throws(IOFault) -> Bool {
        guard admitSend() else { return false }
        try interface.send(bytes)
        return true
    }

    /// As ``EthernetClientInterface/sendAndWait(_:timeout:delimiter:completion:)``, and counts as a send without a
    /// response. Over the limit the connection is closed and the call completes with
    /// ``SendAndWaitOutcome/UnmetReason/connectionLost``.
    @discardableResult
    public func sendAndWait(
        _ data: ByteBuffer,
        timeout: TimeAmount,
        delimiter: ResponseDelimiter?,
        completion: @escaping (SendAndWaitOutcome) -> Void
    ) -> any Cancellable {
        guard admitSend() else {
            return interface.environment.executeCancellably { completion(.unmet(.connectionLost)) }
        }
        return interface.sendAndWait(data, timeout: timeout, delimiter: delimiter, completion: completion)
    }

    /// Tells the handler that a good response came: the count of sends starts anew. Ignored while the socket is down.
    public func responseAccepted() {
        handle(.responseAccepted)
    }

    // MARK: The machine's driver

    private func admitSend() -> Bool {
        let outputs = machine.handle(.sending)
        if outputs == [.transmit] { return true }
        perform(outputs)
        return false
    }

    private func handle(_ input: RawTcpStateMachine.Input) {
        perform(machine.handle(input))
        activityMayHaveChanged()
    }

    private func perform(_ outputs: [RawTcpStateMachine.Output]) {
        for output in outputs {
            switch output {
            case .openSocket: openSocket()
            case .abandonAttempt: dropAttempt()
            case .closeSocket:
                dropAttempt()
                interface.disconnect()
            case .transmit: break  // The sender does it, see admitSend().
            case .scheduleRetry:
                retry = interface.environment.schedule(after: options.connectRetryTime) { self.retryDue() }
            case .cancelRetry:
                retry?.cancel()
                retry = nil
            case .startPolling: pollTimer.performRestart()
            case .stopPolling: pollTimer.performPause()
            case .runQuery: runQuery()
            case .reportConnected: onConnected?()
            case .reportDisconnected: onDisconnected?()
            case .reportConnectFailed(let failure): onConnectFailed?(failure)
            }
        }
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

    private func runQuery() {
        let timer = pollTimer
        timer.isBusy = true
        var isFinished = false
        keepAliveQuery(self) {
            // A second call would end the next poll.
            guard !isFinished else { return }
            isFinished = true
            timer.isBusy = false
        }
    }

    private func activityMayHaveChanged() {
        let active = isActive
        guard active != (selfWhileActive != nil) else { return }
        selfWhileActive = active ? self : nil
        onActivityChanged?(active)
    }
}

extension RawTcpHandler: EthernetClientObserver {
    package func clientDidConnect(_ client: EthernetClientInterface) {
        handle(.socketConnected)
    }

    package func clientDidDisconnect(_ client: EthernetClientInterface) {
        handle(.socketDisconnected)
    }

    package func client(_ client: EthernetClientInterface, didReceive bytes: ByteBuffer) {
        onReceiveData?(bytes)
    }

    package func clientActivityDidChange(_ client: EthernetClientInterface) {
        activityMayHaveChanged()
    }
}
