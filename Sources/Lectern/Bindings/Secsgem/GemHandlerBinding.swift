internal import ControlCore
internal import HSMS
internal import LuaRuntime
import Polling

/// Declares `GemHandler`, the base of the handlers of both parties.
func declareGemHandler() -> LuaClass<GemHandler> {
    var c = LuaClass<GemHandler>("GemHandler", "What GemHostHandler and GemEquipmentHandler have in common.") {
        $0.hsms?.name ?? ""
    }
    c.isKind(of: "SecsHandler")
    return c
}

/// What the handlers of both parties show, declared once.
struct GemHandlerMembers {
    let secs: SecsHandlerMembers
    private let communicating: LuaEvent
    private let notCommunicating: LuaEvent
    private let terminalReceived: LuaEvent
    private unowned let peers: HsmsPeers

    init<Handler: GemHandler>(_ c: inout LuaClass<Handler>, _ secsgem: SecsgemContext, _ peers: HsmsPeers) {
        self.peers = peers
        c.isKind(of: "GemHandler")
        secs = SecsHandlerMembers(&c, secsgem, peers) { handler in
            handler.enable()
            handler.hsms?.enable()
        } disable: { handler, done in
            handler.disable()
            handler.hsms?.disable(completion: done)
        }
        communicating = c.event(
            "handler_communicating", .argument("data", "{handler: GemHandler}"),
            "Communication is established. Every request is possible.")
        notCommunicating = c.event(
            "handler_not_communicating", .argument("data", "{handler: GemHandler}"),
            "Communication has ended. It is being established again.")
        terminalReceived = c.event(
            "terminal_received", .argument("data", "{text: string, terminal: integer, lines: string[]}"),
            "A text for a terminal has come. If the event has a handler, the text counts as displayed.")
        declareProperties(&c)
        declareMethods(&c)
    }

    private func declareProperties<Handler: GemHandler>(_ c: inout LuaClass<Handler>) {
        for name in ["communication_state", "communicationState"] {
            c.property(
                name,
                .string.annotated("'DISABLED'|'NOT_COMMUNICATING'|'WAIT_CRA'|'WAIT_DELAY'|'WAIT_CR'|'COMMUNICATING'"),
                "'DISABLED', 'NOT_COMMUNICATING', 'WAIT_CRA', 'WAIT_DELAY', 'WAIT_CR' or 'COMMUNICATING'."
            ) { $0.communicationState.name }
        }
        c.property("communicating", .boolean, "Whether communication is established.") { $0.isCommunicating }
        c.property("MDLN", .secsText, "The model of this equipment; at most 20 characters.") {
            $0.identity.model
        } set: { handler, model in
            handler.identity.model = model
        }
        c.property("SOFTREV", .secsText, "The revision of this equipment's software; at most 20 characters.") {
            $0.identity.revision
        } set: { handler, revision in
            handler.identity.revision = revision
        }
        c.property(
            "peer_identity", .table.annotated("{MDLN: string, SOFTREV: string}|nil"),
            "MDLN and SOFTREV of the peer; nil if the peer is a host."
        ) {
            $0.peerIdentity
        }
        for name in ["establish_communication_timeout", "establishCommunicationTimeout"] {
            c.property(name, .duration(0.001...86_400), "How long to wait after a failed S1F13; 10 s at first.") {
                $0.establishDelay.seconds
            } set: { handler, delay in
                handler.establishDelay = delay
            }
        }
        c.property(
            "establish_attempts", .integer(0...1_000_000),
            "After how many unanswered S1F13 in a row the session is ended and begun again; 2 at first, 0: never."
        ) {
            $0.establishAttempts ?? 0
        } set: { handler, attempts in
            handler.establishAttempts = attempts == 0 ? nil : attempts
        }
        c.property(
            "id_format", .oneOf(["U2": SecsFormat.u2, "U4": .u4, "U8": .u8]),
            "The format of identifiers that are numbers; nil, the first value, means the smallest format that holds the number."
        ) {
            $0.idFormat?.name
        } set: { handler, format in
            handler.idFormat = format
        }
    }

