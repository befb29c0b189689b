internal import ControlCore
internal import LuaRuntime

/// Declares `Clock`.
func declareClock(_ context: BindingContext) -> LuaClass<WeeklyClock> {
    var c = LuaClass<WeeklyClock>("Clock", "Calls a function at times of day.") { $0.times.joined(separator: ", ") }
    c.holds(1024, also: { $0.times.reduce(0) { $0 + 64 + $1.utf8.count } })
    var making = ParameterList()
    let times = making.required("Times", .table.annotated("string[]"), "A list of 'HH:MM:SS' in local time.")
    let days = making.optional(
        "Days", .table.annotated("string[]"), "A list of 'Monday' … 'Sunday'; nil: every day.")
    let handler = making.optional(
        "Function", .function.annotated("fun(clock: Clock, time: osdate)"),
        "Called with the clock and the time as os.date('*t') gives it.")
    c.constructor(making, "Makes a clock; Enable starts it.") { (call) throws(LuaFault) in
        let times = try stringList(call[times], "Times of Clock", "'HH:MM:SS'")
        let days = try stringList(call[days], "Days of Clock", "'Monday' … 'Sunday'")
        return try call.checked { () throws(ParameterError) in
            try WeeklyClock(environment: context.environment, times: times, days: days)
        }
    }
    c.property("Times", .table.annotated("string[]"), "The times.") { $0.times }
    c.property("Days", .table.annotated("string[]"), "The days; empty: every day.") { $0.days }
    c.property("State", .string.annotated("'Enabled'|'Disabled'"), "'Enabled' or 'Disabled'.") { $0.state.rawValue }
    c.property(
        "WEEKDAYS", .table.annotated("table<string, integer>"), "The number of each day's name: Monday 0 … Sunday 6."
    ) { _ in Weekdays() }
    let function = c.event(
        "Function", .argument("time", "osdate", "as os.date('*t') gives it"), "What is called.", label: " time")
    c.method("Enable", "Starts calling.") { (clock, _) throws(LuaFault) in
        clock.enable()
        return .none
    }
    c.method("Disable", "Stops calling.") { (clock, _) throws(LuaFault) in
        clock.disable()
        return .none
    }
    var setting = ParameterList()
    let newTimes = setting.required("Times", .table.annotated("string[]"), "A list of 'HH:MM:SS'.")
    c.method("SetTimes", setting, "Replaces the times. Takes effect at once.") { (clock, call) throws(LuaFault) in
        let times = try stringList(call[newTimes], "Times of SetTimes", "'HH:MM:SS'")
        try call.checked { () throws(ParameterError) in try clock.setTimes(times) }
        return .none
    }
    var settingDays = ParameterList()
    let newDays = settingDays.optional("Days", .table.annotated("string[]"), "A list of days; nil: every day.")
    c.method("SetDays", settingDays, "Replaces the days. Takes effect at once.") { (clock, call) throws(LuaFault) in
        let days = try stringList(call[newDays], "Days of SetDays", "'Monday' … 'Sunday'")
        try call.checked { () throws(ParameterError) in try clock.setDays(days) }
        return .none
    }
    c.whenAttached { clock, instance, call in
        guard let call else { return }
        clock.onActivityChanged = instance.activityHandler
        clock.onTime = { [reference = instance.weakReference] in reference.instance?.fire(function, $1) }
        let handler = call.argument(for: handler)
        if !handler.isNil { instance.keep(function, handler) }
    }
    return c
}

/// A list of strings; empty when left out.
private func stringList(_ list: LuaArgument?, _ what: String, _ form: String) throws(LuaFault) -> [String] {
    guard let list else { return [] }
    guard let strings = list.strings else {
        throw LuaFault(.typeError, "argument \(what) must be a list of strings such as \(form)")
    }
    guard strings.count <= mostClockEntries else {
        throw LuaFault(
            .valueError,
            "argument \(what) has \(strings.count) entries; at most \(mostClockEntries): a day has as many seconds")
    }
    return strings
}

/// The most times, and days, of a Clock.
let mostClockEntries = 86_400

private struct Weekdays: LuaPushable {
    func push(onto stack: LuaStack) {
        stack.pushTable(fields: 7)
        for day in Weekday.allCases { stack.set(day.name, day.rawValue) }
    }
}
