internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// Declares `HsmsActiveConnection`.
func declareHsmsActiveConnection(
    _ context: BindingContext, _ secsgem: SecsgemContext
) -> LuaClass<HsmsActiveConnection> {
    var c = LuaClass<HsmsActiveConnection>("HsmsActiveConnection", "An HSMS connection that this side makes.") {
        "\($0.address):\($0.port)"
    }
    c.holds(4096, also: { $0.address.utf8.count + $0.queuedBytes })
    var parameters = ParameterList()
    let given = HsmsConnectionParameters(
        &parameters, address: "The peer's IP address or host name.", port: "The peer's port.")
    c.constructor(parameters, "Makes a connection; enable lets it be established.") { (call) throws(LuaFault) in
        let configuration = try given.configuration(call)
        return try call.checked { () throws(ParameterError) in
            try HsmsActiveConnection(
                environment: context.environment(forNewOf: call), address: call[given.address],
                port: call[given.port], sessionID: call[given.session], configuration: configuration)
        }
    }
    let members = HsmsConnectionMembers(&c, context, secsgem)
    // Without a call it is the connection of a handler, which is its delegate.
    c.whenAttached { connection, instance, call in
        if let call { members.attach(connection, to: instance, call, delegate: call.argument(for: given.delegate)) }
    }
    return c
}
