internal import ControlCore
internal import LuaRuntime
internal import NIOCore

/// Declares `ClientObject`.
func declareClientObject(_ context: BindingContext) -> LuaClass<ClientObject> {
    var c = LuaClass<ClientObject>("ClientObject", "One client of a server. Made by the server.") { $0.peer }
    c.property("Hostname", .string, "The client's address.") { $0.hostname }
    c.property("IPAddress", .string, "The client's address.") { $0.ipAddress }
    c.property("ServicePort", .integer, "The client's port.") { $0.servicePort }
    c.method(
        "Send", [.required("data", .string, "What to send.")], waits: true,
        "Sends data. Raises IOError when not connected; waits while more than 64 KiB are queued."
    ) { (client, call) throws(LuaFault) in
        let data = try call.buffer(1)
        return try call.send(data, whenWritable: client.whenWritable) { () throws(IOFault) in try client.send(data) }
    }
    c.method(
        "SSLWrap", secureWrappingParameters, waits: true,
        "Turns TLS on over the open connection, as its server side. Raises ConnectionError."
    ) { (client, call) throws(LuaFault) in
        let terms = try call.tlsTerms(.server, context)
        return try call.secure(client.peer) { try client.startTLS(terms, timeout: $0, completion: $1) }
    }
    c.method("Disconnect", "Closes the connection; harmless when it is closed.") { (client, _) throws(LuaFault) in
        client.disconnect()
        return .none
    }
    c.whenAttached { client, instance, _ in
        client.onActivityChanged = { [weak instance] in instance?.setActive($0) }
        instance.onBackPressure = { [weak client] in client?.setReceiving(!$0) }
        if client.isActive { instance.setActive(true) }
    }
    return c
}

extension LuaRuntime {
    /// The instance of a server's client.
    func client(_ client: ClientObject) -> LuaInstance {
        knownInstance(of: client) ?? instance(for: client, class: "ClientObject")
    }
}

/// The events of a server's clients, which a server and its handler declare alike.
///
/// Handlers are kept by the one who declares them; the order of events is kept for each client by itself.
struct ClientEvents {
    private let connected: LuaEvent
    private let disconnected: LuaEvent
    private let receiveData: LuaEvent

    /// Declares the events.
    init<Owner>(_ c: inout LuaClass<Owner>) {
        connected = c.event(
            "Connected", "'Connected'", "A client has connected. The first argument is the ClientObject.")
        disconnected = c.event(
            "Disconnected", "'Disconnected'", "A client is gone. The first argument is the ClientObject.")
        receiveData = c.event("ReceiveData", "the bytes", "A client has sent. The first argument is the ClientObject.")
    }

    /// What to connect to the core's slots, for the handlers that programs set on `owner`.
    func handlers(
        of owner: LuaInstance, _ runtime: LuaRuntime
    ) -> (
        connected: (ClientObject) -> Void, disconnected: (ClientObject) -> Void,
        receiveData: (ClientObject, ByteBuffer) -> Void
    ) {
        let fire = { [weak owner, unowned runtime] (event: LuaEvent, client: ClientObject, argument: any LuaPushable) in
            guard let owner else { return }
            runtime.client(client).fire(event, declaredOn: owner, argument)
        }
        return (
            { fire(connected, $0, "Connected") }, { fire(disconnected, $0, "Disconnected") },
            { fire(receiveData, $0, $1) }
        )
    }
}
