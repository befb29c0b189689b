internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// The type of a control state.
private let controlStateType = "'EQUIPMENT_OFFLINE'|'ATTEMPT_ONLINE'|'HOST_OFFLINE'|'ONLINE_LOCAL'|'ONLINE_REMOTE'"

/// Declares `GemEquipmentHandler`.
func declareGemEquipmentHandler(_ secsgem: SecsgemContext, _ peers: HsmsPeers) -> LuaClass<GemEquipmentHandler> {
    var c = LuaClass<GemEquipmentHandler>("GemEquipmentHandler", "The equipment's side of GEM.") {
        $0.hsms?.name ?? ""
    }
    c.holds(8192, also: { $0.declaredBytes + $0.spool.heldBytes + ($0.hsms?.programBytes ?? 0) })
    var parameters = ParameterList()
    let given = SecsHandlerParameters(&parameters)
    let control = ControlParameters(&parameters)
    c.constructor(
        parameters, "Makes a handler on a protocol, or with one of its own; enable lets communication be established."
    ) { (call) throws(LuaFault) in
        GemEquipmentHandler(
            session: try peers.makeSession(call, given, role: .equipment),
            identity: GemIdentity(model: "lectern", revision: SecsText(LecternVersion.current)),
            control: control.configuration(call))
    }
    let members = GemHandlerMembers(&c, secsgem, peers)
    declareControl(&c)
    declareItems(&c)
    declareReports(&c)
    declareCommands(&c, members.secs, peers)
    let stateChanged = c.event(
        "control_state_changed",
        .argument("state", controlStateType),
        "The control state has changed.")
    let constantChanged = c.event(
        "equipment_constant_changed", .argument("data", "{ecid: integer|string, value: \(secsValueType)}"),
        "The host has changed an equipment constant.")
    declareConstants(&c, constantChanged)
    c.whenAttached { equipment, instance, call in
        guard let call else { return }
        members.attach(equipment, to: instance, call.stack)
        equipment.onControlStateChanged = { [reference = instance.weakReference] in
            reference.instance?.fire(stateChanged, $0.name)
        }
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
            .string.annotated(controlStateType),
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

extension ParameterList {
    /// Adds the identifier of what a method concerns.
    fileprivate mutating func identifier() -> Parameter<LuaArgument> {
        required("id", .identifier, "The identifier: a number or a string.")
    }
}

/// The first parameters of what adds a variable.
private struct VariableParameters {
    let id: Parameter<LuaArgument>
    let name: Parameter<SecsText>
    let units: Parameter<SecsText>
    let value: Parameter<LuaArgument>

    /// - Parameter value: what the value is.
    init(_ parameters: inout ParameterList, value: String) {
        id = parameters.identifier()
        name = parameters.required("name", .secsText, "The name.")
        units = parameters.required("units", .secsText, "The units of measure; '' for none.")
        self.value = parameters.required("value", .secsValue, value)
    }
}

/// About what the record of one declaration takes, in bytes.
private let declarationBytes = 256

/// What a value takes. One that is too large to be written has parts in common, and takes less than it would.
private func declared(_ value: SecsItem) -> Int { min(value.heldBytes, SecsLimits.largestText) }

private func declareItems(_ c: inout LuaClass<GemEquipmentHandler>) {
    var parameters = ParameterList()
    let given = VariableParameters(&parameters, value: "A value or SecsItem.")
    for (name, what) in [("add_status_variable", "a status variable"), ("add_data_value", "a data value of reports")] {
        c.method(
            name, parameters,
            "Adds \(what). Raises ValueError when the identifier is in use."
        ) { (equipment, call) throws(LuaFault) in
            let variable = GemVariable(
                id: try call.identifier(given.id), name: call[given.name], units: call[given.units],
                value: try SecsItem(call.value(of: given.value)))
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
    declareValues(&c)
}

private func declareValues(_ c: inout LuaClass<GemEquipmentHandler>) {
    var one = ParameterList()
    let id = one.identifier()
    var change = one
    let value = change.required("value", .secsValue, "A value, taken in the variable's format, or a SecsItem.")
    c.method(
        "set_value", change,
        "Sets a status variable, data value or equipment constant. Raises ValueError when it does not exist or the value does not fit."
    ) { (equipment, call) throws(LuaFault) in
        let id = try call.identifier(id)
        guard let old = equipment.variables.value(of: id) else {
            throw LuaFault(.valueError, "there is no variable \(id)")
        }
        let value = try call.value(of: value)
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
        "get_value", one,
        returns: .of("string|number|boolean|table|nil", "the value, or nil when there is none"),
        "Gives the value of a variable."
    ) {
        (equipment, call) throws(LuaFault) in
        call.returning(try call.plain(equipment.variables.value(of: try call.identifier(id))))
    }
}

private func declareConstants(_ c: inout LuaClass<GemEquipmentHandler>, _ changed: LuaEvent) {
    var parameters = ParameterList()
    let given = VariableParameters(&parameters, value: "The first value, also as a SecsItem.")
    let least = parameters.optional("min", .secsValue, "The least value; nil for none.")
    let greatest = parameters.optional("max", .secsValue, "The greatest value; nil for none.")
    c.method(
        "add_equipment_constant", parameters,
        "Adds an equipment constant. Raises ValueError when the identifier is in use."
    ) { (equipment, call) throws(LuaFault) in
        let initial = try SecsItem(call.value(of: given.value))
        let minimum = try call.item(least, as: initial.format)
        let maximum = try call.item(greatest, as: initial.format)
        let constant = GemEquipmentConstant(
            id: try call.identifier(given.id), name: call[given.name], units: call[given.units],
            initial: initial, minimum: minimum, maximum: maximum)
        try declaring { () throws(GemDeclarationError) in try equipment.variables.add(constant: constant) }
        equipment.declaredBytes += call.stringBytes + 2 * declared(initial) + declarationBytes
        if let instance = call.selfInstance { constant.tell(instance, changed) }
        return .none
    }
}

private func declareReports(_ c: inout LuaClass<GemEquipmentHandler>) {
    var one = ParameterList()
    let id = one.identifier()
    var addition = one
    let name = addition.required("name", .secsText, "The name.")
    let values = addition.optional("dvs", .identifiers, "The data values that mean something in its reports.")
    c.method(
        "add_collection_event", addition,
        "Adds a collection event. Raises ValueError when the identifier is in use."
    ) { (equipment, call) throws(LuaFault) in
        let values = try call.identifiers(values)
        let event = GemEvents.Event(id: try call.identifier(id), name: call[name], dataValues: values)
        try declaring { () throws(GemDeclarationError) in try equipment.events.add(event) }
        equipment.declaredBytes += call.stringBytes + 64 * values.count + declarationBytes
        return .none
    }
    var triggering = ParameterList()
    let events = triggering.required("ceids", .identifiers, "A list of identifiers, or one.")
    c.method(
        "trigger_collection_events", triggering,
        "Reports that events have happened, if the host has enabled them. Raises ValueError for an unknown event."
    ) { (equipment, call) throws(LuaFault) in
        let ids = try call.identifiers(events)
        if let id = ids.first(where: { !equipment.events.contains($0) }) {
            throw LuaFault(.valueError, "there is no collection event \(id)")
        }
        for id in ids { equipment.events.trigger(id) }
        return .none
    }
    declareAlarms(&c)
}

private func declareAlarms(_ c: inout LuaClass<GemEquipmentHandler>) {
    var one = ParameterList()
    let id = one.identifier()
    var addition = one
    let text = addition.required("text", .secsText, "The text; at most 120 characters.")
    let category = addition.required(
        "code", .byte(0...127), "The category, such as 2 for the equipment's safety.")
    let setEvent = addition.optional("ce_on", .identifier, "The collection event that tells that it is set.")
    let clearedEvent = addition.optional(
        "ce_off", .identifier, "The collection event that tells that it is cleared.")
    c.method("add_alarm", addition, "Adds an alarm. It is disabled until the host enables it.") {
        (equipment, call) throws(LuaFault) in
        let alarm = GemAlarms.Alarm(
            id: try call.identifier(id), text: call[text], category: call[category],
            setEvent: try call.identifier(setEvent), clearedEvent: try call.identifier(clearedEvent))
        try declaring { () throws(GemDeclarationError) in try equipment.alarms.add(alarm) }
        equipment.declaredBytes += call.stringBytes + declarationBytes
        return .none
    }
    c.method(
        "set_alarm", one,
        "Sets an alarm. It is reported if it is enabled. Raises ValueError when it does not exist."
    ) {
        (equipment, call) throws(LuaFault) in
        let id = try call.identifier(id)
        try declaring { () throws(GemDeclarationError) in try equipment.alarms.set(id) }
        return .none
    }
    c.method("clear_alarm", one, "Clears an alarm. Raises ValueError when it does not exist.") {
        (equipment, call) throws(LuaFault) in
        let id = try call.identifier(id)
        try declaring { () throws(GemDeclarationError) in try equipment.alarms.clear(id) }
        return .none
    }
}

private func declareCommands(
    _ c: inout LuaClass<GemEquipmentHandler>, _ members: SecsHandlerMembers, _ peers: HsmsPeers
) {
    let runtime = peers.runtime
    var parameters = ParameterList()
    let name = parameters.required(
        "rcmd", .secsText, "The command; hosts may write it in upper or lower case.")
    let names = parameters.required("params", .strings, "A list of the names of its parameters.")
    let callback = parameters.required(
        "callback", .function.annotated("fun(handler: GemEquipmentHandler, command: GemCommand): integer?"),
        "Gets the handler and the GemCommand. The code that it returns is the answer; nothing means 0.")
    let isAllowedInLocal = parameters.optional(
        "local", .boolean, default: false, "Whether the command is allowed while the operator has the control.")
    c.method(
        "add_remote_command", parameters,
        "Adds a command that the host may give. Raises ValueError when there is already one of that name."
    ) { [unowned runtime] (equipment, call) throws(LuaFault) in
        guard let instance = call.selfInstance else { return .none }
        let (name, names) = (call[name], try call.secsTexts(names))
        // As Latin-1 every name has a text of its own.
        let key = "command \(name)"
        let command = GemRemoteCommands.Command(name, parameters: names, isAllowedInLocal: call[isAllowedInLocal]) {
            [reference = instance.weakReference] command in
            guard let instance = reference.instance else { return command.reply(.cannotNow) }
            members.call(key, of: instance) { runtime.instance(for: command, class: "GemCommand") }
        }
        try declaring { () throws(GemDeclarationError) in try equipment.commands.add(command) }
        equipment.declaredBytes += call.stringBytes + names.reduce(0) { $0 + $1.count + 64 } + declarationBytes
        members.keep(call[callback], named: key, of: instance, call.stack)
        return .none
    }
    var line = ParameterList()
    let terminal = line.required("terminal_id", .byte, "The terminal from which the text comes.")
    let text = line.required("text", .secsText, "The line.")
    c.method(
        "send_host_terminal", line,
        returns: codeOrReason, waits: true,
        "Sends a line to the host (S10F1)."
    ) { (equipment, call) throws(LuaFault) in
        try call.code { equipment.terminals.send(call[text], terminal: call[terminal], completion: $0) }
    }
    c.property("spooling", .boolean, "Whether messages are kept for the host while there is no communication.") {
        $0.spool.isEnabled
    } set: { equipment, isOn in
        equipment.spool.isEnabled = isOn
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
        onChange = { [reference = instance.weakReference, id] item in
            before?(item)
            guard let instance = reference.instance else { return }
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

/// How the control states begin.
private struct ControlParameters {
    private let state: Parameter<GemControlConfiguration.InitialState>
    private let isRemote: Parameter<Bool>

    init(_ parameters: inout ParameterList) {
        let usual = GemControlConfiguration()
        state = parameters.optional(
            "initial_control_state",
            .oneOf([
                "ATTEMPT_ONLINE": .attemptOnline, "EQUIPMENT_OFFLINE": .equipmentOffline,
                "HOST_OFFLINE": .hostOffline, "ONLINE": .online,
            ]), default: usual.initialState, "The control state at the start.")
        isRemote = parameters.optional(
            "initial_online_control_state", .oneOf(["REMOTE": true, "LOCAL": false]), default: usual.isRemote,
            "Who is in command when it goes on-line: the host or the operator.")
    }

    func configuration(_ call: LuaCall) -> GemControlConfiguration {
        var control = GemControlConfiguration()
        control.initialState = call[state]
        control.isRemote = call[isRemote]
        return control
    }
}
