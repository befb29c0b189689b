internal import ControlCore
internal import LuaRuntime
internal import NIOCore

/// The parameters that the constructor and `Initialize` share, in their order.
private let settingsParameters: [LuaParameter] = [
    .optional("Baud", .integer(SerialSettings.baudRange), default: "9600", "Bits per second."),
    .optional("Data", .integer(7...8), default: "8", "Data bits."),
    .optional(
        "Parity", .oneOf(SerialSettings.Parity.allCases.map(\.rawValue)), default: "'None'", "The parity bit."),
    .optional("Stop", .integer(1...2), default: "1", "Stop bits."),
    .optional(
        "FlowControl", .oneOf(SerialSettings.FlowControl.allCases.map(\.rawValue)), default: "'Off'",
        "How the sender is slowed down: RTS/CTS, XON/XOFF or nothing."),
    .optional("CharDelay", .seconds(0...60), default: "0", "The pause after each character sent."),
    .optional(
        "Mode", .oneOf(SerialSettings.Mode.allCases.map(\.rawValue)), default: "'RS232'", "The electrical standard."),
]

/// Declares `SerialInterface`.
func declareSerialInterface(_ context: BindingContext) -> LuaClass<SerialInterface> {
    var c = LuaClass<SerialInterface>(
        "SerialInterface",
        "A serial port and the device that is connected to it. It opens by itself, also after it was gone."
    ) { $0.name }
    c.holds(3072, also: { $0.queuedBytes + $0.traffic.heldBytes })
    let host = c.slot()
    let portName = c.slot()
    c.constructor(
        [
            .required("Host", .instance(["ProcessorDevice"]), "The processor that has the port."),
            .required("Port", .string, "The port's name, such as 'COM2'."),
        ] + settingsParameters, "Makes an interface and opens its port, for this program alone."
    ) { (call) throws(LuaFault) in
        guard let device = call.instance(1)?.object as? ProcessorDevice else {
            throw LuaFault(.typeError, "argument 'Host' of SerialInterface must be a ProcessorDevice")
        }
        let name = call.string(2) ?? ""
        let address = try context.configuration.serialPort(name, of: device.alias)
        let settings = try call.serialSettings(from: 3, over: SerialSettings())
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
            environment.execute { [weak port, link = instance.link] in
                guard let port, let event = event.value, port.isActive else { return }
                guard port.presence == presence, port.presenceChanges == changes else { return }
                link.instance?.fire(event, word)
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
            call.push(argument: 1)
            instance.keep(host, popping: call.stack)
            call.push(argument: 2)
            instance.keep(portName, popping: call.stack)
        }
        port.onOnline = { [link = instance.link] in
            link.instance?.fire(module.link, "Online")
            link.instance?.fire(online, "Online")
        }
        port.onOffline = { [link = instance.link] in
            link.instance?.fire(module.link, "Offline")
            link.instance?.fire(offline, "Offline")
        }
        port.onReceiveData = { [link = instance.link] in
            link.instance?.fire(module.data, $0)
            link.instance?.fire(receiveData, $0)
        }
        port.onActivityChanged = { [link = instance.link] in link.instance?.setActive($0) }
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
    c.method(
        "Initialize",
        settingsParameters.map { .optional($0.name, $0.type, $0.documentation) },
        "Changes settings of the open port, after everything that was sent before. Settings that are left out stay."
    ) { (port, call) throws(LuaFault) in
        port.initialize(try call.serialSettings(from: 1, over: port.settings))
        return .none
    }
    c.declareTraffic(
        context, sending: "Sends data. Raises IOError when the port is offline. Waits only while a megabyte is queued.",
        up: "online")
    c.method("SSLWrap", secureWrappingParameters, "Raises TypeError: TLS is for TCP, see EthernetClientInterface.") {
        (port, _) throws(LuaFault) in
        throw LuaFault(.typeError, "SSLWrap is for TCP; \(port.name) is a serial port")
    }
}

extension LuaCall {
    /// The settings of which `first` is the argument of the baud rate; what is left out is as in `former`.
    fileprivate func serialSettings(from first: Int, over former: SerialSettings) throws(LuaFault) -> SerialSettings {
        try checked { () throws(ParameterError) in
            try SerialSettings(
                baud: integer(first) ?? former.baud,
                dataBits: integer(first + 1) ?? former.dataBits,
                parity: string(first + 2).flatMap(SerialSettings.Parity.init) ?? former.parity,
                stopBits: integer(first + 3) ?? former.stopBits,
                flowControl: string(first + 4).flatMap(SerialSettings.FlowControl.init) ?? former.flowControl,
                charDelay: duration(first + 5) ?? former.charDelay,
                mode: string(first + 6).flatMap(SerialSettings.Mode.init) ?? former.mode)
        }
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
