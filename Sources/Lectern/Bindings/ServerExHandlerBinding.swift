internal import ControlCore
internal import LuaRuntime
import Polling

/// Declares `ServerExHandler`.
func declareServerExHandler(_ context: BindingContext) -> LuaClass<ServerExHandler> {
    var c = LuaClass<ServerExHandler>(
        "ServerExHandler", "Keeps a server listening and disconnects idle clients."
    ) { "port \($0.interface.port)" }
    c.holds(2048)
    let interface = c.slot()
    c.fallThrough(to: interface)
    c.declareLastError { $0.report }
    c.property(
        "Interface", .any.annotated("EthernetServerInterfaceEx"), "The server that is handled.", keptIn: interface)
    var listening = ParameterList()
    let timeout = listening.optional("timeout", .duration, default: .zero, "How long to listen; 0: until StopListen.")
    c.method(
        "StartListen", listening,
        returns: .of("string, string?", "'Listening', 'ListeningAlready', or the reason of the failure"), waits: true,
        "Listens. When that fails, it tries again every connectRetryTime."
    ) { (handler, call) throws(LuaFault) in
        let timeout = call[timeout]
        return try call.wait { (waiter) throws(LuaFault) in
            handler.startListen(timeout: timeout) { waiter.resume(returning: $0.text) }
            return nil
        }
    }
    c.method("StopListen", "Stops listening, and stops trying to listen. Clients stay connected.") {
        (handler, _) throws(LuaFault) in
        handler.stopListen()
        return .none
    }
    let clientEvents = ClientEvents(&c)
    let listenFailed = c.event(
        "ListenFailed", .argument("reason", "string"), "StartListen failed. The handler tries again by itself.")
    c.whenAttached { [unowned context] handler, instance, _ in
        context.tellIfIdle("StartListen") { [weak handler] in handler.map { ($0.report, $0.hasBegun) } }
        let handlers = clientEvents.handlers(of: instance)
        handler.onConnected = handlers.connected
        handler.onDisconnected = handlers.disconnected
        handler.onReceiveData = handlers.receiveData
        handler.onListenFailed = { [reference = instance.weakReference] in
            reference.instance?.fire(listenFailed, $0.reason)
        }
        handler.onActivityChanged = instance.activityHandler
    }
    context.handlers.makes(.serverEx) { (request) throws(LuaFault) in
        guard let server = request.interface as? EthernetServerInterfaceEx else { throw LuaFault.notThatInterface }
        let handler = try request.call.checked { () throws(ParameterError) in
            try ServerExHandler(interface: server, options: request.options)
        }
        return request.push(handler, as: "ServerExHandler", keeping: [(interface, request.given)])
    }
    return c
}
