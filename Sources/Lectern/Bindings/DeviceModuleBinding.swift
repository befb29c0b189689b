internal import ControlCore
internal import LuaRuntime

/// Where an interface keeps what its device module hears of it by, beside the handlers that programs set.
struct DeviceModuleSlots {
    /// Called with 'Connected' and 'Disconnected', or 'Online' and 'Offline'.
    let state: LuaEvent
    /// Called with the bytes.
    let data: LuaEvent

    init<Object>(_ c: inout LuaClass<Object>) {
        state = c.slot(label: " state")
        data = c.slot(label: ".ReceiveData")
    }
}

/// The slots of the classes that a device module can be at; set as the classes are declared.
final class DeviceModuleContext {
    var ethernet: DeviceModuleSlots?
    var serial: DeviceModuleSlots?
    /// What device_module.lua does for `DeviceModule`.
    enum Function: String, CaseIterable { case declare }

    let functions = LuaExports<Function>()
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

    /// The globals that the parts use.
    static let deviceModuleNeeds = [
        "ProgramLog", "GetSystemUpTime", "Timer", "EthernetClientInterface", "SerialInterface", "re", "checksum",
        "time",
    ]

    /// Lets Lua text of the host tell of what is to be kept secret.
    func registerSecretKeeping() {
        var telling = ParameterList()
        let secret = telling.required("secret", .bytes, "")
        runtime.setInternal(
            "keep_secret",
            LuaFunction("DeviceModule", telling, "") { [environment] (call) throws(LuaFault) in
                environment.keepSecret(call[secret])
                return .none
            })
    }

    /// Makes `DeviceModule`, which is written in Lua and compiled with its first use, known to the program.
    func registerDeviceModules() throws(LuaFault) {
        registerAttaching()
        registerParts()
        if configuration.logLevel == .debug {
            var debugging = ParameterList()
            let text = debugging.required("text", .string, "")
            runtime.setInternal(
                "device_debug",
                LuaFunction("DeviceModule", debugging, "") { [log] (call) throws(LuaFault) in
                    log(.debug, call[text])
                    return .none
                })
        }
        var made = ParameterList()
        let given = made.optional("declaration", .any, "")
        let declaration = LuaFunction("DeviceModule", made, "") { [deviceModules] (call) throws(LuaFault) in
            call.handOver(to: deviceModules.functions[.declare], call.argument(for: given), call.location)
        }
        runtime.setGlobal("DeviceModule") { $0.push(function: declaration, of: runtime) }
        try runtime.run(
            PackageResources.device_module_lua, chunk: "=[lectern device module]",
            arguments: Self.deviceModuleParts.map(\.name), exporting: deviceModules.functions)
    }

    private func registerAttaching() {
        var attaching = ParameterList()
        let device = attaching.required("device", .instance("EthernetClientInterface", "SerialInterface"), "")
        let state = attaching.required("state", .function, "")
        let data = attaching.required("data", .function, "")
        runtime.setInternal(
            "device_attach",
            // Returns whether the device can be talked to at once.
            LuaFunction("DeviceModule", attaching, "") { [deviceModules] (call) throws(LuaFault) in
                let instance = call[device]
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
                instance.keep(slots.state, call.argument(for: state))
                instance.keep(slots.data, call.argument(for: data))
                return call.returning(isUp)
            })
    }

    private func registerParts() {
        var loading = ParameterList()
        let name = loading.required("name", .string, "")
        let environment = loading.required("environment", .table, "")
        runtime.setInternal(
            "device_module_part",
            // Returns the compiled part; what it calls globals are the fields of the environment.
            LuaFunction("DeviceModule", loading, "") { (call) throws(LuaFault) in
                let name = call[name]
                guard let part = Self.deviceModuleParts.first(where: { $0.name == name }) else { return .none }
                try call.runtime.compile(part.text, path: "=[lectern device module: \(part.name)]", on: call.stack)
                call.setEnvironment(call[environment])
                // On a busy machine a task would be warned of for what it did not do.
                call.forgiveTime()
                return .values(1)
            })
    }
}
