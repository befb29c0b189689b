package import ControlCore
public import Polling

/// GEM over a session: communication is established with S1F13 and S1F14 before anything else is exchanged.
///
/// ``GemHostHandler`` and ``GemEquipmentHandler`` are the two parties. Until communication is established nothing but
/// S1F13, S1F14 and stream 9 is sent, and other messages that come are dropped.
///
/// A handler belongs to its session's event loop.
public class GemHandler: SecsHandler {
    /// Who this side is. Only equipment tells it.
    public var identity: GemIdentity
    /// Who the peer is: what it said in S1F13 or S1F14; nil before, and for a host, which says nothing.
    public internal(set) var peerIdentity: GemIdentity?
    /// How long to wait after a failed S1F13 before the next one: the equipment constant
    /// EstablishCommunicationsTimeout. 10 s by default.
    public var establishDelay = TimeAmount.seconds(10)
    /// How many S1F13 in a row may be unanswered, each for T3, before the session is given up, so that it and
    /// communication are established anew; nil: any number. 2 by default. A rejected S1F13 counts as unanswered, a
    /// denied one does not.
    ///
    /// Some peers are selected before their GEM is ready, and then answer nothing before the next session.
    /// - Precondition: it is at least 1.
    public var establishAttempts: Int? {
        get { communication.attemptsPerSession }
        set {
            precondition(newValue.map { $0 >= 1 } ?? true, "a session has at least one attempt")
            communication.attemptsPerSession = newValue
        }
    }
    /// The format of identifiers that are numbers: `U2`, `U4` or `U8`; nil takes the smallest that holds each.
    public var idFormat: SecsFormat?
    /// Asked when the peer's S1F13 came: whether to accept it. Without it every one is accepted.
    public var onEstablishRequest: (() -> Bool)?
    /// Called after every change of ``communicationState``.
    public var onCommunicationStateChanged: ((GemCommunicationState) -> Void)?
    /// The texts of operators and for operators (S10).
    public private(set) lazy var terminals = GemTerminals(self)
    /// The process programs, and their exchange (S7).
    public private(set) lazy var processPrograms = GemProcessPrograms(self)

    private var communication: GemCommunicationStateMachine
    private var delay: (any Cancellable)?
    private var establishRequest: SecsRequest?

    init(session: any SecsSession, role: HsmsConfiguration.Role, identity: GemIdentity, takesInitiative: Bool) {
        self.identity = identity
        communication = GemCommunicationStateMachine(takesInitiative: takesInitiative)
        super.init(session: session)
        precondition(session.role == role, "the session is configured for the other party")
        // The parts register their messages when they are made.
        _ = (terminals, processPrograms)
        answer(stream: 1, function: 1) { [unowned self] in $0.reply(ownIdentity) }
        answer(stream: 1, function: 13) { [unowned self] in try establishRequested($0) }
        if session.isSelected { advance(.sessionSelected) }
    }

    /// Where the establishing of communication stands.
    public var communicationState: GemCommunicationState { communication.state }

    /// Whether communication is established.
    public var isCommunicating: Bool { communication.state == .communicating }

    /// Lets communication be established as soon as the session is selected. Does not wait. It does not open
    /// the session.
    public func enable() { advance(.enabled) }

    /// Ends communication; what comes in is dropped. It does not close the session.
    public func disable() { advance(.disabled) }

    /// Asks the peer with S1F1 whether it is there.
    /// - Parameter completion: gets the equipment's identity, or nil from a host. Called once, later.
    public func areYouThere(completion: @escaping (SecsResult<GemIdentity?>) -> Void) {
        request(1, 1, completion: completion) { reply in
            guard reply?.items != nil else { return nil }
            return .some(GemIdentity(reply))
        }
    }

    // MARK: Requests

    /// Sends a primary message and reads its reply with `read`, which returns nil for one of a wrong form.
    func request<Value>(
        _ stream: UInt8, _ function: UInt8, _ item: SecsItem? = nil,
        completion: @escaping (SecsResult<Value>) -> Void, read: @escaping (SecsItem?) -> Value?
    ) {
        send(SecsMessage(stream: stream, function: function, expectsReply: true, item: item)) { result in
            switch result {
            case .failure(let failure): completion(.failure(failure))
            case .success(let reply):
                if let value = read(reply?.item) {
                    completion(.success(value))
                } else {
                    let empty = SecsMessage(stream: stream, function: function + 1)
                    completion(.failure(.unexpectedReply(reply ?? empty)))
                }
            }
        }
    }

