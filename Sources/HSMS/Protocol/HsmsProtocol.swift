public import ControlCore
import DequeModule
import Polling

/// The procedures of SEMI E37 on one connection: select, deselect, linktest, separate, reject, transactions and their
/// timers. `HsmsProtocol` of secsgem's newer documentation, ``HsmsHandler`` of the older.
///
/// The active side selects by itself when it is connected, and again when that was lost. Nothing here waits: requests
/// report what became of them through completions, each exactly once. No closure that is handed in is called before the
/// call that took it has returned, nor while another one runs; so a request may be made anywhere, also in a completion.
///
/// While its connection is active, the environment keeps it alive.
public final class HsmsProtocol {
    /// The name that its owner knows it by.
    public let name: String
    /// The connection. Its delegate is the protocol's own while it is enabled.
    public let connection: HsmsConnection
    /// Hears what happens, in order.
    public var onEvent: ((HsmsProtocol, HsmsEvent) -> Void)?

    /// Hears everything before ``onEvent``: the manager.
    var observer: ((HsmsProtocol, HsmsEvent) -> Void)?
    /// Hear what happens to their session, by its ID, before ``onEvent``; see ``HsmsSession``.
    var sessionObservers: [UInt16: (HsmsEvent) -> Void] = [:]
    /// The ID of the only or first session.
    var defaultSession: UInt16 { machine.isSingle ? sessionID : machine.sessions[0] }

    /// The environment in which it lives.
    public let environment: any Environment
    private(set) var machine: HsmsStateMachine
    /// By system bytes.
    private var pendingReplies: [UInt32: HsmsPendingReply] = [:]
    private var notSelectedTimer: (any Cancellable)?
    private var silenceTimer: (any Cancellable)?
    private var selectTimer: (any Cancellable)?
    private var lastArrival: Deadline

    /// What the program has to be told, in order.
    private var news: Deque<News> = []
    private var isTelling = false

    /// Whether messages for the program are kept back; see ``setHolding(_:)``.
    public private(set) var isHolding = false
    /// Which messages wait while the program is held up; without it all do. Those that do not are answered at once.
    public var isForProgram: ((HsmsHeader) -> Bool)?
    /// Told, once each time the program is held up, that messages were refused because too much waits for it.
    public var onRefusal: (() -> Void)?
    private var held = HsmsHeldMessages()
    private var isReleasing = false

    private enum News {
        case event(HsmsEvent)
        case outcome(HsmsOutcome, HsmsPendingReply)
    }

    /// Makes a protocol with a connection that is not enabled.
    /// - Parameters:
    ///   - environment: the world in which it lives; all happens on its loop.
    ///   - address: the peer's address or host name; for a passive connection that from which it is expected.
    ///   - port: the peer's port, or the one to listen on, 0…65535.
    ///   - active: whether this side makes the connection.
    ///   - sessionID: the session ID of data messages.
    ///   - name: by which the owner knows it.
    ///   - server: makes the connection if it is passive; `nil`: the connection listens by itself.
    ///   - configuration: timers, roles and what SEMI E37 leaves open.
    /// - Throws: when a parameter is out of its range.
    public init(
        environment: any Environment, address: String, port: Int = 5_000, active: Bool, sessionID: UInt16 = 0,
        name: String, server: HsmsMultiPassiveServer? = nil, configuration: HsmsConfiguration = HsmsConfiguration()
    ) throws(ParameterError) {
        self.environment = environment
        self.name = name
        if active {
            connection = try HsmsActiveConnection(
                environment: environment, address: address, port: port, sessionID: sessionID,
                configuration: configuration)
        } else if let server {
            connection = try server.createConnection(
                address: address, port: port, sessionID: sessionID, configuration: configuration)
        } else {
            connection = try HsmsPassiveConnection(
                environment: environment, address: address, port: port, sessionID: sessionID,
                configuration: configuration)
        }
        machine = HsmsStateMachine(
            configuration: configuration, isActive: active, deviceID: sessionID,
            lastSystem: UInt32(truncatingIfNeeded: environment.nextRandom()))
        lastArrival = environment.now
    }

    /// How it behaves.
    public var configuration: HsmsConfiguration { machine.configuration }
    /// The session ID of data messages where there is a single session.
    public var sessionID: UInt16 { machine.deviceID }
    /// Whether it is the active side, which selects sessions.
    var isActive: Bool { machine.isActive }
    /// The state of the connection.
    public var state: HsmsConnectionState { machine.state }
    /// How many requests of this side are unanswered, those of the procedures included.
    public var openTransactions: Int { machine.transactions.count }

    /// Whether a session is established.
    /// - Parameter session: which one, where there are several; `nil`: any.
    public func isSelected(session: UInt16? = nil) -> Bool {
        guard let session, !machine.isSingle else { return machine.state == .selected }
        return machine.state == .selected && machine.selected.contains(session)
    }

