internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// The type of a collection event with its reports.
private let eventReport =
    "{ceid: integer|string, reports: {rptid: integer|string, "
    + "values: {dvid: integer|string|nil, value: \(secsValueType)|nil}[]}[]}"

/// Declares `GemHostHandler`.
func declareGemHostHandler(_ secsgem: SecsgemContext, _ peers: HsmsPeers) -> LuaClass<GemHostHandler> {
    var c = LuaClass<GemHostHandler>("GemHostHandler", "The host's side of GEM.") { $0.hsms?.name ?? "" }
    c.holds(6144, also: { $0.hsms?.programBytes ?? 0 })
    var parameters = ParameterList()
    let given = SecsHandlerParameters(&parameters)
    c.constructor(
        parameters, "Makes a handler on a protocol, or with one of its own; enable lets communication be established."
    ) { (call) throws(LuaFault) in
        GemHostHandler(session: try peers.makeSession(call, given, role: .host))
    }
    let members = GemHandlerMembers(&c, secsgem, peers)
    declareControl(&c)
    declareVariables(&c)
    declareConstants(&c)
    declareEvents(&c)
    declareAlarms(&c)
    declareCommands(&c)
    declareServices(&c)
    let alarmReceived = c.event(
        "alarm_received", .argument("data", "{alid: integer|string, code: integer, set: boolean, text: string}"),
        "An alarm was set or cleared.")
    let eventReceived = c.event(
        "collection_event_received",
        .argument(
            "data",
            eventReport
        ),
        "A collection event has happened.")
    let traceReceived = c.event(
        "trace_received",
        .argument(
            "data", "{trid: integer|string, sample: integer, time: string, values: (\(secsValueType))[]}"),
        "Samples of a trace have come.")
    c.whenAttached { host, instance, call in
        guard let call else { return }
        members.attach(host, to: instance, call.stack)
        host.onAlarm = { [reference = instance.weakReference] in
            reference.instance?.fire(alarmReceived, $0)
            return 0
        }
        host.onEvent = { [reference = instance.weakReference, unowned runtime = call.runtime] in
            reference.instance?.fire(eventReceived, PushedReport($0, runtime))
            return 0
        }
        host.onTrace = { [reference = instance.weakReference, unowned runtime = call.runtime] in
            reference.instance?.fire(traceReceived, PushedReport($0, runtime))
            return 0
        }
    }
    return c
}

private func declareControl(_ c: inout LuaClass<GemHostHandler>) {
    c.method("go_online", returns: codeOrReason, waits: true, "Asks the equipment to go on-line (S1F17).") {
        (host, call) throws(LuaFault) in try call.code(of: host.goOnline)
    }
    c.method("go_offline", returns: codeOrReason, waits: true, "Asks the equipment to go off-line (S1F15).") {
        (host, call) throws(LuaFault) in try call.code(of: host.goOffline)
    }
}

private func declareVariables(_ c: inout LuaClass<GemHostHandler>) {
    var several = ParameterList()
    let ids = several.optional("svs", .identifiers, "A list of identifiers; nil: all.")
    var one = ParameterList()
    let id = one.required("sv", .identifier, "The identifier.")
    c.method(
        "request_svs", several,
        returns: .of("(\(secsValueType))[]|nil, string?", "a list of values; nil and the reason"),
        waits: true, "Asks for status variables (S1F3)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(ids)
        return try call.values { host.statusVariables(ids, completion: $0) }
    }
    c.method(
        "request_sv", one,
        returns: .of("\(secsValueType)|nil, string?", "the value; nil and the reason"), waits: true,
        "Asks for a status variable (S1F3)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(id)
        return try call.firstValue { host.statusVariables(ids, completion: $0) }
    }
    c.method(
        "list_svs", several,
        returns: .of(
            "{id: integer|string, name: string, units: string}[]|nil, string?",
            "a list, one table for each; nil and the reason"), waits: true,
        "Asks for the names of status variables (S1F11)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(ids)
        return try call.result(of: { host.statusVariableNames(ids, completion: $0) }, push: { $1.push($0) })
    }
}

