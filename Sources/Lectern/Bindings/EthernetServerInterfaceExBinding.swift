internal import ControlCore
internal import LuaRuntime
internal import NIOCore

/// Declares `EthernetServerInterfaceEx`.
func declareEthernetServerInterfaceEx(_ context: BindingContext) -> LuaClass<EthernetServerInterfaceEx> {
    var c = LuaClass<EthernetServerInterfaceEx>(
        "EthernetServerInterfaceEx",
        "Listens for any number of clients. With UDP, whoever sends is a client until idle for 5 minutes."
    ) { "port \($0.port)" }
    c.constructor(
        [
            .required("IPPort", .integer(0...65_535), "The port; 0 lets the system choose."),
            .optional("Protocol", .oneOf(["TCP", "UDP"]), default: "'TCP'", "What is served."),
            .optional("Interface", .oneOf(["Any", "LAN", "AVLAN"]), default: "'Any'", "Where to listen."),
            .optional("MaxClients", .integer(1...Int.max), "The most clients at a time; nil: unlimited."),
        ], "Makes a server; StartListen begins to listen."
    ) { (call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in
            try EthernetServerInterfaceEx(
                environment: context.environment, port: call.integer(1) ?? 0,
                protocol: call.string(2).flatMap(NetworkProtocol.init) ?? .tcp, interface: call.string(3) ?? "Any",
                maxClients: call.integer(4), interfaceAddresses: context.configuration.interfaceAddresses,
                bindAddress: context.configuration.serverAddress)
        }
    }
    c.property("IPPort", .integer, "The port: the system's choice once it listens, if 0 was given.") {
        $0.listeningPort ?? $0.port
    }
    c.property("Protocol", .string, "'TCP' or 'UDP'.") { $0.protocol.rawValue }
    c.property("Interface", .string, "'Any', 'LAN' or 'AVLAN'.") { $0.interface }
    c.property("MaxClients", .integer, "The most clients at a time, or nil.") { $0.maxClients }
    c.property("Clients", .table, "A list of the connected ClientObjects, in order of connection.") {
        InstanceList(objects: $0.clients, className: "ClientObject", runtime: context.runtime)
    }
    c.method(
        "StartListen", [.optional("timeout", .seconds, default: "0", "How long to listen; 0: until StopListen.")],
        returns: "'Listening', 'ListeningAlready', or the reason of the failure", waits: true, "Begins to listen."
    ) { (server, call) throws(LuaFault) in
        let timeout = call.duration(1)
        return try call.wait { (waiter) throws(LuaFault) in
            server.startListen(timeout: timeout) { waiter.resume(returning: $0.text) }
            return nil
        }
    }
    c.method("StopListen", "Stops listening; clients stay connected.") { (server, _) throws(LuaFault) in
        server.stopListen()
        return .none
    }
    c.method(
        "Disconnect", [.required("client", .instance(["ClientObject"]), "The client.")], "Disconnects a client."
    ) { (server, call) throws(LuaFault) in
        if let client = call.instance(1)?.object as? ClientObject { server.disconnect(client) }
        return .none
    }
    let connected = c.event(
        "Connected", "'Connected'", "A client has connected. The first argument is the ClientObject.")
    let disconnected = c.event(
        "Disconnected", "'Disconnected'", "A client is gone. The first argument is the ClientObject.")
    let receiveData = c.event("ReceiveData", "the bytes", "A client has sent. The first argument is the ClientObject.")
    c.whenAttached { [unowned context] server, instance, _ in
        let runtime = context.runtime
        server.onConnected = { [weak instance] client in
            guard let instance else { return }
            runtime.client(client).fire(connected, declaredOn: instance, "Connected")
        }
        server.onDisconnected = { [weak instance] client in
            guard let instance else { return }
            runtime.client(client).fire(disconnected, declaredOn: instance, "Disconnected")
        }
        server.onReceiveData = { [weak instance] client, bytes in
            guard let instance else { return }
            runtime.client(client).fire(receiveData, declaredOn: instance, bytes)
        }
        server.onFault = { [weak context] in context?.log(.warning, $0.text) }
        server.onActivityChanged = { [weak instance] in instance?.setActive($0) }
    }
    return c
}

/// Declares `ClientObject`.
func declareClientObject() -> LuaClass<ClientObject> {
    var c = LuaClass<ClientObject>("ClientObject", "One client of a server. Made by the server.") { $0.peer }
    c.property("Hostname", .string, "The client's address.") { $0.hostname }
    c.property("IPAddress", .string, "The client's address.") { $0.ipAddress }
    c.property("ServicePort", .integer, "The client's port.") { $0.servicePort }
    c.method(
        "Send", [.required("data", .string, "What to send.")], waits: true,
        "Sends data. Raises IOError when not connected; waits only while a megabyte is queued."
    ) { (client, call) throws(LuaFault) in
        let data = try call.buffer(1)
        return try call.send(data, whenWritable: client.whenWritable) { () throws(IOFault) in try client.send(data) }
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

/// A list of host objects as Lua sees them.
struct InstanceList: LuaPushable {
    let objects: [AnyObject]
    let className: String
    let runtime: LuaRuntime

    func push(onto stack: LuaStack) {
        stack.push(list: objects) { object, stack in runtime.instance(for: object, class: className).push(onto: stack) }
    }
}
