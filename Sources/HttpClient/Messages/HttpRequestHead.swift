public import Bytes
public import ControlCore

/// What a request says before its body: method, target, headers. A plain value.
public struct HttpRequestHead: Equatable, Sendable {
    /// The method: a token, such as `GET`.
    public var method: String
    /// What is asked for: a path with its query; a whole URL to a proxy; `host:port` of `CONNECT`.
    public var target: String
    /// The header fields.
    public var headers: HttpHeaders

    /// Bundles the parts.
    public init(method: String, target: String, headers: HttpHeaders) {
        self.method = method
        self.target = target
        self.headers = headers
    }

    /// The head as it stands on the wire.
    /// - Throws: when method or headers would break the message.
    public func bytes() throws(ParameterError) -> ByteBuffer {
        guard HttpHeaders.isToken(method) else {
            throw ParameterError(
                parameter: "method", problem: "is '\(method.prefix(80))'", allowed: "a word such as GET")
        }
        try headers.check()
        var bytes = ByteBuffer()
        bytes.reserveCapacity(method.utf8.count + target.utf8.count + headers.byteCount + 16)
        bytes.writeString("\(method) \(target) HTTP/1.1\r\n")
        headers.write(to: &bytes)
        return bytes
    }
}
