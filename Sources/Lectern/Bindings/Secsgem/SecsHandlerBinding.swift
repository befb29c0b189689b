internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// The parameters with which everything on top of a protocol is made.
struct SecsHandlerParameters {
    let address: Parameter<LuaArgument>
    let peer: HsmsPeerParameters

    init(_ parameters: inout ParameterList) {
        address = parameters.required(
            "address", .any.annotated("HsmsProtocol|string"),
            "An HsmsProtocol, or the peer's address; of a passive connection that from which it is expected.")
        peer = HsmsPeerParameters(&parameters)
    }
}

/// Declares `SecsHandler`.
func declareSecsHandler(_ secsgem: SecsgemContext, _ peers: HsmsPeers) -> LuaClass<SecsHandler> {
    var c = LuaClass<SecsHandler>(
        "SecsHandler", "Streams and functions on a connection: callbacks for messages that come, and requests."
    ) { $0.hsms?.name ?? "" }
    c.holds(4096, also: { $0.hsms?.programBytes ?? 0 })
    var parameters = ParameterList()
    let given = SecsHandlerParameters(&parameters)
    // A protocol that is handed in knows its role.
    let role = parameters.optional(
        "role", .oneOf(HsmsConfiguration.Role.self), usual: .host, "Which party this side is.")
    c.constructor(
        parameters, "Makes a handler on a protocol, or with one of its own; enable lets the connection be established."
    ) { (call) throws(LuaFault) in
        SecsHandler(session: try peers.makeSession(call, given, role: call[role]))
    }
    let members = SecsHandlerMembers(&c, secsgem, peers) {
        $0.hsms?.enable()
    } disable: { handler, done in
        handler.hsms?.disable(completion: done)
    }
    c.whenAttached { handler, instance, call in
        if let call { members.attach(handler, to: instance, call.stack) }
    }
    return c
}

/// What every handler of streams and functions shows, declared once.
struct SecsHandlerMembers {
    private let hsms: HsmsProtocolMembers
    private let lower: LuaEvent
    private let callbacks: LuaEvent
    private let answer: LuaEvent
    private unowned let secsgem: SecsgemContext
    private unowned let peers: HsmsPeers

    init<Handler: SecsHandler>(
        _ c: inout LuaClass<Handler>, _ secsgem: SecsgemContext, _ peers: HsmsPeers,
        enable: @escaping (Handler) -> Void, disable: @escaping (Handler, @escaping () -> Void) -> Void
    ) {
        self.secsgem = secsgem
        self.peers = peers
        hsms = HsmsProtocolMembers(&c, peers, hsms: { $0.hsms }, enable: enable, disable: disable)
        lower = c.slot()
        callbacks = c.slot()
        answer = c.slot(label: " callback")
        c.property("protocol", .instance(["HsmsProtocol"]), "The protocol below.", keptIn: lower)
        declareCallbacks(&c)
        declareMessages(&c)
    }

    private func declareCallbacks<Handler: SecsHandler>(_ c: inout LuaClass<Handler>) {
        var message = ParameterList()
        let stream = message.required("stream", .stream, "The stream.")
        let function = message.required("func", .byte(1...255), "The function, an odd number.")
        var registration = message
        let callback = registration.required(
            "callback",
            .function.annotated("fun(handler: SecsHandler, request: SecsRequest): (\(secsValueType))?"),
            "Gets the handler and the SecsRequest. The value that it returns is the reply.")
        let (callbacks, answer) = (callbacks, answer)
        let runtime = peers.runtime
        c.method(
            "register_stream_function", registration,
            "Registers a callback for a message. It returns the reply, a value or SecsItem, or nothing to reply later. "
                + "An error aborts the transaction."
        ) { [unowned runtime] (handler, call) throws(LuaFault) in
            guard let instance = call.selfInstance else { return .none }
            let (stream, function) = (call[stream], try call[function].checkedPrimary())
            let name = "S\(stream)F\(function)"
            instance.keep(call[callback], named: name, in: callbacks, call.stack)
            handler.register(stream: stream, function: function) { [reference = instance.weakReference] request in
                guard let instance = reference.instance else { return }
                instance.fire(
                    answer,
                    PushedCall(callback: name, callbacks: callbacks, owner: instance) {
                        runtime.instance(for: request, class: "SecsRequest")
                    })
            }
            return .none
        }
        c.method("unregister_stream_function", message, "Removes the callback of a message.") {
            (handler, call) throws(LuaFault) in
            let (stream, function) = (call[stream], try call[function].checkedPrimary())
            handler.unregister(stream: stream, function: function)
            call.selfInstance?.keep(nil, named: "S\(stream)F\(function)", in: callbacks, call.stack)
            return .none
        }
    }

    private func declareMessages<Handler: SecsHandler>(_ c: inout LuaClass<Handler>) {
        let runtime = peers.runtime
        var parameters = ParameterList()
        let message = parameters.required("message", .secsMessage, "What to send.")
        c.method(
            "send", parameters,
            returns: .of(
                "SecsMessage|true|nil, string?", "the reply, or true when none is expected; nil and the reason"),
            waits: true,
            "Sends a message. If it asks for a reply, waits for the reply."
        ) { [unowned runtime] (handler, call) throws(LuaFault) in
            let message = call[message].message
            return try call.result(of: { handler.send(message, completion: $0) }) { reply, stack in
                guard let reply else { return stack.push(true) }
                stack.push(runtime.instance(for: LuaSecsMessage(reply, of: runtime), class: "SecsMessage"))
            }
        }
    }

