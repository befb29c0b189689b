import Bytes
internal import HSMS
internal import LuaRuntime

/// A message as programs have it: a header object and bytes.
final class LuaHsmsPacket {
    var header: LuaHsmsHeader
    var data: ByteBuffer

    init(_ packet: HsmsPacket) {
        header = LuaHsmsHeader(packet.header)
        data = packet.data
    }

    init(header: LuaHsmsHeader, data: ByteBuffer) {
        self.header = header
        self.data = data
    }

    var packet: HsmsPacket { HsmsPacket(header.header, data: data) }
}

/// A packet that came in, which becomes an object when Lua gets it.
struct PushedPacket: LuaPushable {
    let packet: HsmsPacket
    let runtime: LuaRuntime

    func push(onto stack: LuaStack) {
        runtime.instance(for: LuaHsmsPacket(packet), class: "HsmsPacket").push(onto: stack)
    }
}

/// A string of bytes.
struct ByteBytes: LuaPushable {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func push(onto stack: LuaStack) { stack.push(bytes) }
}

/// The longest text that `repr` shows: 4 MiB.
private let longestShownText = 4 << 20

/// Declares `HsmsPacket`.
func declareHsmsPacket(_ context: BindingContext) -> LuaClass<LuaHsmsPacket> {
    var c = LuaClass<LuaHsmsPacket>("HsmsPacket", "One HSMS message: its header and, in a data message, its text.") {
        _ in ""
    }
    c.holds(128, also: { $0.packet.heldBytes })
    c.isShownAs { $0.packet.text() }
    var parameters = ParameterList()
    let header = parameters.optional(
        "header", .hsmsHeader, "The header; by default that of a Select.req.")
    let data = parameters.optional("data", .data, default: ByteBuffer(), "The text, in SECS-II.")
    c.constructor(parameters, "Makes a message.") { (call) throws(LuaFault) in
        LuaHsmsPacket(
            header: call[header] ?? LuaHsmsHeader(HsmsHeader(sessionID: 0, sType: 1, system: 0)), data: call[data])
    }
    let runtime = context.runtime
    c.property("header", .hsmsHeader, "The header.") { [unowned runtime] in
        runtime.instance(for: $0.header, class: "HsmsHeader")
    } set: { packet, header in
        packet.header = header
    }
    c.property("data", .data, "The text: bytes.") {
        $0.data
    } set: { packet, data in
        packet.data = data
    }
    var showing = ParameterList()
    let spelling = showing.hsmsSpelling()
    c.method(
        "text", showing, returns: .of("string", "the header in one line"),
        "Gives the text that print shows."
    ) { (packet, call) throws(LuaFault) in call.returning(packet.packet.text(call[spelling])) }
    c.method(
        "repr", showing, returns: .of("string", "the message as the documented transcripts show results"),
        "Gives the message as a constructor call, with its text."
    ) {
        (packet, call) throws(LuaFault) in
        guard packet.data.readableBytes <= longestShownText else {
            throw LuaFault(
                .valueError,
                "HsmsPacket.repr: a text of \(packet.data.readableBytes) bytes is over the limit of \(longestShownText)"
            )
        }
        return call.returning(packet.packet.constructorText(call[spelling]))
    }
    c.method("encode", returns: .of("string", "length, header and text as bytes"), "Gives the bytes on the wire.") {
        (packet, call) throws(LuaFault) in call.returning(packet.packet.encoded())
    }
    c.method(
        "message", returns: .of("SecsMessage"),
        "Reads the text as SECS-II. Raises ValueError when it is not SECS-II."
    ) { [unowned runtime] (packet, call) throws(LuaFault) in
        call.returning(runtime.instance(for: try packet.message(for: runtime), class: "SecsMessage"))
    }
    return c
}

/// Declares `HsmsPacket.decode`.
func declareHsmsPacketFunctions(_ context: BindingContext) -> [LuaFunction] {
    var parameters = ParameterList()
    let bytes = parameters.required("bytes", .data, "A whole message, with its length.")
    return [
        LuaFunction(
            "HsmsPacket.decode", parameters,
            returns: .of("HsmsPacket"), "Reads a message. Raises ValueError when its length does not fit the bytes."
        ) { [unowned runtime = context.runtime] (call) throws(LuaFault) in
            do throws(HsmsFrameError) {
                return call.returning(PushedPacket(packet: try HsmsPacket(decoding: call[bytes]), runtime: runtime))
            } catch {
                throw LuaFault(.valueError, "HsmsPacket.decode: \(error)")
            }
        }
    ]
}

extension LuaHsmsPacket {
    /// The SECS-II message that it carries.
    fileprivate func message(for runtime: LuaRuntime) throws(LuaFault) -> LuaSecsMessage {
        let header = header.header
        guard header.isData else {
            throw LuaFault(.valueError, "a \(header.messageType?.name ?? "message of that type") carries no SECS-II")
        }
        do throws(SecsDecodingError) {
            return LuaSecsMessage(
                SecsMessage(
                    stream: header.stream, function: header.function, expectsReply: header.requireResponse,
                    item: try SecsItem.decode(data)), of: runtime)
        } catch {
            throw LuaFault(.valueError, "S\(header.stream)F\(header.function): \(error)")
        }
    }
}
