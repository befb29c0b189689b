import Bytes
internal import ControlCore
internal import HttpClient
internal import LuaRuntime

/// Declares `HttpStream`.
func declareHttpStream(_ http: HttpContext) -> LuaClass<ReceivedStream> {
    var c = LuaClass<ReceivedStream>(
        "HttpStream",
        "A response whose body is read as it comes. Made by http.stream. It is closed by close, at the end of a block with "
            + "`<close>`, or when the program has dropped it."
    ) { $0.head.shown }
    c.holds(1024, also: { $0.heldBytes + $0.head.headers.heldBytes })
    c.property("status", .integer, "The status, such as 200 or 404.") { $0.head.status }
    c.property("reason", .string, "The words behind the status; may be empty.") { $0.head.reason }
    c.property("ok", .boolean, "Whether the status says that it was done: 200 to 299.") { $0.head.isSuccess }
    c.property("url", .string, "Whence it comes: another URL than that of the request after a redirect.") { $0.url }
    c.property("headers", .instance(["HttpHeaders"]), "The header fields.") { [unowned http] stream in
        NewHeaders(headers: stream.head.headers, http: http)
    }
    c.property(
        "failure", .string.annotated("string|nil"),
        "Why it broke off, once that has been read: a word as of http.get; nil when it has not."
    ) { $0.failure?.reason }
    c.property("detail", .string.annotated("string|nil"), "The details of the failure, if it has any.") {
        $0.failure?.detail
    }
    var reading = ParameterList()
    let size = reading.optional("n", .integer(1...1 << 30), default: 64 << 10, "The most bytes.")
    c.method(
        "read", reading,
        returns: .of(
            "string|nil, string?, string?",
            "what has come; nil at the end; nil, the word of the failure and its details when it broke off"),
        waits: true, "Waits until some of the body is there, and gives it."
    ) { (stream, call) throws(LuaFault) in
        let size = call[size]
        try stream.begin(.bytes, "read")
        return try stream.waitForNext(size, call)
    }
    c.method(
        "lines", returns: .of("fun(): string|nil, string?, string?", "an iterator for `for line in stream:lines() do`"),
        "Gives one line after the other, without its end. Each waits until it has come; a line has at most 1 MiB."
    ) { (stream, call) throws(LuaFault) in
        try stream.begin(.lines, "lines")
        return call.handOver(to: http.functions[.lines], call.selfInstance)
    }
    c.method(
        "events",
        returns: .of(
            "fun(): {event: string, data: string, id: string}|nil, string?, string?",
            "an iterator for `for event in stream:events() do`"),
        "Gives one server-sent event after the other. Each waits until it has come; an event has at most 1 MiB."
    ) { (stream, call) throws(LuaFault) in
        try stream.begin(.events, "events")
        return call.handOver(to: http.functions[.events], call.selfInstance)
    }
    c.method("close", "Ends it. Has no effect when it has ended.") { (stream, _) in
        stream.close()
        return .none
    }
    c.whenAttached { stream, instance, _ in
        stream.recount = { [reference = instance.weakReference] in reference.instance?.recount() }
    }
    return c
}

/// The function by which http.lua waits for the next line or event.
func declareStreamStep() -> (name: String, function: LuaFunction) {
    var list = ParameterList()
    let stream = list.required("stream", .instance("HttpStream"), "")
    let function = LuaFunction("next", list, waits: true, "") { (call) throws(LuaFault) in
        guard let stream = call[stream].object as? ReceivedStream else { return call.returning(LuaNil()) }
        return try stream.waitForNext(.max, call)
    }
    return ("http_next", function)
}

extension ReceivedStream {
    fileprivate func begin(_ mode: Mode, _ method: String) throws(LuaFault) {
        guard let other = begin(mode) else { return }
        throw LuaFault(
            .runtimeError, "\(method) is not possible: the stream is read by \(other.rawValue) already; use one of them"
        )
    }

    /// Suspends the task until the next item is there.
    fileprivate func waitForNext(_ largest: Int, _ call: LuaCall) throws(LuaFault) -> LuaResult {
        guard !isBeingRead else {
            throw LuaFault(.runtimeError, "another task waits for the stream: read it in one task only")
        }
        return try call.wait { (waiter) throws(LuaFault) in
            next(largest) { outcome in
                waiter.resume { stack in
                    switch outcome {
                    case .item(.bytes(let bytes)): stack.push(bytes)
                    case .item(.event(let event)): stack.push(EventTable(event: event))
                    case .end: stack.pushNil()
                    case .failure(let failure): return failure.push(onto: stack)
                    }
                    return .values(1)
                }
            }
            return { [weak self] in self?.stopReading() }
        }
    }
}

/// The header fields of a stream, made when they are asked for.
private struct NewHeaders: LuaPushable {
    let headers: HttpHeaders
    let http: HttpContext

    func push(onto stack: LuaStack) {
        guard let registered = http.headers else { preconditionFailure("http is used before it is open") }
        stack.push(LuaNew(ReceivedHeaders(headers), of: registered))
    }
}

/// A server-sent event as a program sees it.
private struct EventTable: LuaPushable {
    let event: ServerSentEvent

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: 3)
        stack.set("event", event.event)
        stack.set("data", event.data)
        stack.set("id", event.id)
    }
}
