public import NIOCore

/// What the handlers of TCP and SSH connections have in common: connecting, reconnecting, and polling while connected.
///
/// It takes the observer's place of the interface, so that the interface's event slots stay the program's own; the
/// handler's events come first. A program may pause the poll timer, and polling stays paused over reconnects until it is
/// resumed or ``connect(timeout:completion:)`` is called. What is resumed while the connection is down starts with the
/// connection.
public class TcpConnectionHandler: ConnectionHandler {
    /// The interface that it handles.
    public let interface: EthernetClientInterface
    /// An attempt to connect failed.
    public var onConnectFailed: ((ConnectFailure) -> Void)?

    private let link: any TcpDriving

    init(
        interface: EthernetClientInterface, options: HandlerOptions, pollTimer: ControlTimer, link: any TcpDriving
    ) {
        self.interface = interface
        self.link = link
        super.init(options: options, pollTimer: pollTimer)
        link.owner = self
        interface.report.steadyTime = options.answerTime
        activityMayHaveChanged()
    }

    deinit { link.owner = nil }

    /// What is known of the device.
    public override var connectionStatus: ConnectionStatus { link.status }

    /// What becomes of its connections: that of ``interface``.
    public override var report: ConnectionReport { interface.report }

    /// Whether it was told to connect, or was connected.
    public override var hasBegun: Bool { link.hasBegun }

    /// Whether an attempt, a retry or a connection is there.
    public override var isActive: Bool { link.isActive }

    /// Whether the handler connects again by itself. Set to `false`, it also ends retries that are under way, but not an
    /// attempt that ``connect(timeout:completion:)`` waits for. Set to `true` it starts nothing.
    public var autoReconnect: Bool {
        get { link.autoReconnect }
        set { link.autoReconnect = newValue }
    }

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
        link.connect(timeout: timeout, completion: completion)
    }

    /// Closes the connection; with ``autoReconnect`` it comes back after the retry time. An attempt fails with
    /// ``ConnectFailure/calledOff``, which is reported inside this call. Without effect when there is neither.
    public func disconnect() {
        link.disconnect()
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
}

extension TcpConnectionHandler: TcpDriverOwner {
    func driverRunsQuery() { poll(runQuery) }

    func driverStartsPolling() { startPolling() }

    func driverLosesConnection() { connectionWasLost() }

    func driverReports(_ status: ConnectionStatus) {
        if status == .connected {
            if options.connectedOn == .response || report.isSilent { report.didAnswer() }
        } else if interface.isConnected {
            report.didFallSilent(.publishedByModule)
        }
        if status == .connected { onConnected?() } else { onDisconnected?() }
    }

    func driverAsksForSilence(hasHeard: Bool) -> ConnectionTrouble { silence(hasHeard: hasHeard) }

    func driverReports(_ failure: ConnectFailure) { onConnectFailed?(failure) }

    func driverReceives(_ bytes: ByteBuffer?) { received(bytes) }

    func driverActivityMayHaveChanged() { activityMayHaveChanged() }
}
