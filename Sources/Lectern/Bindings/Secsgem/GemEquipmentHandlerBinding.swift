internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// Declares `GemEquipmentHandler`.
func declareGemEquipmentHandler(
    _ context: BindingContext, _ secsgem: SecsgemContext, _ peers: HsmsPeers
) -> LuaClass<GemEquipmentHandler> {
    var c = LuaClass<GemEquipmentHandler>("GemEquipmentHandler", "The equipment's side of GEM.") {
        $0.hsms?.name ?? ""
    }
    c.holds(8192, also: { $0.declaredBytes + $0.spool.heldBytes + ($0.hsms?.programBytes ?? 0) })
    c.constructor(
        [secsHandlerAddress] + HsmsPeers.parameters + hsmsOptions + [
            .optional(
                "initial_control_state", .oneOf(["ATTEMPT_ONLINE", "EQUIPMENT_OFFLINE", "HOST_OFFLINE", "ONLINE"]),
                default: "'ATTEMPT_ONLINE'", "The control state at the start."),
            .optional(
                "initial_online_control_state", .oneOf(["REMOTE", "LOCAL"]), default: "'REMOTE'",
                "Who is in command when it goes on-line: the host or the operator."),
        ], "Makes a handler on a protocol, or with one of its own; enable lets communication be established."
    ) { (call) throws(LuaFault) in
        let options = HsmsPeers.parameters.count + 2
        let first = options + hsmsOptions.count
        let session = try peers.makeSession(call, role: .equipment, options: options)
        return GemEquipmentHandler(
            link: session, identity: GemIdentity(model: "lectern", revision: SecsText(LecternVersion.current)),
            control: call.controlConfiguration(first))
    }
    let face = GemHandlerFace(&c, secsgem, peers)
    declareControl(&c)
    declareItems(&c)
    declareReports(&c)
    declareCommands(&c, face.secs, peers)
    let stateChanged = c.event(
        "control_state_changed",
        .argument("state", "'EQUIPMENT_OFFLINE'|'ATTEMPT_ONLINE'|'HOST_OFFLINE'|'ONLINE_LOCAL'|'ONLINE_REMOTE'"),
        "The control state has changed.")
    let constantChanged = c.event(
        "equipment_constant_changed", .argument("data", "{ecid: integer|string, value: \(secsValueType)}"),
        "The host has changed an equipment constant.")
    declareConstants(&c, constantChanged)
    c.whenAttached { equipment, instance, call in
        guard let call else { return }
        face.attach(equipment, to: instance, call.stack)
        equipment.onControlStateChanged = { [link = instance.link] in link.instance?.fire(stateChanged, $0.name) }
        let complain = { [weak equipment] (what: String, result: SecsResult<UInt8>) in
            equipment?.onFault?("\(what) was not taken by the host: \(result.outcomeText)")
        }
        equipment.events.onReportFailed = { complain("the report of event \($0)", $1) }
        equipment.alarms.onReportFailed = { complain("the report of alarm \($0)", $1) }
        for constant in equipment.variables.constants { constant.tell(instance, constantChanged) }
    }
    return c
}

private func declareControl(_ c: inout LuaClass<GemEquipmentHandler>) {
    for name in ["control_state", "controlState"] {
        c.property(
            name,
            .string.annotated("'EQUIPMENT_OFFLINE'|'ATTEMPT_ONLINE'|'HOST_OFFLINE'|'ONLINE_LOCAL'|'ONLINE_REMOTE'"),
            "'EQUIPMENT_OFFLINE', 'ATTEMPT_ONLINE', 'HOST_OFFLINE', 'ONLINE_LOCAL' or 'ONLINE_REMOTE'."
        ) { $0.controlState.name }
    }
    let switches: [(String, String, (GemEquipmentHandler) -> Void)] = [
        ("control_switch_online", "The operator wants to be on-line.", { $0.switchOnline() }),
        ("control_switch_offline", "The operator wants to be off-line.", { $0.switchOffline() }),
        ("control_switch_online_local", "The operator takes command.", { $0.switchLocal() }),
        ("control_switch_online_remote", "The operator gives command to the host.", { $0.switchRemote() }),
    ]
    for (name, documentation, action) in switches {
        c.method(name, documentation) { (equipment, _) in
            action(equipment)
            return .none
        }
    }
}

