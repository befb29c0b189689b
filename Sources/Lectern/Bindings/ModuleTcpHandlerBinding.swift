internal import ControlCore
internal import LuaRuntime

/// Declares `ModuleTcpHandler`.
func declareModuleTcpHandler(_ context: BindingContext) -> LuaClass<ModuleTcpHandler> {
    var c = LuaClass<ModuleTcpHandler>(
        "ModuleTcpHandler", "Keeps the TCP or SSH connection of a device module alive."
    ) { $0.interface.peer }
    c.holds(2048)
    let members = HandlerMembers(&c, context)
    let module = ModuleMembers(&c, context)
    let connectFailed = declareConnecting(&c)
    c.whenAttached { handler, instance, _ in
        members.attach(handler, to: instance, then: module.listener)
        handler.onConnectFailed = { [reference = instance.weakReference] in
            reference.instance?.fire(connectFailed, $0.reason)
        }
    }
    context.handlers.listeners[ConnectionHandlerKind.moduleTcp] = module.listener
    context.handlers.makes(.moduleTcp) { [unowned context] (request) throws(LuaFault) in
        guard let client = request.interface as? EthernetClientInterface else { throw LuaFault.notThatInterface }
        let handler = try request.call.checked { () throws(ParameterError) in
            try ModuleTcpHandler(
                interface: client,
                module: LuaDeviceModule(runtime: context.runtime, ask: members.query, tellLoss: module.tellLoss),
                options: request.options)
        }
        return request.push(
            handler, as: "ModuleTcpHandler",
            keeping: [
                (members.interface, request.given), (members.query, request.ask), (module.tellLoss, request.tellLoss),
            ],
            isForModule: true)
    }
    return c
}
