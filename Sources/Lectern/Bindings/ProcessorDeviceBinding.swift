internal import ControlCore
internal import LuaRuntime

/// Declares `ProcessorDevice`.
func declareProcessorDevice(_ context: BindingContext) -> LuaClass<ProcessorDevice> {
    var c = LuaClass<ProcessorDevice>("ProcessorDevice", "The processor whose ports a program uses.") { $0.alias }
    c.constructor(
        [
            .required("DeviceAlias", .string, "The name that lectern.yaml or --port maps to this machine's ports."),
            .optional("PartNumber", .string, "The part that the program was written for; without effect."),
        ], "Names a processor; its ports are found when they are used."
    ) { (call) throws(LuaFault) in
        ProcessorDevice(alias: call.string(1) ?? "", partNumber: call.string(2))
    }
    c.property("DeviceAlias", .string, "The name as given.") { $0.alias }
    c.property("PartNumber", .string, "The part as given, or nil.") { $0.partNumber }
    c.property("ModelName", .string, "'Lectern'.") { _ in "Lectern" }
    c.property("FirmwareVersion", .string, "The version of Lectern.") { _ in LecternVersion.current }
    c.property("IPAddress", .string, "The address that the configuration gives to the interface LAN, or nil.") { _ in
        context.configuration.interfaceAddresses["LAN"]
    }
    let onlineBox = Box<LuaEvent>()
    onlineBox.value = c.event(
        "Online", "'Online'", "Comes once when the handler is set: the program runs on the processor.",
        whenAssigned: { [unowned context] device, instance in
            device.onlineHandlers += 1
            let handler = device.onlineHandlers
            // Not from inside Lua, which is setting the handler. One that was replaced meanwhile is not told.
            context.environment.execute { [weak instance] in
                guard let instance, let online = onlineBox.value, device.onlineHandlers == handler else { return }
                instance.fire(online, "Online")
            }
        })
    _ = c.event("Offline", "'Offline'", "Never comes: a program ends with its processor.")
    return c
}
