internal import ControlCore
internal import LuaRuntime
internal import NIOCore

/// Declares `RawTcpHandler`.
func declareRawTcpHandler(_ context: BindingContext) -> LuaClass<RawTcpHandler> {
    var c = LuaClass<RawTcpHandler>(
        "RawTcpHandler", "Keeps a TCP connection alive: polls, notices silence, reconnects."
    ) { $0.interface.peer }
    let interface = c.slot()
    let query = c.slot(label: " keep-alive query")
    let pollTimer = c.slot()
    c.isKind(of: "ConnectionHandler")
    c.fallThrough(to: interface)
    c.property("ConnectionStatus", .string, "'Unknown', 'Connected' or 'Disconnected'.") {
        $0.connectionStatus.rawValue
    }
    c.property("DisconnectLimit", .integer, "How many sends may go without an accepted response.") {
        $0.disconnectLimit
    }
    c.property("Interface", .any, "The interface that is handled.") {
        Kept(slot: interface, instance: context.runtime.knownInstance(of: $0))
    }
    c.property("PollTimer", .instance(["Timer"]), "The timer of the keep-alive query.") { handler in
        PollTimer(handler: handler, slot: pollTimer, runtime: context.runtime)
    }
    c.property(
        "AutoReconnect", .boolean, "Whether it connects again by itself; true starts nothing, call Connect.",
        get: { $0.autoReconnect },
        set: { (handler, call) throws(LuaFault) in handler.autoReconnect = call.boolean(1) })
    c.method(
        "Connect",
        [.optional("timeout", .seconds, "For this attempt and later ones; nil: as long as the system does.")],
        returns: "'Connected', 'ConnectedAlready', or the reason of the failure; then its details, if it has any",
        waits: true,
        "Connects and begins to poll."
    ) { (handler, call) throws(LuaFault) in
        let timeout = call.duration(1)
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
    c.method("ResponseAccepted", "Says that a good response came: the count of missed responses starts anew.") {
        (handler, _) throws(LuaFault) in
        handler.responseAccepted()
        return .none
    }
    c.method(
        "Send", [.required("data", .string, "What to send.")], waits: true,
        "Sends data, counted until a response is accepted. Over DisconnectLimit the connection is closed instead."
    ) { (handler, call) throws(LuaFault) in
        let data = try call.buffer(1)
        return try call.send(data, whenWritable: handler.interface.whenWritable) { () throws(IOFault) in
            _ = try handler.send(data)
        }
    }
    c.method(
        "SendAndWait", sendAndWaitParameters, returns: sendAndWaitReturns, waits: true,
        "Sends data and waits for the response, counted until a response is accepted."
    ) { (handler, call) throws(LuaFault) in
        try call.sendAndWait(context.patterns) { handler.sendAndWait($0, timeout: $1, delimiter: $2, completion: $3) }
    }
    let connected = c.event("Connected", "'Connected'", "The device is there.")
    let disconnected = c.event("Disconnected", "'Disconnected'", "The device is gone; once per change.")
    let connectFailed = c.event("ConnectFailed", "the reason", "An attempt to connect failed.")
    let receiveData = c.event("ReceiveData", "the bytes", "Bytes arrived.")
    c.whenAttached { handler, instance, _ in
        handler.onConnected = { [weak instance] in instance?.fire(connected, "Connected") }
        handler.onDisconnected = { [weak instance] in instance?.fire(disconnected, "Disconnected") }
        handler.onConnectFailed = { [weak instance] in instance?.fire(connectFailed, $0.reason) }
        handler.onReceiveData = { [weak instance] in instance?.fire(receiveData, $0) }
        handler.onActivityChanged = { [weak instance] in instance?.setActive($0) }
        instance.onBackPressure = { [weak handler] in handler?.interface.setReceiving(!$0) }
    }
    context.makeRawTcpHandler = { [unowned context] (call, client, options) throws(LuaFault) in
        let handler = try call.checked { () throws(ParameterError) in
            try RawTcpHandler(interface: client, options: options) { [weak context] handler, finished in
                guard let instance = context?.runtime.knownInstance(of: handler) else { return finished() }
                instance.start(query) { _ in finished() }
            }
        }
        let instance = context.runtime.instance(for: handler, class: "RawTcpHandler")
        instance.push(onto: call.stack)
        call.push(argument: 1)
        instance.keep(interface, popping: call.stack)
        call.push(argument: 2)
        instance.keep(query, popping: call.stack)
        return .values(1)
    }
    return c
}

/// A handler's poll timer as Lua sees it; the handler keeps its instance, so that events set on it stay.
private struct PollTimer: LuaPushable {
    let handler: RawTcpHandler
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
