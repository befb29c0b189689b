internal import ControlCore
internal import LuaRuntime
internal import NIOCore

/// Declares `Wait`.
func declareWait(_ context: BindingContext) -> LuaClass<OneShotWait> {
    var c = LuaClass<OneShotWait>("Wait", "Calls a function once, later.") { _ in "" }
    c.holds(384)
    let common = OneShotWait.Common(environment: context.environment)
    c.constructor(
        [
            .required("Time", .seconds(0...3e8), "How long to wait."),
            .optional(
                "Function", .function.annotated("fun()"), "Called without arguments; given, the wait starts at once."),
        ], "Makes a wait. Wait(Time)(Function) does the same as Wait(Time, Function)."
    ) { (call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in
            try OneShotWait(common, time: call.duration(1) ?? .zero)
        }
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
    c.method("Add", [.required("Time", .number(-3e8...3e8), "Seconds to add.")], "Makes the running countdown longer.")
    {
        (wait, call) throws(LuaFault) in
        wait.add(call.duration(1) ?? .zero)
        return .none
    }
    c.method("Change", [.required("Time", .seconds(0...3e8), "The new time.")], "Sets Time for this and later runs.") {
        (wait, call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in try wait.change(call.duration(1) ?? .zero) }
        return .none
    }
    c.remembersInstance(recall: { $0.counterpart }, remember: { $0.counterpart = $1 })
    common.onActivityChanged = { wait, isActive in (wait.counterpart as? LuaInstance)?.setActive(isActive) }
    common.onExpired = { wait in (wait.counterpart as? LuaInstance)?.call(function) }
    c.whenAttached { wait, instance, call in
        guard let call else { return }
        instance.name = call.location
        if !call.isNil(2) {
            call.push(argument: 2)
            instance.keep(function, popping: call.stack)
            wait.restart()
        }
    }
    return c
}
