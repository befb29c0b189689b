internal import HttpClient
internal import LuaRuntime

/// A response as a program has it. Its body is a string of Lua, which the instance keeps.
final class ReceivedResponse {
    let head: HttpResponseHead
    let url: String

    init(_ response: HttpResponse) {
        head = response.head
        url = response.url.text
    }

    var heldBytes: Int { url.utf8.count + head.reason.utf8.count }
}

/// The header fields of a response.
final class ReceivedHeaders {
    let fields: HttpHeaders

    init(_ fields: HttpHeaders) { self.fields = fields }
}

/// Declares `HttpResponse`.
func declareHttpResponse(_ http: HttpContext) -> LuaClass<ReceivedResponse> {
    var c = LuaClass<ReceivedResponse>(
        "HttpResponse", "What a server has answered. Made by http.get and the others."
    ) { $0.head.shown }
    c.holds(512, also: { $0.heldBytes })
    // In the order in which they are kept.
    let body = c.slot()
    let headers = c.slot()
    c.property("status", .integer, "The status, such as 200 or 404.") { $0.head.status }
    c.property("reason", .string, "The words behind the status, such as 'Not Found'; may be empty.") {
        $0.head.reason
    }
    c.property("ok", .boolean, "Whether the status says that it was done: 200 to 299.") { $0.head.isSuccess }
    c.property("url", .string, "Whence it came: another URL than that of the request after a redirect.") { $0.url }
    c.property("headers", .instance(["HttpHeaders"]), "The header fields.", keptIn: headers)
    c.property("body", .string, "The body: bytes, decompressed.", keptIn: body)
    c.method(
        "json", returns: .of("boolean|number|string|table|userdata", "the value"),
        "Reads the body as JSON, as json.decode does. Raises ValueError when it is none."
    ) { (_, call) in
        call.stack.push(http.functions[.decode])
        call.pushKept(body)
        return .call(arguments: 1)
    }
    return c
}

/// Declares `HttpHeaders`.
func declareHttpHeaders() -> LuaClass<ReceivedHeaders> {
    var c = LuaClass<ReceivedHeaders>(
        "HttpHeaders",
        "Header fields, read by their names in any case: headers['content-type']. Several of one name are joined by ', '; "
            + "pairs(headers) gives each as it came."
    ) { _ in "" }
    c.holds(256, also: { $0.fields.heldBytes })
    c.items { (headers, key, call) in
        guard key.isString, let name = key.string, let value = headers.fields[name] else {
            return call.returning(LuaNil())
        }
        return call.returning(value)
    }
    return c
}

/// The function by which http.lua goes through header fields.
func declareHeaderStep() -> (name: String, function: LuaFunction) {
    var list = ParameterList()
    let headers = list.required("headers", .instance("HttpHeaders"), "")
    let index = list.required("index", .integer, "")
    let function = LuaFunction("pairs", list, "") { (call) throws(LuaFault) in
        let fields = (call[headers].object as? ReceivedHeaders)?.fields.fields ?? []
        guard fields.indices.contains(call[index] - 1) else { return call.returning(LuaNil()) }
        let field = fields[call[index] - 1]
        return call.returning(field.name, field.value)
    }
    return ("http_header", function)
}

extension HttpResponseHead {
    /// Status and reason, for people.
    var shown: String { reason.isEmpty ? "\(status)" : "\(status) \(reason)" }
}
