internal import ControlCore
internal import LuaRuntime
import Polling

/// Declares `Wait`.
func declareWait(_ context: BindingContext) -> LuaClass<OneShotWait> {
    var c = LuaClass<OneShotWait>("Wait", "Calls a function once, later.") { _ in "" }
    c.holds(384)
    let common = OneShotWait.Common(environment: context.environment)
    var making = ParameterList()
    let time = making.required("Time", .duration(0...3e8), "How long to wait.")
    let handler = making.optional(
        "Function", .function.annotated("fun()"), "Called without arguments; given, the wait starts at once.")
    c.constructor(
        making, "Makes a wait. Wait(Time)(Function) does the same as Wait(Time, Function)."
    ) { (call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in try OneShotWait(common, time: call[time]) }
    }
    c.property("Time", .seconds, "How long a run takes.") { $0.time.seconds }
    let function = c.event("Function", .nothing, "What is called.", label: " expiry")
    c.method("Restart", "Begins again: the function is called one Time from now.") { (wait, _) throws(LuaFault) in
        wait.restart()
        return .none
    }
    c.method("Cancel", "The function will not be called.") { (wait, _) throws(LuaFault) in
        wait.cancel()
        return .none
    }
    var adding = ParameterList()
    let addition = adding.required("Time", .span(-3e8...3e8), "Seconds to add.")
    c.method("Add", adding, "Makes the running countdown longer.") { (wait, call) throws(LuaFault) in
        wait.add(call[addition])
        return .none
    }
    var changing = ParameterList()
    let newTime = changing.required("Time", .duration(0...3e8), "The new time.")
    c.method("Change", changing, "Sets Time for this and later runs.") { (wait, call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in try wait.change(call[newTime]) }
        return .none
    }
    c.remembersInstance(recall: { $0.counterpart }, remember: { $0.counterpart = $1 })
    common.onActivityChanged = { wait, isActive in (wait.counterpart as? LuaInstance)?.setActive(isActive) }
    common.onExpired = { wait in (wait.counterpart as? LuaInstance)?.call(function) }
    c.whenAttached { wait, instance, call in
        guard let call else { return }
        instance.name = call.location
        let handler = call.argument(for: handler)
        if !handler.isNil {
            instance.keep(function, handler)
            wait.restart()
        }
    }
    return c
}
