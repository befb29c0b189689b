internal import HSMS
internal import LuaRuntime

/// A header as programs have it: an object whose fields can be set.
final class LuaHsmsHeader {
    var header: HsmsHeader

    init(_ header: HsmsHeader) { self.header = header }
}

/// How the documents spell the names of header fields, as programs say it.
let spellingParameter = LuaParameter.optional(
    "spelling", .oneOf(["session_id", "sessionID"]), default: "'session_id'",
    "The spelling of the field names: that of the newer documentation, or that of the older.")

/// The type of system bytes.
let systemBytes = LuaType.integer(0...0xFFFF_FFFF)

extension LuaCall {
    /// The spelling that an argument asks for.
    func spelling(_ argument: Int) -> HsmsSpelling { string(argument) == "sessionID" ? .camelCase : .snakeCase }

    /// A byte that was checked to be one.
    func byte(_ argument: Int) -> UInt8? { integer(argument).flatMap(UInt8.init(exactly:)) }

    /// A session ID that was checked to be one.
    func session(_ argument: Int) -> UInt16? { integer(argument).flatMap(UInt16.init(exactly:)) }

    /// System bytes that were checked to be such.
    func system(_ argument: Int) -> UInt32? { integer(argument).flatMap(UInt32.init(exactly:)) }
}

/// Declares `HsmsHeader`.
func declareHsmsHeader(_ context: BindingContext) -> LuaClass<LuaHsmsHeader> {
    var c = LuaClass<LuaHsmsHeader>(
        "HsmsHeader", "The ten bytes that begin every HSMS message. Each field has two spellings."
    ) { _ in "" }
    c.isShownAs { $0.header.text() }
    c.constructor(
        [
            .required("system", systemBytes, "The system bytes, which a reply has in common with its request."),
            .optional("session_id", .integer(0...0xFFFF), default: "0", "The session ID."),
            .optional("stream", .integer(0...127), default: "0", "The stream."),
            .optional("func", .integer(0...255), default: "0", "The function; a word of Lua's forbids the full name."),
            .optional("require_response", .boolean, default: "false", "Whether a reply is expected."),
            .optional("p_type", .integer(0...255), default: "0", "How the text is encoded."),
            .optional("s_type", .integer(0...255), default: "1", "The message type."),
        ], "Makes a header."
    ) { (call) throws(LuaFault) in
        LuaHsmsHeader(
            HsmsHeader(
                sessionID: call.session(2) ?? 0, requireResponse: call.boolean(5), stream: call.byte(3) ?? 0,
                function: call.byte(4) ?? 0, pType: call.byte(6) ?? 0, sType: call.byte(7) ?? 1,
                system: call.system(1) ?? 0))
    }
    declareFields(&c)
    c.method(
        "text", [spellingParameter], returns: .of("string", "the fields in one line"),
        "Gives the text that print shows."
    ) {
        (header, call) throws(LuaFault) in call.returning(header.header.text(call.spelling(1)))
    }
    c.method("encode", [], returns: .of("string", "the ten bytes"), "Gives the bytes on the wire.") {
        (header, call) throws(LuaFault) in
        call.returning(ByteBytes(header.header.bytes))
    }
    return c
}

private func declareFields(_ c: inout LuaClass<LuaHsmsHeader>) {
    for name in ["session_id", "sessionID"] {
        c.property(name, .integer(0...0xFFFF), "The session ID; the device ID of data.") {
            Int($0.header.sessionID)
        } set: { (header, call) in
            header.header.sessionID = call.session(1) ?? 0
        }
    }
    for name in ["require_response", "requireResponse"] {
        c.property(name, .boolean, "Whether a reply is expected.") {
            $0.header.requireResponse
        } set: { (header, call) in
            header.header.requireResponse = call.boolean(1)
        }
    }
    c.property("stream", .integer(0...127), "The stream.") {
        Int($0.header.stream)
    } set: { (header, call) in
        header.header.stream = call.byte(1) ?? 0
    }
    // 'function' is a word of Lua's: header['function'] works, header.function does not.
    for name in ["function", "func"] {
        c.property(name, .integer(0...255), "The function; the status or reason of a control message.") {
            Int($0.header.function)
        } set: { (header, call) in
            header.header.function = call.byte(1) ?? 0
        }
    }
    for name in ["p_type", "pType"] {
        c.property(name, .integer(0...255), "How the text is encoded; 0 is SECS-II.") {
            Int($0.header.pType)
        } set: { (header, call) in
            header.header.pType = call.byte(1) ?? 0
        }
    }
    for name in ["s_type", "sType"] {
        c.property(name, .integer(0...255), "The message type; 0 is data.") {
            Int($0.header.sType)
        } set: { (header, call) in
            header.header.sType = call.byte(1) ?? 0
        }
    }
    c.property("system", systemBytes, "The system bytes.") {
        Int($0.header.system)
    } set: { (header, call) in
        header.header.system = call.system(1) ?? 0
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
    let system = LuaParameter.required("system", systemBytes, "The system bytes.")
    let make = { [unowned runtime = context.runtime] (header: HsmsHeader) in
        runtime.instance(for: LuaHsmsHeader(header), class: "HsmsHeader")
    }
    func control(_ name: String, _ type: String, _ header: @escaping (UInt32) -> HsmsHeader) -> LuaFunction {
        LuaFunction(name, [system], returns: .of("HsmsHeader"), "Makes the header of a \(type).") {
            (call) throws(LuaFault) in call.returning(make(header(call.system(1) ?? 0)))
        }
    }
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
            "HsmsRejectReqHeader",
            [
                system, .required("s_type", .integer(0...255), "The type of the rejected message."),
                .required(
                    "reason", .integer(0...255),
                    "1: unknown type, 2: unknown encoding, 3: no such request is open, 4: not selected."),
            ], returns: .of("HsmsHeader"), "Makes the header of a Reject.req."
        ) { (call) throws(LuaFault) in
            var header = HsmsHeader(
                sessionID: HsmsHeader.controlSession, function: call.byte(3) ?? 0,
                sType: HsmsMessageType.rejectRequest.rawValue, system: call.system(1) ?? 0)
            header.byte2 = call.byte(2) ?? 0
            return call.returning(make(header))
        },
        LuaFunction(
            "HsmsStreamFunctionHeader",
            [
                system, .required("stream", .integer(0...127), "The stream."),
                .required("func", .integer(0...255), "The function."),
                .required("require_response", .boolean, "Whether a reply is expected."),
                .required("session_id", .integer(0...0xFFFF), "The session ID."),
            ], returns: .of("HsmsHeader"), "Makes the header of a data message."
        ) { (call) throws(LuaFault) in
            call.returning(
                make(
                    .data(
                        session: call.session(5) ?? 0, stream: call.byte(2) ?? 0, function: call.byte(3) ?? 0,
                        requireResponse: call.boolean(4), system: call.system(1) ?? 0)))
        },
    ]
}
