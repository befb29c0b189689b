import Bytes
internal import ControlCore
internal import HttpClient
internal import LuaRuntime

/// What http.lua does for the functions and methods of `http`, by name.
enum HttpFunction: String, CaseIterable { case encode, decode, lines, events }

/// What the declarations of `http` share.
final class HttpContext {
    unowned let binding: BindingContext
    let functions = LuaExports<HttpFunction>()
    /// Set once the classes are registered.
    var responses: RegisteredClass<ReceivedResponse>?
    var headers: RegisteredClass<ReceivedHeaders>?
    var drafts: RegisteredClass<HttpDraft>?
    /// What the plain functions use, and what keeps its instance alive; made with the first use.
    private var common: (session: ProgramHttpSession, instance: LuaReference)?

    private var runtime: LuaRuntime { binding.runtime }

    init(_ binding: BindingContext) { self.binding = binding }

    /// The session of `http.get` and the others: it keeps connections, but no cookies.
    func commonSession(_ call: LuaCall) throws(LuaFault) -> ProgramHttpSession {
        if let common { return common.session }
        var settings = HttpSessionSettings()
        settings.keepsCookies = false
        let session = try makeSession(settings, call, name: "http")
        let stack = runtime.mainStack
        runtime.instance(for: session, class: "HttpSession").push(onto: stack)
        common = (session, runtime.takeReference())
        return session
    }

    /// Makes a session in the environment of the call.
    func makeSession(
        _ settings: HttpSessionSettings, _ call: LuaCall, name: String? = nil
    ) throws(LuaFault) -> ProgramHttpSession {
        var settings = settings
        // Whoever runs the program knows the device: a pin counts, whatever the program asks for, wherever a redirect
        // leads.
        settings.hostTerms = { [configuration = binding.configuration] host, terms in
            guard let pins = configuration.pins(of: host) else { return terms }
            var terms = terms
            terms.verification = .pinned(pins)
            return terms
        }
        return try call.checked { () throws(ParameterError) in
            try ProgramHttpSession(binding.environment(forNewOf: call, name: name), settings)
        }
    }

    /// Whether what the program holds, here and in Lua, is more than it may, after all garbage was collected.
    var hasNoMemory: Bool {
        guard runtime.isOpen, runtime.limits.memoryBytes > 0 else { return false }
        func isOver() -> Bool { runtime.usedBytes + runtime.account.heldBytes > runtime.limits.memoryBytes }
        guard isOver() else { return false }
        runtime.collectGarbage()
        return isOver()
    }

    /// Pushes a response.
    func push(_ response: HttpResponse, onto stack: LuaStack) {
        guard let responses, let headers else { preconditionFailure("http is used before it is open") }
        stack.push(response.body)
        runtime.push(new: ReceivedHeaders(response.headers), of: headers, keeping: 0, onto: stack)
        runtime.push(new: ReceivedResponse(response), of: responses, keeping: 2, onto: stack)
    }

    /// Pushes a stream.
    func push(_ stream: ReceivedStream, onto stack: LuaStack) {
        runtime.instance(for: stream, class: "HttpStream").push(onto: stack)
    }

    /// Makes the request of a call.
    func perform(
        _ kind: HttpRequestKind, _ parameters: HttpRequestParameters, _ call: LuaCall, by session: ProgramHttpSession
    ) throws(LuaFault) -> LuaResult {
        let draft = HttpDraft(
            kind, try parameters.request(of: call, by: session),
            try parameters.options(of: call, by: session, binding), session)
        guard let value = parameters.valueToEncode(of: call), let drafts else { return try draft.send(call, self) }
        return call.handOver(to: functions[.encode], LuaNew(draft, of: drafts), value)
    }
}

/// A request whose body http.lua encodes.
final class HttpDraft {
    private let kind: HttpRequestKind
    private var request: HttpRequest
    private let options: HttpOptions
    private let session: ProgramHttpSession

    init(_ kind: HttpRequestKind, _ request: HttpRequest, _ options: HttpOptions, _ session: ProgramHttpSession) {
        self.kind = kind
        self.request = request
        self.options = options
        self.session = session
    }

    func setJSON(_ text: ByteBuffer) { request.setJSON(text) }

    func send(_ call: LuaCall, _ http: HttpContext) throws(LuaFault) -> LuaResult {
        kind == .stream
            ? try session.stream(request, options, call, http) : try session.collect(request, options, call, http)
    }
}

extension BindingContext {
    /// The globals of HTTP.
    static let httpNames = ["http", "HttpSession", "HttpResponse", "HttpHeaders", "HttpStream"]

    /// Makes `http`, its classes and Python's `urllib` known to the program.
    func registerHttp() throws(LuaFault) {
        let http = HttpContext(self)
        http.headers = runtime.register(declareHttpHeaders())
        http.responses = runtime.register(declareHttpResponse(http))
        runtime.register(declareHttpStream(http))
        runtime.register(declareHttpSession(http))
        http.drafts = runtime.register(hidden: declareHttpDraft(http))
        runtime.setGlobal(table: "http", functions: declareHttpFunctions(http), constants: [])
        for (name, function) in [declareHeaderStep(), declareStreamStep()] { runtime.setInternal(name, function) }
        try runtime.run(PackageResources.http_lua, chunk: "=[lectern http]", exporting: http.functions)
        try runtime.run(PackageResources.urllib_parse_lua, chunk: "=[lectern urllib.parse]", arguments: [])
        try runtime.run(PackageResources.urllib_lua, chunk: "=[lectern urllib]", arguments: [])
    }

    private func declareHttpFunctions(_ http: HttpContext) -> [LuaFunction] {
        var functions = HttpRequestKind.allCases.map { kind in
            let parameters = HttpRequestParameters(kind, usual: nil)
            return LuaFunction(
                "http.\(kind.rawValue)", parameters.list, returns: kind.returns, waits: true, kind.documentation
            ) { (call) throws(LuaFault) in
                try http.perform(kind, parameters, call, by: http.commonSession(call))
            }
        }
        functions.append(declareSessionMaking(http))
        return functions
    }

    private func declareHttpDraft(_ http: HttpContext) -> LuaClass<HttpDraft> {
        var c = LuaClass<HttpDraft>("http request", "") { _ in "" }
        var parameters = ParameterList()
        let text = parameters.required("text", .data, "The encoded value.")
        c.method("send", parameters, waits: true, "Sends the request.") { (draft, call) throws(LuaFault) in
            draft.setJSON(call[text])
            return try draft.send(call, http)
        }
        return c
    }
}