    /// Lets the connection be established, again and again, until ``disable(completion:)``. Idempotent.
    public func enable() {
        if connection.delegate == nil { connection.delegate = HsmsProtocolRelay(self) }
        connection.enable()
    }

    /// Separates, closes the connection and lets it be. Requests that are unanswered are completed with
    /// ``HsmsOutcome/closed``. Idempotent.
    /// - Parameter completion: called once, on a later turn of the loop, after all of them and all events. Nothing of
    ///   the peer or the network can delay it.
    public func disable(completion: @escaping () -> Void = {}) {
        handle(.leave, later: true)
        connection.disable { [self] in
            // It may have been enabled again meanwhile.
            if !connection.isActive { connection.delegate = nil }
            tell()
            completion()
        }
    }

    /// Closes the TCP connection without disabling: it is established again as after any loss. Idempotent.
    public func disconnect() {
        handle(.leave, later: true)
        connection.disconnect()
    }

    /// The system bytes that were given out last; the next ones are one more. `systemCounter` of secsgem.
    public var systemCounter: UInt32 {
        get { machine.lastSystem }
        set { machine.lastSystem = newValue }
    }

    // MARK: Back-pressure

    /// Keeps messages for the program back (`true`) while it is held up, or gives them to it again (`false`).
    ///
    /// Only what nobody awaits is kept back: primary messages, and replies that came too late. Everything else goes on
    /// as ever: control messages are answered, replies end the requests that await them, and all timers run. At most
    /// ``HsmsHeldMessages/mostMessages`` are kept, of ``HsmsHeldMessages/mostBytes``; those beyond are refused by SxF0,
    /// so that the peer knows. When the session ends, what is kept is given before that is told, whether held up or
    /// not.
    public func setHolding(_ holding: Bool) {
        guard holding != isHolding else { return }
        isHolding = holding
        // Not from inside this call: a handler of the program is about to end.
        if !holding { environment.execute { self.release() } }
    }

    /// How many messages are kept back.
    public var heldMessages: Int { held.count }
    /// About the bytes of memory that they take.
    public var heldBytes: Int { held.bytes }
    /// About the bytes that it keeps for a program: these, its peer's address, and what is to be sent.
    package var programBytes: Int { held.bytes + connection.address.utf8.count + connection.queuedBytes }

    /// Gives what was kept back, a share a turn, until the program is held up again.
    private func release() {
        guard !isReleasing else { return }
        isReleasing = true
        defer { isReleasing = false }
        var share = HsmsTurnShare(environment)
        while !isHolding, let event = held.popFirst() {
            news.append(.event(event))
            tell()
            guard share.allowsMore(after: event.textBytes) else { break }
        }
        if !isHolding, !held.isEmpty { environment.schedule(after: HsmsTurnShare.pause) { self.release() } }
    }

    /// What a report of the state machine becomes: news, or one more message that is kept back.
    private func report(_ event: HsmsEvent) {
        switch event {
        case .packetReceived(let packet):
            if mustWait(packet.header) { hold(event, packet.header) } else { news.append(.event(event)) }
        case .unexpectedReply(let packet):
            if mustWait(packet.header) { hold(event, packet.header) } else { news.append(.event(event)) }
        case .deselected, .disconnected:
            // In order, and nothing is lost: after the end nobody could ask for it again.
            while let event = held.popFirst() { news.append(.event(event)) }
            news.append(.event(event))
        case .connected, .selected, .openFailed: news.append(.event(event))
        }
    }

    private func mustWait(_ header: HsmsHeader) -> Bool {
        guard isHolding || !held.isEmpty else { return false }
        return isForProgram?(header) ?? true
    }

    private func hold(_ event: HsmsEvent, _ header: HsmsHeader) {
        guard !held.keep(event) else { return }
        if held.refuse() { onRefusal?() }
        guard case .packetReceived = event, header.requireResponse else { return }
        send(
            HsmsPacket(
                .data(
                    session: header.sessionID, stream: header.stream, function: 0, requireResponse: false,
                    system: header.system)))
    }

    // MARK: Inputs

    /// From the connection, on a turn of the loop of its own.
    func happened(_ input: HsmsStateMachine.Input) {
        lastArrival = environment.now
        handle(input, later: false)
    }

    func openFailed(_ reason: String) {
        news.append(.event(.openFailed(reason)))
        tell()
    }

    /// System bytes that no open transaction has: one more than the last, beginning at random.
    /// `get_next_system_counter` of secsgem.
    public func nextSystemCounter() -> UInt32 {
        machine.allocateSystem()
    }

    /// Sends a request, whose system bytes are new.
    func request(_ packet: HsmsPacket, _ completion: @escaping (HsmsOutcome) -> Void) -> any Cancellable {
        let pending = HsmsPendingReply(packet.header.system, completion)
        pendingReplies[packet.header.system] = pending
        handle(.request(packet), later: true)
        return pending
    }

