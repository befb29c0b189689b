/// What SEMI E37 decides on one connection: inputs in, outputs out. No I/O, no clock.
///
/// Outputs are carried out in order. Those that can run code of the program, completions and reports, come last: what
/// the program then does finds everything settled.
struct HsmsStateMachine {
    enum Input: Equatable {
        /// The TCP connection stands.
        case connected
        /// It is closed, whoever closed it.
        case disconnected(HsmsCloseReason)
        /// A message has come in.
        case received(HsmsPacket)
        /// The time set by ``Output/scheduleSelect`` is over.
        case selectDue
        /// The program sends a request that awaits an answer: a Select.req, Deselect.req, Linktest.req, or a data
        /// message with W. Its system bytes come from ``HsmsStateMachine/allocateSystem()``.
        case request(HsmsPacket)
        /// The program ends a session by Separate.req.
        case separate(session: UInt16, system: UInt32)
        /// The program ends everything.
        case leave
        /// A request could not be sent; with the outcome that this has for the program.
        case notSent(UInt32, HsmsOutcome)
        /// The peer takes so little that not even an answer to it could be queued.
        case sendQueueFull
        /// The time set by ``Output/startReplyTimer(_:_:)`` is over.
        case replyOverdue(UInt32)
        /// T7 is over.
        case notSelectedTooLong
        /// Nothing has come from the peer for as long as the linktest interval.
        case peerSilent
    }

    enum Output: Equatable {
        /// Hand the message to the connection.
        case send(HsmsPacket)
        /// Close the TCP connection.
        case close(HsmsCloseReason)
        /// Let ``Input/replyOverdue(_:)`` come after T3 or T6, counted from when the request is sent.
        case startReplyTimer(UInt32, HsmsOpenTransaction.Timer)
        /// It is not to come.
        case cancelReplyTimer(UInt32)
        /// Let ``Input/notSelectedTooLong`` come after T7.
        case startNotSelectedTimer
        /// It is not to come.
        case cancelNotSelectedTimer
        /// Let ``Input/peerSilent`` come, once, when nothing has come from the peer for the linktest interval.
        case startSilenceTimer
        /// It is not to come.
        case cancelSilenceTimer
        /// Let ``Input/selectDue`` come after the select delay.
        case scheduleSelect
        /// It is not to come.
        case cancelSelect
        /// Tell the program what became of its request. Requests that are automatic are not the program's.
        case complete(UInt32, HsmsOutcome)
        /// Tell the program what happened.
        case report(HsmsEvent)
    }

    enum ConnectionState: Equatable {
        case down
        case up
        /// ``Output/close(_:)`` was put out, and its end is to come.
        case closing
    }

    let configuration: HsmsConfiguration
    let isActive: Bool
    let deviceID: UInt16

    var connection = ConnectionState.down
    /// The sessions that are established, as ``key(of:)`` names them.
    var selected: Set<UInt16> = []
    var transactions: [UInt32: HsmsOpenTransaction] = [:]
    /// How often Select.req was sent for each session on this connection.
    var selectTries: [UInt16: Int] = [:]
    /// How often a session that the peer did not know of was selected again since data came last.
    var reselects = 0
    /// How often that is done in a row: a busy peer may lose one more.
    static let mostReselects = 3
    var linktestFailures = 0
    private var isSelectScheduled = false
    private var isNotSelectedTimerRunning = false
    /// The system bytes that were given out last.
    var lastSystem: UInt32
    private var requests = 0

    private var actions: [Output] = []
    private var reports: [Output] = []

    /// - Parameters:
    ///   - deviceID: the session ID of this side's data messages when there is a single session.
    ///   - lastSystem: the system bytes before the first ones that are given out.
    init(configuration: HsmsConfiguration, isActive: Bool, deviceID: UInt16, lastSystem: UInt32) {
        self.configuration = configuration
        self.isActive = isActive
        self.deviceID = deviceID
        self.lastSystem = lastSystem
    }

    /// The state as SEMI E37 names it.
    var state: HsmsConnectionState {
        guard connection == .up else { return .notConnected }
        return selected.isEmpty ? .notSelected : .selected
    }

