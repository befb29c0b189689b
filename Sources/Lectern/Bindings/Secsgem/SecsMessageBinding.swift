internal import HSMS
internal import LuaRuntime

/// A SECS-II message as programs have it.
final class LuaSecsMessage {
    let message: SecsMessage
    /// What its item holds, charged to the program.
    let charge: MemoryCharge

    /// A message whose item is the program's `value`, or came from a peer.
    init(_ message: SecsMessage, of runtime: LuaRuntime, madeOf value: LuaValue = .none) {
        self.message = message
        charge = MemoryCharge(for: message.item, of: runtime, madeOf: value)
    }
}

/// Declares `SecsMessage`.
func declareSecsMessage(_ context: BindingContext) -> LuaClass<LuaSecsMessage> {
    var c = LuaClass<LuaSecsMessage>("SecsMessage", "A SECS-II message: stream, function and at most one item.") {
        $0.message.name
    }
    c.holds(64)
    c.isShownAs { (message, _) throws(LuaFault) in try message.message.shown() }
    c.constructor(
        [
            .required("stream", .integer(0...127), "The stream."),
            .required("func", .integer(0...255), "The function: odd for a request, even for a reply."),
            .optional(
                "item", .any.annotated(secsValueType),
                "A SecsItem, or a value as SecsItem takes; nil: header only."),
            .optional("require_response", .boolean, default: "false", "Whether a reply is expected."),
        ], "Makes a message."
    ) { (call) throws(LuaFault) in
        let value = try call.value(3)
        return LuaSecsMessage(
            SecsMessage(
                stream: call.byte(1) ?? 0, function: call.byte(2) ?? 0, expectsReply: call.boolean(4),
                item: call.isNil(3) ? nil : try SecsItem(value)), of: call.runtime, madeOf: value)
    }
    c.property("name", .string, "The usual name of stream and function, such as 'S1F13'.") { $0.message.name }
    c.property("stream", .integer, "The stream.") { Int($0.message.stream) }
    for name in ["function", "func"] {
        c.property(name, .integer, "The function.") { Int($0.message.function) }
    }
    c.property("require_response", .boolean, "Whether a reply is expected.") { $0.message.expectsReply }
    let runtime = context.runtime
    c.property("item", .instance(["SecsItem"]).annotated("SecsItem|nil"), "The item; nil for header only.") {
        [unowned runtime] message in
        message.message.item.map { runtime.instance(for: LuaSecsItem($0, charge: message.charge), class: "SecsItem") }
    }
    c.property(
        "value", .any.annotated("string|number|boolean|table|nil"), "The item as a value of Lua; nil for header only."
    ) {
        (message, call) throws(LuaFault) in try call.plain(message.message.item)
    }
    return c
}

extension SecsMessage {
    /// The message in SML.
    func shown() throws(LuaFault) -> String {
        do throws(SecsEncodingError) {
            return try sml()
        } catch {
            throw LuaFault(.valueError, "\(name): \(error)")
        }
    }
}

/// Declares `SecsMessage.sml`.
func declareSecsMessageFunctions(_ context: BindingContext) -> [LuaFunction] {
    [
        LuaFunction(
            "SecsMessage.sml", [.required("text", .string, "A message in SML, such as 'S1F1 W .'.")],
            returns: .of("SecsMessage"), "Reads SML. Raises ValueError with line and column."
        ) { [unowned runtime = context.runtime] (call) throws(LuaFault) in
            do throws(SmlError) {
                let message = LuaSecsMessage(try SecsMessage(sml: call.bytes(1) ?? []), of: call.runtime)
                return call.returning(runtime.instance(for: message, class: "SecsMessage"))
            } catch {
                throw LuaFault(.valueError, "SecsMessage.sml: \(error)")
            }
        }
    ]
}
