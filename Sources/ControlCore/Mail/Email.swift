internal import ByteText

/// A mail in the making: who sends it to whom, and what about. Each `send` hands one to the server, in turn.
public final class Email {
    /// Mails that wait for their turn at most.
    public static let queueLimit = 100
    /// Recipients at most, all kinds together.
    public static let recipientLimit = 100
    /// Bytes of a subject at most.
    public static let subjectLimit = 1_000

    /// Bytes of a text at most.
    public static let textLimit = 1 << 20

    /// Whom a list of addresses is for.
    public enum Kind: Sendable {
        /// Those whom the mail is for.
        case to
        /// Those who get a copy, and are named.
        case cc
        /// Those who get a copy, and are not named.
        case bcc
    }

    /// Where the mails go.
    public let server: MailServer
    private let environment: any Environment
    private var sender: MailAddress?
    private var recipients: [Kind: [MailAddress]] = [:]
    private var subject = ""
    private let queue = TurnQueue<Turn>()
    private var queued = 0
    private var queuedBytes = 0
    /// What the server's terms, the addresses and the subject take.
    private var settingBytes = 0
    /// Bytes that it keeps, those of the mails that are under way or wait included.
    public var heldBytes: Int { queuedBytes + settingBytes }

    /// A mail for `server`.
    /// - Throws: ``ParameterError`` for a port or terms that are of no use.
    public init(environment: any Environment, server: MailServer) throws(ParameterError) {
        guard (1...65_535).contains(server.port) else {
            throw ParameterError(parameter: "port", problem: "is \(server.port)", allowed: "from 1 to 65535")
        }
        guard !server.host.isEmpty else {
            throw ParameterError(parameter: "smtpServer", problem: "is empty", allowed: "a name or an IP address")
        }
        if server.protection != .none { try environment.checkTLS(server.terms) }
        self.environment = environment
        self.server = server
        defer { countSettings() }
        guard let login = server.login else { return }
        // As they go over the wire.
        environment.keepSecret(login.password.rawBytes)
        environment.keepSecret(Base64.encode(login.password.rawBytes))
        environment.keepSecret(SMTPStateMachine.plain(login))
    }

    /// Sets who sends it.
    public func setSender(_ address: String) throws(ParameterError) {
        sender = try MailAddress(address, parameter: "address")
        countSettings()
    }

    /// Sets who gets it. A list takes the place of the former one of its kind.
    public func setRecipients(_ list: [String], _ kind: Kind) throws(ParameterError) {
        let others = recipients.reduce(0) { $0 + ($1.key == kind ? 0 : $1.value.count) }
        guard list.count + others <= Self.recipientLimit else {
            throw ParameterError(
                parameter: "receiver", problem: "has \(list.count + others) addresses with those given before",
                allowed: "at most \(Self.recipientLimit)")
        }
        var addresses: [MailAddress] = []
        for text in list { addresses.append(try MailAddress(text, parameter: "receiver")) }
        recipients[kind] = addresses
        countSettings()
    }

    /// Sets what it is about.
    public func setSubject(_ text: String) throws(ParameterError) {
        guard text.utf8.count <= Self.subjectLimit else {
            throw ParameterError(
                parameter: "subject", problem: "has \(text.utf8.count) bytes", allowed: "at most \(Self.subjectLimit)")
        }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw ParameterError(
                parameter: "subject", problem: "has a line end or another control character",
                allowed: "one line of text")
        }
        subject = text
        countSettings()
    }

    private func countSettings() {
        let addresses = recipients.values.joined() + [sender].compactMap { $0 }
        settingBytes =
            addresses.reduce(0) { $0 + 64 + $1.address.utf8.count + ($1.name?.utf8.count ?? 0) } + subject.utf8.count
            + server.heldBytes
    }

    /// Sends it with a text.
    /// - Parameters:
    ///   - text: UTF-8, or else Latin-1.
    ///   - completion: called once on a later turn of the loop, unless cancelled.
    /// - Returns: gives up; what the server has taken stays sent.
    /// - Throws: ``ParameterError`` when the sender or all recipients are missing, or the text is too long; ``IOFault``
    ///   when too many wait.
    public func send(
        _ text: [UInt8], completion: @escaping (MailOutcome) -> Void
    ) throws -> any Cancellable {
        guard let sender else {
            throw ParameterError(parameter: "Sender", problem: "is missing", allowed: "set before SendMessage")
        }
        guard recipients.values.contains(where: { !$0.isEmpty }) else {
            throw ParameterError(parameter: "Receiver", problem: "is missing", allowed: "set before SendMessage")
        }
        guard text.count <= Self.textLimit else {
            throw ParameterError(
                parameter: "text", problem: "has \(text.count) bytes", allowed: "at most \(Self.textLimit)")
        }
        guard queued < Self.queueLimit else {
            throw IOFault("\(Self.queueLimit) mails wait for \(server.host):\(server.port) already")
        }
        var message = MailMessage(sender: sender, to: recipients[.to] ?? [], text: text)
        message.cc = recipients[.cc] ?? []
        message.bcc = recipients[.bcc] ?? []
        message.subject = subject
        let turn = Turn(self, message, completion)
        queued += 1
        queuedBytes += turn.size
        queue.add(turn)
        return turn
    }

    /// One mail, which waits for its turn or is under way.
    private final class Turn: TurnTaker, Cancellable {
        private var email: Email?
        private let message: MailMessage
        private var completion: ((MailOutcome) -> Void)?
        private var delivery: (any Cancellable)?

        init(_ email: Email, _ message: MailMessage, _ completion: @escaping (MailOutcome) -> Void) {
            self.email = email
            self.message = message
            self.completion = completion
        }

        /// The text, and what is made of it.
        var size: Int { 4 * message.text.count + 4_096 }

        func begin() {
            guard let email else { return }
            delivery = MailDelivery.begin(message, to: email.server, in: email.environment) { [self] outcome in
                let completion = completion
                leave()
                completion?(outcome)
            }
        }

        func cancel() {
            delivery?.cancel()
            leave()
        }

        private func leave() {
            guard let email else { return }
            self.email = nil
            completion = nil
            delivery = nil
            email.queued -= 1
            email.queuedBytes -= size
            email.queue.remove(self)
        }
    }
}
