internal import ControlCore
internal import LuaRuntime

/// Where an interface keeps what its device module hears of it by, beside the handlers that programs set.
struct DeviceModuleSlots {
    /// Called with 'Connected' and 'Disconnected', or 'Online' and 'Offline'.
    let link: LuaEvent
    /// Called with the bytes.
    let data: LuaEvent

    init<Object>(_ c: inout LuaClass<Object>) {
        link = c.slot(label: " link")
        data = c.slot(label: ".ReceiveData")
    }
}

/// The slots of the classes that a device module can be at; set as the classes are declared.
final class DeviceModuleContext {
    var ethernet: DeviceModuleSlots?
    var serial: DeviceModuleSlots?
    /// What makes a module of a declaration and the place where it is.
    var declare: LuaReference?
}

extension BindingContext {
    /// The parts of `DeviceModule`, each of which uses those before it.
    private static let deviceModuleParts: [(name: String, text: [UInt8])] = [
        ("declaration", PackageResources.declaration_lua), ("complaints", PackageResources.complaints_lua),
        ("values", PackageResources.values_lua), ("replies", PackageResources.replies_lua),
        ("nearest patterns", PackageResources.nearest_patterns_lua), ("turns", PackageResources.turns_lua),
        ("framing", PackageResources.framing_lua),
        ("protocol", PackageResources.protocol_lua), ("statuses", PackageResources.statuses_lua),
        ("line", PackageResources.line_lua), ("telnet", PackageResources.telnet_lua),
        ("session", PackageResources.session_lua), ("device", PackageResources.device_lua),
        ("classes", PackageResources.device_classes_lua),
    ]

    /// Makes `DeviceModule`, which is written in Lua and compiled with its first use, known to the program.
    func registerDeviceModules() throws(LuaFault) {
        let classes = LuaType.instance(["EthernetClientInterface", "SerialInterface"])
        runtime.setInternal(
            "device_attach",
            // Returns whether the device can be talked to at once.
            LuaFunction(
                "DeviceModule",
                [.required("device", classes, ""), .required("link", .function, ""), .required("data", .function, "")],
                ""
            ) { [deviceModules] (call) throws(LuaFault) in
                guard let instance = call.instance(1) else { return .none }
                let slots: DeviceModuleSlots?
                let isUp: Bool
                switch instance.object {
                case let port as SerialInterface: (slots, isUp) = (deviceModules.serial, port.presence != .offline)
                case let client as EthernetClientInterface:
                    (slots, isUp) = (deviceModules.ethernet, client.protocol == .udp)
                default: (slots, isUp) = (nil, false)
                }
                guard let slots else {
                    throw LuaFault(.typeError, "DeviceModule: a module cannot be at this interface")
                }
                call.push(argument: 2)
                instance.keep(slots.link, popping: call.stack)
                call.push(argument: 3)
                instance.keep(slots.data, popping: call.stack)
                return call.returning(isUp)
            })
        runtime.setInternal(
            "keep_secret",
            LuaFunction("DeviceModule", [.required("secret", .string, "")], "") {
                [environment] (call) throws(LuaFault) in
                environment.keepSecret(call.bytes(1) ?? [])
                return .none
            })
        runtime.setInternal(
            "device_module_part",
            // Returns the compiled part; what it calls globals are the fields of the environment.
            LuaFunction(
                "DeviceModule", [.required("name", .string, ""), .required("environment", .table, "")], ""
            ) { (call) throws(LuaFault) in
                let name = call.string(1)
                guard let part = Self.deviceModuleParts.first(where: { $0.name == name }) else { return .none }
                try call.runtime.load(part.text, path: "=[lectern device module: \(part.name)]", on: call.stack)
                call.setEnvironment(toArgument: 2)
                // On a busy machine a task would be warned of for what it did not do.
                call.forgiveTime()
                return .values(1)
            })
        runtime.setInternal(
            "device_module_declared_by",
            LuaFunction("DeviceModule", [.required("f", .function, "")], "") {
                [deviceModules] (call) throws(LuaFault) in
                deviceModules.declare = call.reference(1)
                return .none
            })
        if configuration.logLevel == .debug {
            runtime.setInternal(
                "device_debug",
                LuaFunction("DeviceModule", [.required("text", .string, "")], "") { [log] (call) throws(LuaFault) in
                    log(.debug, call.text(1))
                    return .none
                })
        }
        let declaration = LuaFunction("DeviceModule", [.optional("declaration", .any, "")], "") {
            [deviceModules] (call) throws(LuaFault) in
            guard let declare = deviceModules.declare else { return .none }
            call.stack.push(declare)
            call.push(argument: 1)
            call.stack.push(call.location)
            return .call(arguments: 2)
        }
        runtime.setGlobal("DeviceModule") { $0.push(function: declaration, of: runtime) }
        try runtime.run(
            PackageResources.device_module_lua, chunk: "=[lectern device module]",
            arguments: Self.deviceModuleParts.map(\.name))
    }
}
