import Bytes
import ControlCore

extension HttpRequestHead {
    /// The head of a request as it goes out: with what the request does not say itself.
    /// - Parameters:
    ///   - request: what is asked.
    ///   - route: the way to the server.
    ///   - target: see ``target(of:by:)``.
    ///   - decompresses: whether compressed bodies are asked for.
    ///   - cookies: the value of `Cookie`; `nil` for none.
    ///   - authorization: the value of `Authorization`; `nil` for none.
    init(
        _ request: HttpRequest, by route: HttpRoute, target: String, decompresses: Bool, cookies: String?,
        authorization: String?
    ) {
        var headers = HttpHeaders()
        headers.add("Host", request.headers["Host"] ?? request.url.authority)
        for field in request.headers.fields where !HttpHeaders.areSame(field.name, "Host") {
            headers.add(field.name, field.value)
        }
        headers.setDefault("User-Agent", "lectern")
        headers.setDefault("Accept", "*/*")
        if decompresses { headers.setDefault("Accept-Encoding", "gzip, deflate") }
        if let cookies { headers.setDefault("Cookie", cookies) }
        if let authorization { headers.setDefault("Authorization", authorization) }
        if route.namesWholeURL, let credentials = route.proxy?.credentials {
            headers.setDefault("Proxy-Authorization", HttpLogin.basicValue(credentials))
        }
        let hasBody = request.body.readableBytes > 0
        // Methods that have a body as a rule tell of an empty one, too.
        if hasBody || ["POST", "PUT", "PATCH"].contains(request.method) {
            headers.add("Content-Length", "\(request.body.readableBytes)")
        }
        if hasBody, request.expectsContinue { headers.add("Expect", "100-continue") }
        self.init(method: request.method, target: target, headers: headers)
    }

    /// What the request line asks for: a proxy reads the whole URL.
    static func target(of url: HttpURL, by route: HttpRoute) -> String { route.namesWholeURL ? url.text : url.target }
}
