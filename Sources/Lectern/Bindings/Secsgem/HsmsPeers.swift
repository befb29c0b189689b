internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// The parameters with which protocols and the handlers on top of them are made, behind the address.
struct HsmsPeerParameters {
    let port: Parameter<Int>
    let active: Parameter<Bool>
    let session: Parameter<UInt16>
    let name: Parameter<String>
    let server: Parameter<HsmsMultiPassiveServer?>
    let options: HsmsOptions

    init(_ parameters: inout ParameterList) {
        port = parameters.hsmsPort("The peer's port, or the port to listen on.")
        active = parameters.optional("active", .boolean, default: false, "Whether this side makes the connection.")
        session = parameters.hsmsSession("The session ID of data messages.")
        name = parameters.optional("name", .string, default: "", "The name by which it is known.")
        server = parameters.optional(
            "custom_connection_handler", .multiPassiveServer,
            "The server whose port a passive connection uses; nil: it listens by itself.")
        options = HsmsOptions(&parameters)
    }
}

/// What the declarations of handlers share: how a protocol is made, and how its instance and that of the handler on top
/// of it hold together.
final class HsmsPeers {
    private unowned let context: BindingContext
    /// Tasks in waitfor_selected, and in waitfor_communicating.
    let waiters = StateWaiters()
    /// Where the instance of a protocol keeps the handler on top of it; set as the protocol is declared.
    var layer: LuaEvent?

    init(_ context: BindingContext) { self.context = context }

    var environment: any Environment { context.environment }
    var runtime: LuaRuntime { context.runtime }

    /// Says once, each time a program is held up for long, that messages of a peer are refused.
    func reportRefusal(_ hsms: HsmsProtocol) {
        context.log(
            .warning,
            "HSMS \(hsms.connection.address):\(hsms.connection.port): a handler of the program waits, and "
                + "\(HsmsHeldMessages.mostMessages) messages or \(HsmsHeldMessages.mostBytes) bytes are kept for it; "
                + "further ones are refused with SxF0 until all of them are handled")
    }

    /// Makes the protocol that a constructor asks for.
    func makeProtocol(
        _ call: LuaCall, address: String, _ given: HsmsPeerParameters, role: HsmsConfiguration.Role
    ) throws(LuaFault) -> HsmsProtocol {
        var configuration = try given.options.configuration(call)
        configuration.role = role
        let name = call[given.name]
        let server = call[given.server]
        let hsms = try call.checked { () throws(ParameterError) in
            try HsmsProtocol(
                environment: context.environment(forNewOf: call, name: name), address: address,
                port: call[given.port], active: call[given.active], sessionID: call[given.session], name: name,
                server: server, configuration: configuration)
        }
        if let server { context.name(peer: hsms.connection.address, of: server, name: hsms.name, byNewOf: call) }
        context.followHsms(hsms.connection, name: hsms.name, madeBy: call)
        return hsms
    }

    /// The session of the protocol that a handler's constructor gets or is to make.
    func makeSession(
        _ call: LuaCall, _ given: SecsHandlerParameters, role: HsmsConfiguration.Role?
    ) throws(LuaFault) -> HsmsSession {
        let address = call[given.address]
        if let instance = address.instance, let hsms = instance.object as? HsmsProtocol {
            if let role, hsms.configuration.role != role {
                throw LuaFault(
                    .valueError,
                    "argument 'address': the HsmsProtocol is for the other party; make it with role = '\(role)'")
            }
            if let layer, instance.has(layer) {
                throw LuaFault(.valueError, "argument 'address': the HsmsProtocol has a handler on top of it already")
            }
            context.alsoName(hsms, byNewOf: call)
            return HsmsSession(hsms)
        }
        guard address.isString, let name = address.string else {
            throw LuaFault(
                .typeError,
                "argument 'address' must be the peer's address or an HsmsProtocol, got a \(address.typeName)")
        }
        return HsmsSession(try makeProtocol(call, address: name, given.peer, role: role ?? .host))
    }

    /// Lets the instances of a handler and of its protocol keep each other, and lets messages for the program wait
    /// while events of either do.
    /// - Parameters:
    ///   - slot: where the handler's instance keeps the protocol.
    ///   - listens: whether the program has a handler of the connection's events for such a message.
    ///   - onEvent: told what happens on the connection, after the protocol's own instance.
    func attach(
        _ handler: SecsHandler, to instance: LuaInstance, keepingProtocolIn slot: LuaEvent, _ stack: LuaStack,
        listens: @escaping (HsmsHeader) -> Bool, onEvent: @escaping (HsmsEvent) -> Void
    ) {
        guard let hsms = handler.hsms, let layer else { return }
        let lower = runtime.instance(for: hsms, class: "HsmsProtocol")
        lower.push(onto: stack)
        instance.keep(slot, popping: stack)
        instance.push(onto: stack)
        lower.keep(layer, popping: stack)
        let below = hsms.onEvent
        hsms.onEvent = { hsms, event in
            below?(hsms, event)
            onEvent(event)
        }
        let isForLower = hsms.isForProgram
        hsms.isForProgram = { [weak handler] header in
            guard let handler, !handler.isUrgent(header) else { return false }
            return isForLower?(header) == true || listens(header) || handler.isForProgram(header)
        }
        let gate = HoldingGate(hsms)
        lower.onBackPressure = gate.holder()
        instance.onBackPressure = gate.holder()
        handler.onFault = { [weak context] in context?.log(.warning, $0) }
    }
}

extension SecsHandler {
    /// The protocol below.
    var hsms: HsmsProtocol? { (session as? HsmsSession)?.hsms }
}

/// Lets messages for the program wait while one of several asks for it.
private final class HoldingGate {
    private weak var hsms: HsmsProtocol?
    private var holds: Set<Int> = []
    private var holders = 0

    init(_ hsms: HsmsProtocol) { self.hsms = hsms }

    /// What one of them says to hold messages, or no longer to.
    func holder() -> (Bool) -> Void {
        holders += 1
        let number = holders
        return { [self] isHeld in
            if isHeld { holds.insert(number) } else { holds.remove(number) }
            hsms?.setHolding(!holds.isEmpty)
        }
    }
}
