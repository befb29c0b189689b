internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// Declares `HsmsConnectionManager`.
func declareHsmsConnectionManager(
    _ context: BindingContext, _ secsgem: SecsgemContext, _ peers: HsmsPeers
) -> LuaClass<HsmsConnectionManager> {
    var c = LuaClass<HsmsConnectionManager>(
        "HsmsConnectionManager", "Many peers, active and passive, each known by a name."
    ) { _ in "" }
    c.holds(2048)
    var parameters = ParameterList()
    let options = HsmsOptions(&parameters)
    c.constructor(parameters, "Makes a manager without peers. The options are those of its peers.") {
        (call) throws(LuaFault) in
        HsmsConnectionManager(
            environment: context.environment(forNewOf: call), configuration: try options.configuration(call))
    }
    let handlers = c.slot()
    declareAddPeer(&c, context, secsgem, peers, keptIn: handlers)
    var peer = ParameterList()
    let name = peer.required("name", .string, "The peer's name.")
    c.method(
        "has_connection_to", peer,
        returns: .of("HsmsProtocol|SecsHandler|nil", "the peer's handler, or nil when there is none of that name"),
        "Finds a peer."
    ) { (manager, call) throws(LuaFault) in
        call.returning(
            PeerHandler(hsms: manager.connection(to: call[name]), layer: peers.layer, runtime: peers.runtime))
    }
    c.property(
        "handlers", .table.annotated("table<string, HsmsProtocol|SecsHandler>"), "The handlers of all peers, by name."
    ) {
        HandlersByName(handlers: $0.handlers, layer: peers.layer, runtime: peers.runtime)
    }
    var removal = peer
    _ = removal.optional("address", .string, "Not used: the name decides.")
    _ = removal.optional("port", .integer, "Not used.")
    c.method(
        "remove_peer", removal, returns: .of("boolean", "whether there was one of that name"), waits: true,
        "Disables a peer and forgets it."
    ) { (manager, call) throws(LuaFault) in
        let name = call[name]
        call.selfInstance?.keep(nil, named: name, in: handlers, call.stack)
        if manager.handlers.keys.allSatisfy({ $0 == name }) { call.selfInstance?.setActive(false) }
        guard call.canWait else { return call.returning(manager.removePeer(name: name)) }
        return try call.wait { (waiter) throws(LuaFault) in
            let isKnown = manager.connection(to: name) != nil
            manager.removePeer(name: name) { waiter.resume(returning: isKnown) }
            return nil
        }
    }
    c.method("stop", waits: true, "Removes all peers. Waits until they have been told, if the task can wait.") {
        (manager, call) throws(LuaFault) in
        for name in manager.handlers.keys {
            call.selfInstance?.keep(nil, named: name, in: handlers, call.stack)
        }
        call.selfInstance?.setActive(false)
        return try call.finishing { manager.stop(completion: $0) }
    }
    let events = HsmsManagerEvents(&c)
    c.whenAttached { manager, instance, _ in
        manager.onEvent = { [reference = instance.weakReference] hsms, event in
            guard let instance = reference.instance else { return }
            events.fire(event, of: PeerHandler(hsms: hsms, layer: peers.layer, runtime: peers.runtime), on: instance)
        }
    }
    return c
}

