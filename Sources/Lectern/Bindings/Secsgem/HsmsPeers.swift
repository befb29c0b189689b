internal import ControlCore
internal import HSMS
internal import LuaRuntime
internal import NIOCore

/// What the declarations of handlers share: how a protocol is made, and how its instance and that of the handler on top
/// of it hold together.
final class HsmsPeers {
    private unowned let context: BindingContext
    /// Tasks in waitfor_selected, and in waitfor_communicating.
    let waiters = StateWaiters()
    /// Where the instance of a protocol keeps the handler on top of it; set as the protocol is declared.
    var layer: LuaEvent?

    init(_ context: BindingContext) { self.context = context }

    var environment: any Environment { context.environment }
    var runtime: LuaRuntime { context.runtime }

    /// Logs a fault of a handler.
    func log(_ text: String) { context.log(.warning, text) }

    /// The parameters with which protocols and the handlers on top of them are made.
    static let parameters: [LuaParameter] = [
        .optional("port", .integer(0...65_535), default: "5000", "The peer's port, or the port to listen on."),
        .optional("active", .boolean, default: "false", "Whether this side makes the connection."),
        .optional("session_id", .integer(0...0xFFFF), default: "0", "The session ID of data messages."),
        .optional("name", .string, default: "''", "By which it is known."),
        .optional(
            "custom_connection_handler", .instance(["HsmsMultiPassiveServer"]),
            "The server whose port a passive connection uses; nil: it listens by itself."),
    ]

    /// Makes the protocol that a constructor's first six arguments and its options ask for.
    /// - Parameter options: the number of the first option.
    func makeProtocol(_ call: LuaCall, role: HsmsConfiguration.Role, options: Int) throws(LuaFault) -> HsmsProtocol {
        var configuration = try call.hsmsConfiguration(from: options)
        configuration.role = role
        let server = call.instance(6)?.object as? HsmsMultiPassiveServer
        return try call.checked { () throws(ParameterError) in
            try HsmsProtocol(
                environment: environment, address: call.string(1) ?? "", port: call.integer(2) ?? 5_000,
                active: call.boolean(3), sessionID: call.session(4) ?? 0, name: call.string(5) ?? "", server: server,
                configuration: configuration)
        }
    }

    /// The session of the protocol that a handler's constructor gets or is to make.
    func makeSession(_ call: LuaCall, role: HsmsConfiguration.Role?, options: Int) throws(LuaFault) -> HsmsSession {
        if let instance = call.instance(1), let hsms = instance.object as? HsmsProtocol {
            if let role, hsms.configuration.role != role {
                throw LuaFault(
                    .valueError,
                    "argument 'address': the HsmsProtocol is for the other party; make it with role = '\(role)'")
            }
            if let layer, instance.has(layer) {
                throw LuaFault(.valueError, "argument 'address': the HsmsProtocol has a handler on top of it already")
            }
            return HsmsSession(hsms)
        }
        guard call.isString(1) else {
            throw LuaFault(
                .typeError,
                "argument 'address' must be the peer's address or an HsmsProtocol, got a \(call.typeName(1))")
        }
        return HsmsSession(try makeProtocol(call, role: role ?? .host, options: options))
    }

    /// Lets the instances of a handler and of its protocol keep each other, and stops reading while events of either
    /// wait.
    /// - Parameters:
    ///   - slot: where the handler's instance keeps the protocol.
    ///   - onEvent: told what happens on the connection, after the protocol's own instance.
    func attach(
        _ handler: SecsHandler, to instance: LuaInstance, keepingProtocolIn slot: LuaEvent, _ stack: LuaStack,
        onEvent: @escaping (HsmsEvent) -> Void
    ) {
        guard let hsms = handler.hsms, let layer else { return }
        let lower = runtime.instance(for: hsms, class: "HsmsProtocol")
        lower.push(onto: stack)
        instance.keep(slot, popping: stack)
        instance.push(onto: stack)
        lower.keep(layer, popping: stack)
        let below = hsms.onEvent
        hsms.onEvent = { hsms, event in
            below?(hsms, event)
            onEvent(event)
        }
        let gate = ReadingGate(hsms.connection)
        lower.onBackPressure = gate.holder()
        instance.onBackPressure = gate.holder()
        handler.onFault = { [unowned context] in context.log(.warning, $0) }
    }
}

extension SecsHandler {
    /// The protocol below.
    var hsms: HsmsProtocol? { (link as? HsmsSession)?.hsms }
}

/// Stops reading from a connection while one of several holds it.
private final class ReadingGate {
    private weak var connection: HsmsConnection?
    private var holds: Set<Int> = []
    private var holders = 0

    init(_ connection: HsmsConnection) { self.connection = connection }

    /// What one of them says to hold, or no longer to hold, reading.
    func holder() -> (Bool) -> Void {
        holders += 1
        let number = holders
        return { [self] isHeld in
            if isHeld { holds.insert(number) } else { holds.remove(number) }
            connection?.setReading(holds.isEmpty)
        }
    }
}
