internal import ByteText

/// The client's side of one mail over SMTP (RFC 5321) with STARTTLS (RFC 3207) and AUTH (RFC 4954): a plain value that
/// decides, and that nothing acts in.
struct SMTPStateMachine {
    /// What is to be done.
    enum Action: Equatable {
        case send([UInt8])
        /// TLS begins; ``secured()`` follows when it is on.
        case startTLS
        /// It is decided what became of the mail: the connection is to be closed, and nothing follows.
        case finish(MailOutcome)
    }

    /// What a reply is awaited to.
    private enum State: Equatable {
        case greeting, hello, oldHello, startTLS, handshake
        /// `AUTH PLAIN` with the answer in it; the answer by itself.
        case plain, plainAnswer
        case login, loginUser, loginPassword
        case sender
        case recipient(Int)
        case data, text
        /// All is said.
        case done
    }

    private let protection: MailServer.Protection
    private let login: MailServer.Login?
    private let sender: String
    private let recipients: [String]
    private let message: [UInt8]
    /// What this side calls itself.
    private let name: String

    private var parser = SMTPReplyParser()
    private var state = State.greeting
    private var isSecure: Bool
    private var capabilities: [String: [String]] = [:]
    private var refused: [MailRefusal] = []

    /// - Parameters:
    ///   - name: what this side calls itself: a domain, or an address in brackets.
    ///   - message: headers and text, in lines that end with CR LF.
    init(
        _ server: MailServer, name: String, sender: String, recipients: [String], message: [UInt8]
    ) {
        protection = server.protection
        login = server.login
        isSecure = server.protection == .tls
        self.name = name
        self.sender = sender
        self.recipients = recipients
        self.message = message
    }

    // MARK: - What happens

    /// Bytes have arrived.
    mutating func received(_ bytes: some Sequence<UInt8>) -> [Action] {
        guard state != .done else { return [] }
        parser.add(bytes)
        var actions: [Action] = []
        do throws(SMTPReplyParser.Garbage) {
            while state != .done, let reply = try parser.next() { actions += take(reply) }
        } catch {
            actions += fail("ProtocolError", error.problem, politely: false)
        }
        return actions
    }

    /// TLS is on.
    mutating func secured() -> [Action] {
        guard state == .handshake else { return [] }
        isSecure = true
        // What was said without TLS is of no account.
        capabilities = [:]
        return hello()
    }

    /// The connection has ended.
    mutating func closed(_ problem: String?) -> [Action] {
        guard state != .done else { return [] }
        return fail("Disconnected", problem ?? "the server has closed the connection", politely: false)
    }

    // MARK: - Replies

    private mutating func take(_ reply: SMTPReply) -> [Action] {
        let isPositive = (200..<300).contains(reply.code)
        // The server ends the service, whatever it was asked.
        if reply.code == 421 { return refuse(reply) }
        switch state {
        case .greeting: return isPositive ? hello() : refuse(reply)
        case .hello:
            if isPositive {
                note(reply)
                return greeted()
            }
            // A server that is older than extensions.
            guard (500...504).contains(reply.code), protection != .startTLS, login == nil else { return refuse(reply) }
            return command("HELO \(name)", then: .oldHello)
        case .oldHello: return isPositive ? from() : refuse(reply)
        case .startTLS:
            guard isPositive else { return refuse(reply) }
            // What somebody else has put behind it must not pass for the protected server's.
            guard parser.isEmpty else {
                return fail("ProtocolError", "the server sent more than a reply to STARTTLS", politely: false)
            }
            state = .handshake
            return [.startTLS]
        case .handshake: return []
        case .plain, .plainAnswer, .login, .loginUser, .loginPassword: return takeLogin(reply)
        case .sender: return isPositive ? recipient(0) : refuse(reply)
        case .recipient(let index):
            if !isPositive { refused.append(MailRefusal(address: recipients[index], reply: reply.text)) }
            if index + 1 < recipients.count { return recipient(index + 1) }
            guard refused.count < recipients.count else {
                return fail("Refused", refused.map { "\($0.address): \($0.reply)" }.joined(separator: "; "))
            }
            return command("DATA", then: .data)
        case .data:
            guard reply.code == 354 else { return refuse(reply) }
            state = .text
            return [.send(Self.stuffed(message))]
        case .text:
            guard isPositive else { return refuse(reply) }
            return command("QUIT", then: .done) + [.finish(.sent(refused: refused))]
        case .done: return []
        }
    }

