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
        returns: "'Connected', 'ConnectedAlready', or the reason of the failure", waits: true,
        "Connects and begins to poll."
    ) { (handler, call) throws(LuaFault) in
        let timeout = call.duration(1)
        return try call.wait { (waiter) throws(LuaFault) in
            let pending = handler.connect(timeout: timeout) { waiter.resume(returning: $0.text) }
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
        try call.sendAndWait { handler.sendAndWait($0, timeout: $1, delimiter: $2, completion: $3) }
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

/// Declares `ServerExHandler`.
func declareServerExHandler(_ context: BindingContext) -> LuaClass<ServerExHandler> {
    var c = LuaClass<ServerExHandler>(
        "ServerExHandler", "Keeps a server listening and drops idle clients."
    ) { "port \($0.interface.port)" }
    let interface = c.slot()
    c.isKind(of: "ConnectionHandler")
    c.fallThrough(to: interface)
    c.property("Interface", .any, "The server that is handled.") {
        Kept(slot: interface, instance: context.runtime.knownInstance(of: $0))
    }
    c.method(
        "StartListen", [.optional("timeout", .seconds, default: "0", "How long to listen; 0: until StopListen.")],
        returns: "'Listening', 'ListeningAlready', or the reason of the failure", waits: true,
        "Listens; when that fails, tries again every connectRetryTime."
    ) { (handler, call) throws(LuaFault) in
        let timeout = call.duration(1)
        return try call.wait { (waiter) throws(LuaFault) in
            handler.startListen(timeout: timeout) { waiter.resume(returning: $0.text) }
            return nil
        }
    }
    c.method("StopListen", "Stops listening, and trying to; clients stay connected.") { (handler, _) throws(LuaFault) in
        handler.stopListen()
        return .none
    }
    let connected = c.event(
        "Connected", "'Connected'", "A client has connected. The first argument is the ClientObject.")
    let disconnected = c.event(
        "Disconnected", "'Disconnected'", "A client is gone. The first argument is the ClientObject.")
    let receiveData = c.event("ReceiveData", "the bytes", "A client has sent. The first argument is the ClientObject.")
    let listenFailed = c.event("ListenFailed", "the reason", "StartListen failed; the next try comes by itself.")
    c.whenAttached { [unowned context] handler, instance, _ in
        let runtime = context.runtime
        handler.onConnected = { [weak instance] client in
            guard let instance else { return }
            runtime.client(client).fire(connected, declaredOn: instance, "Connected")
        }
        handler.onDisconnected = { [weak instance] client in
            guard let instance else { return }
            runtime.client(client).fire(disconnected, declaredOn: instance, "Disconnected")
        }
        handler.onReceiveData = { [weak instance] client, bytes in
            guard let instance else { return }
            runtime.client(client).fire(receiveData, declaredOn: instance, bytes)
        }
        handler.onListenFailed = { [weak instance] in instance?.fire(listenFailed, $0.reason) }
        handler.onActivityChanged = { [weak instance] in instance?.setActive($0) }
    }
    context.makeServerExHandler = { [unowned context] (call, server, options) throws(LuaFault) in
        let handler = try call.checked { () throws(ParameterError) in
            try ServerExHandler(interface: server, options: options)
        }
        let instance = context.runtime.instance(for: handler, class: "ServerExHandler")
        instance.push(onto: call.stack)
        call.push(argument: 1)
        instance.keep(interface, popping: call.stack)
        return .values(1)
    }
    return c
}

/// Declares `GetConnectionHandler`.
func declareGetConnectionHandler(_ context: BindingContext) -> LuaFunction {
    LuaFunction(
        "GetConnectionHandler",
        [
            .required("Interface", .any, "The interface to handle."),
            .optional("keepAliveQuery", .any, "A function that asks the device something; not for servers."),
            .optional("keepAliveQueryQualifier", .table, "For device modules: the qualifier of the query."),
            .optional(
                "DisconnectLimit", .integer(1...1_000_000), default: "15", "Missed responses that mean disconnected."),
            .optional("pollFrequency", .seconds(0.01...3e8), default: "1", "The time between two queries."),
            .optional(
                "connectRetryTime", .seconds(0.01...3e8), default: "5", "The time from a loss to the next attempt."),
            .optional("serverTimeout", .seconds(0.01...3e8), default: "300", "How long a server's client may be idle."),
            .optional(
                "ConnectedOn", .oneOf(["Socket", "Response"]), default: "'Socket'", "What makes a TCP device Connected."
            ),
        ],
        returns: "the handler that fits the interface", "Makes a connection handler for an interface."
    ) { (call) throws(LuaFault) in
        let object = call.instance(1)?.object
        let subject: ConnectionHandlerSubject
        switch object {
        case let client as EthernetClientInterface: subject = .ethernetClient(client.protocol)
        case let server as EthernetServerInterfaceEx: subject = .ethernetServerEx(server.protocol)
        default: subject = .other(call.typeName(1))
        }
        let query: KeepAliveQueryKind
        if call.isNil(2) {
            query = .none
        } else if call.isCallable(2) {
            query = .callable
        } else if let name = call.string(2) {
            query = .named(name)
        } else {
            query = .other(call.typeName(2))
        }
        do throws(ConnectionHandlerChoiceError) {
            _ = try connectionHandlerKind(for: subject, keepAliveQuery: query)
        } catch {
            switch error {
            case .unsupportedType(let text): throw LuaFault(.typeError, "GetConnectionHandler: \(text)")
            case .invalidValue(let text): throw LuaFault(.valueError, "GetConnectionHandler: \(text)")
            }
        }
        let options = try call.checked { () throws(ParameterError) in
            try HandlerOptions(
                disconnectLimit: call.integer(4) ?? 15,
                pollFrequency: call.duration(5) ?? .seconds(1),
                connectRetryTime: call.duration(6) ?? .seconds(5),
                serverTimeout: call.duration(7) ?? .seconds(300),
                connectedOn: call.string(8).flatMap(HandlerOptions.ConnectedOn.init) ?? .socket)
        }
        switch object {
        case let client as EthernetClientInterface: return try context.makeRawTcpHandler(call, client, options)
        case let server as EthernetServerInterfaceEx: return try context.makeServerExHandler(call, server, options)
        default: throw LuaFault(.typeError, "GetConnectionHandler: no handler is for a \(call.typeName(1))")
        }
    }
}

/// What an instance keeps in a slot.
private struct Kept: LuaPushable {
    let slot: LuaEvent
    let instance: LuaInstance?

    func push(onto stack: LuaStack) {
        if let instance { instance.push(slot, onto: stack) } else { stack.pushNil() }
    }
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
