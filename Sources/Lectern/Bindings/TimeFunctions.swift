internal import ControlCore
internal import LuaRuntime

/// Declares the functions of `time`, which ported programs have from Python's module of this name.
func declareTimeFunctions(_ context: BindingContext) -> [LuaFunction] {
    var sleeping = ParameterList()
    let delay = sleeping.required("seconds", .duration(0...3e8), "How long to sleep.")
    return [
        LuaFunction(
            "time.sleep", sleeping, waits: true,
            "Suspends the calling task. Timers, handlers and other tasks go on."
        ) { (call) throws(LuaFault) in
            let delay = call[delay]
            return try call.wait { (waiter) throws(LuaFault) in
                let alarm = context.environment.schedule(after: delay) { waiter.resume() }
                return { alarm.cancel() }
            }
        },
        LuaFunction(
            "time.time", returns: .of("number", "seconds since 1970-01-01 00:00:00 UTC, with fractions"),
            "Tells the time of the system's clock."
        ) { (call) throws(LuaFault) in
            call.returning(Double(context.environment.wallClock) / 1e9)
        },
    ]
}
