public import ControlCore

/// A server that passes requests on: `http://user:password@host:port`. A plain value.
public struct HttpProxy: Hashable, Sendable {
    /// Its name or IP literal, without brackets.
    public let host: String
    /// Its port, 1…65535.
    public let port: Int
    /// Who asks it; `nil`: anybody.
    public let credentials: Credentials?

    /// Takes a proxy from its URL.
    /// - Throws: when it is none of the form `http://host:port`; the parameter is `proxy`.
    public init(_ text: String) throws(ParameterError) {
        let url: HttpURL
        do throws(ParameterError) {
            url = try HttpURL(text)
        } catch {
            throw ParameterError(parameter: "proxy", problem: error.problem, allowed: error.allowed)
        }
        guard url.scheme == .http, url.path == "/", url.query == nil else {
            throw ParameterError(parameter: "proxy", problem: "is '\(url)'", allowed: "http://host:port")
        }
        host = url.host
        port = url.port
        credentials = url.credentials
    }
}

/// The way to a server: two requests with equal routes may share a connection.
public struct HttpRoute: Hashable, Sendable {
    /// The server.
    public let origin: HttpURL.Origin
    /// On what terms TLS is spoken; `nil` for plain HTTP.
    public let tls: TLSTerms?
    /// The server between; `nil` for none.
    public let proxy: HttpProxy?

    /// Makes the way to a server.
    /// - Parameters:
    ///   - origin: the server.
    ///   - tls: the terms for `https`; role and peer name are set here, as `SSLWrap` does.
    ///   - proxy: the server between; `nil` for none.
    public init(to origin: HttpURL.Origin, tls: TLSTerms = TLSTerms(role: .client), proxy: HttpProxy? = nil) {
        self.origin = origin
        self.proxy = proxy
        if origin.scheme == .https {
            var terms = tls
            terms.role = .client
            terms.peerName = origin.host
            self.tls = terms
        } else {
            self.tls = nil
        }
    }

    /// Whether requests name the whole URL, as the proxy reads them.
    var namesWholeURL: Bool { proxy != nil && origin.scheme == .http }
}
