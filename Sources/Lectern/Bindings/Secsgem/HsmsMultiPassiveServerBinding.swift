internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// Declares `HsmsMultiPassiveServer`.
func declareHsmsMultiPassiveServer(
    _ context: BindingContext, _ secsgem: SecsgemContext
) -> LuaClass<HsmsMultiPassiveServer> {
    var c = LuaClass<HsmsMultiPassiveServer>(
        "HsmsMultiPassiveServer", "One listening port for the connections of many peers, told apart by their addresses."
    ) { "port \($0.port)" }
    c.holds(2048)
    var parameters = ParameterList()
    let port = parameters.hsmsPort("The port; 0 lets the system choose.")
    let options = HsmsOptions(&parameters)
    c.constructor(
        parameters, "Makes a server; start begins to listen. The options are those of its connections, too."
    ) { (call) throws(LuaFault) in
        let configuration = try options.configuration(call)
        return try call.checked { () throws(ParameterError) in
            try HsmsMultiPassiveServer(
                environment: context.environment(forNewOf: call), port: call[port], configuration: configuration)
        }
    }
    c.property("port", .integer, "The port as given.") { $0.port }
    c.property(
        "listening_port", .integer.annotated("integer|nil"), "The port that it listens on; nil while it does not."
    ) {
        $0.listeningPort
    }
    c.property("started", .boolean, "Whether it listens, or tries to.") { $0.isStarted }
    let runtime = context.runtime
    c.property(
        "connections", .table.annotated("HsmsMultiPassiveConnection[]"),
        "A list of the connections, in the order of their creation."
    ) {
        [unowned runtime] in
        InstanceList(objects: $0.connections, className: "HsmsMultiPassiveConnection", runtime: runtime)
    }
    let connections = c.slot()
    declareConnectionMethods(&c, context, secsgem, keptIn: connections)
    declareListening(&c)
    c.whenAttached { [weak context] server, instance, call in
        server.onActivityChanged = instance.activityHandler
        context?.connections.follow(server.report, madeBy: call) { [unowned server] in "HSMS port \(server.port)" }
    }
    return c
}

private func declareListening(_ c: inout LuaClass<HsmsMultiPassiveServer>) {
    c.method(
        "start", returns: .of("string, string?", "'Listening', 'ListeningAlready', or the reason of the failure"),
        waits: true,
        "Begins to listen. If the port is taken, it tries again every T5."
    ) { (server, call) throws(LuaFault) in
        guard call.canWait else {
            server.start()
            return .none
        }
        return try call.wait { (waiter) throws(LuaFault) in
            server.start { waiter.resume(returning: $0.text) }
            return nil
        }
    }
    var stopping = ParameterList()
    let terminates = stopping.optional(
        "terminate_connections", .boolean, default: true, "Whether peers are disconnected.")
    c.method(
        "stop", stopping, waits: true,
        "Stops listening on the port. The connections work again after the next start."
    ) { (server, call) throws(LuaFault) in
        try call.finishing { server.stop(terminateConnections: call[terminates], completion: $0) }
    }
}

private func declareConnectionMethods(
    _ c: inout LuaClass<HsmsMultiPassiveServer>, _ context: BindingContext, _ secsgem: SecsgemContext,
    keptIn connections: LuaEvent
) {
    let runtime = context.runtime
    var parameters = ParameterList()
    let given = HsmsConnectionParameters(
        &parameters, address: "The address from which the peer is expected; '' or '0.0.0.0': any.",
        port: "The peer's port, for messages only.")
    c.method(
        "create_connection", parameters,
        returns: .of("HsmsMultiPassiveConnection", "a connection that is not enabled yet"),
        "Makes the connection of one peer. Options that are left out are those of the server."
    ) { [unowned context, unowned runtime] (server, call) throws(LuaFault) in
        let configuration = try given.configuration(call, over: server.configuration)
        let connection = try call.checked { () throws(ParameterError) in
            try server.createConnection(
                address: call[given.address], port: call[given.port], sessionID: call[given.session],
                configuration: configuration)
        }
        context.name(peer: connection.address, of: server, byNewOf: call)
        let instance = runtime.instance(for: connection, class: "HsmsMultiPassiveConnection")
        instance.push(onto: call.stack)
        secsgem.attachMultiPassive?(connection, instance, call, call.argument(for: given.delegate))
        // What listens keeps its connections, and their delegates with them.
        call.selfInstance?.keep(instance, named: name(of: connection), in: connections, call.stack)
        return call.returning(instance)
    }
    var removal = ParameterList()
    let connection = removal.required("connection", .multiPassiveConnection, "The connection.")
    c.method("remove_connection", removal, "Disables a connection and forgets it.") { (server, call) in
        let connection = call[connection]
        server.removeConnection(connection)
        call.selfInstance?.keep(nil, named: name(of: connection), in: connections, call.stack)
        return .none
    }
}

/// A name that no other object has while this one lives.
private func name(of connection: HsmsMultiPassiveConnection) -> String {
    "\(UInt(bitPattern: ObjectIdentifier(connection)))"
}
