import ControlCore

/// The equipment's side of GEM on a session.
///
/// It answers S1F1, S1F13, S1F15, S1F17 and everything of its parts: variables, events, alarms, commands, clock,
/// traces, limits, spool, terminals and process programs. Off-line it answers nothing but S1F13 and S1F17, and all else
/// with SxF0.
///
/// A handler belongs to its session's event loop.
public final class GemEquipmentHandler: GemHandler {
    /// The status variables, data values and constants.
    public private(set) lazy var variables = GemVariables(self)
    /// The collection events and their reports.
    public private(set) lazy var events = GemEvents(self)
    /// The alarms.
    public private(set) lazy var alarms = GemAlarms(self)
    /// The commands that the host may give.
    public private(set) lazy var commands = GemRemoteCommands(self)
    /// The clock.
    public private(set) lazy var clock = GemClock(self)
    /// The traces that the host has asked for.
    public private(set) lazy var traces = GemTraces(self)
    /// The limits that the host has set.
    public private(set) lazy var limits = GemLimits(self)
    /// What waits for the host.
    public private(set) lazy var spool = GemSpool(self)
    /// Bytes of what was declared: names, texts and values. Kept by whoever declares for a program.
    package var declaredBytes = 0
    /// Called after every change of ``controlState``.
    public var onControlStateChanged: ((GemControlState) -> Void)?

    /// The events that tell changes of the control state; nil for none.
    public var controlEvents: (offline: GemID?, local: GemID?, remote: GemID?) = (nil, nil, nil)

    private var control: GemControlStateMachine

    /// Makes a handler. Nothing is sent before ``GemHandler/enable()``.
    /// - Parameters:
    ///   - session: the way to the host.
    ///   - identity: what it says of itself in S1F2, S1F13 and S1F14.
    ///   - control: how it begins in the control state model.
    ///   - takesInitiative: whether it sends S1F13 by itself rather than waiting for the host's.
    ///   - standardItems: whether it begins with what secsgem's equipment has: the status variables 1001 Clock, 1002
    ///     ControlState, 1003 EventsEnabled, 1004 AlarmsEnabled and 1005 AlarmsSet, the constants 1
    ///     EstablishCommunicationsTimeout and 2 TimeFormat, and the events 1 EquipmentOffline, 2 ControlStateLocal and
    ///     3 ControlStateRemote.
    /// - Precondition: the session's role is equipment.
    public init(
        session: any SecsSession, identity: GemIdentity, control: GemControlConfiguration = GemControlConfiguration(),
        takesInitiative: Bool = true, standardItems: Bool = true
    ) {
        self.control = GemControlStateMachine(control)
        super.init(session: session, role: .equipment, identity: identity, takesInitiative: takesInitiative)
        // The parts register their messages when they are made.
        _ = (variables, events, alarms, commands, clock, traces, limits, spool)
        register(stream: 1, function: 15) { [unowned self] in steer(.offlineRequested, by: $0) }
        register(stream: 1, function: 17) { [unowned self] in steer(.onlineRequested, by: $0) }
        if standardItems { addStandardItems() }
    }

    // MARK: The control state

    /// The control state.
    public var controlState: GemControlState { control.state }

    /// The operator wants to be on-line: S1F1 is sent, and its answer decides. It has effect only while the operator's
    /// wish is what keeps the equipment off-line. Does not wait.
    public func switchOnline() { steer(.switchedOnline) }

    /// The operator wants to be off-line.
    public func switchOffline() { steer(.switchedOffline) }

    /// The operator takes command; off-line it decides how on-line begins.
    public func switchLocal() { steer(.switchedLocal) }

    /// The operator gives command to the host; off-line it decides how on-line begins.
    public func switchRemote() { steer(.switchedRemote) }

    private func steer(_ input: GemControlStateMachine.Input, by request: SecsRequest? = nil) {
        for output in control.handle(input) {
            switch output {
            case .replyOffline(let code), .replyOnline(let code): request?.reply(code: code)
            case .sendAreYouThere(let attempt): sendAreYouThere(attempt)
            case .report(let state): report(state)
            }
        }
    }

    private func sendAreYouThere(_ attempt: Int) {
        transmit(SecsMessage(stream: 1, function: 1, expectsReply: true)) { [weak self] result in
            if case .success = result {
                self?.steer(.areYouThereAnswered(attempt: attempt))
            } else {
                self?.steer(.areYouThereFailed(attempt: attempt))
            }
        }
    }

    private func report(_ state: GemControlState) {
        let event =
            switch state {
            case .equipmentOffline, .hostOffline: controlEvents.offline
            case .onlineLocal: controlEvents.local
            case .onlineRemote: controlEvents.remote
            case .attemptOnline: nil as GemID?
            }
        if let event { events.trigger(event, values: [:], isLeavingOnline: !state.isOnline) }
        onControlStateChanged?(state)
    }

    // MARK: The session

    /// Sends a primary message; see ``SecsHandler/send(_:completion:)``.
    ///
    /// One that cannot be sent for want of communication may go to the spool, which is the failure
    /// ``SecsFailure/spooled``. So may one whose reply the end of the session has kept away: the host may get it twice.
    public override func send(
        _ message: SecsMessage, completion: @escaping (SecsResult<SecsMessage?>) -> Void = { _ in }
    ) {
        if control.state.isOnline, spool.load(message) {
            environment.execute { completion(.failure(.spooled)) }
            return
        }
        super.send(message) { [weak self] result in
            if result == .failure(.closed), self?.spool.takeBack(message) == true {
                completion(.failure(.spooled))
            } else {
                completion(result)
            }
        }
    }

    override func obstacle(to message: SecsMessage) -> SecsFailure? {
        if let obstacle = super.obstacle(to: message) { return obstacle }
        let isEstablishing = message.stream == 9 || message.stream == 1 && message.function == 13
        return control.state.isOnline || isEstablishing ? nil : .offline
    }

    override func admission(of header: HsmsHeader) -> Admission {
        let admission = super.admission(of: header)
        guard case .admitted = admission, !control.state.isOnline else { return admission }
        let isForOffline = header.stream == 1 && (header.function == 13 || header.function == 17)
        return isForOffline ? .admitted : .aborted
    }

    override func communicationChanged() {
        if isCommunicating {
            steer(.communicationStarted)
        } else {
            spool.communicationLost()
            steer(.communicationEnded)
        }
    }
}