private func declareConstants(_ c: inout LuaClass<GemHostHandler>) {
    var several = ParameterList()
    let ids = several.optional("ecs", .identifiers, "A list of identifiers; nil: all.")
    var one = ParameterList()
    let id = one.required("ec", .identifier, "The identifier.")
    c.method(
        "request_ecs", several,
        returns: .of("(\(secsValueType))[]|nil, string?", "a list of values; nil and the reason"),
        waits: true, "Asks for equipment constants (S2F13)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(ids)
        return try call.values { host.constants(ids, completion: $0) }
    }
    c.method(
        "request_ec", one,
        returns: .of("\(secsValueType)|nil, string?", "the value; nil and the reason"), waits: true,
        "Asks for an equipment constant (S2F13)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(id)
        return try call.firstValue { host.constants(ids, completion: $0) }
    }
    c.method(
        "list_ecs", several,
        returns: .of(
            "{id: integer|string, name: string, min: \(secsValueType)|nil, max: \(secsValueType)|nil, "
                + "default: \(secsValueType)|nil, units: string}[]|nil, string?",
            "a list, one table for each; nil and the reason"),
        waits: true, "Asks for the names and bounds of equipment constants (S2F29)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(ids)
        let runtime = call.runtime
        return try call.result(
            of: { host.constantNames(ids, completion: $0) },
            push: { [unowned runtime] names, stack in
                stack.push(list: names) { $0.push(onto: $1, of: runtime) }
            })
    }
    var changes = ParameterList()
    let constants = changes.required(
        "ecs", .table.annotated("{[1]: integer|string, [2]: \(secsValueType)}[]"),
        "A list of pairs {identifier, value}.")
    c.method(
        "set_ecs", changes, returns: codeOrReason, waits: true,
        "Changes equipment constants (S2F15): all of them, or none."
    ) { (host, call) throws(LuaFault) in
        var values: [(id: GemID, value: SecsItem)] = []
        for (key, value) in try call.pairs(constants) {
            values.append((try GemID(key, call.name(of: constants)), try SecsItem(value)))
        }
        return try call.code { host.setConstants(values, completion: $0) }
    }
    var change = one
    let value = change.required("value", .secsValue, "A value or SecsItem.")
    c.method("set_ec", change, returns: codeOrReason, waits: true, "Changes an equipment constant (S2F15).") {
        (host, call) throws(LuaFault) in
        let value = (id: try call.identifier(id), value: try SecsItem(call.value(of: value)))
        return try call.code { host.setConstants([value], completion: $0) }
    }
}

private func declareEvents(_ c: inout LuaClass<GemHostHandler>) {
    var one = ParameterList()
    let event = one.required("ceid", .identifier, "The event.")
    var subscription = one
    let variables = subscription.required("dvs", .identifiers, "A list of variables.")
    let report = subscription.optional(
        "report_id", .identifier, "The report; nil: the next free number from 1000 on.")
    c.method(
        "subscribe_collection_event", subscription,
        returns: .of("integer|nil, string?", "the code of the step that failed, or 0; nil and the reason"), waits: true,
        "Defines a report of the variables, links it to the event and enables the event (S2F33, S2F35, S2F37)."
    ) { (host, call) throws(LuaFault) in
        let event = try call.identifier(event)
        let variables = try call.identifiers(variables)
        let report = try call.identifier(report) ?? host.nextReportID()
        return try call.code { host.subscribe(to: event, report: report, variables: variables, completion: $0) }
    }
    c.method(
        "disable_ceids", returns: codeOrReason, waits: true, "Disables all collection events (S2F37)."
    ) { (host, call) throws(LuaFault) in try call.code { host.enable(false, completion: $0) } }
    c.method(
        "disable_ceid_reports", returns: codeOrReason, waits: true, "Deletes all reports and their links (S2F33)."
    ) { (host, call) throws(LuaFault) in try call.code(of: host.deleteReports) }
    c.method(
        "clear_collection_events", returns: codeOrReason, waits: true,
        "Disables all collection events and deletes all reports."
    ) { (host, call) throws(LuaFault) in
        try call.code { completion in
            host.enable(false) { [weak host] result in
                guard let host, case .success(0) = result else { return completion(result) }
                host.deleteReports(completion: completion)
            }
        }
    }
    c.method(
        "request_event_report", one,
        returns: .of(
            "\(eventReport)|nil, string?",
            "a table as collection_event_received gets; nil and the reason"), waits: true,
        "Asks for the reports that the event would have if it happened now (S6F15)."
    ) { (host, call) throws(LuaFault) in
        let event = try call.identifier(event)
        let runtime = call.runtime
        return try call.result(
            of: { host.report(of: event, completion: $0) },
            push: { [unowned runtime] in $0.push(onto: $1, of: runtime) })
    }
}

