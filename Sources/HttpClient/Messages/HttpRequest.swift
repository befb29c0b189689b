public import Bytes
import ControlCore

/// What is asked of a server: a method, a URL, headers, a body. A plain value.
public struct HttpRequest: Sendable {
    /// The method: any token, such as `GET`.
    public var method: String
    /// What it is about.
    public var url: HttpURL
    /// Header fields. `Host`, `User-Agent`, `Accept` and `Accept-Encoding` are added where they are missing;
    /// `Content-Length` follows from the body.
    public var headers: HttpHeaders
    /// The body; empty for none.
    public var body: ByteBuffer
    /// How the one who asks proves itself; `nil`: as the session says, else as the URL says.
    public var login: HttpLogin?
    /// Whether the body waits until the server has asked for it, `Expect: 100-continue`: at most
    /// ``HttpLimits/continueWait``.
    public var expectsContinue = false

    /// Bundles the parts.
    public init(
        method: String = "GET", url: HttpURL, headers: HttpHeaders = HttpHeaders(), body: ByteBuffer = ByteBuffer(),
        login: HttpLogin? = nil, expectsContinue: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.login = login
        self.expectsContinue = expectsContinue
    }

    /// Makes `fields` the body, as a form in a browser does.
    public mutating func setForm(_ fields: [PercentCoding.Field]) {
        body = ByteBuffer(string: PercentCoding.form(fields))
        headers.setDefault("Content-Type", "application/x-www-form-urlencoded")
    }

    /// Makes `text` the body, which is JSON.
    public mutating func setJSON(_ text: ByteBuffer) {
        body = text
        headers.setDefault("Content-Type", "application/json")
        headers.setDefault("Accept", "application/json, */*;q=0.5")
    }

    /// Whether doing it twice is as good as once, so that it may be tried again when nobody knows what became of it.
    var isIdempotent: Bool { ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(method) }

    /// How many bytes of memory it keeps.
    public var heldBytes: Int { 256 + method.utf8.count + url.heldBytes + headers.heldBytes + body.readableBytes }

    /// Finds what cannot be sent.
    /// - Throws: what is wrong with which part.
    func check() throws(ParameterError) {
        guard body.readableBytes <= HttpLimits.requestBody else {
            throw ParameterError(
                parameter: "body", problem: "has \(body.readableBytes) bytes",
                allowed: "at most \(HttpLimits.requestBody) bytes")
        }
        for name in ["Content-Length", "Transfer-Encoding", "Expect", "Upgrade"] where headers.has(name) {
            throw ParameterError(
                parameter: "headers", problem: "has \(name)", allowed: "fields that do not say how the message is sent")
        }
        guard !HttpHeaders.areSame(method, "CONNECT") else {
            throw ParameterError(parameter: "method", problem: "is CONNECT", allowed: "a proxy by its own parameter")
        }
        _ = try HttpRequestHead(method: method, target: url.target, headers: headers).bytes()
        try login?.check()
    }
}

extension HttpURL {
    var heldBytes: Int { 128 + host.utf8.count + path.utf8.count + (query?.utf8.count ?? 0) }
}

extension HttpHeaders {
    /// How many bytes of memory they keep.
    public var heldBytes: Int { fields.count * 48 + byteCount }
}
