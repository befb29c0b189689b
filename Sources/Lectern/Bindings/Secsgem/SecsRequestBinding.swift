internal import HSMS
internal import LuaRuntime

/// Declares `SecsRequest`.
func declareSecsRequest(_ context: BindingContext) -> LuaClass<SecsRequest> {
    var c = LuaClass<SecsRequest>(
        "SecsRequest", "A received message that the program answers, at once or later. Made by handlers."
    ) { $0.message.name }
    c.isShownAs { (request, _) throws(LuaFault) in try request.message.shown() }
    c.property("name", .string, "Stream and function, such as 'S1F13'.") { $0.message.name }
    c.property("stream", .integer, "The stream.") { Int($0.message.stream) }
    for name in ["function", "func"] {
        c.property(name, .integer, "The function.") { Int($0.message.function) }
    }
    c.property("require_response", .boolean, "Whether a reply is expected.") { $0.message.expectsReply }
    c.property("answered", .boolean, "Whether it was answered, or needs no answer.") { $0.isAnswered }
    let runtime = context.runtime
    c.property("header", .instance(["HsmsHeader"]), "The header with which it came.") { [unowned runtime] in
        runtime.instance(for: LuaHsmsHeader($0.header), class: "HsmsHeader")
    }
    c.property("item", .instance(["SecsItem"]).annotated("SecsItem|nil"), "The item; nil for header only.") {
        [unowned runtime] request in
        request.message.item.map { runtime.instance(for: LuaSecsItem($0, of: runtime), class: "SecsItem") }
    }
    c.property(
        "value", .any.annotated("string|number|boolean|table|nil"), "The item as a value of Lua; nil for header only."
    ) {
        (request, call) throws(LuaFault) in try call.plain(request.message.item)
    }
    c.method(
        "reply",
        [
            .optional(
                "item", .any.annotated(secsValueType),
                "A SecsItem, or a value as SecsItem takes; nil: header only.")
        ],
        returns: .of("boolean", "whether it was sent: false when no reply is expected or one was given"),
        "Replies with the function after the request's."
    ) { (request, call) throws(LuaFault) in call.returning(request.reply(try call.item(1))) }
    c.method("abort", [], returns: .of("boolean", "whether it was sent"), "Aborts the transaction with function 0.") {
        (request, call) throws(LuaFault) in call.returning(request.abort())
    }
    return c
}
