internal import ControlCore
internal import LuaRuntime
import Polling

/// The parameters that the constructor and `Initialize` share, in their order.
private struct SettingsParameters {
    private let baud: Parameter<Int?>
    private let dataBits: Parameter<Int?>
    private let parity: Parameter<SerialSettings.Parity?>
    private let stopBits: Parameter<Int?>
    private let flowControl: Parameter<SerialSettings.FlowControl?>
    private let charDelay: Parameter<TimeAmount?>
    private let mode: Parameter<SerialSettings.Mode?>

    /// - Parameter defaults: what counts for settings that are left out; nil: they stay as they are.
    init(_ parameters: inout ParameterList, defaults: SerialSettings? = nil) {
        func optional<Value>(
            _ name: String, _ type: ParameterType<Value>, _ setting: KeyPath<SerialSettings, Value>,
            _ documentation: String
        ) -> Parameter<Value?> {
            guard let defaults else { return parameters.optional(name, type, documentation) }
            return parameters.optional(name, type, usual: defaults[keyPath: setting], documentation)
        }
        baud = optional("Baud", .integer(SerialSettings.baudRange), \.baud, "Bits per second.")
        dataBits = optional("Data", .integer(7...8), \.dataBits, "Data bits.")
        parity = optional("Parity", .oneOf(SerialSettings.Parity.self), \.parity, "The parity bit.")
        stopBits = optional("Stop", .integer(1...2), \.stopBits, "Stop bits.")
        flowControl = optional(
            "FlowControl", .oneOf(SerialSettings.FlowControl.self), \.flowControl,
            "How the sender is slowed down: RTS/CTS, XON/XOFF or nothing.")
        charDelay = optional(
            "CharDelay", .duration(0...60), \.charDelay, "The pause after each character sent.")
        mode = optional("Mode", .oneOf(SerialSettings.Mode.self), \.mode, "The electrical standard.")
    }

    /// The settings that a call asks for; what is left out is as in `former`.
    func settings(of call: LuaCall, over former: SerialSettings) throws(LuaFault) -> SerialSettings {
        try call.checked { () throws(ParameterError) in
            try SerialSettings(
                baud: call[baud] ?? former.baud, dataBits: call[dataBits] ?? former.dataBits,
                parity: call[parity] ?? former.parity, stopBits: call[stopBits] ?? former.stopBits,
                flowControl: call[flowControl] ?? former.flowControl,
                charDelay: call[charDelay] ?? former.charDelay, mode: call[mode] ?? former.mode)
        }
    }
}

/// Declares `SerialInterface`.
func declareSerialInterface(_ context: BindingContext) -> LuaClass<SerialInterface> {
    var c = LuaClass<SerialInterface>(
        "SerialInterface",
        "A serial port and the device that is connected to it. It opens by itself, also after it was gone."
    ) { $0.name }
    c.holds(3072, also: { $0.queuedBytes + $0.traffic.heldBytes })
    let host = c.slot()
    let portName = c.slot()
    var making = ParameterList()
    let givenHost = making.required("Host", .instance("ProcessorDevice"), "The processor that has the port.")
    let givenPort = making.required("Port", .string, "The port's name, such as 'COM2'.")
    let defaults = SerialSettings()
    let givenSettings = SettingsParameters(&making, defaults: defaults)
    c.constructor(making, "Makes an interface and opens its port, for this program alone.") { (call) throws(LuaFault) in
        guard let device = call[givenHost].object as? ProcessorDevice else {
            throw LuaFault(.typeError, "argument 'Host' of SerialInterface must be a ProcessorDevice")
        }
        let name = call[givenPort]
        let address = try context.configuration.serialPort(name, of: device.alias)
        let settings = try givenSettings.settings(of: call, over: defaults)
        do throws(IOFault) {
            return try SerialInterface(
                environment: context.environment(forNewOf: call), name: "\(device.alias) \(name)", address: address,
                settings: settings, claims: context.serialPorts)
        } catch {
            throw LuaFault(error)
        }
    }
    declareSerialProperties(&c, host: host, portName: portName, context)
    declareSerialMethods(&c, context)

    // On assignment the handler is told the present state, in a turn of its own and unless a change does it first.
    func announce(
        _ event: Box<LuaEvent>, _ presence: SerialInterface.Presence, _ word: String
    )
        -> (SerialInterface, LuaInstance) -> Void
    {
        { [environment = context.environment] port, instance in
            let changes = port.presenceChanges
            environment.execute { [weak port, reference = instance.weakReference] in
                guard let port, let event = event.value, port.isActive else { return }
                guard port.presence == presence, port.presenceChanges == changes else { return }
                reference.instance?.fire(event, word)
            }
        }
    }
    let onlineBox = Box<LuaEvent>()
    let offlineBox = Box<LuaEvent>()
    let online = c.event(
        "Online", .argument("state", "'Online'"),
        "The port is open. A handler that is set while it is open is called at once.",
        whenAssigned: announce(onlineBox, .online, "Online"))
    let offline = c.event(
        "Offline", .argument("state", "'Offline'"),
        "The port is missing, pulled out or in use. A handler that is set while this is so is called at once.",
        whenAssigned: announce(offlineBox, .offline, "Offline"))
    onlineBox.value = online
    offlineBox.value = offline
    let receiveData = c.event(
        "ReceiveData", .argument("data", "string"), "Bytes arrived: as many as came at once, at most 64 KiB.")
    let module = DeviceModuleSlots(&c)
    context.deviceModules.serial = module
    c.whenHeldUp { port, isHeldUp in port.setReceiving(!isHeldUp) }
    let responseLimit = context.delimiters.limit
    c.whenAttached { [connections = context.connections] port, instance, call in
        port.traffic.responseLimit = responseLimit
        if let call {
            instance.keep(host, call.argument(for: givenHost))
            instance.keep(portName, call.argument(for: givenPort))
        }
        port.onOnline = { [reference = instance.weakReference] in
            reference.instance?.fire(module.state, "Online")
            reference.instance?.fire(online, "Online")
        }
        port.onOffline = { [reference = instance.weakReference] in
            reference.instance?.fire(module.state, "Offline")
            reference.instance?.fire(offline, "Offline")
        }
        port.onReceiveData = { [reference = instance.weakReference] in
            reference.instance?.fire(module.data, $0)
            reference.instance?.fire(receiveData, $0)
        }
        port.onActivityChanged = instance.activityHandler
        let subject = "\(port.name) (\(port.address))"
        connections.follow(port.report, madeBy: call) { subject }
        instance.setActive(port.isActive)
    }
    return c
}