private let idParameter = LuaParameter.required(
    "id", .any.annotated(secsIdentifierType), "The identifier: a number or a string.")
private let nameParameter = LuaParameter.required("name", .string, "The name.")
private let unitsParameter = LuaParameter.required("units", .string, "The units of measure; '' for none.")

/// About what the record of one declaration takes, in bytes.
private let declarationBytes = 256

/// What a value takes. One that is too large to be written has parts in common, and takes less than it would.
private func declared(_ value: SecsItem) -> Int { min(value.heldBytes, SecsLimits.largestText) }

private func declareItems(_ c: inout LuaClass<GemEquipmentHandler>) {
    for (name, what) in [("add_status_variable", "a status variable"), ("add_data_value", "a data value of reports")] {
        c.method(
            name,
            [
                idParameter, nameParameter, unitsParameter,
                .required("value", .any.annotated(secsValueType), "A value or SecsItem."),
            ],
            "Adds \(what). Raises ValueError when the identifier is in use."
        ) { (equipment, call) throws(LuaFault) in
            let variable = GemVariable(
                id: try GemID(call.value(1), "id"), name: call.secsText(2), units: call.secsText(3),
                value: try SecsItem(call.value(4)))
            try declaring { () throws(GemDeclarationError) in
                if name == "add_data_value" {
                    try equipment.variables.add(dataValue: variable)
                } else {
                    try equipment.variables.add(statusVariable: variable)
                }
            }
            equipment.declaredBytes += call.stringBytes + declared(variable.value) + declarationBytes
            return .none
        }
    }
    c.method(
        "set_value",
        [
            idParameter,
            .required(
                "value", .any.annotated(secsValueType),
                "A value, taken in the variable's format, or a SecsItem."),
        ],
        "Sets a status variable, data value or equipment constant. Raises ValueError when it does not exist or the value does not fit."
    ) { (equipment, call) throws(LuaFault) in
        let id = try GemID(call.value(1), "id")
        guard let old = equipment.variables.value(of: id) else {
            throw LuaFault(.valueError, "there is no variable \(id)")
        }
        let value = try call.value(2)
        let item: SecsItem
        if case .instance = value {
            item = try SecsItem(value)
        } else {
            item = try SecsItem(value, as: old.format)
        }
        if let constant = equipment.variables.constant(id) {
            guard constant.set(item) else {
                throw LuaFault(.valueError, "constant \(id) cannot be \(item.briefDescription)")
            }
        } else {
            equipment.variables.variable(id)?.value = item
        }
        equipment.declaredBytes += declared(item) - declared(old)
        return .none
    }
    c.method(
        "get_value", [idParameter],
        returns: .of("string|number|boolean|table|nil", "the value, or nil when there is none"),
        "Gives the value of a variable."
    ) {
        (equipment, call) throws(LuaFault) in
        call.returning(try call.plain(equipment.variables.value(of: try GemID(call.value(1), "id"))))
    }
}

private func declareConstants(_ c: inout LuaClass<GemEquipmentHandler>, _ changed: LuaEvent) {
    c.method(
        "add_equipment_constant",
        [
            idParameter, nameParameter, unitsParameter,
            .required(
                "value", .any.annotated(secsValueType), "The first value, also as a SecsItem."),
            .optional("min", .any.annotated(secsValueType), "The least value; nil for none."),
            .optional(
                "max", .any.annotated(secsValueType), "The greatest value; nil for none."),
        ], "Adds an equipment constant. Raises ValueError when the identifier is in use."
    ) { (equipment, call) throws(LuaFault) in
        let initial = try SecsItem(call.value(4))
        let bounds = try [5, 6].map { (argument) throws(LuaFault) in
            call.isNil(argument) ? nil : try SecsItem(call.value(argument), as: initial.format)
        }
        let constant = GemEquipmentConstant(
            id: try GemID(call.value(1), "id"), name: call.secsText(2), units: call.secsText(3),
            initial: initial, minimum: bounds[0], maximum: bounds[1])
        try declaring { () throws(GemDeclarationError) in try equipment.variables.add(constant: constant) }
        equipment.declaredBytes += call.stringBytes + 2 * declared(initial) + declarationBytes
        if let instance = call.selfInstance { constant.tell(instance, changed) }
        return .none
    }
}

