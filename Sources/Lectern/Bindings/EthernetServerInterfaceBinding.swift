internal import ControlCore
internal import LuaRuntime
import Polling

/// Declares `EthernetServerInterface`.
func declareEthernetServerInterface(_ context: BindingContext) -> LuaClass<EthernetServerInterface> {
    var c = LuaClass<EthernetServerInterface>(
        "EthernetServerInterface",
        "Listens for one client. The older of the two servers: EthernetServerInterfaceEx serves many."
    ) { "port \($0.port)" }
    c.holds(2048, also: { $0.queuedBytes })
    var making = ParameterList()
    let place = ListeningPlace(&making)
    let servicePort = making.optional(
        "ServicePort", .integer(0...65_535), default: 0, "UDP only: the only port of a client that is heard; 0: any.")
    c.constructor(making, "Makes a server; StartListen begins to listen.") { (call) throws(LuaFault) in
        let interface = call[place.interface]
        context.warnUnlessConfigured(interface: interface)
        return try call.checked { () throws(ParameterError) in
            try EthernetServerInterface(
                environment: context.environment(forNewOf: call), port: call[place.port],
                protocol: call[place.networkProtocol], interface: interface, servicePort: call[servicePort],
                interfaceAddresses: context.configuration.interfaceAddresses,
                bindAddress: context.configuration.serverAddress)
        }
    }
    c.property("Hostname", .string.annotated("string|nil"), "The client's address; nil without one.") { $0.hostname }
    c.property("IPAddress", .string.annotated("string|nil"), "The client's address; nil without one.") { $0.ipAddress }
    c.property("IPPort", .integer, "The port. If 0 was given: the port that the system has chosen, while it listens.") {
        $0.listeningPort ?? $0.port
    }
    c.property("Interface", .string.annotated("'Any'|'LAN'|'AVLAN'"), "'Any', 'LAN' or 'AVLAN'.") { $0.interface }
    c.property("Protocol", .string.annotated("'TCP'|'UDP'"), "'TCP' or 'UDP'.") { $0.protocol.rawValue }
    c.property("ServicePort", .integer, "The client's port; without a client the one that was given.") {
        $0.clientPort ?? $0.servicePort
    }
    c.declareLastError { $0.report }
    var listening = ParameterList()
    let timeout = listening.optional(
        "timeout", .duration, default: .zero, "How long to listen; 0: until StopListen.")
    c.method(
        "StartListen", listening,
        returns: .of("string, string?", "'Listening', 'ListeningAlready', or the reason of the failure"), waits: true,
        "Begins to listen. With TCP, it stops listening when a client is accepted."
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
        "SSLWrap", wrapping, waits: true,
        "Before StartListen: every client uses TLS. With a client: turns TLS on, and raises ConnectionError when that fails. Only for TCP."
    ) { (server, call) throws(LuaFault) in
        try requireTCP(server.protocol, "port \(server.port)")
        guard server.isConnected || server.listeningPort == nil else {
            throw LuaFault(
                .runtimeError,
                "port \(server.port) listens already: call SSLWrap before StartListen, or when there is a client")
        }
        let terms = try security.terms(of: call, .server, context)
        if server.isConnected {
            return try call.secure(server.ipAddress ?? "") { try server.startTLS(terms, timeout: $0, completion: $1) }
        }
        try call.checked { () throws(ParameterError) in try server.useTLS(terms) }
        return .none
    }
    c.method("StopListen", "Stops listening; the client stays connected.") { (server, _) throws(LuaFault) in
        server.stopListen()
        return .none
    }
    var sending = ParameterList()
    let data = sending.required("data", .data, "What to send.")
    c.method(
        "Send", sending, waits: true,
        "Sends data to the client. Raises IOError without a client. Waits while more than 64 KiB are queued. If the task cannot wait, it raises IOError above 128 KiB."
    ) { (server, call) throws(LuaFault) in
        try call.send(data, toClient: server) { (data) throws(IOFault) in try server.send(data) }
    }
    c.method("Disconnect", "Disconnects the client. Has no effect without one.") { (server, _) throws(LuaFault) in
        server.disconnect()
        return .none
    }
    let connected = c.event("Connected", .argument("state", "'Connected'"), "A client has connected.")
    let disconnected = c.event("Disconnected", .argument("state", "'Disconnected'"), "The client is gone.")
    let receiveData = c.event("ReceiveData", .argument("data", "string"), "The client has sent.")
    c.whenHeldUp { server, isHeldUp in server.setReceiving(!isHeldUp) }
    c.whenAttached { [unowned context] server, instance, call in
        server.onConnected = { [reference = instance.weakReference] in reference.instance?.fire(connected, "Connected")
        }
        server.onDisconnected = { [reference = instance.weakReference] in
            reference.instance?.fire(disconnected, "Disconnected")
        }
        server.onReceiveData = { [reference = instance.weakReference] in reference.instance?.fire(receiveData, $0) }
        context.connections.follow(server.report, madeBy: call) { [unowned server] in
            "port \(server.listeningPort ?? server.port)"
        }
        server.onFault = { [weak context] in context?.log(.warning, $0.text) }
        server.onActivityChanged = instance.activityHandler
    }
    return c
}