private func declareSerialProperties(
    _ c: inout LuaClass<SerialInterface>, host: LuaEvent, portName: LuaEvent, _ context: BindingContext
) {
    c.property("Host", .instance(["ProcessorDevice"]), "The processor as given.") {
        GivenArgument(slot: host, instance: context.runtime.knownInstance(of: $0))
    }
    c.property("Port", .string, "The port's name as given.") {
        GivenArgument(slot: portName, instance: context.runtime.knownInstance(of: $0))
    }
    c.property("Baud", .integer, "Bits per second.") { $0.settings.baud }
    c.property("Data", .integer, "Data bits.") { $0.settings.dataBits }
    c.property("Parity", .string.annotated("'None'|'Odd'|'Even'"), "'None', 'Odd' or 'Even'.") {
        $0.settings.parity.rawValue
    }
    c.property("Stop", .integer, "Stop bits.") { $0.settings.stopBits }
    c.property("FlowControl", .string.annotated("'HW'|'SW'|'Off'"), "'HW', 'SW' or 'Off'.") {
        $0.settings.flowControl.rawValue
    }
    c.declareLastError { $0.report }
    c.property("CharDelay", .seconds, "The pause after each character sent.") { $0.settings.charDelay.seconds }
    c.property("Mode", .string.annotated("'RS232'|'RS422'|'RS485'"), "'RS232', 'RS422' or 'RS485'.") {
        $0.settings.mode.rawValue
    }
}

private func declareSerialMethods(_ c: inout LuaClass<SerialInterface>, _ context: BindingContext) {
    var initializing = ParameterList()
    let newSettings = SettingsParameters(&initializing)
    c.method(
        "Initialize", initializing,
        "Changes settings of the open port, after everything that was sent before. Settings that are left out stay."
    ) { (port, call) throws(LuaFault) in
        port.initialize(try newSettings.settings(of: call, over: port.settings))
        return .none
    }
    c.declareTraffic(
        context, sending: "Sends data. Raises IOError when the port is offline. Waits only while a megabyte is queued.",
        up: "online")
    var wrapping = ParameterList()
    _ = SecureWrapping(&wrapping)
    c.method("SSLWrap", wrapping, "Raises TypeError: TLS is for TCP, see EthernetClientInterface.") {
        (port, _) throws(LuaFault) in
        throw LuaFault(.typeError, "SSLWrap is for TCP; \(port.name) is a serial port")
    }
}

/// An argument of the constructor that an instance keeps in a slot.
private struct GivenArgument: LuaPushable {
    let slot: LuaEvent
    let instance: LuaInstance?

    func push(onto stack: LuaStack) {
        if let instance { instance.push(slot, onto: stack) } else { stack.pushNil() }
    }
}
