internal import ByteText
internal import ControlCore
internal import LuaRuntime
import Polling

/// The parameters of `GetConnectionHandler`.
private struct HandlerParameters {
    var list = ParameterList()
    let interface: Parameter<LuaArgument>
    let query: Parameter<LuaArgument?>
    let qualifier: Parameter<LuaArgument?>
    let disconnectLimit: Parameter<Int>
    let pollFrequency: Parameter<TimeAmount>
    let connectRetryTime: Parameter<TimeAmount>
    let serverTimeout: Parameter<TimeAmount>
    let connectedOn: Parameter<HandlerOptions.ConnectedOn?>
    let retry: Parameter<RetryPolicy.Kind>
    let connectRetryLimit: Parameter<TimeAmount>

    init() {
        typealias Default = HandlerOptions.Default
        interface = list.required(
            "Interface",
            .any.annotated(
                "EthernetClientInterface|SerialInterface|EthernetServerInterface|EthernetServerInterfaceEx|DeviceClass|table"
            ), "The interface to handle, or a device module that is one or has one in `Interface`.")
        query = list.optional(
            "keepAliveQuery", .any.annotated("string|fun(handler: RawTcpHandler|RawSimplePipeHandler)"),
            "A function that asks the device something, or the name of a module's command; not for servers.")
        qualifier = list.optional(
            "keepAliveQueryQualifier", .table.annotated("table<string, string|number|boolean>"),
            "For device modules: the qualifier of the query.")
        disconnectLimit = list.optional(
            "DisconnectLimit", .integer(1...1_000_000), default: Default.disconnectLimit,
            "More sends than this without an accepted response mean Disconnected.")
        pollFrequency = list.optional(
            "pollFrequency", .duration(0.01...3e8), default: Default.pollFrequency, "The time between two queries.")
        connectRetryTime = list.optional(
            "connectRetryTime", .duration(0.01...3e8), default: Default.connectRetryTime,
            "The time from a loss to the next attempt.")
        serverTimeout = list.optional(
            "serverTimeout", .duration(0.01...3e8), default: Default.serverTimeout,
            "How long a server's client may be idle.")
        connectedOn = list.optional(
            "ConnectedOn", .oneOf(HandlerOptions.ConnectedOn.self),
            absence: "'Response' for a declared module with a login or replies, else 'Socket'",
            "When a TCP device is Connected: with its socket, or with its first accepted response.")
        retry = list.optional(
            "Retry", .oneOf(RetryPolicy.Kind.self), default: Default.retry,
            "'Backoff': the first retry comes within a second, later ones less and less often, and none after a refused login or certificate."
        )
        connectRetryLimit = list.optional(
            "connectRetryLimit", .duration(0.01...3e8), default: Default.connectRetryLimit,
            "The longest time between attempts of 'Backoff'.")
    }
}

/// Declares `GetConnectionHandler`.
func declareGetConnectionHandler(_ context: BindingContext) -> LuaFunction {
    let parameters = HandlerParameters()
    return LuaFunction(
        "GetConnectionHandler", parameters.list,
        returns: .of(
            "RawSimplePipeHandler|RawTcpHandler|ModuleSimplePipeHandler|ModuleTcpHandler|ServerExHandler",
            "the handler that fits the interface"), waits: true,
        "Makes a connection handler for an interface. Waits only if SubscribeStatus of the module waits."
    ) { [handlers = context.handlers] (call) throws(LuaFault) in
        guard !call[parameters.interface].isNil else {
            throw LuaFault(
                .typeError,
                "argument 'Interface' of GetConnectionHandler is missing: it must be an interface or a device module")
        }
        try call.refuseOptions(parameters)
        let wanted = WantedHandler(
            HandlerOptions(
                checkedLimit: call[parameters.disconnectLimit], pollFrequency: call[parameters.pollFrequency],
                connectRetryTime: call[parameters.connectRetryTime], serverTimeout: call[parameters.serverTimeout],
                connectedOn: call[parameters.connectedOn] ?? HandlerOptions.Default.connectedOn,
                retry: call[parameters.retry], connectRetryLimit: call[parameters.connectRetryLimit]),
            leavesConnectedOn: call[parameters.connectedOn] == nil)
        return call.handOver(
            to: handlers.functions[.make], LuaNew(wanted, of: handlers.wanted), call[parameters.interface],
            call.argument(for: parameters.query), call.argument(for: parameters.qualifier))
    }
}

/// What a call of `GetConnectionHandler` asks for, while handlers.lua looks at the module: the options do not travel
/// through Lua.
final class WantedHandler {
    fileprivate var options: HandlerOptions
    /// Whether the program leaves it open what makes a device Connected.
    fileprivate let leavesConnectedOn: Bool

    fileprivate init(_ options: HandlerOptions, leavesConnectedOn: Bool) {
        self.options = options
        self.leavesConnectedOn = leavesConnectedOn
    }
}

