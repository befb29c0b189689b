internal import ControlCore
internal import LuaRuntime

/// Declares `ProcessorDevice`.
func declareProcessorDevice(_ context: BindingContext) -> LuaClass<ProcessorDevice> {
    var c = LuaClass<ProcessorDevice>("ProcessorDevice", "The processor whose ports a program uses.") { $0.alias }
    c.holds(256, also: { $0.alias.utf8.count })
    var making = ParameterList()
    let alias = making.required(
        "DeviceAlias", .string, "The name that lectern.yaml or --port maps to this machine's ports.")
    let partNumber = making.optional(
        "PartNumber", .string,
        "The part that the program was written for; another one in lectern.yaml is a warning in the log.")
    c.constructor(making, "Names a processor; its ports are found when they are used.") { (call) throws(LuaFault) in
        let alias = call[alias]
        let asked = call[partNumber]
        let identity = context.configuration.processors[alias] ?? ProcessorIdentity()
        if let asked, let known = identity.partNumber, asked != known {
            context.log(.warning, "ProcessorDevice '\(alias)' is part \(known), and the program asks for \(asked)")
        }
        return ProcessorDevice(alias: alias, partNumber: asked, identity: identity)
    }
    declareProcessorProperties(&c, context)
    let modeChanged = c.event(
        "ExecutiveModeChanged", .argument("mode", "integer"), "SetExecutiveMode has changed the mode.")
    var setting = ParameterList()
    let newMode = setting.required(
        "ExecutiveMode", .integer(0...Int.max), "The mode. Its meaning is up to the program.")
    c.method("SetExecutiveMode", setting, "Sets the mode that ExecutiveMode reads.") {
        [unowned context] (device, call) throws(LuaFault) in
        let mode = call[newMode]
        guard mode != device.executiveMode else { return .none }
        device.executiveMode = mode
        context.runtime.knownInstance(of: device)?.fire(modeChanged, mode)
        return .none
    }
    c.method("Reboot", "Raises RuntimeError: a program does not restart the machine; see ExitProgram.") {
        (_, _) throws(LuaFault) in
        throw LuaFault(
            .runtimeError,
            "Reboot would end everything on this machine: call ExitProgram, and let what runs lectern start it again")
    }
    let onlineBox = Box<LuaEvent>()
    onlineBox.value = c.event(
        "Online", .argument("state", "'Online'"),
        "Comes once, when the handler is set, because the program runs on the processor.",
        whenAssigned: { [unowned context] device, instance in
            device.onlineHandlers += 1
            let handler = device.onlineHandlers
            // Not from inside Lua, which is setting the handler. One that was replaced meanwhile is not told.
            context.environment.execute { [reference = instance.weakReference] in
                guard let instance = reference.instance, let online = onlineBox.value, device.onlineHandlers == handler
                else { return }
                instance.fire(online, "Online")
            }
        })
    _ = c.event("Offline", .argument("state", "'Offline'"), "Never comes: a program ends with its processor.")
    for (name, argument) in [
        ("CombinedCurrentChanged", LuaShape.argument("value", "number")),
        ("CombinedWattageChanged", LuaShape.argument("value", "number")),
        ("CombinedLoadStateChanged", LuaShape.argument("state", "string")),
    ] {
        _ = c.event(name, argument, "Never comes: this hardware does not measure it.")
    }
    return c
}

private func declareProcessorProperties(_ c: inout LuaClass<ProcessorDevice>, _ context: BindingContext) {
    let environment = context.environment
    let addresses = context.configuration.interfaceAddresses
    let folder = context.folder.path
    c.property("DeviceAlias", .string, "The name as given.") { $0.alias }
    c.property(
        "PartNumber", .string.annotated("string|nil"),
        "The part that the program gave, else that of the configuration, or nil."
    ) {
        $0.partNumber
    }
    c.property("ModelName", .string, "The model of the configuration, else 'Lectern'.") {
        $0.identity.model ?? "Lectern"
    }
    c.property("SerialNumber", .string.annotated("string|nil"), "The serial number of the configuration, or nil.") {
        $0.identity.serialNumber
    }
    c.property("FirmwareVersion", .string, "The version of Lectern.") { _ in LecternVersion.current }
    c.property("Hostname", .string, "The machine's name.") { _ in environment.machine.hostname }
    c.property(
        "IPAddress", .string.annotated("string|nil"),
        "The address of the interface LAN in the configuration, else that of the interface of the default route, or nil."
    ) { _ in addresses["LAN"] ?? environment.machine.interface(at: nil)?.address }
    c.property(
        "MACAddress", .string.annotated("string|nil"), "The hardware address of the interface with IPAddress, or nil."
    ) { _ in
        environment.machine.interface(at: addresses["LAN"])?.hardwareAddress
    }
    c.property("LinkLicenses", .table.annotated("string[]"), "An empty list: nothing here needs a license.") { _ in
        [String]()
    }
    c.property(
        "UserUsage", .table.annotated("{[1]: number, [2]: number}|nil"),
        "{used, total} of the program's file system in KB, or nil."
    ) { _ in
        fileSystemUsage(of: folder)
    }
    let network =
        "{Hostname: string, IPAddress: string|nil, SubnetMask: string|nil, Gateway: string|nil, DNSServers: string[], "
        + "SearchDomains: string[]}"
    let information = "{DeviceName: string, SoftwareVersion: string}"
    c.property("ExecutiveMode", .integer, "What SetExecutiveMode has set; 0 before.") { $0.executiveMode }
    c.property(
        "SystemSettings",
        .table.annotated("{Network: table<'LAN'|'AVLAN', \(network)>, ProgramInformation: \(information)}"),
        "Network.LAN and, when it is configured, Network.AVLAN with Hostname, IPAddress, SubnetMask, Gateway, DNSServers and "
            + "SearchDomains; ProgramInformation with DeviceName and SoftwareVersion."
    ) { SystemSettings(machine: environment.machine, addresses: addresses, alias: $0.alias) }
    for name in ["CurrentLoad", "CombinedCurrent", "CombinedWattage"] {
        c.property(name, .number.annotated("number|nil"), "nil: this hardware does not measure it.") { _ in LuaNil() }
    }
    c.property("CombinedLoadState", .string.annotated("string|nil"), "nil: this hardware does not measure it.") { _ in
        LuaNil()
    }
}
