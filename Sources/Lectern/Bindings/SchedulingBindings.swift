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
        timer.onActivityChanged = { [weak instance] in instance?.setActive($0) }
        timer.onStateChanged = { [weak instance] in instance?.fire(stateChanged, $1.rawValue) }
        // A handler's poll timer is made by the host and ticks for the handler.
        guard let call else {
            if timer.isActive { instance.setActive(true) }
            return
        }
        instance.name = call.location
        timer.onTick = { [weak instance] timer, count in
            guard let instance else { return }
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

/// Declares `Wait`.
func declareWait(_ context: BindingContext) -> LuaClass<OneShotWait> {
    var c = LuaClass<OneShotWait>("Wait", "Calls a function once, later.") { _ in "" }
    c.constructor(
        [
            .required("Time", .seconds(0...3e8), "How long to wait."),
            .optional("Function", .function, "Called without arguments; given, the wait starts at once."),
        ], "Makes a wait. Wait(Time)(Function) does the same as Wait(Time, Function)."
    ) { (call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in
            try OneShotWait(environment: context.environment, time: call.duration(1) ?? .zero)
        }
    }
    c.property("Time", .seconds, "How long a run takes.") { $0.time.seconds }
    let function = c.event("Function", "nothing", "What is called.", label: " expiry")
    c.method("Restart", "Calls the function one Time from now, whatever was before.") { (wait, _) throws(LuaFault) in
        wait.restart()
        return .none
    }
    c.method("Cancel", "The function will not be called.") { (wait, _) throws(LuaFault) in
        wait.cancel()
        return .none
    }
    c.method("Add", [.required("Time", .number(-3e8...3e8), "Seconds to add.")], "Puts the running countdown off.") {
        (wait, call) throws(LuaFault) in
        wait.add(call.duration(1) ?? .zero)
        return .none
    }
    c.method("Change", [.required("Time", .seconds(0...3e8), "The new time.")], "Sets Time for this and later runs.") {
        (wait, call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in try wait.change(call.duration(1) ?? .zero) }
        return .none
    }
    c.whenAttached { wait, instance, call in
        guard let call else { return }
        instance.name = call.location
        wait.onActivityChanged = { [weak instance] in instance?.setActive($0) }
        wait.onExpired = { [weak instance] in instance?.call(function) }
        if !call.isNil(2) {
            call.push(argument: 2)
            instance.keep(function, popping: call.stack)
            wait.restart()
        }
    }
    return c
}

/// Declares `Clock`.
func declareClock(_ context: BindingContext) -> LuaClass<WeeklyClock> {
    var c = LuaClass<WeeklyClock>("Clock", "Calls a function at times of day.") { $0.times.joined(separator: ", ") }
    c.constructor(
        [
            .required("Times", .table, "A list of 'HH:MM:SS' in local time."),
            .optional("Days", .table, "A list of 'Monday' … 'Sunday'; nil: every day."),
            .optional("Function", .function, "Called with the clock and the time as os.date('*t') gives it."),
        ], "Makes a clock; Enable starts it."
    ) { (call) throws(LuaFault) in
        let times = try call.stringList(1, "Times of Clock", "'HH:MM:SS'")
        let days = try call.stringList(2, "Days of Clock", "'Monday' … 'Sunday'")
        return try call.checked { () throws(ParameterError) in
            try WeeklyClock(environment: context.environment, times: times, days: days)
        }
    }
    c.property("Times", .table, "The times.") { $0.times }
    c.property("Days", .table, "The days; empty: every day.") { $0.days }
    c.property("State", .string, "'Enabled' or 'Disabled'.") { $0.state.rawValue }
    c.property("WEEKDAYS", .table, "The number of each day's name: Monday 0 … Sunday 6.") { _ in Weekdays() }
    let function = c.event("Function", "the time as os.date('*t') gives it", "What is called.", label: " time")
    c.method("Enable", "Starts calling.") { (clock, _) throws(LuaFault) in
        clock.enable()
        return .none
    }
    c.method("Disable", "Stops calling.") { (clock, _) throws(LuaFault) in
        clock.disable()
        return .none
    }
    c.method("SetTimes", [.required("Times", .table, "A list of 'HH:MM:SS'.")], "Replaces the times, at once.") {
        (clock, call) throws(LuaFault) in
        let times = try call.stringList(1, "Times of SetTimes", "'HH:MM:SS'")
        try call.checked { () throws(ParameterError) in try clock.setTimes(times) }
        return .none
    }
    c.method("SetDays", [.optional("Days", .table, "A list of days; nil: every day.")], "Replaces the days, at once.") {
        (clock, call) throws(LuaFault) in
        let days = try call.stringList(1, "Days of SetDays", "'Monday' … 'Sunday'")
        try call.checked { () throws(ParameterError) in try clock.setDays(days) }
        return .none
    }
    c.whenAttached { clock, instance, call in
        guard let call else { return }
        clock.onActivityChanged = { [weak instance] in instance?.setActive($0) }
        clock.onTime = { [weak instance] in instance?.fire(function, $1) }
        if !call.isNil(3) {
            call.push(argument: 3)
            instance.keep(function, popping: call.stack)
        }
    }
    return c
}

extension LuaCall {
    /// A list of strings; empty when left out.
    fileprivate func stringList(_ argument: Int, _ what: String, _ form: String) throws(LuaFault) -> [String] {
        if isNil(argument) { return [] }
        guard let strings = strings(argument) else {
            throw LuaFault(.typeError, "argument \(what) must be a list of strings such as \(form)")
        }
        return strings
    }
}

private struct Weekdays: LuaPushable {
    func push(onto stack: LuaStack) {
        stack.pushTable(fields: 7)
        for day in Weekday.allCases { stack.set(day.name, day.rawValue) }
    }
}
