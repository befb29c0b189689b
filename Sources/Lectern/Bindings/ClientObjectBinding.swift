import Bytes
internal import ControlCore
internal import LuaRuntime

/// Declares `ClientObject`.
func declareClientObject(_ context: BindingContext) -> LuaClass<ClientObject> {
    var c = LuaClass<ClientObject>("ClientObject", "One client of a server. Made by the server.") { $0.peer }
    c.holds(2048, also: { $0.queuedBytes })
    c.property("Hostname", .string, "The client's address.") { $0.hostname }
    c.property("IPAddress", .string, "The client's address.") { $0.ipAddress }
    c.property("ServicePort", .integer, "The client's port.") { $0.servicePort }
    var sending = ParameterList()
    let data = sending.required("data", .data, "What to send.")
    c.method(
        "Send", sending, waits: true,
        "Sends data. Raises IOError when not connected. Waits while more than 64 KiB are queued. If the task cannot wait, it raises IOError above 128 KiB."
    ) { (client, call) throws(LuaFault) in
        try call.send(data, toClient: client) { (data) throws(IOFault) in try client.send(data) }
    }
    var wrapping = ParameterList()
    let security = SecureWrapping(&wrapping)
    c.method(
        "SSLWrap", wrapping, waits: true,
        "Turns TLS on over the open connection, as its server side. Raises ConnectionError when that fails."
    ) { (client, call) throws(LuaFault) in
        let terms = try security.terms(of: call, .server, context)
        return try call.secure(client.peer) { try client.startTLS(terms, timeout: $0, completion: $1) }
    }
    c.method("Disconnect", "Closes the connection. Has no effect when it is closed.") { (client, _) throws(LuaFault) in
        client.disconnect()
        return .none
    }
    c.whenHeldUp { client, isHeldUp in client.setReceiving(!isHeldUp) }
    let find = context.runtime.instanceFinder
    let activityChanged = { (client: ClientObject, isActive: Bool) -> Void in find(client)?.setActive(isActive) }
    c.whenAttached { client, instance, _ in
        client.onActivityChanged = activityChanged
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

extension LuaInstance {
    /// Calls this server's handler of an event of one of its clients.
    fileprivate func fire(_ event: LuaEvent, _ argument: some LuaPushable, of client: ClientObject) {
        guard !isForgotten else { return }
        runtime.client(client).fire(event, declaredOn: self, argument)
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
            "Connected", .argument("state", "'Connected'"),
            "A client has connected. The first argument is the ClientObject.")
        disconnected = c.event(
            "Disconnected", .argument("state", "'Disconnected'"),
            "A client is gone. The first argument is the ClientObject.")
        receiveData = c.event(
            "ReceiveData", .argument("data", "string"), "A client has sent. The first argument is the ClientObject.")
    }

    /// What to connect to the core's slots, for the handlers that programs set on `owner`.
    func handlers(
        of owner: LuaInstance
    ) -> (
        connected: (ClientObject) -> Void, disconnected: (ClientObject) -> Void,
        receiveData: (ClientObject, ByteBuffer) -> Void
    ) {
        let reference = owner.weakReference
        return (
            { [connected] in reference.instance?.fire(connected, "Connected", of: $0) },
            { [disconnected] in reference.instance?.fire(disconnected, "Disconnected", of: $0) },
            { [receiveData] in reference.instance?.fire(receiveData, $1, of: $0) }
        )
    }
}
