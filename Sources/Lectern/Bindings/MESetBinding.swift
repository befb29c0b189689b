internal import LuaRuntime

/// A mutually exclusive set: its members are Lua's, and what it does is written in meset.lua.
final class MutuallyExclusiveSet {}

/// What meset.lua and the declaration of `MESet` share.
final class MESetContext {
    fileprivate enum Step: String, CaseIterable { case SetCurrent, GetCurrent, Append, Remove, SetStates }

    fileprivate var steps = NamedValues<LuaReference>()

    /// Calls what meset.lua does for a method, with the state and the method's arguments.
    fileprivate func call(
        _ step: Step, _ state: LuaEvent, _ call: LuaCall, arguments: Int
    ) throws(LuaFault) -> LuaResult {
        guard let function = steps[step], let instance = call.selfInstance else {
            throw LuaFault(.runtimeError, "\(step.rawValue) is not there: call MESet.init(self, Objects) first")
        }
        call.stack.push(function)
        instance.push(state, onto: call.stack)
        for argument in 0..<arguments { call.push(argument: argument + 1) }
        return .call(arguments: arguments + 1)
    }
}

extension BindingContext {
    /// Makes `MESet` known to the program.
    func registerMESet() throws(LuaFault) {
        let context = MESetContext()
        var c = LuaClass<MutuallyExclusiveSet>(
            "MESet",
            "A mutually exclusive set: one of its members is on, the others are off. Members have a method SetState."
        ) { _ in "" }
        c.holds(256)
        c.constructor(
            [.required("Objects", .table.annotated("table[]"), "A list of the members.")],
            "Makes a set in which nothing is current."
        ) { (_) throws(LuaFault) in MutuallyExclusiveSet() }
        let state = c.slot()
        let objects = c.slot()
        let runtime = runtime
        c.property("Objects", .table.annotated("table[]"), "A list of the members, in their order.") {
            [unowned runtime] in
            KeptList(slot: objects, instance: runtime.knownInstance(of: $0))
        }
        declareMethods(&c, context, state)
        c.whenAttached { _, instance, call in
            guard let call else { return }
            call.push(argument: 1)
            instance.keep(state, popping: call.stack)
        }
        runtime.register(c)
        for (name, function) in steps(context, state, objects) { runtime.setInternal(name, function) }
        try runtime.run(PackageResources.meset_lua, chunk: "=[lectern meset]", arguments: [])
        precondition(context.steps.count == MESetContext.Step.allCases.count, "meset.lua brings every step")
    }

    private func declareMethods(
        _ c: inout LuaClass<MutuallyExclusiveSet>, _ context: MESetContext, _ state: LuaEvent
    ) {
        c.method(
            "SetCurrent",
            [.optional("object", .any.annotated("table|integer"), "A member, its number from 1, or nil for none.")],
            waits: true,
            "Switches the other members off, in their order, and then the chosen one on."
        ) { (_, call) throws(LuaFault) in try context.call(.SetCurrent, state, call, arguments: 1) }
        c.method(
            "GetCurrent", [], returns: .of("table|nil", "the member that is on; nil when none is"),
            "Tells which member is current."
        ) {
            (_, call) throws(LuaFault) in try context.call(.GetCurrent, state, call, arguments: 0)
        }
        c.method(
            "Append", [.required("object", .any.annotated("table"), "An object with a method SetState.")],
            "Adds a member."
        ) {
            (_, call) throws(LuaFault) in try context.call(.Append, state, call, arguments: 1)
        }
        c.method(
            "Remove", [.required("object", .any.annotated("table|integer"), "A member or its number.")],
            "Removes a member; its state stays."
        ) {
            (_, call) throws(LuaFault) in try context.call(.Remove, state, call, arguments: 1)
        }
        c.method(
            "SetStates",
            [
                .required("object", .any.annotated("table|integer"), "A member or its number."),
                .required("offState", .integer, "What SetState gets when the member is switched off; 0 at first."),
                .required("onState", .integer, "What SetState gets when the member is switched on; 1 at first."),
            ], "Sets the states of one member."
        ) { (_, call) throws(LuaFault) in try context.call(.SetStates, state, call, arguments: 3) }
    }

    /// The host functions of meset.lua, by their names there.
    private func steps(
        _ context: MESetContext, _ state: LuaEvent, _ objects: LuaEvent
    ) -> [(name: String, function: LuaFunction)] {
        let set = LuaParameter.required("set", .instance(["MESet"]), "")
        return [
            (
                "meset_given",
                LuaFunction("MESet", [set], "") { (call) throws(LuaFault) in
                    call.pushKept(state)
                    return .values(1)
                }
            ),
            (
                "meset_keep",
                LuaFunction("MESet", [set, .required("state", .any, ""), .required("objects", .any, "")], "") {
                    (call) throws(LuaFault) in
                    guard let instance = call.instance(1) else { return .none }
                    call.push(argument: 2)
                    instance.keep(state, popping: call.stack)
                    call.push(argument: 3)
                    instance.keep(objects, popping: call.stack)
                    return .none
                }
            ),
            (
                "meset_set_step",
                LuaFunction("MESet", [.required("name", .string, ""), .required("f", .function, "")], "") {
                    (call) throws(LuaFault) in
                    guard let step = call.string(1).flatMap(MESetContext.Step.init), let function = call.reference(2)
                    else { throw LuaFault(.valueError, "meset.lua has a step that nothing calls") }
                    context.steps[step] = function
                    return .none
                }
            ),
        ]
    }
}

/// A copy of the list that an instance keeps in a slot.
private struct KeptList: LuaPushable {
    let slot: LuaEvent
    let instance: LuaInstance?

    func push(onto stack: LuaStack) {
        if let instance { instance.pushCopy(ofList: slot, onto: stack) } else { stack.pushNil() }
    }
}
