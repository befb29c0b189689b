internal import ControlCore
internal import LuaRuntime

/// Declares `RawSimplePipeHandler`.
func declareRawSimplePipeHandler(_ context: BindingContext) -> LuaClass<RawSimplePipeHandler> {
    var c = LuaClass<RawSimplePipeHandler>(
        "RawSimplePipeHandler",
        "Watches a serial or UDP device: polls, and reports when it answers and when it is silent."
    ) { $0.pipe.peer }
    c.holds(2048)
    let members = HandlerMembers(&c, context)
    declarePolling(&c)
    declareResponses(
        &c, context, overLimit: "Disconnected comes, and the data is still sent.",
        responseAccepted: { $0.responseAccepted() },
        send: { (handler, data, call) throws(LuaFault) in
            try call.send(over: handler.pipe) { () throws(IOFault) in try handler.send(data) }
        },
        sendAndWait: { $0.sendAndWait($1, timeout: $2, delimiter: $3, completion: $4) })
    let receiveData = c.event("ReceiveData", .argument("data", "string"), "Bytes arrived; with UDP one datagram.")
    c.whenHeldUp { handler, isHeldUp in handler.pipe.setReceiving(!isHeldUp) }
    c.whenAttached { handler, instance, _ in
        members.attach(handler, to: instance)
        handler.onReceiveData = { [reference = instance.weakReference] in reference.instance?.fire(receiveData, $0) }
    }
    context.handlers.makes(.rawSimplePipe) { [unowned context] (request) throws(LuaFault) in
        guard let pipe = request.pipe else { throw LuaFault.notThatInterface }
        let handler = try request.call.checked { () throws(ParameterError) in
            try RawSimplePipeHandler(pipe: pipe, options: request.options) { [weak context] handler, finished in
                guard let instance = context?.runtime.knownInstance(of: handler) else { return finished() }
                instance.start(members.query) { _ in finished() }
            }
        }
        return request.push(
            handler, as: "RawSimplePipeHandler",
            keeping: [(members.interface, request.given), (members.query, request.query)])
    }
    return c
}