private func declareReports(_ c: inout LuaClass<GemEquipmentHandler>) {
    c.method(
        "add_collection_event",
        [
            idParameter, nameParameter,
            .optional(
                "dvs", .any.annotated(secsIdentifierListType),
                "The data values that mean something in its reports."),
        ],
        "Adds a collection event. Raises ValueError when the identifier is in use."
    ) { (equipment, call) throws(LuaFault) in
        let values = try call.identifiers(3, "dvs")
        let event = GemEvents.Event(
            id: try GemID(call.value(1), "id"), name: call.secsText(2), dataValues: values)
        try declaring { () throws(GemDeclarationError) in try equipment.events.add(event) }
        equipment.declaredBytes += call.stringBytes + 64 * values.count + declarationBytes
        return .none
    }
    c.method(
        "trigger_collection_events",
        [.required("ceids", .any.annotated(secsIdentifierListType), "A list of identifiers, or one.")],
        "Reports that events have happened, if the host has enabled them. Raises ValueError for an unknown event."
    ) { (equipment, call) throws(LuaFault) in
        let ids = try call.identifiers(1, "ceids")
        if let id = ids.first(where: { !equipment.events.contains($0) }) {
            throw LuaFault(.valueError, "there is no collection event \(id)")
        }
        for id in ids { equipment.events.trigger(id) }
        return .none
    }
    c.method(
        "add_alarm",
        [
            idParameter, .required("text", .string, "The text; at most 120 characters."),
            .required("code", .integer(0...127), "The category, such as 2 for the equipment's safety."),
            .optional("ce_on", .any.annotated(secsIdentifierType), "The collection event that tells that it is set."),
            .optional(
                "ce_off", .any.annotated(secsIdentifierType), "The collection event that tells that it is cleared."),
        ], "Adds an alarm. It is disabled until the host enables it."
    ) { (equipment, call) throws(LuaFault) in
        let alarm = GemAlarms.Alarm(
            id: try GemID(call.value(1), "id"), text: call.secsText(2), category: call.byte(3) ?? 0,
            setEvent: try call.identifier(4, "ce_on"), clearedEvent: try call.identifier(5, "ce_off"))
        try declaring { () throws(GemDeclarationError) in try equipment.alarms.add(alarm) }
        equipment.declaredBytes += call.stringBytes + declarationBytes
        return .none
    }
    c.method(
        "set_alarm", [idParameter],
        "Sets an alarm. It is reported if it is enabled. Raises ValueError when it does not exist."
    ) {
        (equipment, call) throws(LuaFault) in
        let id = try GemID(call.value(1), "id")
        try declaring { () throws(GemDeclarationError) in try equipment.alarms.set(id) }
        return .none
    }
    c.method("clear_alarm", [idParameter], "Clears an alarm. Raises ValueError when it does not exist.") {
        (equipment, call) throws(LuaFault) in
        let id = try GemID(call.value(1), "id")
        try declaring { () throws(GemDeclarationError) in try equipment.alarms.clear(id) }
        return .none
    }
}

