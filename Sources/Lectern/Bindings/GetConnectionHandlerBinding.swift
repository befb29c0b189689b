internal import ByteText
internal import ControlCore
internal import LuaRuntime
internal import NIOCore

/// The parameters of `GetConnectionHandler`, in their order.
private let handlerParameters: [LuaParameter] = [
    .required("Interface", .any, "The interface to handle, or a device module that is one or has one in `Interface`."),
    .optional(
        "keepAliveQuery", .any,
        "A function that asks the device something, or the name of a module's command; not for servers."),
    .optional("keepAliveQueryQualifier", .table, "For device modules: the qualifier of the query."),
    .optional("DisconnectLimit", .integer(1...1_000_000), default: "15", "Missed responses that mean disconnected."),
    .optional("pollFrequency", .seconds(0.01...3e8), default: "1", "The time between two queries."),
    .optional("connectRetryTime", .seconds(0.01...3e8), default: "5", "The time from a loss to the next attempt."),
    .optional("serverTimeout", .seconds(0.01...3e8), default: "300", "How long a server's client may be idle."),
    .optional(
        "ConnectedOn", .oneOf(["Socket", "Response"]),
        default: "'Response' for a declared module with a login or replies, else 'Socket'",
        "What makes a TCP device Connected."),
    .optional(
        "Retry", .oneOf(RetryPolicy.Kind.allCases.map(\.rawValue)), default: "'Fixed'",
        "'Backoff': at once at first, then less and less often, spread, and not after a refusal."),
    .optional(
        "connectRetryLimit", .seconds(0.01...3e8), default: "60", "The longest time between attempts of 'Backoff'."),
]

/// Behind the program's arguments: the interface, the commands that a module knows, and two functions of handlers.lua.
private let interfaceArgument = handlerParameters.count + 1

/// Declares `GetConnectionHandler`.
func declareGetConnectionHandler(_ context: BindingContext) -> LuaFunction {
    LuaFunction(
        "GetConnectionHandler", handlerParameters, returns: "the handler that fits the interface", waits: true,
        "Makes a connection handler for an interface. Waits only as long as a module's SubscribeStatus does."
    ) { [handlers = context.handlers] (call) throws(LuaFault) in
        guard !call.isNil(1) else {
            throw LuaFault(
                .typeError,
                "argument 'Interface' of GetConnectionHandler is missing: it must be an interface or a device module")
        }
        try call.refuseOptions()
        return try handlers.call(.make, call, arguments: handlerParameters.count)
    }
}

extension LuaCall {
    /// Refuses a table in the place of the query or of its qualifier that can be neither: it was meant to give parameters by
    /// name, and has none of them.
    fileprivate func refuseOptions() throws(LuaFault) {
        let isQuery = typeName(2) == "table" && !isCallable(2)
        // Only the command of a module has a qualifier. An empty one is none.
        let isQualifier = typeName(3) == "table" && !isString(2)
        guard isQuery || isQualifier else { return }
        guard let name = firstName(ofTable: isQuery ? 2 : 3) else { return }
        let list = handlerParameters.map(\.name).joined(separator: ", ")
        throw LuaFault(.typeError, "GetConnectionHandler has no parameter '\(name.showingRawBytes)'; it has \(list)")
    }
}

extension BindingContext {
    /// Makes the connection handlers known to the program.
    func registerHandlers() throws(LuaFault) {
        runtime.register(declareConnectionHandler(self))
        runtime.register(declareRawSimplePipeHandler(self))
        runtime.register(declareModuleSimplePipeHandler(self))
        runtime.register(declareRawTcpHandler(self))
        runtime.register(declareModuleTcpHandler(self))
        runtime.register(declareServerExHandler(self))
        runtime.setInternal("handler_new", declareNewHandler())
        runtime.setInternal(
            "handler_set_step",
            LuaFunction("handlers", [.required("name", .string, ""), .required("f", .function, "")], "") {
                [handlers] (call) throws(LuaFault) in
                guard let step = call.string(1).flatMap(HandlerContext.Step.init), let function = call.reference(2)
                else { throw LuaFault(.valueError, "handlers.lua has a step that nothing calls") }
                handlers.steps[step] = function
                return .none
            })
        registerModuleFunctions()
        try runtime.run(PackageResources.handlers_lua, chunk: "=[lectern handlers]", arguments: [])
        precondition(handlers.steps.count == HandlerContext.Step.allCases.count, "handlers.lua brings every step")
    }

    /// What handlers.lua calls when it has looked at what the program handed in.
    private func declareNewHandler() -> LuaFunction {
        LuaFunction(
            "GetConnectionHandler",
            handlerParameters + [
                .required("interface", .any, ""), .optional("known", .table, ""), .optional("ask", .function, ""),
                .optional("tell", .function, ""),
            ], ""
        ) { [unowned self, handlers] (call) throws(LuaFault) in
            let interface = call.instance(interfaceArgument)?.object
            let kind: ConnectionHandlerKind
            do throws(ConnectionHandlerChoiceError) {
                kind = try connectionHandlerKind(
                    for: Self.subject(interface, typeName: call.typeName(interfaceArgument)),
                    keepAliveQuery: Self.query(of: call))
            } catch {
                switch error {
                case .unsupportedType(let text): throw LuaFault(.typeError, "GetConnectionHandler: \(text)")
                case .invalidValue(let text): throw LuaFault(.valueError, "GetConnectionHandler: \(text)")
                }
            }
            guard let interface, let maker = handlers.makers[kind] else {
                throw LuaFault(
                    .typeError, "GetConnectionHandler: no handler is for a \(call.typeName(interfaceArgument))")
            }
            let options = try call.checked { () throws(ParameterError) in
                try HandlerOptions(
                    disconnectLimit: call.integer(4) ?? 15,
                    pollFrequency: call.duration(5) ?? .seconds(1),
                    connectRetryTime: call.duration(6) ?? .seconds(5),
                    serverTimeout: call.duration(7) ?? .seconds(300),
                    connectedOn: call.string(8).flatMap(HandlerOptions.ConnectedOn.init) ?? .socket,
                    retry: call.string(9).flatMap(RetryPolicy.Kind.init) ?? .fixed,
                    connectRetryLimit: call.duration(10) ?? .seconds(60),
                    pollPhase: kind == .serverEx ? 0 : handlers.pollPhases.next())
            }
            alsoName(interface, byNewOf: call)
            return try maker(HandlerRequest(call: call, interface: interface, options: options))
        }
    }

    private static func subject(_ interface: AnyObject?, typeName: String) -> ConnectionHandlerSubject {
        switch interface {
        case is SerialInterface: .serial
        case let client as EthernetClientInterface: .ethernetClient(client.protocol)
        case let server as EthernetServerInterfaceEx: .ethernetServerEx(server.protocol)
        case is EthernetServerInterface: .ethernetServer
        default: .other(typeName)
        }
    }

    private static func query(of call: LuaCall) -> KeepAliveQueryKind {
        if call.isNil(2) { return .none }
        if call.isCallable(2) { return .callable }
        guard call.isString(2), let name = call.string(2) else { return .other(call.typeName(2)) }
        if !call.isNil(interfaceArgument + 2) { return .command(name) }
        if let known = call.strings(interfaceArgument + 1) { return .unknownCommand(name, known: known) }
        return .commandOfNoModule(name)
    }
}