    private func declareMethods<Handler: GemHandler>(_ c: inout LuaClass<Handler>) {
        let peers = peers
        var waiting = ParameterList()
        let timeout = waiting.optional("timeout", .duration, "How long to wait; nil: for ever.")
        c.method(
            "waitfor_communicating", waiting,
            returns: .of("boolean", "whether communication is established"), waits: true,
            "Waits until communication is established."
        ) { (handler, call) throws(LuaFault) in
            try peers.waiters.wait(
                for: handler, isThere: handler.isCommunicating, timeout: call[timeout], in: peers.environment, call)
        }
        c.method(
            "are_you_there",
            returns: .of(
                "{MDLN: string|nil, SOFTREV: string|nil}|nil, string?",
                "what the equipment says of itself, an empty table for a host; nil and the reason"),
            waits: true, "Asks with S1F1 whether the peer is there."
        ) { (handler, call) throws(LuaFault) in
            try call.result(of: handler.areYouThere) { identity, stack in
                guard let identity else { return stack.pushTable() }
                stack.push(identity)
            }
        }
        declareProcessPrograms(&c)
    }

    private func declareProcessPrograms<Handler: GemHandler>(_ c: inout LuaClass<Handler>) {
        var request = ParameterList()
        let name = request.required("ppid", .secsText, "The name.")
        var content = request
        let body = content.required(
            "ppbody", .any.annotated("string|SecsItem"), "The content: a string or SecsItem.")
        c.method(
            "send_process_program", content,
            returns: codeOrReason, waits: true,
            "Sends a process program (S7F3)."
        ) { (handler, call) throws(LuaFault) in
            let body = try call.item(body) ?? .binary([])
            return try call.code { handler.processPrograms.send(call[name], body: body, completion: $0) }
        }
        c.method(
            "request_process_program", request,
            returns: .of("\(secsValueType)|nil, string?", "the content as a value; nil and the reason"),
            waits: true, "Asks for a process program (S7F5)."
        ) { (handler, call) throws(LuaFault) in
            let runtime = call.runtime
            return try call.result(
                of: { handler.processPrograms.request(call[name], completion: $0) },
                push: { [unowned runtime] in $1.push(PlainItem($0, runtime)) })
        }
    }

    /// Brings what happens to the instance's events.
    func attach(_ handler: GemHandler, to instance: LuaInstance, _ stack: LuaStack) {
        secs.attach(handler, to: instance, stack)
        let waiters = peers.waiters
        var wasCommunicating = false
        handler.onCommunicationStateChanged = {
            [reference = instance.weakReference, weak handler, communicating, notCommunicating] state in
            guard let instance = reference.instance, let handler, (state == .communicating) != wasCommunicating else {
                return
            }
            wasCommunicating.toggle()
            if wasCommunicating { waiters.reached(handler) }
            instance.fire(wasCommunicating ? communicating : notCommunicating, HandlerData(handler: instance))
        }
        handler.terminals.onText = { [reference = instance.weakReference, terminalReceived] text in
            guard let instance = reference.instance, instance.has(terminalReceived) else { return .notDisplayed }
            instance.fire(terminalReceived, text)
            return .accepted
        }
    }
}

private struct HandlerData: LuaPushable {
    let handler: LuaInstance

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: 1)
        stack.set("handler", handler)
    }
}

extension GemCommunicationState {
    /// The name that secsgem gives it.
    fileprivate var name: String {
        switch self {
        case .disabled: "DISABLED"
        case .notCommunicating: "NOT_COMMUNICATING"
        case .waitCRA: "WAIT_CRA"
        case .waitDelay: "WAIT_DELAY"
        case .waitCR: "WAIT_CR"
        case .communicating: "COMMUNICATING"
        }
    }
}
