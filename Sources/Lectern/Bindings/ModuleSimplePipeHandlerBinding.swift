internal import ControlCore
internal import LuaRuntime

/// Declares `ModuleSimplePipeHandler`.
func declareModuleSimplePipeHandler(_ context: BindingContext) -> LuaClass<ModuleSimplePipeHandler> {
    var c = LuaClass<ModuleSimplePipeHandler>(
        "ModuleSimplePipeHandler", "Watches the device of a serial or UDP device module."
    ) { $0.pipe.peer }
    c.holds(2048)
    let members = HandlerMembers(&c, context)
    let module = ModuleMembers(&c, context)
    declarePolling(&c)
    c.whenAttached { handler, instance, _ in members.attach(handler, to: instance, then: module.listener) }
    context.handlers.listeners[ConnectionHandlerKind.moduleSimplePipe] = module.listener
    context.handlers.makes(.moduleSimplePipe) { [unowned context] (request) throws(LuaFault) in
        guard let pipe = request.pipe else { throw LuaFault.notThatInterface }
        let handler = try request.call.checked { () throws(ParameterError) in
            try ModuleSimplePipeHandler(
                pipe: pipe,
                module: LuaDeviceModule(runtime: context.runtime, ask: members.query, tellLoss: module.tellLoss),
                options: request.options)
        }
        return request.push(
            handler, as: "ModuleSimplePipeHandler",
            keeping: [
                (members.interface, request.given), (members.query, request.ask), (module.tellLoss, request.tellLoss),
            ],
            isForModule: true)
    }
    return c
}
