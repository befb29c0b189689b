internal import ByteText
internal import ControlCore
internal import LuaRuntime
import Polling

/// Declares `EthernetClientInterface`.
func declareEthernetClientInterface(_ context: BindingContext) -> LuaClass<EthernetClientInterface> {
    var c = LuaClass<EthernetClientInterface>(
        "EthernetClientInterface", "A connection to one network device."
    ) { $0.peer }
    c.holds(4096, also: { $0.heldBytes })
    declareMaking(&c, context)
    c.property("Hostname", .string, "The name or address as given.") { $0.hostname }
    c.property("IPAddress", .string, "The peer's address; the name until it is resolved.") {
        $0.ipAddress ?? $0.hostname
    }
    c.property("IPPort", .integer, "The device's port.") { $0.port }
    c.property("Protocol", .string.annotated("'TCP'|'UDP'|'SSH'"), "'TCP', 'UDP' or 'SSH'.") { $0.protocol.rawValue }
    c.property("ServicePort", .integer, "UDP: the local port; 0 before the first Send.") {
        $0.localPort ?? ($0.protocol == .udp ? 0 : $0.servicePort)
    }
    c.declareLastError { $0.report }
    c.property("Credentials", .table.annotated("{[1]: string, [2]: string}|nil"), "{user, password}, or nil.") {
        $0.credentials.map { [$0.user, $0.password] }
    }
    var connecting = ParameterList()
    let timeout = connecting.optional(
        "timeout", .duration, "How long to try; nil: as long as the operating system tries.")
    c.method(
        "Connect", connecting,
        returns: .of(
            "string, string?",
            "'Connected', 'ConnectedAlready', or the reason of the failure; then its details, if it has any"),
        waits: true,
        "Opens the connection. Not for UDP."
    ) { (client, call) throws(LuaFault) in
        try requireConnections(client, "Connect")
        let timeout = call[timeout]
        return try call.wait { (waiter) throws(LuaFault) in
            let pending = client.connect(timeout: timeout) { waiter.resume(returning: $0) }
            return { pending.cancel() }
        }
    }
    var wrapping = ParameterList()
    let security = SecureWrapping(&wrapping)
    c.method(
        "SSLWrap", wrapping, waits: true,
        "Before Connect: every connection uses TLS. On an open connection: turns TLS on, and raises ConnectionError when that fails. Only for TCP."
    ) { (client, call) throws(LuaFault) in
        try requireTCP(client.protocol, client.peer)
        let terms = try security.terms(of: call, .client, host: client.hostname, context)
        if client.isConnected {
            return try call.secure(client.peer) { try client.startTLS(terms, timeout: $0, completion: $1) }
        }
        try call.checked { () throws(ParameterError) in try client.useTLS(terms) }
        return .none
    }
    c.method("Disconnect", "Closes the connection. Has no effect when it is closed. Not for UDP.") {
        (client, _) throws(LuaFault) in
        try requireConnections(client, "Disconnect")
        client.disconnect()
        return .none
    }
    c.declareTraffic(
        context,
        sending:
            "Sends data, with UDP as one datagram. Raises IOError when not connected. Waits while more than 64 KiB are queued.",
        up: "connected")
    var resizing = ParameterList()
    let newSize = resizing.required("bufferSize", .integer(1...65_536), "UDP only: the largest datagram.")
    c.method(
        "SetBufferSize", resizing,
        "Changes the largest datagram that ReceiveData gets. Only for UDP."
    ) { (client, call) throws(LuaFault) in
        guard client.protocol == .udp else {
            throw LuaFault(.typeError, "SetBufferSize is for UDP; \(client.peer) speaks \(client.protocol.rawValue)")
        }
        try call.checked { () throws(ParameterError) in try client.setBufferSize(call[newSize]) }
        return .none
    }
    let connected = c.event("Connected", .argument("state", "'Connected'"), "The connection was opened.")
    let disconnected = c.event(
        "Disconnected", .argument("state", "'Disconnected'"),
        "The connection was closed, by the program, the device or the network.")
    let receiveData = c.event(
        "ReceiveData", .argument("data", "string"),
        "Bytes arrived: as many as came at once, at most 64 KiB; with UDP one datagram.")
    let module = DeviceModuleSlots(&c)
    context.deviceModules.ethernet = module
    c.whenHeldUp { client, isHeldUp in client.setReceiving(!isHeldUp) }
    let responseLimit = context.delimiters.limit
    c.whenAttached { [connections = context.connections] client, instance, call in
        client.traffic.responseLimit = responseLimit
        client.onOpened = { [reference = instance.weakReference] in reference.instance?.fire(module.state, "Connected")
        }
        client.onConnected = { [reference = instance.weakReference] in reference.instance?.fire(connected, "Connected")
        }
        client.onDisconnected = { [reference = instance.weakReference] in
            reference.instance?.fire(module.state, "Disconnected")
            reference.instance?.fire(disconnected, "Disconnected")
        }
        client.onReceiveData = { [reference = instance.weakReference] in
            reference.instance?.fire(module.data, $0)
            reference.instance?.fire(receiveData, $0)
        }
        connections.follow(client.report, madeBy: call) { [unowned client] in client.peer }
        client.onFault = { [weak context] in context?.log(.warning, $0.text) }
        client.onActivityChanged = instance.activityHandler
    }
    return c
}

/// Declares how programs make an interface.
private func declareMaking(_ c: inout LuaClass<EthernetClientInterface>, _ context: BindingContext) {
    var parameters = ParameterList()
    let hostname = parameters.required("Hostname", .string, "The device's name or IP address.")
    let port = parameters.required("IPPort", .integer(1...65_535), "The device's port.")
    let networkProtocol = parameters.optional(
        "Protocol", .oneOf(NetworkProtocol.self), default: .tcp, "How to talk to it.")
    let servicePort = parameters.optional(
        "ServicePort", .integer(0...65_535), default: 0, "UDP only: the local port for replies.")
    let credentials = parameters.optional(
        "Credentials", .table.secret.annotated("{[1]: string, [2]: string}"),
        "SSH only, and needed there: {user, password}; the password may be ''.")
    let bufferSize = parameters.optional(
        "bufferSize", .integer(1...65_536), default: 4096, "UDP only: the largest datagram.")
    c.constructor(parameters, "Makes an interface; Connect opens the connection.") { (call) throws(LuaFault) in
        let given = call[credentials]
        let words = given?.strings
        guard given == nil || words?.count == 2 else {
            throw LuaFault(.typeError, "argument 'Credentials' of EthernetClientInterface must be {user, password}")
        }
        if let password = words?[1] { context.environment.keepSecret(password.rawBytes) }
        let hostname = call[hostname]
        return try call.checked { () throws(ParameterError) in
            try EthernetClientInterface(
                environment: context.environment(forNewOf: call), hostname: hostname, port: call[port],
                protocol: call[networkProtocol], servicePort: call[servicePort],
                credentials: words.map { Credentials(user: $0[0], password: $0[1]) },
                ssh: context.configuration.ssh.settings(for: hostname, folder: context.folder.path),
                bufferSize: call[bufferSize])
        }
    }
}

/// Refuses what only connections have.
private func requireConnections(_ client: EthernetClientInterface, _ method: String) throws(LuaFault) {
    guard client.protocol != .udp else {
        throw LuaFault(.typeError, "\(method) is not for UDP, which has no connection: call Send at once")
    }
}
