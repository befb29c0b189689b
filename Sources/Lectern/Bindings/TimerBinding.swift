internal import ControlCore
internal import LuaRuntime
import Polling

/// Declares `Timer`.
func declareTimer(_ context: BindingContext) -> LuaClass<ControlTimer> {
    var c = LuaClass<ControlTimer>("Timer", "Calls a function again and again.") { _ in "" }
    c.holds(512)
    let common = ControlTimer.Common(environment: context.environment)
    var making = ParameterList()
    let interval = making.required(
        "Interval", .seconds(0...3e8), "The time between two calls, at least 0.01; 0 is taken as that.")
    let handler = making.optional(
        "Function", .function.annotated("fun(timer: Timer, count: integer)"),
        "Called with the timer and the count; given, the timer starts at once.")
    c.constructor(
        making, "Makes a timer. Timer(Interval)(Function) does the same as Timer(Interval, Function)."
    ) { (call) throws(LuaFault) in
        let interval = call.interval(call[interval], of: "Timer", context)
        return try call.checked { () throws(ParameterError) in try ControlTimer(common, interval: interval) }
    }
    c.property("Interval", .seconds, "The time between two calls.") { $0.interval.seconds }
    c.property("Count", .integer, "How many calls there were since the start.") { $0.count }
    c.property("State", .string.annotated("'Running'|'Paused'|'Stopped'"), "'Running', 'Paused' or 'Stopped'.") {
        $0.state.rawValue
    }
    let function = c.event("Function", .argument("count", "integer"), "What is called.", label: " tick")
    let stateChanged = c.event(
        "StateChanged", .argument("state", "'Running'|'Paused'|'Stopped'"), "The state has changed.")
    var changing = ParameterList()
    let newInterval = changing.required(
        "Interval", .seconds(0...3e8), "The new interval, at least 0.01; 0 is taken as that.")
    c.method(
        "Change", changing,
        "Sets a new interval; the next call comes one new interval from now. Count is kept."
    ) { (timer, call) throws(LuaFault) in
        let interval = call.interval(call[newInterval], of: "Change", context)
        try call.checked { () throws(ParameterError) in try timer.change(interval) }
        return .none
    }
    c.method("Pause", "Stops calling; the rest of the interval and Count are kept.") { (timer, _) throws(LuaFault) in
        timer.pause()
        return .none
    }
    c.method("Resume", "Goes on after Pause, or starts after Stop.") { (timer, _) throws(LuaFault) in
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
    c.whenIdle { timer, _ in timer.isBusy = false }
    c.remembersInstance(recall: { $0.counterpart }, remember: { $0.counterpart = $1 })
    let activityChanged = { (timer: ControlTimer, isActive: Bool) -> Void in
        (timer.counterpart as? LuaInstance)?.setActive(isActive)
    }
    let changed = { (timer: ControlTimer, state: ControlTimer.State) -> Void in
        (timer.counterpart as? LuaInstance)?.fire(stateChanged, state.rawValue)
    }
    common.onActivityChanged = activityChanged
    common.onStateChanged = changed
    common.onTick = { timer, count in
        guard let instance = timer.counterpart as? LuaInstance else { return }
        instance.fire(function, count)
        guard instance.isHandling else { return }
        timer.isBusy = true
        instance.tellWhenIdle()
    }
    c.whenAttached { timer, instance, call in
        // A handler's poll timer is made by the host and ticks for the handler.
        guard let call else {
            timer.onActivityChanged = activityChanged
            timer.onStateChanged = changed
            if timer.isActive { instance.setActive(true) }
            return
        }
        instance.name = call.location
        let handler = call.argument(for: handler)
        if !handler.isNil {
            instance.keep(function, handler)
            timer.restart()
        }
    }
    return c
}

extension LuaCall {
    /// The interval of a timer that was given `seconds`. 0, of which ports of other systems have many, is the shortest
    /// one, and is warned of once for each line that gives it.
    fileprivate func interval(_ seconds: Double, of function: String, _ context: BindingContext) -> TimeAmount {
        guard seconds == 0 else { return TimeAmount(seconds: seconds) }
        let location = location
        context.warnOnce(
            "\(function)(0) at \(location)",
            "\(location): \(function) got an interval of 0: it is taken as 0.01 s, the shortest one; Wait(0, f) calls f once, as "
                + "soon as everything else had its turn")
        return .milliseconds(10)
    }
}
