internal import HSMS
internal import LuaRuntime

/// Declares `HsmsMultiPassiveConnection`.
func declareHsmsMultiPassiveConnection(
    _ context: BindingContext, _ secsgem: SecsgemContext
) -> LuaClass<HsmsMultiPassiveConnection> {
    var c = LuaClass<HsmsMultiPassiveConnection>(
        "HsmsMultiPassiveConnection", "An HSMS connection that the peer makes to the port of an HsmsMultiPassiveServer."
    ) { "\($0.address):\($0.port)" }
    c.holds(4096, also: { $0.address.utf8.count + $0.queuedBytes })
    let members = HsmsConnectionMembers(&c, context, secsgem)
    secsgem.attachMultiPassive = { connection, instance, call, delegate in
        members.attach(connection, to: instance, call, delegate: delegate)
    }
    return c
}
