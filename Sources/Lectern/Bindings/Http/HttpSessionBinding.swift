internal import ControlCore
internal import HttpClient
internal import LuaRuntime

/// Declares `HttpSession`.
func declareHttpSession(_ http: HttpContext) -> LuaClass<ProgramHttpSession> {
    var c = LuaClass<ProgramHttpSession>(
        "HttpSession", "What requests have in common: connections, cookies, a login. Made by http.session."
    ) { $0.core.settings.base?.text ?? "" }
    c.holds(1024, also: { $0.heldBytes })
    for kind in HttpRequestKind.allCases {
        let parameters = HttpRequestParameters(kind, usual: "as the session says")
        c.method(
            kind.rawValue, parameters.list, returns: kind.returns, waits: true, kind.documentation
        ) { (session, call) throws(LuaFault) in
            guard !session.core.isClosed else {
                throw LuaFault(.runtimeError, "the session is closed: make another one by http.session")
            }
            return try http.perform(kind, parameters, call, by: session)
        }
    }
    c.property("base", .string.annotated("string|nil"), "What relative URLs are seen from; nil without one.") {
        $0.core.settings.base?.text
    }
    c.property(
        "cookies", .table.annotated("table<string, string|boolean|integer>[]"),
        "A list of the cookies: name, value, domain, path, secure, and expires in seconds since 1970."
    ) { $0.core.cookies.map(CookieTable.init) }
    c.method("clear_cookies", "Forgets all cookies.") { (session, _) in
        session.core.clearCookies()
        return .none
    }
    c.method(
        "close", "Ends all that is under way, which fails, and closes all connections. Has no effect when it is closed."
    ) { (session, _) in
        session.close()
        return .none
    }
    c.whenAttached { session, instance, _ in
        session.recount = { [reference = instance.weakReference] in reference.instance?.recount() }
    }
    return c
}

/// Declares `http.session`.
func declareSessionMaking(_ http: HttpContext) -> LuaFunction {
    var list = ParameterList()
    let base = list.optional("base", .string, "What relative URLs are seen from, such as 'http://10.0.0.5/api/'.")
    let exchange = HttpExchangeParameters(&list, usual: nil)
    let cookies = list.optional(
        "cookies", .boolean, default: true, "Whether cookies are kept, and sent back to whence they came.")
    return LuaFunction(
        "http.session", list, returns: .of("HttpSession"), "Begins a session. Nothing is opened yet."
    ) { (call) throws(LuaFault) in
        var settings = HttpSessionSettings()
        if let text = call[base] {
            do throws(ParameterError) {
                settings.base = try HttpURL(text)
            } catch {
                throw LuaFault(
                    .valueError, "argument 'base' \(error.problem); it must be \(error.allowed)")
            }
        }
        settings.headers = try exchange.headers(of: call)
        settings.login = try exchange.login(of: call)
        try exchange.apply(call, to: &settings.options, http.binding)
        settings.keepsCookies = call[cookies]
        let session = try http.makeSession(settings, call)
        http.binding.runtime.instance(for: session, class: "HttpSession").push(onto: call.stack)
        return .values(1)
    }
}

/// A cookie as a program sees it.
private struct CookieTable: LuaPushable {
    let cookie: Cookie

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: 6)
        stack.set("name", cookie.name)
        stack.set("value", cookie.value)
        stack.set("domain", cookie.domain)
        stack.set("path", cookie.path)
        stack.set("secure", cookie.isSecure)
        if let expires = cookie.expires { stack.set("expires", Int(expires)) }
    }
}