private func declareAlarms(_ c: inout LuaClass<GemHostHandler>) {
    var one = ParameterList()
    let alarm = one.optional("alid", .identifier, "The alarm; nil: all.")
    for (name, isEnabled) in [("enable_alarm", true), ("disable_alarm", false)] {
        c.method(
            name, one, returns: codeOrReason, waits: true,
            "\(isEnabled ? "Enables" : "Disables") an alarm (S5F3)."
        ) { (host, call) throws(LuaFault) in
            let alarm = try call.identifier(alarm)
            return try call.code { host.enable(isEnabled, alarm: alarm, completion: $0) }
        }
    }
    let list: LuaShape = .of(
        "{alid: integer|string, code: integer, set: boolean, text: string}[]|nil, string?",
        "a list, one table for each; nil and the reason")
    var several = ParameterList()
    let ids = several.optional("alids", .identifiers, "A list of identifiers; nil: all.")
    c.method("list_alarms", several, returns: list, waits: true, "Asks for alarms (S5F5).") {
        (host, call) throws(LuaFault) in
        let ids = try call.identifiers(ids)
        return try call.result(of: { host.alarms(ids, completion: $0) }, push: { $1.push($0) })
    }
    c.method("list_enabled_alarms", returns: list, waits: true, "Asks for the alarms that are enabled (S5F7).") {
        (host, call) throws(LuaFault) in try call.result(of: host.enabledAlarms, push: { $1.push($0) })
    }
}

private func declareCommands(_ c: inout LuaClass<GemHostHandler>) {
    var giving = ParameterList()
    let command = giving.required("rcmd", .secsText, "The command.")
    let values = giving.optional(
        "params", .table.annotated("table<string, \(secsValueType)>|{[1]: string, [2]: \(secsValueType)}[]"),
        "Its parameters: a list of pairs {name, value}, or a table by name.")
    c.method(
        "send_remote_command", giving,
        returns:
            .of(
                "integer|nil, (table<string, integer>|string)?",
                "the code: 0 is done, 4 will be done; then the codes of wrong parameters by name, if there are any; "
                    + "nil and the reason"
            ),
        waits: true, "Gives a command (S2F41)."
    ) { (host, call) throws(LuaFault) in
        var parameters: [(name: SecsText, value: SecsItem)] = []
        for (key, value) in call[values] == nil ? [] : try call.pairs(values) {
            guard case .string(let name) = key else {
                throw LuaFault(.typeError, "argument '\(call.name(of: values))' must have names that are strings")
            }
            parameters.append((SecsText(name), try SecsItem(value)))
        }
        return try call.command { host.command(call[command], parameters: parameters, completion: $0) }
    }
    var line = ParameterList()
    let terminal = line.required("terminal_id", .byte, "The terminal; 0 is the main one.")
    let text = line.required("text", .secsText, "The line.")
    c.method(
        "send_equipment_terminal", line, returns: codeOrReason, waits: true,
        "Sends a line to a terminal of the equipment (S10F3)."
    ) { (host, call) throws(LuaFault) in
        try call.code { host.terminals.send(call[text], terminal: call[terminal], completion: $0) }
    }
}

private func declareServices(_ c: inout LuaClass<GemHostHandler>) {
    var deletion = ParameterList()
    let names = deletion.required("ppids", .strings, "A list of names.")
    c.method(
        "delete_process_programs", deletion, returns: codeOrReason, waits: true, "Deletes process programs (S7F17)."
    ) { (host, call) throws(LuaFault) in
        let names = try call.secsTexts(names)
        return try call.code { host.processPrograms.delete(names, completion: $0) }
    }
    c.method(
        "get_process_program_list", returns: .of("string[]|nil, string?", "a list of names; nil and the reason"),
        waits: true,
        "Asks for the names of the process programs (S7F19)."
    ) { (host, call) throws(LuaFault) in
        try call.result(of: host.processPrograms.list, push: { $1.push($0) })
    }
    declareTrace(&c)
    var unloading = ParameterList()
    let purges = unloading.optional("purge", .boolean, default: false, "Whether the messages are dropped instead.")
    c.method(
        "unload_spool", unloading, returns: codeOrReason, waits: true,
        "Fetches the messages that the equipment has kept while there was no communication (S6F23)."
    ) { (host, call) throws(LuaFault) in
        try call.code { host.unloadSpool(purge: call[purges], completion: $0) }
    }
}