    private mutating func note(_ reply: SMTPReply) {
        capabilities = [:]
        for line in reply.lines.dropFirst() {
            // An old form, which some still write, is AUTH=PLAIN.
            let words = line.replacing("=", with: " ").uppercased().split(separator: " ").map(String.init)
            if let word = words.first { capabilities[word, default: []] += words.dropFirst() }
        }
    }

    private mutating func hello() -> [Action] { command("EHLO \(name)", then: .hello) }

    private mutating func greeted() -> [Action] {
        let offersTLS = capabilities["STARTTLS"] != nil
        if !isSecure, protection == .startTLS || (protection == .startTLSIfOffered && offersTLS) {
            guard offersTLS else { return fail("HandshakeFailed", "the server does not offer STARTTLS") }
            return command("STARTTLS", then: .startTLS)
        }
        guard let login else { return from() }
        guard isSecure || protection == .none else {
            return fail(
                "AuthenticationFailed",
                "the server offers no TLS, and the password is not sent without; sslEnabled = false sends it")
        }
        let ways = capabilities["AUTH"] ?? []
        if ways.contains("PLAIN") {
            return command("AUTH PLAIN \(Self.text(Self.plain(login)))", then: .plain)
        }
        if ways.contains("LOGIN") { return command("AUTH LOGIN", then: .login) }
        return fail(
            "AuthenticationFailed",
            ways.isEmpty
                ? "the server offers no login"
                : "the server offers only logins by \(ways.joined(separator: ", ").oneLine); PLAIN and LOGIN are known")
    }

    /// What `AUTH PLAIN` answers: two names, of which the first is that of the second.
    static func plain(_ login: MailServer.Login) -> [UInt8] {
        Base64.encode([0] + login.user.rawBytes + [0] + login.password.rawBytes)
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private mutating func takeLogin(_ reply: SMTPReply) -> [Action] {
        guard let login else { return [] }
        if reply.code == 235, state != .login, state != .loginUser { return from() }
        guard reply.code == 334 else { return fail("AuthenticationFailed", reply.text) }
        switch state {
        case .plain: return command(Self.text(Self.plain(login)), then: .plainAnswer)
        case .login: return command(Self.text(Base64.encode(login.user.rawBytes)), then: .loginUser)
        case .loginUser: return command(Self.text(Base64.encode(login.password.rawBytes)), then: .loginPassword)
        default:
            return fail("AuthenticationFailed", "the server asks for more than a name and a password: \(reply.text)")
        }
    }

    private mutating func from() -> [Action] {
        var command = "MAIL FROM:<\(sender)>"
        if let size = capabilities["SIZE"] {
            if let limit = size.first.flatMap({ Int($0) }), limit > 0, limit < message.count {
                return fail("Refused", "the mail has \(message.count) bytes, and the server takes \(limit)")
            }
            command += " SIZE=\(message.count)"
        }
        return self.command(command, then: .sender)
    }

    private mutating func recipient(_ index: Int) -> [Action] {
        command("RCPT TO:<\(recipients[index])>", then: .recipient(index))
    }

    // MARK: - Ends

    private mutating func command(_ line: String, then state: State) -> [Action] {
        self.state = state
        return [.send(Array("\(line)\r\n".utf8))]
    }

    private mutating func refuse(_ reply: SMTPReply) -> [Action] { fail("Refused", reply.text) }

    private mutating func fail(_ reason: String, _ detail: String, politely: Bool = true) -> [Action] {
        let outcome = Action.finish(.failed(reason: reason, detail: detail))
        guard politely else {
            state = .done
            return [outcome]
        }
        // Nobody waits for what the server says to that.
        return command("QUIT", then: .done) + [outcome]
    }

    /// The message with its end: a line of one dot. Lines that begin with a dot get another.
    static func stuffed(_ message: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(message.count + 16)
        var isAtLineStart = true
        for byte in message {
            if isAtLineStart, byte == UInt8(ascii: ".") { bytes.append(byte) }
            bytes.append(byte)
            isAtLineStart = byte == 0x0A
        }
        if !isAtLineStart { bytes += [0x0D, 0x0A] }
        return bytes + [UInt8(ascii: "."), 0x0D, 0x0A]
    }
}
