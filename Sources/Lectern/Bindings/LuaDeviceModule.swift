internal import ControlCore
internal import LuaRuntime

/// A device module that is written in Lua. What it does is kept as functions in the instance of its handler, and runs
/// in tasks of their own.
final class LuaDeviceModule: DeviceModule {
    private weak var runtime: LuaRuntime?
    private let ask: LuaEvent
    private let tellLoss: LuaEvent

    init(runtime: LuaRuntime, ask: LuaEvent, tellLoss: LuaEvent) {
        self.runtime = runtime
        self.ask = ask
        self.tellLoss = tellLoss
    }

    func update(for handler: ConnectionHandler, finished: @escaping () -> Void) {
        guard let instance = runtime?.knownInstance(of: handler) else { return finished() }
        instance.start(ask) { _ in finished() }
    }

    func connectionWasLost(for handler: ConnectionHandler) {
        runtime?.knownInstance(of: handler)?.start(tellLoss) { _ in }
    }
}

/// What the handlers of device modules show beside the shared members, and where their instances keep it.
struct ModuleMembers {
    /// The function that the module is told of a loss with.
    let tellLoss: LuaEvent
    /// The program's callback for the ConnectionStatus.
    let listener: LuaEvent

    init<Handler: ConnectionHandler>(_ c: inout LuaClass<Handler>, _ context: BindingContext) {
        tellLoss = c.slot(label: " OnDisconnected")
        listener = c.slot(label: " ConnectionStatus")
        var list = ParameterList()
        let command = list.required("command", .string, "A command of the module, or 'ConnectionStatus'.")
        let qualifier = list.optional(
            "qualifier", .any.annotated("table<string, string|number|boolean>"),
            "The qualifier; nil: every change of the command.")
        let callback = list.optional(
            "callback",
            .function.annotated("fun(command: string, value: string|number|boolean|nil, qualifier: table|nil)"),
            "Called with the command, the new value and the qualifier.")
        c.method(
            "SubscribeStatus", list, waits: true,
            "Calls a function at each change. 'ConnectionStatus' is that of the handler; other commands are those of the module."
        ) { [handlers = context.handlers] (_, call) in
            call.handOver(
                to: handlers.functions[.subscribe], call.selfInstance, call.argument(for: command),
                call.argument(for: qualifier), call.argument(for: callback))
        }
    }
}

extension BindingContext {
    /// What handlers.lua needs of the handlers of modules.
    func registerModuleFunctions() {
        var published = ParameterList()
        let publisher = published.required("handler", .instance("ModuleSimplePipeHandler", "ModuleTcpHandler"), "")
        let status = published.optional("status", .any, "")
        runtime.setInternal(
            "handler_published",
            LuaFunction("ConnectionStatus", published, "") { (call) throws(LuaFault) in
                // Modules may have states of their own, such as a login: they are neither.
                let status = call.argument(for: status)
                guard status.isString, let status = status.string.flatMap(ConnectionStatus.init) else {
                    return .none
                }
                switch call[publisher].object {
                case let pipe as ModuleSimplePipeHandler: pipe.modulePublished(status)
                case let tcp as ModuleTcpHandler: tcp.modulePublished(status)
                default: break
                }
                return .none
            })
        var kept = ParameterList()
        let keeper = kept.required("handler", .instance("ModuleSimplePipeHandler", "ModuleTcpHandler"), "")
        let listener = kept.optional("f", .any, "")
        runtime.setInternal(
            "handler_keep_listener",
            LuaFunction("SubscribeStatus", kept, "") { [handlers] (call) throws(LuaFault) in
                let instance = call[keeper]
                let kind: ConnectionHandlerKind = instance.object is ModuleTcpHandler ? .moduleTcp : .moduleSimplePipe
                guard let slot = handlers.listeners[kind] else { return .none }
                instance.keep(slot, call.argument(for: listener))
                return .none
            })
    }
}
