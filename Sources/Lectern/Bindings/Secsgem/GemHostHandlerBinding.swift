internal import ControlCore
internal import HSMS
internal import LuaRuntime
internal import NIOCore

/// The type of a collection event with its reports.
private let eventReport =
    "{ceid: integer|string, reports: {rptid: integer|string, "
    + "values: {dvid: integer|string|nil, value: \(secsValueType)|nil}[]}[]}"

/// What a call that gives a code returns.
private let codeOrReason: LuaShape = .of("integer|nil, string?", "the code: 0 is done; nil and the reason")

/// Declares `GemHostHandler`.
func declareGemHostHandler(
    _ context: BindingContext, _ secsgem: SecsgemContext, _ peers: HsmsPeers
) -> LuaClass<GemHostHandler> {
    var c = LuaClass<GemHostHandler>("GemHostHandler", "The host's side of GEM.") { $0.hsms?.name ?? "" }
    c.holds(6144, also: { $0.hsms?.programBytes ?? 0 })
    c.constructor(
        [secsHandlerAddress] + HsmsPeers.parameters + hsmsOptions,
        "Makes a handler on a protocol, or with one of its own; enable lets communication be established."
    ) { (call) throws(LuaFault) in
        GemHostHandler(link: try peers.makeSession(call, role: .host, options: HsmsPeers.parameters.count + 2))
    }
    let face = GemHandlerFace(&c, secsgem, peers)
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
        face.attach(host, to: instance, call.stack)
        host.onAlarm = { [link = instance.link] in
            link.instance?.fire(alarmReceived, $0)
            return 0
        }
        host.onEvent = { [link = instance.link, unowned runtime = call.runtime] in
            link.instance?.fire(eventReceived, PushedReport($0, runtime))
            return 0
        }
        host.onTrace = { [link = instance.link, unowned runtime = call.runtime] in
            link.instance?.fire(traceReceived, PushedReport($0, runtime))
            return 0
        }
    }
    return c
}

private func declareControl(_ c: inout LuaClass<GemHostHandler>) {
    c.method("go_online", [], returns: codeOrReason, waits: true, "Asks the equipment to go on-line (S1F17).") {
        (host, call) throws(LuaFault) in try call.code(of: host.goOnline)
    }
    c.method("go_offline", [], returns: codeOrReason, waits: true, "Asks the equipment to go off-line (S1F15).") {
        (host, call) throws(LuaFault) in try call.code(of: host.goOffline)
    }
}

private func declareVariables(_ c: inout LuaClass<GemHostHandler>) {
    c.method(
        "request_svs",
        [.optional("svs", .any.annotated(secsIdentifierListType), "A list of identifiers; nil: all.")],
        returns: .of("(\(secsValueType))[]|nil, string?", "a list of values; nil and the reason"),
        waits: true, "Asks for status variables (S1F3)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(1, "svs")
        return try call.values { host.statusVariables(ids, completion: $0) }
    }
    c.method(
        "request_sv", [.required("sv", .any.annotated(secsIdentifierType), "The identifier.")],
        returns: .of("\(secsValueType)|nil, string?", "the value; nil and the reason"), waits: true,
        "Asks for a status variable (S1F3)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(1, "sv")
        return try call.firstValue { host.statusVariables(ids, completion: $0) }
    }
    c.method(
        "list_svs",
        [.optional("svs", .any.annotated(secsIdentifierListType), "A list of identifiers; nil: all.")],
        returns: .of(
            "{id: integer|string, name: string, units: string}[]|nil, string?",
            "a list, one table for each; nil and the reason"), waits: true,
        "Asks for the names of status variables (S1F11)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(1, "svs")
        return try call.result(of: { host.statusVariableNames(ids, completion: $0) }, push: { $1.push($0) })
    }
}

