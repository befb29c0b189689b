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
    return c
}
