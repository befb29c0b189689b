import NIOCore

/// How a client interface connects. A new transport is added here and nowhere else.
enum ClientTransports {
    /// - Throws: when the credentials that the protocol needs are missing or cannot be sent.
    static func check(_ networkProtocol: NetworkProtocol, _ credentials: Credentials?) throws(ParameterError) {
        guard networkProtocol == .ssh else { return }
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

    /// Opens a transport; see ``Environment/connectTCP(host:port:timeout:completion:)`` for the terms.
    static func open(
        _ networkProtocol: NetworkProtocol,
        host: String,
        port: Int,
        login: SSHLogin?,
        tls: TLSTerms?,
        timeout: TimeAmount?,
        in environment: any Environment,
        completion: @escaping (Result<any StreamTransport, ConnectFailure>) -> Void
    ) -> any Cancellable {
        switch networkProtocol {
        case .tcp:
            if let tls {
                let attempt = SecureConnectAttempt(tls, timeout: timeout, in: environment, completion: completion)
                attempt.begin(host: host, port: port)
                return attempt
            }
            return environment.connectTCP(host: host, port: port, timeout: timeout, completion: completion)
        case .udp:
            preconditionFailure("a UDP interface has no stream")
        case .ssh:
            guard let login else {
                preconditionFailure("check(_:_:) lets no interface with SSH and without credentials come into being")
            }
            return environment.connectSSH(
                host: host, port: port, login: login, timeout: timeout, completion: completion)
        }
    }
}
