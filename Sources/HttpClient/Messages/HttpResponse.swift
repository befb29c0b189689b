public import Bytes

/// What a response says before its body. A plain value.
public struct HttpResponseHead: Equatable, Sendable {
    /// The status, 100…999.
    public var status: Int
    /// The words behind the status; may be empty.
    public var reason: String
    /// Whether the server speaks HTTP/1.0, which keeps no connection unless it says so.
    public var isHttp10: Bool
    /// The header fields.
    public var headers: HttpHeaders

    /// Bundles the parts.
    public init(status: Int, reason: String, isHttp10: Bool = false, headers: HttpHeaders = HttpHeaders()) {
        self.status = status
        self.reason = reason
        self.isHttp10 = isHttp10
        self.headers = headers
    }

    /// Whether the status says that the request was done: 200…299.
    public var isSuccess: Bool { (200...299).contains(status) }

    /// Status and reason, for messages.
    var text: String { reason.isEmpty ? "\(status)" : "\(status) \(reason)" }
}

/// A whole response. A plain value.
public struct HttpResponse: Equatable, Sendable {
    /// What it says before its body.
    public var head: HttpResponseHead
    /// The body, decompressed; empty when the response was streamed.
    public var body: ByteBuffer
    /// What a server has said behind the body.
    public var trailers: HttpHeaders
    /// Whence it came: another URL than the request's after a redirect.
    public var url: HttpURL

    /// The status, 100…999.
    public var status: Int { head.status }
    /// The words behind the status; may be empty.
    public var reason: String { head.reason }
    /// The header fields.
    public var headers: HttpHeaders { head.headers }

    /// How many bytes of memory it keeps.
    public var heldBytes: Int {
        256 + head.reason.utf8.count + head.headers.heldBytes + trailers.heldBytes + body.readableBytes + url.heldBytes
    }
}
