import Bytes

/// What the handlers of serial ports and UDP clients have in common: there is no connection, so a device is there when
/// it answers, and gone when it does not.
///
/// It takes the observer's place of the interface, so that the interface's event slots stay the program's own; the
/// handler's events come first. What is sent always goes out, so that a device that was away is found again. While a
/// serial port is offline, polls count as unanswered and nothing is asked.
public class SimplePipeHandler: ConnectionHandler {
    /// The interface that it handles.
    public let pipe: SimplePipe

    private var observer: SimplePipeObserver?
    /// Whether anything was received since the device was last reported.
    private var hasHeard = false
    private var wasToldToConnect = false

    init(pipe: SimplePipe, options: HandlerOptions) throws(ParameterError) {
        self.pipe = pipe
        super.init(
            options: options, pollTimer: try Self.makePollTimer(in: pipe.environment, options: options))
        let observer = SimplePipeObserver(
            received: { [weak self] in
                self?.hasHeard = true
                self?.received($0)
            },
            activityMayHaveChanged: { [weak self] in self?.activityMayHaveChanged() })
        self.observer = observer
        pipe.observe(observer)
        let planOfPipe = pipe.report.plan
        pipe.report.plan = { $0.isSilence ? "polling goes on" : planOfPipe?($0) }
        pollTimer.onTick = { [weak self] _, _ in self?.tick() }
        pollTimer.common.activityObserver = { [weak self] in self?.activityMayHaveChanged() }
        activityMayHaveChanged()
    }

    deinit {
        guard let observer else { return }
        pipe.stopObserving(observer)
    }

    /// Whether it was told to connect.
    public final override var hasBegun: Bool { wasToldToConnect }

    /// What becomes of its device: that of its interface.
    public final override var report: ConnectionReport { pipe.report }

    /// Whether it polls, or its interface may receive.
    public override var isActive: Bool { pollTimer.isActive || pipe.isActive }

    /// Begins to poll. Harmless while it polls; a pause of the poll timer is lifted.
    public func connect() {
        wasToldToConnect = true
        perform(decideOnConnect(isPolling: pollTimer.isActive))
    }

    /// Ends all that it does, and closes the interface. Idempotent.
    public override func close() {
        super.close()
        pipe.close()
    }

    /// A query could only fail while the port is offline, once a second perhaps, for days. It counts all the same.
    private func tick() {
        if pipe.isOffline { pollMissed() } else { pollDue() }
    }

    func perform(_ outputs: [SimplePipeOutput]) {
        for output in outputs {
            switch output {
            case .startPolling: startPolling()
            case .runQuery: poll(runQuery)
            case .reportConnected:
                report.didAnswer()
                onConnected?()
            case .reportDisconnected:
                report.didFallSilent(silence(hasHeard: hasHeard))
                hasHeard = false
                onDisconnected?()
            case .tellModuleOfLoss: moduleLostItsDevice()
            }
        }
    }

    // MARK: What each kind does in its own way

    /// What the machine has to say to a call of ``connect()``.
    func decideOnConnect(isPolling: Bool) -> [SimplePipeOutput] { [] }

    /// The poll timer has ticked.
    func pollDue() {}

    /// The poll timer has ticked while the pipe is offline: no query can be sent.
    func pollMissed() {}

    /// What is wrong with a device that is gone.
    func silence(hasHeard: Bool) -> ConnectionTrouble {
        .withoutAnswer(of: pipe, "\(disconnectLimit) polls without an answer", hasHeard)
    }

    /// Tells the module, if there is one, that its device is gone.
    func moduleLostItsDevice() {}

    /// Runs the keep-alive query; `finished` is to be called when it is over.
    func runQuery(_ finished: @escaping () -> Void) {
        finished()
    }

    /// Bytes arrived; `nil`: those that a `sendAndWait` waits for.
    func received(_ bytes: ByteBuffer?) {}
}