    /// Sends a primary message whose reply is an acknowledge code.
    func requestCode(
        _ stream: UInt8, _ function: UInt8, _ item: SecsItem? = nil,
        completion: @escaping (SecsResult<UInt8>) -> Void
    ) {
        request(stream, function, item, completion: completion) { $0.flatMap { try? $0.code() } }
    }

    // MARK: Communication

    override func obstacle(to message: SecsMessage) -> SecsFailure? {
        if !session.isSelected { return .notSelected }
        let isEstablishing = message.stream == 9 || message.stream == 1 && message.function == 13
        return isCommunicating || isEstablishing ? nil : .notCommunicating
    }

    override func admission(of header: HsmsHeader) -> Admission {
        if header.stream == 1, header.function == 13 {
            return communication.state == .disabled ? .discarded : .admitted
        }
        guard !isCommunicating else { return .admitted }
        advance(.messageReceived)
        return .discarded
    }

    /// The peer's S1F13 establishes communication.
    public override func isUrgent(_ header: HsmsHeader) -> Bool { header.stream == 1 && header.function == 13 }

    /// Before communication is established nothing goes to the program.
    public override func isForProgram(_ header: HsmsHeader) -> Bool {
        isCommunicating && super.isForProgram(header)
    }

    /// For the session.
    public override func sessionSelected() {
        super.sessionSelected()
        advance(.sessionSelected)
    }

    /// For the session.
    public override func sessionDeselected() {
        super.sessionDeselected()
        advance(.sessionDeselected)
    }

    /// What a subclass does when communication begins or ends, before the program learns of it.
    func communicationChanged() {}

    private var ownIdentity: SecsItem { role == .equipment ? identity.item : [] }

    private func establishRequested(_ request: SecsRequest) throws {
        let item = request.message.item
        guard item?.items != nil else { throw SecsIllegalData("S1F13 is a list") }
        let accepts = onEstablishRequest?() ?? true
        if accepts { peerIdentity = GemIdentity(item) }
        establishRequest = request
        advance(.establishReceived(accepts: accepts))
        establishRequest = nil
    }

    private func advance(_ input: GemCommunicationStateMachine.Input) {
        let before = communication.state
        var hasChanged = false
        for output in communication.handle(input) {
            switch output {
            case .sendEstablish(let attempt): sendEstablish(attempt)
            case .startDelay:
                delay = environment.schedule(after: establishDelay) { [weak self] in self?.advance(.delayOver) }
            case .cancelDelay:
                delay?.cancel()
                delay = nil
            case .renewSession: session.renewSession()
            case .replyEstablish(let accepted): establishRequest?.reply([.binary(accepted ? 0 : 1), ownIdentity])
            case .reportCommunicating, .reportNotCommunicating: hasChanged = true
            }
        }
        let now = communication.state
        guard now != before else { return }
        if hasChanged {
            tellCommunication(now)
            communicationChanged()
        }
        // The subclass may have moved on meanwhile, and the program was told of that.
        if communication.state == now { onCommunicationStateChanged?(now) }
    }

    private func tellCommunication(_ state: GemCommunicationState) {
        guard let connection = (session as? HsmsSession)?.hsms.connection else { return }
        if state == .communicating {
            connection.report.tell(.info, "GEM: communicating")
        } else if connection.isConnected {
            connection.report.tell(.warning, "GEM: not communicating any more")
        }
    }

    private func sendEstablish(_ attempt: Int) {
        let message = SecsMessage(stream: 1, function: 13, expectsReply: true, item: ownIdentity)
        transmit(message) { [weak self] result in
            guard let self else { return }
            switch result {
            case .failure(.timedOut), .failure(.rejected):
                advance(.establishUnanswered(attempt: attempt))
                return
            case .success, .failure: break
            }
            guard case .success(let reply?) = result, reply.item?.count == 2,
                let code = try? reply.item?[0]?.code(), code == 0
            else {
                advance(.establishFailed(attempt: attempt))
                return
            }
            if communication.state == .waitCRA { peerIdentity = GemIdentity(reply.item?[1]) }
            advance(.establishAccepted(attempt: attempt))
        }
    }
}

extension GemHandler: ClosableResource {
    /// After what may open it again.
    package static var closingOrder: ClosingOrder { .afterWhatReconnects }

    /// See ``disable()``.
    package func close() { disable() }
}
