internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// Declares `HsmsProtocol`.
func declareHsmsProtocol(_ context: BindingContext, _ peers: HsmsPeers) -> LuaClass<HsmsProtocol> {
    var c = LuaClass<HsmsProtocol>(
        "HsmsProtocol",
        "The procedures of HSMS on one connection: select, linktest, transactions. HsmsHandler is another name of it."
    ) { $0.name.isEmpty ? "\($0.connection.address):\($0.connection.port)" : $0.name }
    c.holds(4096, also: { $0.programBytes })
    var parameters = ParameterList()
    let address = parameters.required(
        "address", .string, "The peer's address; of a passive connection that from which it is expected.")
    let peer = HsmsPeerParameters(&parameters)
    let role = parameters.optional(
        "role", .oneOf(HsmsConfiguration.Role.self), default: .host,
        "Which party this side is: equipment reports errors in stream 9.")
    c.constructor(parameters, "Makes a protocol with its connection; enable lets it be established.") {
        (call) throws(LuaFault) in
        try peers.makeProtocol(call, address: call[address], peer, role: call[role])
    }
    let members = HsmsProtocolMembers(&c, peers) {
        $0
    } enable: {
        $0.enable()
    } disable: {
        $0.disable(completion: $1)
    }
    peers.layer = c.slot()
    c.whenAttached { hsms, instance, _ in
        let waiters = peers.waiters
        hsms.onEvent = { [reference = instance.weakReference] hsms, event in
            if case .selected = event { waiters.reached(hsms) }
            if let instance = reference.instance { members.fire(event, of: instance, on: instance) }
        }
        hsms.connection.onActivityChanged = instance.activityHandler
        // Only what the program is to see waits for it.
        hsms.isForProgram = { [reference = instance.weakReference] header in
            reference.instance.map { members.listens(to: header, on: $0) } ?? false
        }
        hsms.onRefusal = { [weak hsms] in
            if let hsms { peers.reportRefusal(hsms) }
        }
        instance.onBackPressure = { [weak hsms] in hsms?.setHolding($0) }
        context.followHsms(hsms.connection, name: hsms.name, madeBy: nil)
        // A manager enables what it adds.
        if hsms.connection.isActive { instance.setActive(true) }
    }
    return c
}
