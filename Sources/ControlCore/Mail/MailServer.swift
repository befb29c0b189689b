public import Polling

/// A server that mail is handed to, and how.
public struct MailServer: Sendable {
    /// How the connection is protected.
    public enum Protection: Equatable, Sendable {
        /// By TLS from its first byte.
        case tls
        /// By TLS after `STARTTLS`; a server that does not offer it gets nothing.
        case startTLS
        /// By TLS after `STARTTLS` where the server offers it. No password goes over a connection without TLS.
        case startTLSIfOffered
        /// Not at all, nor is a password.
        case none
    }

    /// Who logs in.
    public struct Login: Equatable, Sendable {
        /// The user's name.
        public var user: String
        /// The password.
        public var password: String

        /// Bundles both.
        public init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    /// The server's name or IP address.
    public var host: String
    /// Its port, 1…65535.
    public var port: Int
    /// Who logs in; nil: nobody.
    public var login: Login?
    /// How the connection is protected.
    public var protection: Protection
    /// What TLS demands.
    public var terms: TLSTerms
    /// How long all of a mail may take, from the look-up of the name to the server's last reply.
    public var timeout = TimeAmount.seconds(60)

    /// Bundles what a server must have.
    public init(host: String, port: Int, login: Login? = nil, protection: Protection, terms: TLSTerms) {
        self.host = host
        self.port = port
        self.login = login
        self.protection = protection
        self.terms = terms
        self.terms.peerName = host
    }

    /// What its texts and certificates take.
    var heldBytes: Int {
        var bytes = host.utf8.count + (login.map { $0.user.utf8.count + $0.password.utf8.count } ?? 0)
        if case .authorities(let authorities) = terms.verification { bytes += authorities.count }
        if let identity = terms.identity { bytes += identity.certificateChain.count + identity.privateKey.count }
        return bytes
    }
}
