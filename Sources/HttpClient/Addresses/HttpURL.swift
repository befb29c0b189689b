import ByteText
public import ControlCore

/// The address of a resource: `http://user:password@host:port/path?query`. A plain value, and always usable: what
/// cannot be sent is refused when it is made.
public struct HttpURL: Hashable, Sendable {
    /// The protocols that are spoken.
    public enum Scheme: String, Hashable, Sendable {
        /// HTTP over TCP.
        case http
        /// HTTP over TLS.
        case https

        /// The port when none is given: 80 or 443.
        public var defaultPort: Int { self == .http ? 80 : 443 }
    }

    /// Whence a resource comes. What is secret at one origin is no other's business.
    public struct Origin: Hashable, Sendable {
        /// The protocol.
        public let scheme: Scheme
        /// The host, as ``HttpURL/host``.
        public let host: String
        /// The port, 1…65535.
        public let port: Int
    }

    /// Where the resource is to be had.
    public let origin: Origin
    /// Who asks for it, as the URL itself says; `nil` when it does not.
    public let credentials: Credentials?
    /// The path, which begins with `/`; escaped.
    public let path: String
    /// What follows `?`; escaped. `nil` without a `?`.
    public let query: String?

    init(origin: Origin, credentials: Credentials?, path: String, query: String?) {
        self.origin = origin
        self.credentials = credentials
        self.path = path
        self.query = query
    }

    /// Reads a whole URL. A fragment is left out. Spaces, bytes that are not ASCII, and others that no URL may have
    /// are escaped; control characters are refused.
    /// - Throws: what is wrong, and where; the parameter is `url`.
    public init(_ text: String) throws(ParameterError) {
        self = try URLText(text).whole()
    }

    /// Reads a URL as seen from this one, by RFC 3986: a whole one, `//host/path`, `/path`, `path`, `?query`.
    /// - Throws: what is wrong, and where.
    public func resolving(_ reference: String) throws(ParameterError) -> HttpURL {
        try URLText(reference).resolved(against: self)
    }

    /// This URL with more names and values in its query.
    public func adding(_ fields: [PercentCoding.Field]) throws(ParameterError) -> HttpURL {
        guard !fields.isEmpty else { return self }
        let added = PercentCoding.query(fields)
        let query = query.map { $0.isEmpty ? added : "\($0)&\(added)" } ?? added
        let result = HttpURL(origin: origin, credentials: credentials, path: path, query: query)
        try URLText.check(length: result.text.utf8.count)
        return result
    }

    /// The protocol.
    public var scheme: Scheme { origin.scheme }
    /// The host, in lower case: a name, or an IP literal without brackets.
    public var host: String { origin.host }
    /// The port, 1…65535.
    public var port: Int { origin.port }

    /// Path and query: what a server is asked for.
    public var target: String { query.map { "\(path)?\($0)" } ?? path }

    /// The host as it stands in `Host:`, with the port when that is not the protocol's own.
    public var authority: String { origin.authority }

    /// The whole, without credentials. It may be logged.
    public var text: String { "\(scheme.rawValue)://\(authority)\(target)" }
}

extension HttpURL.Origin {
    /// The host as it stands in a URL, with the port when that is not the protocol's own.
    var authority: String {
        port == scheme.defaultPort ? bracketedHost : "\(bracketedHost):\(port)"
    }

    /// Host and port, both.
    var hostAndPort: String { "\(bracketedHost):\(port)" }

    private var bracketedHost: String { host.contains(":") ? "[\(host)]" : host }
}

extension HttpURL: CustomStringConvertible {
    /// ``text``: no secret is in it.
    public var description: String { text }
}
