internal import ControlCore
internal import LuaRuntime
import Polling

/// Declares `EthernetServerInterfaceEx`.
func declareEthernetServerInterfaceEx(_ context: BindingContext) -> LuaClass<EthernetServerInterfaceEx> {
    var c = LuaClass<EthernetServerInterfaceEx>(
        "EthernetServerInterfaceEx",
        "Listens for many clients. With UDP, a sender is a client until it is idle for 5 minutes."
    ) { "port \($0.port)" }
    c.holds(2048)
    var making = ParameterList()
    let place = ListeningPlace(&making)
    let maxClients = making.optional(
        "MaxClients", .integer(1...Int.max), "The most clients at a time; nil: 1,000.")
    c.constructor(making, "Makes a server; StartListen begins to listen.") { (call) throws(LuaFault) in
        let interface = call[place.interface]
        context.warnUnlessConfigured(interface: interface)
        return try call.checked { () throws(ParameterError) in
            try EthernetServerInterfaceEx(
                environment: context.environment(forNewOf: call), port: call[place.port],
                protocol: call[place.networkProtocol], interface: interface, maxClients: call[maxClients],
                interfaceAddresses: context.configuration.interfaceAddresses,
                bindAddress: context.configuration.serverAddress)
        }
    }
    c.property("IPPort", .integer, "The port. If 0 was given: the port that the system has chosen, after StartListen.")
    {
        $0.listeningPort ?? $0.port
    }
    c.property("Protocol", .string.annotated("'TCP'|'UDP'"), "'TCP' or 'UDP'.") { $0.protocol.rawValue }
    c.property("Interface", .string.annotated("'Any'|'LAN'|'AVLAN'"), "'Any', 'LAN' or 'AVLAN'.") { $0.interface }
    c.property("MaxClients", .integer.annotated("integer|nil"), "The most clients at a time; nil: 1,000.") {
        $0.maxClients
    }
    c.property(
        "Clients", .table.annotated("ClientObject[]"), "A list of the connected ClientObjects, in order of connection."
    ) {
        InstanceList(objects: $0.clients, className: "ClientObject", runtime: context.runtime)
    }
    c.declareLastError { $0.report }
    var listening = ParameterList()
    let timeout = listening.optional(
        "timeout", .duration, default: .zero, "How long to listen; 0: until StopListen.")
    c.method(
        "StartListen", listening,
        returns: .of("string, string?", "'Listening', 'ListeningAlready', or the reason of the failure"), waits: true,
        "Begins to listen."
    ) { (server, call) throws(LuaFault) in
        let timeout = call[timeout]
        return try call.wait { (waiter) throws(LuaFault) in
            server.startListen(timeout: timeout) { waiter.resume(returning: $0.text) }
            return nil
        }
    }
    var wrapping = ParameterList()
    let security = SecureWrapping(&wrapping)
    c.method(
        "SSLWrap", wrapping,
        "Before StartListen: every client uses TLS, and Connected comes when its handshake is done. Only for TCP."
    ) { (server, call) throws(LuaFault) in
        try requireTCP(server.protocol, "port \(server.port)")
        guard !server.isListening else {
            throw LuaFault(
                .runtimeError,
                "port \(server.port) listens already: call SSLWrap before StartListen, or SSLWrap of the ClientObject")
        }
        let terms = try security.terms(of: call, .server, context)
        try call.checked { () throws(ParameterError) in try server.useTLS(terms) }
        return .none
    }
    c.method("StopListen", "Stops listening; clients stay connected.") { (server, _) throws(LuaFault) in
        server.stopListen()
        return .none
    }
    var disconnecting = ParameterList()
    let client = disconnecting.required("client", .instance("ClientObject"), "The client.")
    c.method("Disconnect", disconnecting, "Disconnects a client.") { (server, call) throws(LuaFault) in
        if let client = call[client].object as? ClientObject { server.disconnect(client) }
        return .none
    }
    let clientEvents = ClientEvents(&c)
    c.whenAttached { [unowned context] server, instance, call in
        let handlers = clientEvents.handlers(of: instance)
        server.onConnected = handlers.connected
        server.onDisconnected = handlers.disconnected
        server.onReceiveData = handlers.receiveData
        context.connections.follow(server.report, madeBy: call) { [unowned server] in
            "port \(server.listeningPort ?? server.port)"
        }
        server.onFault = { [weak context] in context?.log(.warning, $0.text) }
        server.onActivityChanged = instance.activityHandler
    }
    return c
}