private func declareConstants(_ c: inout LuaClass<GemHostHandler>) {
    c.method(
        "request_ecs",
        [.optional("ecs", .any.annotated(secsIdentifierListType), "A list of identifiers; nil: all.")],
        returns: .of("(\(secsValueType))[]|nil, string?", "a list of values; nil and the reason"),
        waits: true, "Asks for equipment constants (S2F13)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(1, "ecs")
        return try call.values { host.constants(ids, completion: $0) }
    }
    c.method(
        "request_ec", [.required("ec", .any.annotated(secsIdentifierType), "The identifier.")],
        returns: .of("\(secsValueType)|nil, string?", "the value; nil and the reason"), waits: true,
        "Asks for an equipment constant (S2F13)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(1, "ec")
        return try call.firstValue { host.constants(ids, completion: $0) }
    }
    c.method(
        "list_ecs",
        [.optional("ecs", .any.annotated(secsIdentifierListType), "A list of identifiers; nil: all.")],
        returns: .of(
            "{id: integer|string, name: string, min: \(secsValueType)|nil, max: \(secsValueType)|nil, "
                + "default: \(secsValueType)|nil, units: string}[]|nil, string?",
            "a list, one table for each; nil and the reason"),
        waits: true, "Asks for the names and bounds of equipment constants (S2F29)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(1, "ecs")
        let runtime = call.runtime
        return try call.result(
            of: { host.constantNames(ids, completion: $0) },
            push: { [unowned runtime] names, stack in
                stack.push(list: names) { $0.push(onto: $1, of: runtime) }
            })
    }
    c.method(
        "set_ecs",
        [
            .required(
                "ecs", .table.annotated("{[1]: integer|string, [2]: \(secsValueType)}[]"),
                "A list of pairs {identifier, value}.")
        ], returns: codeOrReason,
        waits: true, "Changes equipment constants (S2F15): all of them, or none."
    ) { (host, call) throws(LuaFault) in
        let pairs = try call.pairs(1, "ecs")
        var values: [(id: GemID, value: SecsItem)] = []
        for (key, value) in pairs { values.append((try GemID(key, "ecs"), try SecsItem(value))) }
        return try call.code { host.setConstants(values, completion: $0) }
    }
    c.method(
        "set_ec",
        [
            .required("ec", .any.annotated(secsIdentifierType), "The identifier."),
            .required("value", .any.annotated(secsValueType), "A value or SecsItem."),
        ],
        returns: codeOrReason, waits: true, "Changes an equipment constant (S2F15)."
    ) { (host, call) throws(LuaFault) in
        let value = (id: try GemID(call.value(1), "ec"), value: try SecsItem(call.value(2)))
        return try call.code { host.setConstants([value], completion: $0) }
    }
}

private func declareEvents(_ c: inout LuaClass<GemHostHandler>) {
    c.method(
        "subscribe_collection_event",
        [
            .required("ceid", .any.annotated(secsIdentifierType), "The event."),
            .required("dvs", .any.annotated(secsIdentifierListType), "A list of variables."),
            .optional(
                "report_id", .any.annotated(secsIdentifierType), "The report; nil: the next free number from 1000 on."),
        ], returns: .of("integer|nil, string?", "the code of the step that failed, or 0; nil and the reason"),
        waits: true,
        "Defines a report of the variables, links it to the event and enables the event (S2F33, S2F35, S2F37)."
    ) { (host, call) throws(LuaFault) in
        let event = try GemID(call.value(1), "ceid")
        let variables = try call.identifiers(2, "dvs")
        let report = try call.identifier(3, "report_id") ?? host.nextReportID()
        return try call.code { host.subscribe(to: event, report: report, variables: variables, completion: $0) }
    }
    c.method(
        "disable_ceids", [], returns: codeOrReason, waits: true, "Disables all collection events (S2F37)."
    ) { (host, call) throws(LuaFault) in try call.code { host.enable(false, completion: $0) } }
    c.method(
        "disable_ceid_reports", [], returns: codeOrReason, waits: true, "Deletes all reports and their links (S2F33)."
    ) { (host, call) throws(LuaFault) in try call.code(of: host.deleteReports) }
    c.method(
        "clear_collection_events", [], returns: codeOrReason, waits: true,
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
        "request_event_report", [.required("ceid", .any.annotated(secsIdentifierType), "The event.")],
        returns: .of(
            "\(eventReport)|nil, string?",
            "a table as collection_event_received gets; nil and the reason"), waits: true,
        "Asks for the reports that the event would have if it happened now (S6F15)."
    ) { (host, call) throws(LuaFault) in
        let event = try GemID(call.value(1), "ceid")
        let runtime = call.runtime
        return try call.result(
            of: { host.report(of: event, completion: $0) },
            push: { [unowned runtime] in $0.push(onto: $1, of: runtime) })
    }
}

private func declareAlarms(_ c: inout LuaClass<GemHostHandler>) {
    for (name, isEnabled) in [("enable_alarm", true), ("disable_alarm", false)] {
        c.method(
            name, [.optional("alid", .any.annotated(secsIdentifierType), "The alarm; nil: all.")],
            returns: codeOrReason,
            waits: true,
            "\(isEnabled ? "Enables" : "Disables") an alarm (S5F3)."
        ) { (host, call) throws(LuaFault) in
            let alarm = try call.identifier(1, "alid")
            return try call.code { host.enable(isEnabled, alarm: alarm, completion: $0) }
        }
    }
    let list: LuaShape = .of(
        "{alid: integer|string, code: integer, set: boolean, text: string}[]|nil, string?",
        "a list, one table for each; nil and the reason")
    c.method(
        "list_alarms",
        [.optional("alids", .any.annotated(secsIdentifierListType), "A list of identifiers; nil: all.")],
        returns: list, waits: true,
        "Asks for alarms (S5F5)."
    ) { (host, call) throws(LuaFault) in
        let ids = try call.identifiers(1, "alids")
        return try call.result(of: { host.alarms(ids, completion: $0) }, push: { $1.push($0) })
    }
    c.method("list_enabled_alarms", [], returns: list, waits: true, "Asks for the alarms that are enabled (S5F7).") {
        (host, call) throws(LuaFault) in try call.result(of: host.enabledAlarms, push: { $1.push($0) })
    }
}

