import Polling

/// The connecting side of an ``EthernetClientInterface``: where to, over which transport, on what terms, and one
/// attempt at a time. A new transport is added here and nowhere else.
final class ClientConnector {
    let hostname: String
    let port: Int
    let `protocol`: NetworkProtocol
    /// Of meaning for SSH only, as ``ssh``.
    let credentials: Credentials?
    let ssh: SSHSettings
    /// On what terms each stream speaks TLS; `nil`: it does not.
    private(set) var tls: TLSTerms?

    private let environment: any Environment
    private var attempt: ConnectAttempt?

    /// - Throws: when the credentials that the protocol needs are missing or cannot be sent.
    init(
        environment: any Environment, hostname: String, port: Int, protocol: NetworkProtocol,
        credentials: Credentials?, ssh: SSHSettings
    ) throws(ParameterError) {
        self.environment = environment
        self.hostname = hostname
        self.port = port
        self.protocol = `protocol`
        self.credentials = credentials
        self.ssh = ssh
        if `protocol` == .ssh { try Self.check(credentials) }
    }

    private static func check(_ credentials: Credentials?) throws(ParameterError) {
        guard let credentials else {
            throw ParameterError(
                parameter: "Credentials", problem: "is missing, and the Protocol 'SSH' needs it",
                allowed: "{user, password}; the password may be ''")
        }
        guard !credentials.user.isEmpty else {
            throw ParameterError(parameter: "Credentials", problem: "has no user", allowed: "{user, password}")
        }
        // libssh takes C strings.
        guard !credentials.user.utf8.contains(0), !credentials.password.utf8.contains(0) else {
            throw ParameterError(
                parameter: "Credentials", problem: "has a zero byte", allowed: "{user, password} without zero bytes")
        }
    }

    // MARK: Attempts

    /// Whether an attempt is under way.
    var isConnecting: Bool { attempt != nil }

    /// Begins an attempt, or joins the one under way.
    /// - Parameters:
    ///   - onEnd: called once when an attempt that begins here has ended, before the completions, unless it was called
    ///     off by ``callOff()``. Kept until then.
    ///   - completion: called once, unless cancelled.
    func connect(
        timeout: TimeAmount?, onEnd: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void,
        completion: @escaping (ConnectOutcome) -> Void
    ) -> any Cancellable {
        let attempt = attempt ?? begin(onEnd)
        return attempt.join(timeout: timeout, completion: completion)
    }

    private func begin(_ onEnd: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void) -> ConnectAttempt {
        let attempt = ConnectAttempt(
            environment: environment,
            open: { [self, tls] timeout, completion in open(tls, timeout, completion) },
            onEnd: { result in
                self.attempt = nil
                onEnd(result)
            })
        self.attempt = attempt
        return attempt
    }

    /// Ends the attempt that is under way: those who wait for it get ``ConnectFailure/calledOff``.
    /// - Returns: whether there was one.
    func callOff() -> Bool {
        guard let attempt else { return false }
        self.attempt = nil
        attempt.abandon()
        return true
    }

    /// Opens a transport; see ``Environment/connectTCP(host:port:timeout:completion:)`` for the terms.
    private func open(
        _ tls: TLSTerms?, _ timeout: TimeAmount?,
        _ completion: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) -> any Cancellable {
        switch `protocol` {
        case .tcp:
            if let tls {
                let attempt = SecureConnectAttempt(tls, timeout: timeout, in: environment, completion: completion)
                attempt.begin(host: hostname, port: port)
                return attempt
            }
            return environment.connectTCP(host: hostname, port: port, timeout: timeout, completion: completion)
        case .udp:
            preconditionFailure("a UDP interface has no stream")
        case .ssh:
            guard let credentials else {
                preconditionFailure("init lets no connector with SSH and without credentials come into being")
            }
            return environment.connectSSH(
                host: hostname, port: port, login: SSHLogin(credentials: credentials, settings: ssh), timeout: timeout,
                completion: completion)
        }
    }

    // MARK: TLS

    /// From now on each stream speaks TLS.
    /// - Throws: when the protocol is not TCP, or the terms are of no use.
    func useTLS(_ terms: TLSTerms) throws(ParameterError) {
        tls = try complete(terms)
    }

    /// - Returns: the terms of a client of this host.
    /// - Throws: when the protocol is not TCP, or the terms are of no use.
    func complete(_ terms: TLSTerms) throws(ParameterError) -> TLSTerms {
        guard `protocol` == .tcp else {
            throw ParameterError(
                parameter: "Protocol", problem: "is '\(`protocol`.rawValue)'", allowed: "'TCP' for TLS")
        }
        var terms = terms
        terms.role = .client
        terms.peerName = hostname
        try environment.checkTLS(terms)
        return terms
    }
}
