public import ControlCore
public import Polling

/// How an exchange is made. A plain value; equal for all of a session unless told otherwise.
public struct HttpOptions: Equatable, Sendable {
    /// How long the whole may take; of a streamed response, until its head has come.
    public var timeout = HttpLimits.timeout
    /// How many redirects are followed; 0: the redirect itself is the response.
    public var redirects = HttpLimits.redirects
    /// Whether a redirect may lead from `https` to `http`.
    public var allowsDowngrade = false
    /// The most bytes of the response's body; of a streamed one there is no limit.
    public var largestBody = HttpLimits.responseBody
    /// Of a streamed response: how long nothing may come; `nil`: for ever.
    public var silence: TimeAmount?
    /// Whether compressed bodies are asked for, and decompressed. Not when the request has its own `Accept-Encoding`.
    public var decompresses = true
    /// On what terms TLS is spoken. Role and peer name are set by the URL.
    public var tls = TLSTerms(role: .client)
    /// The server between; `nil` for none.
    public var proxy: HttpProxy?

    /// The usual ones.
    public init() {}

    /// Finds what is out of its range.
    func check(in environment: any Environment) throws(ParameterError) {
        guard timeout > .zero else {
            throw ParameterError(parameter: "timeout", problem: "is \(timeout)", allowed: "more than 0")
        }
        guard (0...100).contains(redirects) else {
            throw ParameterError(parameter: "redirects", problem: "is \(redirects)", allowed: "0 to 100")
        }
        guard (0...(1 << 30)).contains(largestBody) else {
            throw ParameterError(parameter: "max_body", problem: "is \(largestBody)", allowed: "0 to \(1 << 30) bytes")
        }
        if let silence, silence <= .zero {
            throw ParameterError(parameter: "silence", problem: "is \(silence)", allowed: "more than 0")
        }
        // The usual terms need no look, which would load OpenSSL.
        guard tls != TLSTerms(role: .client) else { return }
        var terms = tls
        terms.role = .client
        try environment.checkTLS(terms)
    }
}
