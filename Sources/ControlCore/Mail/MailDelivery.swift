public import Bytes
import Polling

/// Hands one mail to a server: a connection, and what is said on it.
public final class MailDelivery: Cancellable {
    private let server: MailServer
    private let message: MailMessage
    private let environment: any Environment
    private var completion: ((MailOutcome) -> Void)?
    /// Gives up, when all of it takes too long.
    private var timer: (any Cancellable)?
    /// The opening under way.
    private var step: (any Cancellable)?
    private var transport: (any StreamTransport)?
    private var machine: SMTPStateMachine?
    private let deadline: Deadline

    /// Begins.
    /// - Parameters:
    ///   - message: the mail.
    ///   - server: where it goes.
    ///   - environment: the world from which it goes.
    ///   - completion: called once on a later turn of the loop, unless cancelled.
    /// - Returns: gives up, and closes the connection.
    public static func begin(
        _ message: MailMessage, to server: MailServer, in environment: any Environment,
        completion: @escaping (MailOutcome) -> Void
    ) -> any Cancellable {
        let delivery = MailDelivery(message, server, environment, completion)
        delivery.begin()
        return delivery
    }

    private init(
        _ message: MailMessage, _ server: MailServer, _ environment: any Environment,
        _ completion: @escaping (MailOutcome) -> Void
    ) {
        self.message = message
        self.server = server
        self.environment = environment
        self.completion = completion
        deadline = environment.now + server.timeout
    }

    private func begin() {
        timer = environment.schedule(at: deadline) { [self] in
            end(.failed(reason: ConnectFailure.timedOut.reason, detail: "it was not done after \(server.timeout)"))
        }
        let opened = { [self] (result: Result<any StreamTransport, ConnectFailure>) in
            step = nil
            switch result {
            case .success(let transport): talk(over: transport)
            case .failure(let failure): end(.failed(failure))
            }
        }
        if server.protection == .tls {
            let attempt = SecureConnectAttempt(
                server.terms, timeout: server.timeout, in: environment, completion: opened)
            step = attempt
            attempt.begin(host: server.host, port: server.port)
        } else {
            step = environment.connectTCP(
                host: server.host, port: server.port, timeout: server.timeout, completion: opened)
        }
    }

    /// Gives up; nothing is reported. Idempotent.
    public func cancel() {
        completion = nil
        close()
    }

    private func talk(over transport: any StreamTransport) {
        guard completion != nil else { return transport.close() }
        self.transport = transport
        let bytes = message.bytes(
            unixTime: environment.wallClock.floorDivided(by: 1_000_000_000), in: environment.timeZone,
            random: environment.nextRandom())
        machine = SMTPStateMachine(
            server, name: Self.name(transport.localAddress), sender: message.sender.address,
            recipients: message.recipients, message: bytes)
        transport.start(delegate: self)
    }

    /// What this side calls itself: its address tells more than a name that nobody else knows.
    private static func name(_ address: SocketAddress?) -> String {
        guard let address = address?.ipAddress else { return "localhost" }
        return address.contains(":") ? "[IPv6:\(address.prefix { $0 != "%" })]" : "[\(address)]"
    }

    private func act(_ actions: [SMTPStateMachine.Action]) {
        for action in actions {
            switch action {
            case .send(let bytes): transport?.send(ByteBuffer(bytes: bytes))
            case .startTLS: startTLS()
            // What was said before is still sent.
            case .finish(let outcome): end(outcome)
            }
        }
    }

    private func startTLS() {
        guard let transport else { return }
        step = transport.startTLSIfCapable(
            server.terms, timeout: max(deadline - environment.now, .zero), in: environment
        ) { [self] result in
            step = nil
            switch result {
            case .success: act(machine?.secured() ?? [])
            case .failure(let failure): end(.failed(failure))
            }
        }
    }

    private func end(_ outcome: MailOutcome) {
        let completion = completion
        self.completion = nil
        close()
        completion?(outcome)
    }

    private func close() {
        timer?.cancel()
        timer = nil
        step?.cancel()
        step = nil
        transport?.close()
        transport = nil
        machine = nil
    }
}

extension MailDelivery: StreamDelegate {
    /// The server has said something.
    public func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        act(machine?.received(bytes.readableBytesView) ?? [])
    }

    /// Nothing waits for that.
    public func transportDidDrain(_ transport: any StreamTransport) {}

    /// The connection has ended.
    public func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        guard self.transport != nil else { return }
        var problem: String?
        if case .failed(let text) = reason { problem = text }
        act(machine?.closed(problem) ?? [])
        close()
    }
}
