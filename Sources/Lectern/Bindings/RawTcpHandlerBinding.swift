internal import ControlCore
internal import LuaRuntime

/// Declares `RawTcpHandler`.
func declareRawTcpHandler(_ context: BindingContext) -> LuaClass<RawTcpHandler> {
    var c = LuaClass<RawTcpHandler>(
        "RawTcpHandler", "Keeps a TCP or SSH connection alive: polls, notices when no answer comes, reconnects."
    ) { $0.interface.peer }
    c.holds(2048)
    let members = HandlerMembers(&c, context)
    let connectFailed = declareConnecting(&c)
    declareResponses(
        &c, context, overLimit: "the connection is closed, and nothing is sent.",
        responseAccepted: { $0.responseAccepted() },
        send: { (handler, data, call) throws(LuaFault) in
            try call.send(over: handler.interface) { () throws(IOFault) in _ = try handler.send(data) }
        },
        sendAndWait: { $0.sendAndWait($1, timeout: $2, delimiter: $3, completion: $4) })
    let receiveData = c.event("ReceiveData", .argument("data", "string"), "Bytes arrived.")
    c.whenHeldUp { handler, isHeldUp in handler.interface.setReceiving(!isHeldUp) }
    c.whenAttached { handler, instance, _ in
        members.attach(handler, to: instance)
        handler.onConnectFailed = { [reference = instance.weakReference] in
            reference.instance?.fire(connectFailed, $0.reason)
        }
        handler.onReceiveData = { [reference = instance.weakReference] in reference.instance?.fire(receiveData, $0) }
    }
    let find = context.runtime.instanceFinder
    context.handlers.makes(.rawTcp) { (request) throws(LuaFault) in
        guard let client = request.interface as? EthernetClientInterface else { throw LuaFault.notThatInterface }
        let asked = Box<LuaInstance.WeakReference>()
        let handler = try request.call.checked { () throws(ParameterError) in
            try RawTcpHandler(interface: client, options: request.options) { _, finished in
                guard let instance = asked.value?.instance else { return finished() }
                instance.start(members.query) { _ in finished() }
            }
        }
        let result = request.push(
            handler, as: "RawTcpHandler", keeping: [(members.interface, request.given), (members.query, request.query)])
        asked.value = find(handler)?.weakReference
        return result
    }
    return c
}