private func declareCommands(_ c: inout LuaClass<GemEquipmentHandler>, _ face: SecsHandlerFace, _ peers: HsmsPeers) {
    let runtime = peers.runtime
    c.method(
        "add_remote_command",
        [
            .required("rcmd", .string, "The command; hosts may write it in upper or lower case."),
            .required("params", .table.annotated("string[]"), "A list of the names of its parameters."),
            .required(
                "callback", .function.annotated("fun(handler: GemEquipmentHandler, command: GemCommand): integer?"),
                "Gets the handler and the GemCommand. The code that it returns is the answer; nothing means 0."),
            .optional(
                "local", .boolean, default: "false",
                "Whether the command is allowed while the operator has the control."),
        ], "Adds a command that the host may give. Raises ValueError when there is already one of that name."
    ) { [unowned runtime] (equipment, call) throws(LuaFault) in
        guard let instance = call.selfInstance, let names = call.secsTexts(2) else {
            throw LuaFault(.typeError, "argument 'params' must be a list of strings")
        }
        let name = call.secsText(1)
        // As Latin-1 every name has a text of its own.
        let key = "command \(name)"
        let command = GemRemoteCommands.Command(name, parameters: names, isAllowedInLocal: call.boolean(4)) {
            [link = instance.link] command in
            guard let instance = link.instance else { return command.reply(.cannotNow) }
            face.call(key, of: instance) { runtime.instance(for: command, class: "GemCommand") }
        }
        try declaring { () throws(GemDeclarationError) in try equipment.commands.add(command) }
        equipment.declaredBytes += call.stringBytes + names.reduce(0) { $0 + $1.count + 64 } + declarationBytes
        face.keep(call.reference(3), named: key, of: instance, call.stack)
        return .none
    }
    c.method(
        "send_host_terminal",
        [
            .required("terminal_id", .integer(0...255), "The terminal from which the text comes."),
            .required("text", .string, "The line."),
        ], returns: .of("integer|nil, string?", "the code: 0 is done; nil and the reason"), waits: true,
        "Sends a line to the host (S10F1)."
    ) { (equipment, call) throws(LuaFault) in
        try call.result(
            of: { equipment.terminals.send(call.secsText(2), terminal: call.byte(1) ?? 0, completion: $0) },
            push: { $1.push(Int($0.rawValue)) })
    }
    c.property("spooling", .boolean, "Whether messages are kept for the host while there is no communication.") {
        $0.spool.isEnabled
    } set: { (equipment, call) in
        equipment.spool.isEnabled = call.boolean(1)
    }
}

/// Declares something of the equipment.
private func declaring(_ body: () throws(GemDeclarationError) -> Void) throws(LuaFault) {
    do throws(GemDeclarationError) { try body() } catch { throw LuaFault(error) }
}

private struct ConstantChange: LuaPushable {
    let id: GemID
    let item: SecsItem
    let runtime: LuaRuntime

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: 2)
        stack.set("ecid", id)
        stack.set("value", PlainItem(item, runtime))
    }
}

extension GemEquipmentConstant {
    /// Fires an event when the value has changed, beside what is told already.
    fileprivate func tell(_ instance: LuaInstance, _ changed: LuaEvent) {
        let before = onChange
        onChange = { [link = instance.link, id] item in
            before?(item)
            guard let instance = link.instance else { return }
            instance.fire(changed, ConstantChange(id: id, item: item, runtime: instance.runtime))
        }
    }
}

extension GemControlState {
    /// The name that secsgem gives it.
    fileprivate var name: String {
        switch self {
        case .equipmentOffline: "EQUIPMENT_OFFLINE"
        case .attemptOnline: "ATTEMPT_ONLINE"
        case .hostOffline: "HOST_OFFLINE"
        case .onlineLocal: "ONLINE_LOCAL"
        case .onlineRemote: "ONLINE_REMOTE"
        }
    }
}

extension LuaCall {
    /// How the control states begin, from two arguments.
    fileprivate func controlConfiguration(_ first: Int) -> GemControlConfiguration {
        var control = GemControlConfiguration()
        switch string(first) {
        case "EQUIPMENT_OFFLINE": control.initialState = .equipmentOffline
        case "HOST_OFFLINE": control.initialState = .hostOffline
        case "ONLINE": control.initialState = .online
        default: control.initialState = .attemptOnline
        }
        control.isRemote = string(first + 1) != "LOCAL"
        return control
    }
}