private func declareTrace(_ c: inout LuaClass<GemHostHandler>) {
    var parameters = ParameterList()
    let trace = parameters.required("trid", .identifier, "The trace.")
    let period = parameters.required("period", .duration(0.01...356_400), "The time from one sample to the next.")
    let total = parameters.required("total", .integer(0...Int.max), "How many samples; 0 ends the trace.")
    let variables = parameters.required("svs", .identifiers, "A list of status variables.")
    let groupSize = parameters.optional(
        "group_size", .integer(1...Int.max), default: 1, "How many samples come in one message.")
    c.method(
        "start_trace", parameters, returns: codeOrReason, waits: true,
        "Makes the equipment send samples of status variables (S2F23); they come with trace_received."
    ) { (host, call) throws(LuaFault) in
        let (id, variables) = (try call.identifier(trace), try call.identifiers(variables))
        return try call.code { completion in
            host.trace(
                id, period: call[period], total: UInt64(call[total]), groupSize: UInt64(call[groupSize]),
                variables: variables, completion: completion)
        }
    }
}

extension GemHostHandler {
    /// A report that this side has not defined, from 1000 on as secsgem has it.
    fileprivate func nextReportID() -> GemID {
        var number: UInt64 = 1_000
        while hasDefined(report: .number(number)) { number += 1 }
        return .number(number)
    }
}

extension LuaCall {
    /// The entries of a table by name, or of a list of pairs.
    fileprivate func pairs<Value>(
        _ parameter: Parameter<Value>
    ) throws(LuaFault) -> [(key: LuaValue, value: LuaValue)] {
        switch try value(of: parameter) {
        case .fields(let fields): return fields.sorted { $0.key.order < $1.key.order }
        case .list(let values):
            var pairs: [(key: LuaValue, value: LuaValue)] = []
            for value in values {
                guard case .list(let pair) = value, pair.count == 2 else {
                    throw LuaFault(.typeError, "argument '\(name(of: parameter))' must hold pairs, such as {'NAME', 1}")
                }
                pairs.append((pair[0], pair[1]))
            }
            return pairs
        default: throw LuaFault(.typeError, "argument '\(name(of: parameter))' must be a table")
        }
    }

    /// Suspends the task until values have come.
    fileprivate func values(
        of begin: (@escaping (SecsResult<[SecsItem]>) -> Void) -> Void
    ) throws(LuaFault) -> LuaResult {
        let runtime = self.runtime
        return try result(of: begin) { [unowned runtime] items, stack in
            stack.push(list: items) { $1.push(PlainItem($0, runtime)) }
        }
    }

    /// Suspends the task until a value has come.
    fileprivate func firstValue(
        of begin: (@escaping (SecsResult<[SecsItem]>) -> Void) -> Void
    ) throws(LuaFault) -> LuaResult {
        let runtime = self.runtime
        return try result(of: begin) { [unowned runtime] in $1.push(PlainItem($0.first, runtime)) }
    }

    /// Suspends the task until a command is answered.
    fileprivate func command(
        _ begin: (@escaping (SecsResult<GemHostHandler.CommandReply>) -> Void) -> Void
    ) throws(LuaFault) -> LuaResult {
        try wait { (waiter) throws(LuaFault) in
            begin { result in
                guard case .success(let reply) = result else {
                    waiter.resume { stack in result.pushFailure(onto: stack) }
                    return
                }
                waiter.resume { stack in
                    stack.push(Int(reply.code))
                    guard !reply.faults.isEmpty else { return .values(1) }
                    stack.pushTable(fields: reply.faults.count)
                    for fault in reply.faults { stack.set(fault.name.bytes, Int(fault.code)) }
                    return .values(2)
                }
            }
            return nil
        }
    }
}

extension LuaValue {
    /// Entries of a table have no order; this gives them one.
    fileprivate var order: SecsText {
        switch self {
        case .string(let bytes): SecsText(bytes)
        case .integer(let number): SecsText("\(number)")
        default: ""
        }
    }
}