extension LuaCall {
    /// Refuses a table in the place of the query or of its qualifier that can be neither: it was meant to give
    /// parameters by name, and has none of them.
    fileprivate func refuseOptions(_ parameters: HandlerParameters) throws(LuaFault) {
        let query = argument(for: parameters.query)
        let qualifier = argument(for: parameters.qualifier)
        let isQuery = query.typeName == "table" && !query.isCallable
        // Only the command of a module has a qualifier. An empty one is none.
        let isQualifier = qualifier.typeName == "table" && !query.isString
        guard isQuery || isQualifier else { return }
        guard let name = (isQuery ? query : qualifier).firstName else { return }
        let list = parameters.list.declarations.map(\.name).joined(separator: ", ")
        throw LuaFault(.typeError, "GetConnectionHandler has no parameter '\(name.showingRawBytes)'; it has \(list)")
    }
}

extension BindingContext {
    /// The globals of connection handlers.
    static let handlerNames = [
        "GetConnectionHandler", "ModuleVersion", "ConnectionHandler", "RawSimplePipeHandler",
        "ModuleSimplePipeHandler", "RawTcpHandler", "ModuleTcpHandler", "ServerExHandler",
    ]

    /// Makes the connection handlers known to the program.
    func registerHandlers() throws(LuaFault) {
        runtime.setGlobal(declareGetConnectionHandler(self))
        runtime.setGlobal(
            LuaFunction(
                "ModuleVersion", returns: .of("string", "the version of the connection handlers"), "Tells the version."
            ) { (call) throws(LuaFault) in call.returning("2.0.1") })
        runtime.register(declareConnectionHandler(self))
        runtime.register(declareRawSimplePipeHandler(self))
        runtime.register(declareModuleSimplePipeHandler(self))
        runtime.register(declareRawTcpHandler(self))
        runtime.register(declareModuleTcpHandler(self))
        runtime.register(declareServerExHandler(self))
        handlers.wantedClass = runtime.register(hidden: declareWantedHandler())
        registerModuleFunctions()
        try runtime.run(PackageResources.handlers_lua, chunk: "=[lectern handlers]", exporting: handlers.functions)
    }

    /// What handlers.lua calls when it has looked at what the program handed in.
    private func declareWantedHandler() -> LuaClass<WantedHandler> {
        var c = LuaClass<WantedHandler>("GetConnectionHandler", "") { _ in "" }
        var list = ParameterList()
        let given = list.required("given", .any, "What the program handed in.")
        let query = list.optional("query", .any, "What is asked.")
        let interface = list.required("interface", .any, "The interface: what was handed in, or what that has.")
        let known = list.optional("known", .table, "The commands that the module knows.")
        let ask = list.optional("ask", .any, "A function that has the module ask.")
        let tellLoss = list.optional("tell", .any, "A function that tells the module of a loss.")
        let showsByAnswers = list.optional(
            "shows", .boolean, default: false, "Whether answers show the device is there.")
        c.method("make", list, "Makes the handler.") { [unowned self, handlers] (wanted, call) throws(LuaFault) in
            let object = call[interface].instance?.object
            let kind: ConnectionHandlerKind
            do throws(ConnectionHandlerChoiceError) {
                kind = try connectionHandlerKind(
                    for: Self.subject(object, typeName: call[interface].typeName),
                    keepAliveQuery: Self.query(call[query], ask: call[ask], known: call[known]))
            } catch {
                switch error {
                case .unsupportedType(let text): throw LuaFault(.typeError, "GetConnectionHandler: \(text)")
                case .invalidValue(let text): throw LuaFault(.valueError, "GetConnectionHandler: \(text)")
                }
            }
            guard let object, let maker = handlers.makers[kind] else {
                throw LuaFault(
                    .typeError, "GetConnectionHandler: no handler is for a \(call[interface].typeName)")
            }
            if wanted.leavesConnectedOn && call[showsByAnswers] { wanted.options.connectedOn = .response }
            if kind != .serverEx { wanted.options.pollPhase = handlers.pollPhases.next() }
            alsoName(object, byNewOf: call)
            return try maker(
                HandlerRequest(
                    call: call, interface: object, options: wanted.options, given: call[given],
                    query: call.argument(for: query), ask: call.argument(for: ask),
                    tellLoss: call.argument(for: tellLoss)))
        }
        return c
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

    private static func query(_ query: LuaArgument?, ask: LuaArgument?, known: LuaArgument?) -> KeepAliveQueryKind {
        guard let query else { return .none }
        if query.isCallable { return .callable }
        guard query.isString, let name = query.string else { return .other(query.typeName) }
        if ask != nil { return .command(name) }
        if let known = known?.strings { return .unknownCommand(name, known: known) }
        return .commandOfNoModule(name)
    }
}
