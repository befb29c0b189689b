internal import HSMS
internal import LuaRuntime

/// Declares `GemCommand`.
func declareGemCommand(_ context: BindingContext) -> LuaClass<GemRemoteCommands.Call> {
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
    c.method(
        "reply",
        [
            .optional(
                "code", .integer(0...6), default: "0",
                "0: done, 2: cannot be done now, 3: wrong parameter, 4: will be done."),
            .optional(
                "faults", .table.annotated("table<string, integer>"),
                "The codes of wrong parameters, by name: 1: unknown, 2: illegal value, 3: illegal format."),
        ], "Answers the command. A second answer has no effect."
    ) { (command, call) throws(LuaFault) in
        let code = GemRemoteCommands.Acknowledge(rawValue: call.byte(1) ?? 0) ?? .done
        command.reply(code, faults: try call.faults(2))
        return .none
    }
    c.method("abort", "Answers that the command cannot be done now.") { (command, _) in
        command.reply(.cannotNow)
        return .none
    }
    return c
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
        _ argument: Int
    ) throws(LuaFault) -> [(name: SecsText, fault: GemRemoteCommands.ParameterFault)] {
        guard !isNil(argument) else { return [] }
        let mistake = LuaFault(.valueError, "argument 'faults' must have codes from 1 to 3 by name")
        guard case .fields(let fields) = try value(argument) else { throw mistake }
        return try fields.map { (key, value) throws(LuaFault) in
            guard case .string(let name) = key, case .integer(let code) = value,
                let fault = UInt8(exactly: code).flatMap(GemRemoteCommands.ParameterFault.init)
            else { throw mistake }
            return (SecsText(name), fault)
        }
    }
}
