import NIOCore

/// Which protocols a client interface can connect with, and how. A new transport is added here and nowhere else.
enum ClientTransports {
    /// - Throws: when this build has no transport for the protocol.
    static func check(_ networkProtocol: NetworkProtocol) throws(ParameterError) {
        switch networkProtocol {
        case .tcp, .udp:
            return
        case .ssh:
            throw ParameterError(
                parameter: "Protocol",
                problem: "'\(networkProtocol.rawValue)' is not available: this build has TCP and UDP",
                allowed: "'TCP' or 'UDP'"
            )
        }
    }

    /// Opens a transport; see ``Environment/connectTCP(host:port:timeout:completion:)`` for the terms.
    static func open(
        _ networkProtocol: NetworkProtocol,
        host: String,
        port: Int,
        credentials: Credentials?,
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
            preconditionFailure("check(_:) lets no interface with \(networkProtocol) come into being")
        }
    }
}
