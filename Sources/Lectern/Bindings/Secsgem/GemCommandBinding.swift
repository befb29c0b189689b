internal import HSMS
internal import LuaRuntime

/// Declares `GemCommand`.
func declareGemCommand() -> LuaClass<GemRemoteCommands.Call> {
    var c = LuaClass<GemRemoteCommands.Call>(
        "GemCommand", "A command of the host that waits for its answer. Made by GemEquipmentHandler."
    ) { $0.name.description }
    c.property("name", .string, "The command.") { $0.name }
    c.property(
        "params", .table.annotated("table<string, \(secsValueType)>"), "The parameters' values by name."
    ) {
        (command, call) throws(LuaFault) in
        CommandParameters(parameters: command.parameters, runtime: call.runtime)
    }
    var parameters = ParameterList()
    let code = parameters.optional(
        "code", .acknowledge, default: .done, "0: done, 2: cannot be done now, 3: wrong parameter, 4: will be done.")
    let faults = parameters.optional(
        "faults", .table.annotated("table<string, integer>"),
        "The codes of wrong parameters, by name: 1: unknown, 2: illegal value, 3: illegal format.")
    c.method("reply", parameters, "Answers the command. A second answer has no effect.") {
        (command, call) throws(LuaFault) in
        command.reply(call[code], faults: try call.faults(faults))
        return .none
    }
    c.method("abort", "Answers that the command cannot be done now.") { (command, _) in
        command.reply(.cannotNow)
        return .none
    }
    return c
}

extension ParameterType where Value == GemRemoteCommands.Acknowledge {
    /// The code that answers a command.
    fileprivate static var acknowledge: Self {
        Self(.integer(0...6), show: { "\($0.rawValue)" }) {
            $0.integer.flatMap(UInt8.init(exactly:)).flatMap(GemRemoteCommands.Acknowledge.init)
        }
    }
}

private struct CommandParameters: LuaPushable {
    let parameters: [(name: SecsText, value: SecsItem)]
    let runtime: LuaRuntime

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: parameters.count)
        for (name, value) in parameters { stack.set(name.bytes, PlainItem(value, runtime)) }
    }
}

extension LuaCall {
    fileprivate func faults(
        _ parameter: Parameter<LuaArgument?>
    ) throws(LuaFault) -> [(name: SecsText, fault: GemRemoteCommands.ParameterFault)] {
        guard self[parameter] != nil else { return [] }
        let mistake = LuaFault(.valueError, "argument '\(name(of: parameter))' must have codes from 1 to 3 by name")
        guard case .fields(let fields) = try value(of: parameter) else { throw mistake }
        return try fields.map { (key, value) throws(LuaFault) in
            guard case .string(let name) = key, case .integer(let code) = value,
                let fault = UInt8(exactly: code).flatMap(GemRemoteCommands.ParameterFault.init)
            else { throw mistake }
            return (SecsText(name), fault)
        }
    }
}
