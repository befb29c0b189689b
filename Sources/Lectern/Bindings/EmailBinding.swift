internal import ByteText
internal import ControlCore
internal import LuaRuntime
import Polling

/// Declares `Email`.
func declareEmail(_ context: BindingContext) -> LuaClass<Email> {
    var c = LuaClass<Email>("Email", "A mail to be sent by SMTP.") { "\($0.server.host):\($0.server.port)" }
    c.holds(4_096, also: { $0.heldBytes })
    declareMaking(&c, context)
    var sending = ParameterList()
    let address = sending.required(
        "address", .string, "Such as 'room5@example.org' or 'Room 5 <room5@example.org>'.")
    c.method("Sender", sending, "Sets who sends it.") { (email, call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in try email.setSender(call[address]) }
        return .none
    }
    var receiving = ParameterList()
    let receiver = receiving.required(
        "receiver", .any.annotated("string[]|string"), "The addresses: a list, or one. An empty list takes all out.")
    let cc = receiving.optional("cc", .boolean, default: false, "They get a copy, and the others see that.")
    let bcc = receiving.optional("bcc", .boolean, default: false, "They get a copy, and the others do not see that.")
    c.method(
        "Receiver", receiving,
        "Sets who gets it, at most 100 together. A list takes the place of the former one of its kind: receivers, cc, bcc."
    ) { (email, call) throws(LuaFault) in
        let given = call[receiver]
        guard let list = given.isString ? given.string.map({ [$0] }) : given.instance == nil ? given.strings : nil
        else {
            throw LuaFault(
                .typeError, "argument 'receiver' of Receiver must be a list of addresses, got a \(given.typeName)")
        }
        let kind: Email.Kind = call[bcc] ? .bcc : call[cc] ? .cc : .to
        try call.checked { () throws(ParameterError) in try email.setRecipients(list, kind) }
        return .none
    }
    var naming = ParameterList()
    let subject = naming.required("subject", .string, "One line of text, at most 1,000 bytes.")
    c.method("Subject", naming, "Sets what it is about.") { (email, call) throws(LuaFault) in
        let text = call[subject]
        guard text.showingRawBytes == text else {
            throw LuaFault(.valueError, "argument 'subject' of Subject must be UTF-8, got '\(text.showingRawBytes)'")
        }
        try call.checked { () throws(ParameterError) in try email.setSubject(text) }
        return .none
    }
    var texting = ParameterList()
    let text = texting.required("text", .bytes, "The text, at most 1 MiB: UTF-8, or else Latin-1.")
    c.method(
        "SendMessage", texting,
        returns: .of(
            "string, string?",
            "'Sent', or why not, by the words of Connect and 'Refused', 'Disconnected', 'ProtocolError'; then what the server said"
        ),
        waits: true,
        "Sends it with this text. What goes wrong is in the log, too. Mails of one object go one after the other."
    ) { [unowned context] (email, call) throws(LuaFault) in
        let bytes = call[text]
        return try call.wait { [log = context.log] (waiter) throws(LuaFault) in
            do {
                let pending = try email.send(bytes) { outcome in
                    if let problem = outcome.problem {
                        log(.warning, "mail to \(email.server.host):\(email.server.port): \(problem)")
                    }
                    waiter.resume { stack in
                        stack.push(outcome.word)
                        stack.push(outcome.detail)
                        return .values(2)
                    }
                }
                return { pending.cancel() }
            } catch let error as ParameterError {
                throw LuaFault(
                    error.parameter == "text" ? .valueError : .runtimeError,
                    "SendMessage: \(error.parameter) \(error.problem); it must be \(error.allowed)")
            } catch let fault as IOFault {
                throw LuaFault(fault)
            } catch {
                throw LuaFault(.ioError, "SendMessage: \(error)")
            }
        }
    }
    return c
}

/// Declares how programs make a mail.
private func declareMaking(_ c: inout LuaClass<Email>, _ context: BindingContext) {
    var parameters = ParameterList()
    let server = parameters.optional(
        "smtpServer", .string, absence: "that of lectern.yaml", "The server's name or IP address.")
    let port = parameters.optional(
        "port", .integer(1...65_535), absence: "465, 587 or 25",
        "Its port. By default 465 with sslEnabled, else 587 with a username and 25 without.")
    let username = parameters.optional("username", .string, "Who logs in; nil: nobody.")
    let password = parameters.optional("password", .string.secret, "The user's password.")
    let sslEnabled = parameters.optional(
        "sslEnabled", .boolean,
        "true: TLS, at once on port 465 and by STARTTLS on others. false: none. nil: at once on port 465, else by STARTTLS where "
            + "the server offers it, and no password goes without.")
    let wrapping = SecureWrapping(&parameters)
    let timeout = parameters.optional(
        "timeout", .seconds(1...3_600), default: 60, "How long all of a mail may take.")
    c.constructor(parameters, "Makes a mail. Sender, Receiver, Subject and SendMessage follow.") {
        [unowned context] (call) throws(LuaFault) in
        let mail = context.configuration.mail
        let isConfigured = call[server] == nil
        guard let host = call[server] ?? mail.server else {
            throw LuaFault(
                .valueError,
                "argument 'smtpServer' of Email must be given, as lectern.yaml has no 'mail: {server: …}'")
        }
        let user = call[username] ?? (isConfigured ? mail.username : nil)
        var secret = call[password]
        if secret == nil, isConfigured, call[username] == nil, let path = mail.passwordFile {
            secret = try passwordOfConfiguration(path)
        }
        guard secret == nil || user != nil else {
            throw LuaFault(.valueError, "argument 'username' of Email must be given with a password")
        }
        let usesTLS = call[sslEnabled] ?? (isConfigured ? mail.usesTLS : nil)
        let number =
            call[port] ?? (isConfigured ? mail.port : nil) ?? (usesTLS == true ? 465 : user == nil ? 25 : 587)
        let terms = try wrapping.terms(of: call, .client, host: host, function: "Email", context)
        var target = MailServer(
            host: host, port: number, login: user.map { MailServer.Login(user: $0, password: secret ?? "") },
            protection: usesTLS == false
                ? .none : number == 465 ? .tls : usesTLS == true ? .startTLS : .startTLSIfOffered,
            terms: terms)
        target.timeout = TimeAmount(seconds: call[timeout])
        if usesTLS == false, user != nil {
            context.warnOnce(
                "mail without TLS at \(call.location)",
                "\(call.location): the password for \(host):\(number) goes unprotected, as sslEnabled = false asks for it"
            )
        }
        return try call.checked { () throws(ParameterError) in
            try Email(environment: context.environment(forNewOf: call), server: target)
        }
    }
}

private func passwordOfConfiguration(_ path: String) throws(LuaFault) -> String {
    do throws(FileFailure) {
        let bytes = try BoundedFile.read(path, limit: 4_096)
        // Editors end a file with a line end.
        let end = bytes.lastIndex { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return String(rawBytes: end.map { bytes[...$0] } ?? [])
    } catch {
        throw LuaFault(.ioError, "the file with the password for mail, which lectern.yaml names: \(error.problem)")
    }
}

extension MailOutcome {
    /// What is to be in the log; nil: all went well.
    fileprivate var problem: String? {
        switch self {
        case .sent: detail.map { "sent, but \($0)" }
        case .failed(let reason, let detail): "not sent: \(reason)\(detail.map { ": \($0)" } ?? "")"
        }
    }
}
