internal import ControlCore
internal import LuaRuntime
internal import NIOCore

/// Declares `GetConnectionHandler`.
func declareGetConnectionHandler(_ context: BindingContext) -> LuaFunction {
    LuaFunction(
        "GetConnectionHandler",
        [
            .required("Interface", .any, "The interface to handle."),
            .optional("keepAliveQuery", .any, "A function that asks the device something; not for servers."),
            .optional("keepAliveQueryQualifier", .table, "For device modules: the qualifier of the query."),
            .optional(
                "DisconnectLimit", .integer(1...1_000_000), default: "15", "Missed responses that mean disconnected."),
            .optional("pollFrequency", .seconds(0.01...3e8), default: "1", "The time between two queries."),
            .optional(
                "connectRetryTime", .seconds(0.01...3e8), default: "5", "The time from a loss to the next attempt."),
            .optional("serverTimeout", .seconds(0.01...3e8), default: "300", "How long a server's client may be idle."),
            .optional(
                "ConnectedOn", .oneOf(["Socket", "Response"]), default: "'Socket'", "What makes a TCP device Connected."
            ),
        ],
        returns: "the handler that fits the interface", "Makes a connection handler for an interface."
    ) { (call) throws(LuaFault) in
        guard !call.isNil(1) else {
            throw LuaFault(
                .typeError, "argument 'Interface' of GetConnectionHandler is missing: it must be an interface")
        }
        let object = call.instance(1)?.object
        let subject: ConnectionHandlerSubject
        switch object {
        case let client as EthernetClientInterface: subject = .ethernetClient(client.protocol)
        case let server as EthernetServerInterfaceEx: subject = .ethernetServerEx(server.protocol)
        default: subject = .other(call.typeName(1))
        }
        let query: KeepAliveQueryKind
        if call.isNil(2) {
            query = .none
        } else if call.isCallable(2) {
            query = .callable
        } else if let name = call.string(2) {
            query = .named(name)
        } else {
            query = .other(call.typeName(2))
        }
        do throws(ConnectionHandlerChoiceError) {
            _ = try connectionHandlerKind(for: subject, keepAliveQuery: query)
        } catch {
            switch error {
            case .unsupportedType(let text): throw LuaFault(.typeError, "GetConnectionHandler: \(text)")
            case .invalidValue(let text): throw LuaFault(.valueError, "GetConnectionHandler: \(text)")
            }
        }
        let options = try call.checked { () throws(ParameterError) in
            try HandlerOptions(
                disconnectLimit: call.integer(4) ?? 15,
                pollFrequency: call.duration(5) ?? .seconds(1),
                connectRetryTime: call.duration(6) ?? .seconds(5),
                serverTimeout: call.duration(7) ?? .seconds(300),
                connectedOn: call.string(8).flatMap(HandlerOptions.ConnectedOn.init) ?? .socket)
        }
        switch object {
        case let client as EthernetClientInterface: return try context.makeRawTcpHandler(call, client, options)
        case let server as EthernetServerInterfaceEx: return try context.makeServerExHandler(call, server, options)
        default: throw LuaFault(.typeError, "GetConnectionHandler: no handler is for a \(call.typeName(1))")
        }
    }
}
