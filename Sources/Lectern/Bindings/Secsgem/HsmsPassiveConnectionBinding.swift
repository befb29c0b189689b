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
    c.constructor(
        hsmsConnectionParameters(
            address: "The address from which the peer is expected; '' or '0.0.0.0': any.",
            port: "The port to listen on; 0 lets the system choose."),
        "Makes a connection; enable begins to listen."
    ) { (call) throws(LuaFault) in
        try call.checkDelegate(4)
        let configuration = try call.hsmsConfiguration(from: 5)
        return try call.checked { () throws(ParameterError) in
            try HsmsPassiveConnection(
                environment: context.environment(forNewOf: call), address: call.string(1) ?? "",
                port: call.integer(2) ?? 5_000,
                sessionID: call.session(3) ?? 0, configuration: configuration)
        }
    }
    c.property(
        "listening_port", .integer.annotated("integer|nil"), "The port that it listens on; nil while it does not."
    ) {
        $0.listeningPort
    }
    let face = HsmsConnectionFace(&c, context, secsgem)
    c.whenAttached { connection, instance, call in
        if let call { face.attach(connection, to: instance, call, delegate: 4) }
    }
    return c
}
