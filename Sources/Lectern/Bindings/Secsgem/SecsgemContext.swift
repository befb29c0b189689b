internal import HSMS
internal import LuaRuntime

/// What secsgem.lua and the declarations of its classes share.
final class SecsgemContext {
    /// What secsgem.lua does for the declarations.
    enum Step: String, CaseIterable {
        case on_connection_established, on_connection_packet_received, on_connection_before_closed, on_connection_closed
        /// Answers a message by calling what the program has registered for it.
        case answer
        /// Makes and enables the handler that the program has asked a manager for.
        case make_handler
    }

    /// Lets a multi-passive connection, made by the call, bring what happens to the delegate that the call names.
    var attachMultiPassive: ((HsmsMultiPassiveConnection, LuaInstance, LuaCall, _ delegate: LuaArgument) -> Void)?

    let exports = LuaExports<Step>()

    /// Lets events in `slot` of an instance do a step.
    func keep(_ step: Step, in slot: LuaEvent, of instance: LuaInstance, _ stack: LuaStack) {
        stack.push(exports[step])
        instance.keep(slot, popping: stack)
    }
}

extension BindingContext {
    /// The globals of the module HSMS.
    static let secsgemNames = [
        "HsmsConnection", "HsmsActiveConnection", "HsmsPassiveConnection", "HsmsMultiPassiveConnection",
        "HsmsMultiPassiveServer", "HsmsConnectionManager", "HsmsProtocol", "HsmsHandler", "HsmsHeader", "HsmsPacket",
        "HsmsSelectReqHeader", "HsmsSelectRspHeader", "HsmsDeselectReqHeader", "HsmsDeselectRspHeader",
        "HsmsLinktestReqHeader", "HsmsLinktestRspHeader", "HsmsRejectReqHeader", "HsmsSeparateReqHeader",
        "HsmsStreamFunctionHeader", "SecsItem", "SecsMessage", "SecsRequest", "SecsHandler", "GemHandler",
        "GemHostHandler", "GemEquipmentHandler", "GemCommand",
    ]

    /// Makes everything of the module HSMS known to the program.
    func registerSecsgem() throws(LuaFault) {
        let secsgem = SecsgemContext()
        runtime.register(declareHsmsHeader())
        runtime.register(declareHsmsPacket(self))
        runtime.setClassFunctions("HsmsPacket", declareHsmsPacketFunctions(self))
        for function in declareHsmsHeaderFunctions(self) { runtime.setGlobal(function) }
        runtime.register(declareSecsItem(self))
        runtime.setClassFunctions("SecsItem", declareSecsItemFunctions(self))
        runtime.register(declareSecsMessage(self))
        runtime.setClassFunctions("SecsMessage", declareSecsMessageFunctions(self))
        runtime.register(declareHsmsConnection())
        runtime.register(declareHsmsActiveConnection(self, secsgem))
        runtime.register(declareHsmsPassiveConnection(self, secsgem))
        runtime.register(declareHsmsMultiPassiveConnection(self, secsgem))
        runtime.register(declareHsmsMultiPassiveServer(self, secsgem))
        let peers = HsmsPeers(self)
        runtime.register(declareHsmsProtocol(self, peers))
        runtime.register(declareHsmsConnectionManager(self, secsgem, peers))
        runtime.register(declareSecsRequest(self))
        runtime.register(declareSecsHandler(secsgem, peers))
        runtime.register(declareGemHandler())
        runtime.register(declareGemHostHandler(secsgem, peers))
        runtime.register(declareGemCommand())
        runtime.register(declareGemEquipmentHandler(secsgem, peers))
        try runtime.run(PackageResources.secsgem_lua, chunk: "=[lectern secsgem]", exporting: secsgem.exports)
    }
}

extension LuaInstance {
    /// Keeps a value by name in the table in `slot`, which is made when it is the first; nil takes it away.
    func keep(_ value: (any LuaPushable)?, named name: String, in slot: LuaEvent, _ stack: LuaStack) {
        if !has(slot) {
            stack.pushTable()
            keep(slot, popping: stack)
        }
        push(slot, onto: stack)
        if let value { value.push(onto: stack) } else { stack.pushNil() }
        stack.setTop(name)
        stack.pop()
    }
}