    /// The sessions of this side, as control messages name them.
    var sessions: [UInt16] {
        switch configuration.sessionModel {
        case .single: [HsmsHeader.controlSession]
        case .general(let sessions): sessions
        }
    }

    var isSingle: Bool { configuration.sessionModel == .single }
    var isStrict: Bool { configuration.conformance == .strict }

    /// How ``selected`` names the session of a message: where there is one only, its name in control messages.
    func key(of header: HsmsHeader) -> UInt16 {
        isSingle ? HsmsHeader.controlSession : header.sessionID
    }

    /// System bytes that no open transaction has.
    mutating func allocateSystem() -> UInt32 {
        repeat { lastSystem &+= 1 } while transactions[lastSystem] != nil
        return lastSystem
    }

    mutating func handle(_ input: Input) -> [Output] {
        switch input {
        case .connected: connected()
        case .disconnected(let reason): disconnected(reason)
        case .received(let packet): received(packet)
        case .selectDue: selectDue()
        case .request(let packet): request(packet)
        case .separate(let session, let system): separate(session, system)
        case .leave: leave()
        case .notSent(let system, let outcome): notSent(system, outcome)
        case .sendQueueFull: fail(.sendQueueFull)
        case .replyOverdue(let system): replyOverdue(system)
        case .notSelectedTooLong: notSelectedTooLong()
        case .peerSilent: peerSilent()
        }
        settleNotSelectedTimer()
        defer {
            actions = []
            reports = []
        }
        return reports.isEmpty ? actions : actions.isEmpty ? reports : actions + reports
    }

    // MARK: Outputs

    mutating func act(_ output: Output) {
        actions.append(output)
    }

    mutating func report(_ event: HsmsEvent) {
        reports.append(.report(event))
    }

    mutating func send(_ header: HsmsHeader) {
        act(.send(HsmsPacket(header)))
    }

    /// T7 runs while there is no session and nothing under way from this side that would make one.
    private mutating func settleNotSelectedTimer() {
        // The transactions are looked at last: while there is a session there may be many.
        let isWanted =
            connection == .up && selected.isEmpty && !isSelectScheduled
            && !transactions.values.contains { $0.request.messageType == .selectRequest }
        guard isWanted != isNotSelectedTimerRunning else { return }
        isNotSelectedTimerRunning = isWanted
        act(isWanted ? .startNotSelectedTimer : .cancelNotSelectedTimer)
    }

    // MARK: The connection

    private mutating func connected() {
        guard connection == .down else { return }
        connection = .up
        selectTries = [:]
        reselects = 0
        linktestFailures = 0
        act(.startSilenceTimer)
        if isActive {
            isSelectScheduled = true
            act(.scheduleSelect)
        }
        report(.connected)
    }

    private mutating func disconnected(_ reason: HsmsCloseReason) {
        guard connection != .down else { return }
        if connection == .up { windUp() }
        connection = .down
        report(.disconnected(reason))
    }

    /// Closes the connection.
    mutating func fail(_ reason: HsmsCloseReason) {
        guard connection == .up else { return }
        connection = .closing
        windUp()
        act(.close(reason))
    }

    private mutating func leave() {
        guard connection == .up else { return }
        for session in sessions where selected.contains(session) {
            send(.separateRequest(session: session, system: allocateSystem()))
        }
        fail(.local)
    }

    private mutating func separate(_ session: UInt16, _ system: UInt32) {
        guard connection == .up else { return }
        send(.separateRequest(session: session, system: system))
        if isSingle {
            fail(.separated)
        } else {
            deselect(session)
        }
    }

    private mutating func windUp() {
        selected = []
        act(.cancelSilenceTimer)
        if isSelectScheduled {
            isSelectScheduled = false
            act(.cancelSelect)
        }
        endTransactions(.closed) { _ in true }
    }

    // MARK: Sessions

    private mutating func selectDue() {
        isSelectScheduled = false
        guard connection == .up else { return }
        for session in sessions where !selected.contains(session) { sendSelect(session) }
    }

    mutating func sendSelect(_ session: UInt16) {
        open(HsmsPacket(.selectRequest(session: session, system: allocateSystem())), isAutomatic: true)
    }

