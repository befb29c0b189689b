internal import ControlCore
internal import LuaRuntime
internal import NIOCore

/// Declares `RawTcpHandler`.
func declareRawTcpHandler(_ context: BindingContext) -> LuaClass<RawTcpHandler> {
    var c = LuaClass<RawTcpHandler>(
        "RawTcpHandler", "Keeps a TCP or SSH connection alive: polls, notices when no answer comes, reconnects."
    ) { $0.interface.peer }
    c.holds(2048)
    let face = HandlerFace(&c, context)
    let connectFailed = declareConnecting(&c)
    declareResponses(
        &c, overLimit: "the connection is closed, and nothing is sent.", responseAccepted: { $0.responseAccepted() },
        send: { (handler, call) throws(LuaFault) in
            let data = try call.buffer(1)
            return try call.send(over: handler.interface) { () throws(IOFault) in _ = try handler.send(data) }
        },
        sendAndWait: { (handler, call) throws(LuaFault) in
            try call.sendAndWait(context.delimiters) {
                handler.sendAndWait($0, timeout: $1, delimiter: $2, completion: $3)
            }
        })
    let receiveData = c.event("ReceiveData", .argument("data", "string"), "Bytes arrived.")
    c.whenHeldUp { handler, isHeldUp in handler.interface.setReceiving(!isHeldUp) }
    c.whenAttached { handler, instance, _ in
        face.attach(handler, to: instance)
        handler.onConnectFailed = { [link = instance.link] in link.instance?.fire(connectFailed, $0.reason) }
        handler.onReceiveData = { [link = instance.link] in link.instance?.fire(receiveData, $0) }
    }
    let find = context.runtime.instanceFinder
    context.handlers.makes(.rawTcp) { (request) throws(LuaFault) in
        guard let client = request.interface as? EthernetClientInterface else { throw LuaFault.notThatInterface }
        let asked = Box<LuaInstance.Link>()
        let handler = try request.call.checked { () throws(ParameterError) in
            try RawTcpHandler(interface: client, options: request.options) { _, finished in
                guard let instance = asked.value?.instance else { return finished() }
                instance.start(face.query) { _ in finished() }
            }
        }
        let result = request.push(
            handler, as: "RawTcpHandler", keeping: [(face.interface, request.given), (face.query, request.query)])
        asked.value = find(handler)?.link
        return result
    }
    return c
}
