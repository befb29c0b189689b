internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// Declares `HsmsPassiveConnection`.
func declareHsmsPassiveConnection(
    _ context: BindingContext, _ secsgem: SecsgemContext
) -> LuaClass<HsmsPassiveConnection> {
    var c = LuaClass<HsmsPassiveConnection>(
        "HsmsPassiveConnection", "An HSMS connection that the peer makes; serves one peer at a time."
    ) { "\($0.address):\($0.port)" }
    c.holds(4096, also: { $0.address.utf8.count + $0.queuedBytes })
    var parameters = ParameterList()
    let given = HsmsConnectionParameters(
        &parameters, address: "The address from which the peer is expected; '' or '0.0.0.0': any.",
        port: "The port to listen on; 0 lets the system choose.")
    c.constructor(parameters, "Makes a connection; enable begins to listen.") { (call) throws(LuaFault) in
        let configuration = try given.configuration(call)
        return try call.checked { () throws(ParameterError) in
            try HsmsPassiveConnection(
                environment: context.environment(forNewOf: call), address: call[given.address],
                port: call[given.port], sessionID: call[given.session], configuration: configuration)
        }
    }
    c.property(
        "listening_port", .integer.annotated("integer|nil"), "The port that it listens on; nil while it does not."
    ) {
        $0.listeningPort
    }
    let members = HsmsConnectionMembers(&c, context, secsgem)
    c.whenAttached { connection, instance, call in
        if let call { members.attach(connection, to: instance, call, delegate: call.argument(for: given.delegate)) }
    }
    return c
}