    mutating func select(_ session: UInt16) {
        guard selected.insert(session).inserted else { return }
        report(.selected(session: session))
    }

    /// Ends a session; data that is unanswered in it will not be answered any more.
    mutating func deselect(_ session: UInt16, keepingTransactions: Bool = false) {
        guard selected.remove(session) != nil else { return }
        if !keepingTransactions {
            let isSingle = isSingle
            endTransactions(.closed) { $0.request.isData && (isSingle || $0.request.sessionID == session) }
        }
        report(.deselected(session: session))
    }

    private mutating func notSelectedTooLong() {
        guard isNotSelectedTimerRunning else { return }
        isNotSelectedTimerRunning = false
        fail(.notSelectedTimeout)
    }

    // MARK: Requests of this side

    private mutating func request(_ packet: HsmsPacket) {
        let refusal: HsmsOutcome?
        if connection != .up {
            refusal = .notConnected
        } else if packet.header.isData, !selected.contains(key(of: packet.header)) {
            refusal = .notSelected
        } else if transactions.count >= configuration.maximumOpenTransactions {
            refusal = .busy
        } else {
            refusal = nil
        }
        if let refusal {
            reports.append(.complete(packet.header.system, refusal))
        } else {
            open(packet, isAutomatic: false)
        }
    }

    private mutating func open(_ packet: HsmsPacket, isAutomatic: Bool) {
        requests += 1
        let header = packet.header
        let transaction = HsmsOpenTransaction(request: header, isAutomatic: isAutomatic, number: requests)
        transactions[header.system] = transaction
        if header.messageType == .selectRequest { selectTries[key(of: header), default: 0] += 1 }
        act(.send(packet))
        act(.startReplyTimer(header.system, transaction.timer))
    }

    /// Ends a transaction before its time is over.
    mutating func end(_ transaction: HsmsOpenTransaction, _ outcome: HsmsOutcome) {
        let system = transaction.request.system
        transactions[system] = nil
        act(.cancelReplyTimer(system))
        if !transaction.isAutomatic { reports.append(.complete(system, outcome)) }
    }

    private mutating func endTransactions(_ outcome: HsmsOutcome, where isConcerned: (HsmsOpenTransaction) -> Bool) {
        for transaction in transactions.values.filter(isConcerned).sorted(by: { $0.number < $1.number }) {
            end(transaction, outcome)
        }
    }

    private mutating func notSent(_ system: UInt32, _ outcome: HsmsOutcome) {
        guard let transaction = transactions[system] else { return }
        end(transaction, outcome)
        // Without an answer to it nothing goes on.
        if transaction.isAutomatic, outcome == .busy { fail(.sendQueueFull) }
    }

    private mutating func replyOverdue(_ system: UInt32) {
        guard let transaction = transactions.removeValue(forKey: system) else { return }
        if !transaction.isAutomatic { reports.append(.complete(system, .timedOut)) }
        let request = transaction.request
        switch request.messageType {
        case .data:
            guard configuration.role == .equipment else { return }
            act(
                .send(
                    HsmsErrorMessage.transactionTimeout.packet(
                        quoting: request, session: request.sessionID, system: allocateSystem())))
        case .selectRequest:
            selectOverdue(key(of: request), isAutomatic: transaction.isAutomatic)
        case .linktestRequest:
            linktestFailures += 1
            if linktestFailures > configuration.toleratedLinktestFailures { fail(.controlTimeout(.linktestRequest)) }
        default:
            fail(.controlTimeout(.deselectRequest))
        }
    }

    private mutating func selectOverdue(_ session: UInt16, isAutomatic: Bool) {
        // Both sides may have asked, and the peer was the first.
        guard !selected.contains(session) else { return }
        if isAutomatic, selectTries[session, default: 0] < configuration.selectAttempts {
            sendSelect(session)
        } else {
            fail(.controlTimeout(.selectRequest))
        }
    }

    private mutating func peerSilent() {
        guard connection == .up else { return }
        if !transactions.values.contains(where: { $0.request.messageType == .linktestRequest }) {
            open(HsmsPacket(.linktestRequest(system: allocateSystem())), isAutomatic: true)
        }
        act(.startSilenceTimer)
    }
}
