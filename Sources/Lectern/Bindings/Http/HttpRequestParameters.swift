import Bytes
internal import ControlCore
internal import HttpClient
internal import LuaRuntime
import Polling

/// The parameters that requests and sessions have in common: how exchanges are made.
struct HttpExchangeParameters {
    private let timeout: Parameter<TimeAmount?>
    private let headers: Parameter<LuaArgument?>
    private let auth: Parameter<LuaArgument?>
    private let redirects: Parameter<Int?>
    private let maxBody: Parameter<Int?>
    private let tls: Parameter<LuaArgument?>
    private let proxy: Parameter<String?>

    /// - Parameter usual: what counts when a parameter is left out, for the reference; `nil`: the limits of the core.
    init(_ list: inout ParameterList, usual: String?) {
        func absence(_ limit: some CustomStringConvertible) -> String { usual ?? "\(limit)" }
        // The first one behind the URL is no table: a table there can only be one of names.
        timeout = list.optional(
            "timeout", .duration(0.001...3e8), absence: absence(30),
            "How long the whole may take; of a stream, until its head has come.")
        headers = list.optional(
            "headers", .table.annotated("table<string, string|number>|string[][]"),
            "Header fields: a table of values by name, or a list of {name, value}.")
        auth = list.optional(
            "auth", .table.annotated("{[1]: string, [2]: string}|table<string, string>").secret,
            "{user, password}, by which Digest or Basic is answered as the server asks; with scheme = 'basic' or "
                + "'digest' only that; or {bearer = token}.")
        redirects = list.optional(
            "redirects", .integer(0...100), absence: absence(HttpLimits.redirects),
            "How many redirects are followed; 0: the redirect itself is the response.")
        maxBody = list.optional(
            "max_body", .integer(0...1 << 30), absence: absence(HttpLimits.responseBody),
            "The most bytes of the response's body; of a stream there is no limit.")
        tls = list.optional(
            "tls", .table.annotated("table<'certificate'|'cert_reqs'|'ssl_version'|'ca_certs', string>"),
            "On what terms TLS is spoken: the parameters of SSLWrap by their names.")
        proxy = list.optional(
            "proxy", .string, "The server between, as 'http://host:port' or 'http://user:password@host:port'.")
    }

    /// The header fields of a call.
    func headers(of call: LuaCall) throws(LuaFault) -> HttpHeaders {
        try HttpTables.headers(call.value(of: headers))
    }

    /// How the one who calls proves itself; `nil` when the call does not say it.
    func login(of call: LuaCall) throws(LuaFault) -> HttpLogin? {
        call[auth] == nil ? nil : try HttpTables.login(call.value(of: auth))
    }

    /// Changes in `options` what a call says.
    func apply(_ call: LuaCall, to options: inout HttpOptions, _ context: BindingContext) throws(LuaFault) {
        if let timeout = call[timeout] { options.timeout = timeout }
        if let redirects = call[redirects] { options.redirects = redirects }
        if let maxBody = call[maxBody] { options.largestBody = maxBody }
        if let proxy = call[proxy] {
            options.proxy = try call.checked { () throws(ParameterError) in try HttpProxy(proxy) }
        }
        if call[tls] != nil {
            options.tls = try SecureWrapping.terms(ofClient: HttpTables.words(call.value(of: tls)), context)
        }
    }
}

/// The parameters of a request, by whatever function it is made.
struct HttpRequestParameters {
    private(set) var list = ParameterList()
    private let givenMethod: Parameter<String>?
    private let fixedMethod: String
    private let url: Parameter<String>
    private let exchange: HttpExchangeParameters
    private let query: Parameter<LuaArgument?>
    private let json: Parameter<LuaArgument?>
    private let form: Parameter<LuaArgument?>
    private let body: Parameter<ByteBuffer?>
    private let silence: Parameter<TimeAmount?>?

    /// - Parameters:
    ///   - kind: what makes the request.
    ///   - usual: what counts when a parameter is left out, for the reference.
    init(_ kind: HttpRequestKind, usual: String?) {
        fixedMethod = kind.method ?? "GET"
        var list = ParameterList()
        let methodText = "The method, such as 'OPTIONS'."
        let first = kind == .request ? list.required("method", .string, methodText) : nil
        url = list.required(
            "url", .string, "The whole address; of a session with a base, the address as seen from there.")
        exchange = HttpExchangeParameters(&list, usual: usual)
        givenMethod = kind == .stream ? list.optional("method", .string, default: "GET", methodText) : first
        query = list.optional(
            "query", .table.annotated("table<string, string|number|boolean|string[]>|string[][]"),
            "What is added to the URL behind '?': values by name, in the order of the names, or a list of {name, value}."
        )
        json = list.optional(
            "json", .any.annotated("boolean|number|string|table"),
            "The body: a value that json.encode writes. Content-Type is application/json.")
        form = list.optional(
            "form", .table.annotated("table<string, string|number|boolean|string[]>|string[][]"),
            "The body: names and values as a form in a browser sends them.")
        body = list.optional("body", .data, "The body: bytes as they are.")
        silence =
            kind == .stream
            ? list.optional("silence", .duration(0.001...3e8), "How long nothing may come; nil: for ever.") : nil
        self.list = list
    }

    /// The value that is to be encoded for the body; `nil` when there is none.
    func valueToEncode(of call: LuaCall) -> LuaArgument? { call[json].flatMap { $0.isNil ? nil : $0 } }

    /// The request that a call asks for, without what ``valueToEncode(of:)`` becomes.
    func request(of call: LuaCall, by session: ProgramHttpSession) throws(LuaFault) -> HttpRequest {
        let given = [call[json] != nil, call[form] != nil, call[body] != nil].count { $0 }
        guard given <= 1 else {
            throw LuaFault(.valueError, "a request has one body: give json, form or body, not several of them")
        }
        let address = call[url]
        let fields = try HttpTables.fields(call.value(of: query), of: "query")
        let url = try call.checked { () throws(ParameterError) in
            try session.core.url(address).adding(fields)
        }
        var request = HttpRequest(
            method: givenMethod.map { call[$0] } ?? fixedMethod, url: url, headers: try exchange.headers(of: call),
            login: try exchange.login(of: call))
        if call[form] != nil {
            request.setForm(try HttpTables.fields(call.value(of: form), of: "form"))
        } else if let bytes = call[body] {
            request.body = bytes
        }
        return request
    }

    /// How the exchange that a call asks for is made.
    func options(
        of call: LuaCall, by session: ProgramHttpSession, _ context: BindingContext
    ) throws(LuaFault) -> HttpOptions {
        var options = session.core.settings.options
        try exchange.apply(call, to: &options, context)
        if let silence { options.silence = call[silence] }
        return options
    }
}

/// What makes a request: a function of `http`, or the method of a session with the same name.
enum HttpRequestKind: String, CaseIterable {
    case get, head, post, put, patch, delete, request, stream

    /// The method that it stands for; `nil` when the program says it.
    var method: String? {
        switch self {
        case .request, .stream: nil
        default: rawValue.uppercased()
        }
    }

    /// One sentence for the reference.
    var documentation: String {
        switch self {
        case .request: "Makes a request with any method, and waits for the whole response."
        case .stream:
            "Makes a request and waits for the head of the response only: its body is read as it comes."
        default: "Makes a request with the method \(rawValue.uppercased()), and waits for the whole response."
        }
    }

    /// What it returns.
    var returns: LuaShape {
        .of(
            "\(self == .stream ? "HttpStream" : "HttpResponse")|nil, string?, string?",
            "the response, whatever its status; or nil, the word of the failure, and its details, if it has any")
    }
}