    /// Lets the instance and that of its protocol hold together, and its events be fired.
    func attach(_ handler: SecsHandler, to instance: LuaInstance, _ stack: LuaStack) {
        secsgem.keep(.answer, in: answer, of: instance, stack)
        peers.attach(
            handler, to: instance, keepingProtocolIn: lower, stack,
            listens: { [reference = instance.weakReference, hsms] header in
                reference.instance.map { hsms.listens(to: header, on: $0) } ?? false
            },
            onEvent: { [reference = instance.weakReference, hsms] event in
                if let instance = reference.instance { hsms.fire(event, of: instance, on: instance) }
            })
    }

    /// Lets `callback`, a function, be called for what `request` makes of an object of the library.
    func keep(_ callback: LuaReference?, named name: String, of instance: LuaInstance, _ stack: LuaStack) {
        instance.keep(callback, named: name, in: callbacks, stack)
    }

    /// Calls a kept callback in its turn; what it returns is the reply to `request`, whose instance has the methods
    /// `reply` and `abort`.
    func call(_ name: String, of instance: LuaInstance, request: @escaping () -> LuaInstance) {
        instance.fire(answer, PushedCall(callback: name, callbacks: callbacks, owner: instance, request: request))
    }
}

/// What the step `answer` of secsgem.lua gets.
private struct PushedCall: LuaPushable {
    let callback: String
    let callbacks: LuaEvent
    let owner: LuaInstance
    let request: () -> LuaInstance

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: 2)
        stack.set("request", request())
        owner.push(callbacks, onto: stack)
        stack.getRaw(-1, callback)
        stack.remove(at: -2)
        stack.setTop("callback")
    }
}

extension UInt8 {
    /// The function of a message that is no reply.
    fileprivate func checkedPrimary() throws(LuaFault) -> UInt8 {
        guard !isMultiple(of: 2) else {
            throw LuaFault(.valueError, "argument 'func' must be odd: messages that are no replies are")
        }
        return self
    }
}

/// What a call that gives a code returns.
let codeOrReason = LuaShape.of("integer|nil, string?", "the code: 0 is done; nil and the reason")

extension LuaCall {
    /// Suspends the task until the result is known; a failure returns nil and its reason.
    func result<Value>(
        of begin: (@escaping (SecsResult<Value>) -> Void) -> Void, push: @escaping (Value, LuaStack) -> Void
    ) throws(LuaFault) -> LuaResult {
        try wait { (waiter) throws(LuaFault) in
            begin { result in
                waiter.resume { stack in
                    switch result {
                    case .success(let value):
                        push(value, stack)
                        return .values(1)
                    case .failure: return result.pushFailure(onto: stack)
                    }
                }
            }
            return nil
        }
    }

    /// Suspends the task until an acknowledge code is known; 0 is done.
    func code(of begin: (@escaping (SecsResult<UInt8>) -> Void) -> Void) throws(LuaFault) -> LuaResult {
        try result(of: begin) { $1.push(Int($0)) }
    }

    /// As the other, for a code whose values have names.
    func code<Code: RawRepresentable<UInt8>>(
        of begin: (@escaping (SecsResult<Code>) -> Void) -> Void
    ) throws(LuaFault) -> LuaResult {
        try result(of: begin) { $1.push(Int($0.rawValue)) }
    }
}

extension Result where Failure == SecsFailure {
    /// Pushes nil, the failure's reason, and its details, if it has any.
    func pushFailure(onto stack: LuaStack) -> WaitResult {
        stack.pushNil()
        guard case .failure(let failure) = self else { return .values(1) }
        stack.push(failure.reason)
        guard let detail = failure.detail else { return .values(2) }
        stack.push(detail)
        return .values(3)
    }
}

extension Result where Success == UInt8, Failure == SecsFailure {
    /// The acknowledge code or the failure, for messages.
    var outcomeText: String {
        switch self {
        case .success(let code): "code \(code)"
        case .failure(let failure): failure.detail.map { "\(failure.reason): \($0)" } ?? failure.reason
        }
    }
}

extension SecsFailure {
    /// The stable word for the failure.
    fileprivate var reason: String {
        switch self {
        case .timedOut: "TimedOut"
        case .rejected: "Rejected"
        case .aborted: "Aborted"
        case .errorMessage: "ErrorReported"
        case .malformedReply: "MalformedReply"
        case .unexpectedReply: "UnexpectedReply"
        case .unencodable: "Unencodable"
        case .notConnected: "NotConnected"
        case .notSelected: "NotSelected"
        case .notCommunicating: "NotCommunicating"
        case .offline: "Offline"
        case .spooled: "Spooled"
        case .busy: "Busy"
        case .closed: "Closed"
        }
    }

    /// What more there is to say of it.
    fileprivate var detail: String? {
        switch self {
        case .rejected(let reason): "\(reason.rawValue)"
        case .errorMessage(let error): error.map { "S9F\($0.rawValue)" }
        case .malformedReply(let error): error.description
        case .unexpectedReply(let message): message.briefDescription
        case .unencodable(let error): error.description
        case .timedOut, .aborted, .notConnected, .notSelected, .notCommunicating, .offline, .spooled, .busy, .closed:
            nil
        }
    }
}