private func declareAddPeer(
    _ c: inout LuaClass<HsmsConnectionManager>, _ context: BindingContext, _ secsgem: SecsgemContext,
    _ peers: HsmsPeers, keptIn handlers: LuaEvent
) {
    var parameters = ParameterList()
    let name = parameters.required("name", .string, "A name that no other peer has.")
    let address = parameters.required("address", .string, "The peer's address or host name.")
    let port = parameters.required(
        "port", .integer(0...65_535), "If this side is active, the peer's port; else the port to listen on.")
    let active = parameters.required("active", .boolean, "Whether this side makes the connection.")
    let session = parameters.required("session_id", .sessionID, "The session ID of data messages.")
    let handlerClass = parameters.optional(
        "connection_handler", .any.annotated("table"), absence: "HsmsProtocol",
        "The class of the handler, such as GemHostHandler or one derived from it.")
    let options = HsmsOptions(&parameters)
    c.method(
        "add_peer", parameters, returns: .of("HsmsProtocol|SecsHandler", "the handler, which is enabled"),
        "Adds a peer and enables it. Passive peers of one port share a server. Options that are left out are those of the manager."
    ) { [unowned context] (manager, call) throws(LuaFault) in
        let handlerClass = call.argument(for: handlerClass)
        let kind = try HandlerKind(of: handlerClass)
        var configuration = try options.configuration(call, over: manager.configuration)
        configuration.role = kind == .equipment ? .equipment : .host
        let name = call[name]
        let hsms = try call.checked { () throws(ParameterError) in
            try manager.addPeer(
                name: name, address: call[address], port: call[port], active: call[active],
                sessionID: call[session], configuration: configuration,
                environment: context.environment(forNewOf: call, name: name, in: manager.environment))
        }
        if let server = (hsms.connection as? HsmsMultiPassiveConnection)?.server {
            context.name(peer: hsms.connection.address, of: server, name: name, byNewOf: call)
        }
        let instance = peers.runtime.instance(for: hsms, class: "HsmsProtocol")
        instance.push(onto: call.stack)
        call.selfInstance?.keep(instance, named: name, in: handlers, call.stack)
        // A manager with peers goes on telling of them.
        call.selfInstance?.setActive(true)
        guard kind != .hsms else { return call.returning(instance) }
        return call.handOver(to: secsgem.exports[.make_handler], handlerClass.reference, instance)
    }
}

/// Which classes of handlers there are; secsgem.lua marks them, and derived classes inherit the mark.
private enum HandlerKind: String {
    case hsms, secs, host, equipment

    init(of handlerClass: LuaArgument) throws(LuaFault) {
        guard !handlerClass.isNil else {
            self = .hsms
            return
        }
        guard let kind = handlerClass.stringField("handler_kind").flatMap(Self.init(rawValue:)) else {
            throw LuaFault(
                .typeError,
                "argument 'connection_handler' must be HsmsProtocol, SecsHandler, GemHostHandler, GemEquipmentHandler or "
                    + "a class derived from one of them")
        }
        self = kind
    }
}

/// The handler of a peer: the one on top of its protocol, or else the protocol.
struct PeerHandler: LuaPushable {
    let hsms: HsmsProtocol?
    let layer: LuaEvent?
    let runtime: LuaRuntime

    func push(onto stack: LuaStack) {
        guard let hsms else { return stack.pushNil() }
        let instance = runtime.instance(for: hsms, class: "HsmsProtocol")
        if let layer, instance.has(layer) {
            instance.push(layer, onto: stack)
        } else {
            instance.push(onto: stack)
        }
    }
}

private struct HandlersByName: LuaPushable {
    let handlers: [String: HsmsProtocol]
    let layer: LuaEvent?
    let runtime: LuaRuntime

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: handlers.count)
        for (name, hsms) in handlers { stack.set(name, PeerHandler(hsms: hsms, layer: layer, runtime: runtime)) }
    }
}

/// The events of a manager: those of all its peers.
private struct HsmsManagerEvents {
    private let connected: LuaEvent
    private let selected: LuaEvent
    private let disconnected: LuaEvent

    init(_ c: inout LuaClass<HsmsConnectionManager>) {
        let handler = "connection: HsmsProtocol|SecsHandler"
        let data = LuaShape.argument("data", "{\(handler)}", "where `connection` is the peer's handler")
        let withReason = LuaShape.argument("data", "{\(handler), reason: string}")
        connected = c.event("hsms_connected", data, "A peer has a TCP connection.")
        selected = c.event("hsms_selected", data, "The session of a peer is established.")
        disconnected = c.event("hsms_disconnected", withReason, "The TCP connection of a peer is closed.")
    }

    func fire(_ event: HsmsEvent, of handler: PeerHandler, on instance: LuaInstance) {
        switch event {
        case .connected: instance.fire(connected, PeerEventData(handler: handler, reason: nil))
        case .selected: instance.fire(selected, PeerEventData(handler: handler, reason: nil))
        case .disconnected(let reason):
            instance.fire(disconnected, PeerEventData(handler: handler, reason: reason.description))
        case .deselected, .packetReceived, .unexpectedReply, .openFailed: break
        }
    }
}

private struct PeerEventData: LuaPushable {
    let handler: PeerHandler
    let reason: String?

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: 2)
        stack.set("connection", handler)
        if let reason { stack.set("reason", reason) }
    }
}
