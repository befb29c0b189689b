internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// The parameters that the constructors of connections begin with.
/// - Parameter port: what the port is.
func hsmsConnectionParameters(address: String, port: String) -> [LuaParameter] {
    [
        .required("address", .string, address),
        .optional("port", .integer(0...65_535), default: "5000", port),
        .optional("session_id", .integer(0...0xFFFF), default: "0", "The session ID that the peer is configured for."),
        .optional(
            "delegate", .any.annotated(hsmsDelegate), "A table with one or more of the functions on_connection_…."),
    ] + hsmsOptions
}

/// Declares `HsmsActiveConnection`.
func declareHsmsActiveConnection(
    _ context: BindingContext, _ secsgem: SecsgemContext
) -> LuaClass<HsmsActiveConnection> {
    var c = LuaClass<HsmsActiveConnection>("HsmsActiveConnection", "An HSMS connection that this side makes.") {
        "\($0.address):\($0.port)"
    }
    c.holds(4096, also: { $0.address.utf8.count + $0.queuedBytes })
    c.constructor(
        hsmsConnectionParameters(address: "The peer's IP address or host name.", port: "The peer's port."),
        "Makes a connection; enable lets it be established."
    ) { (call) throws(LuaFault) in
        try call.checkDelegate(4)
        let configuration = try call.hsmsConfiguration(from: 5)
        return try call.checked { () throws(ParameterError) in
            try HsmsActiveConnection(
                environment: context.environment(forNewOf: call), address: call.string(1) ?? "",
                port: call.integer(2) ?? 5_000,
                sessionID: call.session(3) ?? 0, configuration: configuration)
        }
    }
    let face = HsmsConnectionFace(&c, context, secsgem)
    // Without a call it is the connection of a handler, which is its delegate.
    c.whenAttached { connection, instance, call in
        if let call { face.attach(connection, to: instance, call, delegate: 4) }
    }
    return c
}