    /// - Parameter later: code of the program is under way, so that it is told on a later turn.
    func handle(_ input: HsmsStateMachine.Input, later: Bool) {
        perform(machine.handle(input))
        guard !news.isEmpty else { return }
        if later {
            environment.execute { self.tell() }
        } else {
            tell()
        }
    }

    // MARK: Outputs

    private func perform(_ outputs: [HsmsStateMachine.Output]) {
        for output in outputs {
            switch output {
            case .send(let packet): send(packet)
            case .close(let reason): connection.close(reason)
            case .startReplyTimer(let system, let timer): startReplyTimer(system, timer)
            case .cancelReplyTimer(let system): stopReplyTimer(system)
            case .startNotSelectedTimer:
                notSelectedTimer = environment.schedule(after: configuration.timers.t7) { [self] in
                    handle(.notSelectedTooLong, later: false)
                }
            case .cancelNotSelectedTimer: cancel(&notSelectedTimer)
            case .startSilenceTimer:
                if let interval = configuration.timers.linktest { listenForSilence(of: interval, after: interval) }
            case .cancelSilenceTimer: cancel(&silenceTimer)
            case .scheduleSelect:
                selectTimer = environment.schedule(after: configuration.timers.selectDelay) { [self] in
                    handle(.selectDue, later: false)
                }
            case .cancelSelect: cancel(&selectTimer)
            case .complete(let system, let outcome):
                guard let pending = pendingReplies.removeValue(forKey: system) else { continue }
                news.append(.outcome(outcome, pending))
            case .report(let event): report(event)
            }
        }
    }

    private func cancel(_ timer: inout (any Cancellable)?) {
        timer?.cancel()
        timer = nil
    }

    private func send(_ packet: HsmsPacket) {
        do throws(IOFault) {
            try connection.send(packet)
        } catch {
            let system = packet.header.system
            let isOpen = connection.channel?.isOpen == true
            if machine.transactions[system]?.request == packet.header {
                perform(machine.handle(.notSent(system, isOpen ? .busy : .notConnected)))
            } else if isOpen {
                perform(machine.handle(.sendQueueFull))
            }
            // Otherwise the connection has ended, and is about to say so.
        }
    }

    private func startReplyTimer(_ system: UInt32, _ timer: HsmsOpenTransaction.Timer) {
        // A request that could not be sent is over by now.
        guard machine.transactions[system] != nil, let channel = connection.channel else { return }
        let duration = timer == .t3 ? configuration.timers.t3 : configuration.timers.t6
        let pending: HsmsPendingReply
        if let known = pendingReplies[system] {
            pending = known
        } else {
            pending = HsmsPendingReply(system, nil)
            pendingReplies[system] = pending
        }
        pending.startTimer(duration, on: channel, of: self)
    }

    private func stopReplyTimer(_ system: UInt32) {
        guard let pending = pendingReplies[system] else { return }
        pending.stopTimer()
        if pending.isAutomatic { pendingReplies[system] = nil }
    }

    /// T3 or T6 of a request is over.
    func replyOverdue(_ pending: HsmsPendingReply) {
        if pending.isAutomatic { pendingReplies[pending.system] = nil }
        handle(.replyOverdue(pending.system), later: false)
    }

    private func listenForSilence(of interval: TimeAmount, after delay: TimeAmount) {
        silenceTimer?.cancel()
        silenceTimer = environment.schedule(after: delay) { [self] in
            silenceTimer = nil
            let left = lastArrival + interval - environment.now
            if left > .zero {
                listenForSilence(of: interval, after: left)
            } else if !connection.isReading {
                // Silence says nothing while this side does not listen.
                listenForSilence(of: interval, after: interval)
            } else {
                handle(.peerSilent, later: false)
            }
        }
    }

    /// Tells the program all news, one after the other.
    private func tell() {
        guard !isTelling else { return }
        isTelling = true
        defer { isTelling = false }
        while let next = news.popFirst() {
            switch next {
            case .event(let event):
                if case .selected = event { connection.report.didAnswer("selected") }
                observer?(self, event)
                tellSession(event)
                onEvent?(self, event)
            case .outcome(let outcome, let pending):
                pending.complete(outcome)
            }
        }
    }

    private func tellSession(_ event: HsmsEvent) {
        let session: UInt16?
        switch event {
        case .selected(let id), .deselected(let id): session = id
        case .packetReceived(let packet), .unexpectedReply(let packet): session = packet.header.sessionID
        case .connected, .disconnected, .openFailed: session = nil
        }
        if let session, !machine.isSingle {
            sessionObservers[session]?(event)
        } else if sessionObservers.count == 1, let observer = sessionObservers.first?.value {
            observer(event)
        } else {
            for session in sessionObservers.keys.sorted() { sessionObservers[session]?(event) }
        }
    }
}

/// The name of ``HsmsProtocol`` in secsgem's older documentation.
public typealias HsmsHandler = HsmsProtocol

extension HsmsProtocol: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }

    /// See ``disable(completion:)``.
    package func close() { disable() }
}
