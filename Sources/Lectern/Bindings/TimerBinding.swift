internal import ControlCore
internal import LuaRuntime
internal import NIOCore

/// Declares `Timer`.
func declareTimer(_ context: BindingContext) -> LuaClass<ControlTimer> {
    var c = LuaClass<ControlTimer>("Timer", "Calls a function again and again.") { _ in "" }
    c.constructor(
        [
            .required("Interval", .seconds(0.01...3e8), "The time between two calls."),
            .optional("Function", .function, "Called with the timer and the count; given, the timer starts at once."),
        ], "Makes a timer. Timer(Interval)(Function) does the same as Timer(Interval, Function)."
    ) { (call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in
            try ControlTimer(environment: context.environment, interval: call.duration(1) ?? .seconds(1))
        }
    }
    c.property("Interval", .seconds, "The time between two calls.") { $0.interval.seconds }
    c.property("Count", .integer, "How many calls there were since the start.") { $0.count }
    c.property("State", .string, "'Running', 'Paused' or 'Stopped'.") { $0.state.rawValue }
    let function = c.event("Function", "the count", "What is called.", label: " tick")
    let stateChanged = c.event("StateChanged", "'Running', 'Paused' or 'Stopped'", "The state has changed.")
    c.method(
        "Change", [.required("Interval", .seconds(0.01...3e8), "The new interval.")],
        "Sets a new interval; the next call comes one new interval from now. Count is kept."
    ) { (timer, call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in try timer.change(call.duration(1) ?? .seconds(1)) }
        return .none
    }
    c.method("Pause", "Stops calling; the rest of the interval and Count are kept.") { (timer, _) throws(LuaFault) in
        timer.pause()
        return .none
    }
    c.method("Resume", "Goes on after Pause or Stop.") { (timer, _) throws(LuaFault) in
        timer.resume()
        return .none
    }
    c.method("Restart", "Sets Count to 0; the first call comes one interval from now.") { (timer, _) throws(LuaFault) in
        timer.restart()
        return .none
    }
    c.method("Stop", "Stops calling and resets the interval and Count.") { (timer, _) throws(LuaFault) in
        timer.stop()
        return .none
    }
    c.whenAttached { timer, instance, call in
        timer.onActivityChanged = { [link = instance.link] in link.instance?.setActive($0) }
        timer.onStateChanged = { [link = instance.link] in link.instance?.fire(stateChanged, $1.rawValue) }
        // A handler's poll timer is made by the host and ticks for the handler.
        guard let call else {
            if timer.isActive { instance.setActive(true) }
            return
        }
        instance.name = call.location
        timer.onTick = { [link = instance.link] timer, count in
            guard let instance = link.instance else { return }
            instance.fire(function, count)
            timer.isBusy = instance.isHandling
        }
        instance.onIdle = { [weak timer] in timer?.isBusy = false }
        if !call.isNil(2) {
            call.push(argument: 2)
            instance.keep(function, popping: call.stack)
            timer.restart()
        }
    }
    return c
}