private func declareCommands(_ c: inout LuaClass<GemHostHandler>) {
    c.method(
        "send_remote_command",
        [
            .required("rcmd", .string, "The command."),
            .optional(
                "params",
                .table.annotated(
                    "table<string, \(secsValueType)>|{[1]: string, [2]: \(secsValueType)}[]"
                ), "Its parameters: a list of pairs {name, value}, or a table by name."),
        ],
        returns:
            .of(
                "integer|nil, (table<string, integer>|string)?",
                "the code: 0 is done, 4 will be done; then the codes of wrong parameters by name, if there are any; "
                    + "nil and the reason"
            ),
        waits: true, "Gives a command (S2F41)."
    ) { (host, call) throws(LuaFault) in
        var parameters: [(name: SecsText, value: SecsItem)] = []
        for (key, value) in call.isNil(2) ? [] : try call.pairs(2, "params") {
            guard case .string(let name) = key else {
                throw LuaFault(.typeError, "argument 'params' must have names that are strings")
            }
            parameters.append((SecsText(name), try SecsItem(value)))
        }
        let command = call.secsText(1)
        return try call.command { host.command(command, parameters: parameters, completion: $0) }
    }
    c.method(
        "send_equipment_terminal",
        [
            .required("terminal_id", .integer(0...255), "The terminal; 0 is the main one."),
            .required("text", .string, "The line."),
        ], returns: codeOrReason, waits: true, "Sends a line to a terminal of the equipment (S10F3)."
    ) { (host, call) throws(LuaFault) in
        try call.result(
            of: { host.terminals.send(call.secsText(2), terminal: call.byte(1) ?? 0, completion: $0) },
            push: { $1.push(Int($0.rawValue)) })
    }
}

private func declareServices(_ c: inout LuaClass<GemHostHandler>) {
    c.method(
        "delete_process_programs", [.required("ppids", .table.annotated("string[]"), "A list of names.")],
        returns: codeOrReason, waits: true,
        "Deletes process programs (S7F17)."
    ) { (host, call) throws(LuaFault) in
        guard let names = call.secsTexts(1) else {
            throw LuaFault(.typeError, "argument 'ppids' must be a list of strings")
        }
        return try call.result(
            of: { host.processPrograms.delete(names, completion: $0) }, push: { $1.push(Int($0.rawValue)) })
    }
    c.method(
        "get_process_program_list", [], returns: .of("string[]|nil, string?", "a list of names; nil and the reason"),
        waits: true,
        "Asks for the names of the process programs (S7F19)."
    ) { (host, call) throws(LuaFault) in
        try call.result(of: host.processPrograms.list, push: { $1.push($0) })
    }
    c.method(
        "start_trace",
        [
            .required("trid", .any.annotated(secsIdentifierType), "The trace."),
            .required("period", .seconds(0.01...356_400), "The time from one sample to the next."),
            .required("total", .integer(0...Int.max), "How many samples; 0 ends the trace."),
            .required("svs", .any.annotated(secsIdentifierListType), "A list of status variables."),
            .optional("group_size", .integer(1...Int.max), default: "1", "How many samples come in one message."),
        ], returns: codeOrReason, waits: true,
        "Makes the equipment send samples of status variables (S2F23); they come with trace_received."
    ) { (host, call) throws(LuaFault) in
        let (id, variables) = (try GemID(call.value(1), "trid"), try call.identifiers(4, "svs"))
        return try call.code { completion in
            host.trace(
                id, period: call.duration(2) ?? .seconds(1), total: UInt64(call.integer(3) ?? 0),
                groupSize: UInt64(call.integer(5) ?? 1), variables: variables, completion: completion)
        }
    }
    c.method(
        "unload_spool", [.optional("purge", .boolean, default: "false", "Whether the messages are dropped instead.")],
        returns: codeOrReason, waits: true,
        "Fetches the messages that the equipment has kept while there was no communication (S6F23)."
    ) { (host, call) throws(LuaFault) in
        try call.code { host.unloadSpool(purge: call.boolean(1), completion: $0) }
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
    fileprivate func pairs(
        _ argument: Int, _ parameter: String
    ) throws(LuaFault) -> [(key: LuaValue, value: LuaValue)] {
        switch try value(argument) {
        case .fields(let fields): return fields.sorted { $0.key.order < $1.key.order }
        case .list(let values):
            var pairs: [(key: LuaValue, value: LuaValue)] = []
            for value in values {
                guard case .list(let pair) = value, pair.count == 2 else {
                    throw LuaFault(.typeError, "argument '\(parameter)' must hold pairs, such as {'NAME', 1}")
                }
                pairs.append((pair[0], pair[1]))
            }
            return pairs
        default: throw LuaFault(.typeError, "argument '\(parameter)' must be a table")
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
