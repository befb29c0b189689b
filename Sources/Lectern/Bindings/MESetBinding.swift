internal import LuaRuntime

/// A mutually exclusive set: its members are Lua's, and what it does is written in meset.lua.
final class MutuallyExclusiveSet {}

/// What meset.lua does for the methods of `MESet`, by their names.
private enum MESetFunction: String, CaseIterable { case SetCurrent, GetCurrent, Append, Remove, SetStates }

extension BindingContext {
    /// Makes `MESet` known to the program.
    func registerMESet() throws(LuaFault) {
        var c = LuaClass<MutuallyExclusiveSet>(
            "MESet",
            "A mutually exclusive set: one of its members is on, the others are off. Members have a method SetState."
        ) { _ in "" }
        c.holds(256)
        var list = ParameterList()
        let members = list.required("Objects", .table.annotated("table[]"), "A list of the members.")
        c.constructor(list, "Makes a set in which nothing is current.") { (_) throws(LuaFault) in
            MutuallyExclusiveSet()
        }
        let state = c.slot()
        let objects = c.slot()
        let runtime = runtime
        c.property("Objects", .table.annotated("table[]"), "A list of the members, in their order.") {
            [unowned runtime] in
            KeptList(slot: objects, instance: runtime.knownInstance(of: $0))
        }
        let functions = LuaExports<MESetFunction>()
        declareMethods(&c, functions, state)
        c.whenAttached { _, instance, call in
            guard let call else { return }
            call.stack.push(call[members])
            instance.keep(state, popping: call.stack)
        }
        runtime.register(c)
        declareKeeping(state, objects)
        try runtime.run(PackageResources.meset_lua, chunk: "=[lectern meset]", exporting: functions)
    }

    private func declareMethods(
        _ c: inout LuaClass<MutuallyExclusiveSet>, _ functions: LuaExports<MESetFunction>, _ state: LuaEvent
    ) {
        var chosen = ParameterList()
        let current = chosen.optional(
            "object", .any.annotated("table|integer"), "A member, its number from 1, or nil for none.")
        c.method(
            "SetCurrent", chosen, waits: true,
            "Switches the other members off, in their order, and then the chosen one on."
        ) { (_, call) in
            call.handOver(to: functions[.SetCurrent], LuaKept(state, of: call.selfInstance), call[current])
        }
        c.method(
            "GetCurrent", ParameterList(), returns: .of("table|nil", "the member that is on; nil when none is"),
            "Tells which member is current."
        ) { (_, call) in call.handOver(to: functions[.GetCurrent], LuaKept(state, of: call.selfInstance)) }
        var appended = ParameterList()
        let new = appended.required("object", .any.annotated("table"), "An object with a method SetState.")
        c.method("Append", appended, "Adds a member.") { (_, call) in
            call.handOver(to: functions[.Append], LuaKept(state, of: call.selfInstance), call[new])
        }
        var removed = ParameterList()
        let old = removed.required("object", .any.annotated("table|integer"), "A member or its number.")
        c.method("Remove", removed, "Removes a member; its state stays.") { (_, call) in
            call.handOver(to: functions[.Remove], LuaKept(state, of: call.selfInstance), call[old])
        }
        var states = ParameterList()
        let object = states.required("object", .any.annotated("table|integer"), "A member or its number.")
        let off = states.required(
            "offState", .integer, "What SetState gets when the member is switched off; 0 at first.")
        let on = states.required("onState", .integer, "What SetState gets when the member is switched on; 1 at first.")
        c.method("SetStates", states, "Sets the states of one member.") { (_, call) in
            call.handOver(
                to: functions[.SetStates], LuaKept(state, of: call.selfInstance), call[object], call[off], call[on])
        }
    }

    /// What meset.lua keeps in a set, and gets from it.
    private func declareKeeping(_ state: LuaEvent, _ objects: LuaEvent) {
        var given = ParameterList()
        _ = given.required("set", .instance("MESet"), "")
        runtime.setInternal(
            "meset_given",
            LuaFunction("MESet", given, "") { (call) throws(LuaFault) in
                call.pushKept(state)
                return .values(1)
            })
        var kept = ParameterList()
        let set = kept.required("set", .instance("MESet"), "")
        let newState = kept.required("state", .any, "")
        let members = kept.required("objects", .any, "")
        runtime.setInternal(
            "meset_keep",
            LuaFunction("MESet", kept, "") { (call) throws(LuaFault) in
                for (slot, value) in [(state, newState), (objects, members)] {
                    call.stack.push(call[value])
                    call[set].keep(slot, popping: call.stack)
                }
                return .none
            })
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
