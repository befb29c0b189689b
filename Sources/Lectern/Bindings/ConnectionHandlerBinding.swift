import Bytes
internal import ControlCore
internal import LuaRuntime

/// Declares `ConnectionHandler`, the base of the handlers of clients.
func declareConnectionHandler(_ context: BindingContext) -> LuaClass<ConnectionHandler> {
    var c = LuaClass<ConnectionHandler>(
        "ConnectionHandler",
        "What all handlers of clients have in common. GetConnectionHandler makes the handler that fits."
    ) { _ in "" }
    c.holds(2048)
    _ = HandlerMembers(&c, context, isBase: true)
    return c
}

/// What every handler of a client shows, declared once, and where its instance keeps what belongs to it.
struct HandlerMembers {
    /// What the program handed in.
    let interface: LuaEvent
    /// The function that a poll calls.
    let query: LuaEvent
    private let connected: LuaEvent
    private let disconnected: LuaEvent
    private unowned let context: BindingContext

    init<Handler: ConnectionHandler>(
        _ c: inout LuaClass<Handler>, _ context: BindingContext, isBase: Bool = false
    ) {
        self.context = context
        let interface = c.slot()
        let pollTimer = c.slot()
        self.interface = interface
        query = c.slot(label: " keep-alive query")
        if !isBase {
            c.isKind(of: "ConnectionHandler")
            c.fallThrough(to: interface)
        }
        let runtime = context.runtime
        c.property(
            "ConnectionStatus", .string.annotated("'Unknown'|'Connected'|'Disconnected'"),
            "'Unknown', 'Connected' or 'Disconnected'."
        ) {
            $0.connectionStatus.rawValue
        }
        c.property("DisconnectLimit", .integer, "How many sends may stay without an accepted response.") {
            $0.disconnectLimit
        }
        c.declareLastError { $0.report }
        c.property(
            "Interface", .any.annotated("EthernetClientInterface|SerialInterface|DeviceClass|table"),
            "The interface or the device module that is handled.", keptIn: interface)
        c.property("PollTimer", .instance(["Timer"]), "The timer of the keep-alive query.") {
            [unowned runtime] handler in
            PollTimer(handler: handler, slot: pollTimer, runtime: runtime)
        }
        connected = c.event("Connected", .argument("state", "'Connected'"), "The device is there.")
        disconnected = c.event(
            "Disconnected", .argument("state", "'Disconnected'"), "The device is gone. Comes once for each change.")
    }

    /// Connects the shared events of a handler to its instance.
    /// - Parameter then: told of each change, behind the event.
    func attach(
        _ handler: ConnectionHandler, to instance: LuaInstance, then: LuaEvent? = nil
    ) {
        handler.onConnected = { [reference = instance.weakReference, connected] in
            reference.instance?.fire(connected, "Connected")
            if let then { reference.instance?.fire(then, "Connected") }
        }
        handler.onDisconnected = { [reference = instance.weakReference, disconnected] in
            reference.instance?.fire(disconnected, "Disconnected")
            if let then { reference.instance?.fire(then, "Disconnected") }
        }
        handler.onActivityChanged = instance.activityHandler
        // A port is active before there is a handler.
        if handler.isActive { instance.setActive(true) }
        context.tellIfIdle("Connect") { [weak handler] in handler.map { ($0.report, $0.hasBegun) } }
    }
}

/// A handler's poll timer as Lua sees it; the handler keeps its instance, so that events set on it stay.
private struct PollTimer: LuaPushable {
    let handler: ConnectionHandler
    let slot: LuaEvent
    let runtime: LuaRuntime

    func push(onto stack: LuaStack) {
        let timer = runtime.instance(for: handler.pollTimer, class: "Timer")
        timer.push(onto: stack)
        guard let owner = runtime.knownInstance(of: handler), !owner.has(slot) else { return }
        timer.push(onto: stack)
        owner.keep(slot, popping: stack)
    }
}

// MARK: - What raw handlers show

/// The names that every handler without a module shows, declared once.
func declareResponses<Handler: ConnectionHandler>(
    _ c: inout LuaClass<Handler>, _ context: BindingContext, overLimit: String,
    responseAccepted: @escaping (Handler) -> Void,
    send: @escaping (Handler, ByteBuffer, LuaCall) throws(LuaFault) -> LuaResult,
    sendAndWait: @escaping SendAndWaitParameters.Begin<Handler>
) {
    c.method("ResponseAccepted", "Says that a good response came. The count of missed responses begins again at 0.") {
        (handler, _) throws(LuaFault) in
        responseAccepted(handler)
        return .none
    }
    var sending = ParameterList()
    let data = sending.required("data", .data, "What to send.")
    c.method(
        "Send", sending, waits: true,
        "Sends data. Counts as a send without a response until ResponseAccepted. Over DisconnectLimit, \(overLimit)"
    ) { (handler, call) throws(LuaFault) in try send(handler, call[data], call) }
    var asking = ParameterList()
    let question = SendAndWaitParameters(&asking)
    let delimiters = context.delimiters
    c.method(
        "SendAndWait", asking, returns: sendAndWaitReturns, waits: true,
        "Sends data and waits for the response. Counts as a send without a response until ResponseAccepted."
    ) { (handler, call) throws(LuaFault) in try question.wait(for: handler, in: call, delimiters, sendAndWait) }
}

// MARK: - What handlers of TCP connections show

/// The names that both handlers of TCP connections show, declared once.
/// - Returns: the event ConnectFailed.
func declareConnecting<Handler: TcpConnectionHandler>(_ c: inout LuaClass<Handler>) -> LuaEvent {
    c.property(
        "AutoReconnect", .boolean,
        "Whether it connects again by itself. Setting it to true does not connect; call Connect.",
        get: { $0.autoReconnect },
        set: { handler, connectsAgain in handler.autoReconnect = connectsAgain })
    var connecting = ParameterList()
    let timeout = connecting.optional(
        "timeout", .duration,
        "How long this attempt and later ones may take; nil: as long as the operating system tries.")
    c.method(
        "Connect", connecting,
        returns: .of(
            "string, string?",
            "'Connected', 'ConnectedAlready', or the reason of the failure; then its details, if it has any"),
        waits: true,
        "Connects and begins to poll."
    ) { (handler, call) throws(LuaFault) in
        let timeout = call[timeout]
        return try call.wait { (waiter) throws(LuaFault) in
            let pending = handler.connect(timeout: timeout) { waiter.resume(returning: $0) }
            return { pending.cancel() }
        }
    }
    c.method("Disconnect", "Closes the connection; with AutoReconnect it comes back after connectRetryTime.") {
        (handler, _) throws(LuaFault) in
        handler.disconnect()
        return .none
    }
    return c.event("ConnectFailed", .argument("reason", "string"), "An attempt to connect failed.")
}

/// `Connect` of both handlers of simple pipes.
func declarePolling<Handler: SimplePipeHandler>(_ c: inout LuaClass<Handler>) {
    c.method("Connect", "Begins to poll. Connected comes when the device answers.") { (handler, _) throws(LuaFault) in
        handler.connect()
        return .none
    }
}
