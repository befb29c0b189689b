internal import HSMS
internal import LuaRuntime

/// A header as programs have it: an object whose fields can be set.
final class LuaHsmsHeader {
    var header: HsmsHeader

    init(_ header: HsmsHeader) { self.header = header }
}

extension ParameterList {
    /// Adds how field names are spelled where they are shown.
    mutating func hsmsSpelling() -> Parameter<HsmsSpelling> {
        optional(
            "spelling", .oneOf(["session_id": .snakeCase, "sessionID": .camelCase]), default: .snakeCase,
            "The spelling of the field names: that of the newer documentation, or that of the older.")
    }
}

/// What the reasons of a Reject.req are.
let rejectReason = "1: unknown type, 2: unknown encoding, 3: no such request is open, 4: not selected."

/// Declares `HsmsHeader`.
func declareHsmsHeader() -> LuaClass<LuaHsmsHeader> {
    var c = LuaClass<LuaHsmsHeader>(
        "HsmsHeader", "The ten bytes that begin every HSMS message. Each field has two spellings."
    ) { _ in "" }
    c.isShownAs { $0.header.text() }
    var parameters = ParameterList()
    let system = parameters.required(
        "system", .systemBytes, "The system bytes, which a reply has in common with its request.")
    let session = parameters.hsmsSession("The session ID.")
    let stream = parameters.optional("stream", .stream, default: 0, "The stream.")
    let function = parameters.optional(
        "func", .byte, default: 0, "The function; a word of Lua's forbids the full name.")
    let requireResponse = parameters.optional(
        "require_response", .boolean, default: false, "Whether a reply is expected.")
    let pType = parameters.optional("p_type", .byte, default: 0, "How the text is encoded.")
    let sType = parameters.optional("s_type", .byte, default: 1, "The message type.")
    c.constructor(parameters, "Makes a header.") { (call) throws(LuaFault) in
        LuaHsmsHeader(
            HsmsHeader(
                sessionID: call[session], requireResponse: call[requireResponse], stream: call[stream],
                function: call[function], pType: call[pType], sType: call[sType], system: call[system]))
    }
    declareFields(&c)
    var showing = ParameterList()
    let spelling = showing.hsmsSpelling()
    c.method(
        "text", showing, returns: .of("string", "the fields in one line"),
        "Gives the text that print shows."
    ) {
        (header, call) throws(LuaFault) in call.returning(header.header.text(call[spelling]))
    }
    c.method("encode", returns: .of("string", "the ten bytes"), "Gives the bytes on the wire.") {
        (header, call) throws(LuaFault) in
        call.returning(ByteBytes(header.header.bytes))
    }
    return c
}

private func declareFields(_ c: inout LuaClass<LuaHsmsHeader>) {
    for name in ["session_id", "sessionID"] {
        c.property(name, .sessionID, "The session ID; the device ID of data.") {
            Int($0.header.sessionID)
        } set: { header, session in
            header.header.sessionID = session
        }
    }
    for name in ["require_response", "requireResponse"] {
        c.property(name, .boolean, "Whether a reply is expected.") {
            $0.header.requireResponse
        } set: { header, isRequired in
            header.header.requireResponse = isRequired
        }
    }
    c.property("stream", .stream, "The stream.") {
        Int($0.header.stream)
    } set: { header, stream in
        header.header.stream = stream
    }
    // 'function' is a word of Lua's: header['function'] works, header.function does not.
    for name in ["function", "func"] {
        c.property(name, .byte, "The function; the status or reason of a control message.") {
            Int($0.header.function)
        } set: { header, function in
            header.header.function = function
        }
    }
    for name in ["p_type", "pType"] {
        c.property(name, .byte, "How the text is encoded; 0 is SECS-II.") {
            Int($0.header.pType)
        } set: { header, type in
            header.header.pType = type
        }
    }
    for name in ["s_type", "sType"] {
        c.property(name, .byte, "The message type; 0 is data.") {
            Int($0.header.sType)
        } set: { header, type in
            header.header.sType = type
        }
    }
    c.property("system", .systemBytes, "The system bytes.") {
        Int($0.header.system)
    } set: { header, system in
        header.header.system = system
    }
    c.property(
        "type_name", .string.annotated("string|nil"),
        "SEMI E37's name of the message type, such as 'Select.req'; nil for none."
    ) {
        $0.header.messageType?.name
    }
}

/// Declares the functions that make the headers of all messages: secsgem has a class for each.
func declareHsmsHeaderFunctions(_ context: BindingContext) -> [LuaFunction] {
    var parameters = ParameterList()
    let system = parameters.required("system", .systemBytes, "The system bytes.")
    let make = { [unowned runtime = context.runtime] (header: HsmsHeader) in
        runtime.instance(for: LuaHsmsHeader(header), class: "HsmsHeader")
    }
    func control(_ name: String, _ type: String, _ header: @escaping (UInt32) -> HsmsHeader) -> LuaFunction {
        LuaFunction(name, parameters, returns: .of("HsmsHeader"), "Makes the header of a \(type).") {
            (call) throws(LuaFault) in call.returning(make(header(call[system])))
        }
    }
    var rejection = parameters
    let type = rejection.required("s_type", .byte, "The type of the rejected message.")
    let reason = rejection.required("reason", .byte, rejectReason)
    var data = parameters
    let stream = data.required("stream", .stream, "The stream.")
    let function = data.required("func", .byte, "The function.")
    let requireResponse = data.required("require_response", .boolean, "Whether a reply is expected.")
    let session = data.required("session_id", .sessionID, "The session ID.")
    return [
        control("HsmsSelectReqHeader", "Select.req") { .selectRequest(system: $0) },
        control("HsmsSelectRspHeader", "Select.rsp with status 0") {
            .selectResponse(status: .established, system: $0)
        },
        control("HsmsDeselectReqHeader", "Deselect.req") { .deselectRequest(system: $0) },
        control("HsmsDeselectRspHeader", "Deselect.rsp with status 0") {
            .deselectResponse(status: .ended, system: $0)
        },
        control("HsmsLinktestReqHeader", "Linktest.req") { .linktestRequest(system: $0) },
        control("HsmsLinktestRspHeader", "Linktest.rsp") { .linktestResponse(system: $0) },
        control("HsmsSeparateReqHeader", "Separate.req") { .separateRequest(system: $0) },
        LuaFunction(
            "HsmsRejectReqHeader", rejection, returns: .of("HsmsHeader"), "Makes the header of a Reject.req."
        ) { (call) throws(LuaFault) in
            var header = HsmsHeader(
                sessionID: HsmsHeader.controlSession, function: call[reason],
                sType: HsmsMessageType.rejectRequest.rawValue, system: call[system])
            header.byte2 = call[type]
            return call.returning(make(header))
        },
        LuaFunction(
            "HsmsStreamFunctionHeader", data, returns: .of("HsmsHeader"), "Makes the header of a data message."
        ) { (call) throws(LuaFault) in
            call.returning(
                make(
                    .data(
                        session: call[session], stream: call[stream], function: call[function],
                        requireResponse: call[requireResponse], system: call[system])))
        },
    ]
}
