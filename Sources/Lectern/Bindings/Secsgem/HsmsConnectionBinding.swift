internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// Declares `HsmsConnection`, the base of the connections.
func declareHsmsConnection() -> LuaClass<HsmsConnection> {
    LuaClass<HsmsConnection>(
        "HsmsConnection",
        "What all HSMS connections have in common: active, passive and multi-passive ones."
    ) { "\($0.address):\($0.port)" }
}

extension HsmsConnection {
    /// The declared class of the connection.
    var className: String {
        switch self {
        case is HsmsActiveConnection: "HsmsActiveConnection"
        case is HsmsMultiPassiveConnection: "HsmsMultiPassiveConnection"
        default: "HsmsPassiveConnection"
        }
    }
}

/// The functions that a delegate may have, in the words of the Lua language server.
let hsmsDelegate =
    "{on_connection_established: fun(self: table, connection: HsmsConnection)|nil, "
    + "on_connection_packet_received: fun(self: table, connection: HsmsConnection, packet: HsmsPacket)|nil, "
    + "on_connection_before_closed: fun(self: table, connection: HsmsConnection)|nil, "
    + "on_connection_closed: fun(self: table, connection: HsmsConnection, reason: string)|nil}"

/// The parameters with which connections are made.
struct HsmsConnectionParameters {
    let address: Parameter<String>
    let port: Parameter<Int>
    let session: Parameter<UInt16>
    let delegate: Parameter<LuaArgument?>
    private let options: HsmsOptions

    /// - Parameters:
    ///   - address: what the address is.
    ///   - port: what the port is.
    init(_ parameters: inout ParameterList, address: String, port: String) {
        self.address = parameters.required("address", .string, address)
        self.port = parameters.hsmsPort(port)
        session = parameters.hsmsSession("The session ID that the peer is configured for.")
        delegate = parameters.optional(
            "delegate", .any.annotated(hsmsDelegate), "A table with one or more of the functions on_connection_….")
        options = HsmsOptions(&parameters)
    }

    /// The behaviour that a call asks for, once its delegate has turned out to be one.
    /// - Parameter base: what is left alone by options that were left out.
    func configuration(
        _ call: LuaCall, over base: HsmsConfiguration = HsmsConfiguration()
    ) throws(LuaFault) -> HsmsConfiguration {
        try call.argument(for: delegate).checkDelegate()
        return try options.configuration(call, over: base)
    }
}

/// What every connection shows, declared once, and where its instance keeps what belongs to it.
struct HsmsConnectionMembers {
    private let delegate: LuaEvent
    private let calls: [(step: SecsgemContext.Step, slot: LuaEvent)]
    private unowned let context: BindingContext
    private unowned let secsgem: SecsgemContext

    init<Connection: HsmsConnection>(
        _ c: inout LuaClass<Connection>, _ context: BindingContext, _ secsgem: SecsgemContext
    ) {
        self.context = context
        self.secsgem = secsgem
        c.isKind(of: "HsmsConnection")
        delegate = c.slot()
        let steps: [SecsgemContext.Step] = [
            .on_connection_established, .on_connection_packet_received, .on_connection_before_closed,
            .on_connection_closed,
        ]
        var calls: [(step: SecsgemContext.Step, slot: LuaEvent)] = []
        for step in steps { calls.append((step, c.slot(label: ".\(step.rawValue)"))) }
        self.calls = calls
        declareProperties(&c)
        declareMethods(&c)
    }

    private func declareProperties<Connection: HsmsConnection>(_ c: inout LuaClass<Connection>) {
        for name in ["address", "remoteAddress"] {
            c.property(name, .string, "The peer's address or host name, as given.") { $0.address }
        }
        for name in ["port", "remotePort"] {
            c.property(name, .integer, "The peer's port, or the port to listen on.") { $0.port }
        }
        for name in ["session_id", "sessionID"] {
            c.property(name, .integer, "The session ID that the peer is configured for.") { Int($0.sessionID) }
        }
        c.property("active", .boolean, "Whether this side makes the connection.") { $0.isActiveSide }
        c.property("enabled", .boolean, "Whether the connection is to be kept.") { $0.isEnabled }
        c.property("connected", .boolean, "Whether there is a TCP connection.") { $0.isConnected }
        c.property(
            "peer", .string.annotated("string|nil"), "The connected peer as 'address:port'; nil when there is none."
        ) {
            $0.remoteAddress
        }
        c.property(
            "delegate", .any.annotated("(\(hsmsDelegate))|nil"),
            "The table with the functions on_connection_…; each of them may be missing.",
            keptIn: delegate
        ) { (connection, value) throws(LuaFault) in
            guard connection.delegate is LuaConnectionDelegate else {
                throw LuaFault(.attributeError, "the connection of a handler has the handler as its delegate")
            }
            try value.checkDelegate()
        }
    }

    private func declareMethods<Connection: HsmsConnection>(_ c: inout LuaClass<Connection>) {
        c.method("enable", "Establishes the connection, and again after each loss, until disable.") {
            (connection, _) in
            connection.enable()
            return .none
        }
        c.method(
            "disable", waits: true,
            "Closes the connection, which stays closed. Waits until it is closed, if the task can wait."
        ) { (connection, call) throws(LuaFault) in
            try call.finishing { done in connection.disable(completion: done) }
        }
        c.method("disconnect", "Closes the connection. While it is enabled, it is established again, as after a loss.")
        {
            (connection, _) in
            connection.disconnect()
            return .none
        }
        var parameters = ParameterList()
        let packet = parameters.required("packet", .hsmsPacket, "The message.")
        c.method(
            "send_packet", parameters,
            returns: .of("boolean, string?", "true, or false and the reason when it is not connected"), waits: true,
            "Sends a message; waits while more than 64 KiB are queued."
        ) { (connection, call) throws(LuaFault) in
            try call.send(call[packet].packet, over: connection)
        }
    }

    /// Calls the delegate's functions for what happens on a connection.
    /// - Parameters:
    ///   - call: the call that made the connection.
    ///   - given: the delegate that it was given.
    func attach(
        _ connection: HsmsConnection, to instance: LuaInstance, _ call: LuaCall, delegate given: LuaArgument
    ) {
        instance.keep(delegate, given)
        for (step, slot) in calls { secsgem.keep(step, in: slot, of: instance, call.stack) }
        context.followHsms(connection, name: nil, madeBy: call)
        connection.delegate = LuaConnectionDelegate(
            instance: instance, context: context, established: calls[0].slot, received: calls[1].slot,
            beforeClosed: calls[2].slot, closed: calls[3].slot)
        connection.onActivityChanged = instance.activityHandler
        instance.onBackPressure = { [weak connection] in connection?.setReading(!$0) }
    }
}

extension LuaArgument {
    /// A delegate is a table, or nothing.
    fileprivate func checkDelegate() throws(LuaFault) {
        guard isNil || isTable else {
            throw LuaFault(
                .typeError,
                "argument 'delegate' must be a table with functions such as on_connection_established, got a "
                    + typeName)
        }
    }
}

extension LuaCall {
    /// Sends, and waits for room when the queue is long and the task may wait.
    fileprivate func send(_ packet: HsmsPacket, over connection: HsmsConnection) throws(LuaFault) -> LuaResult {
        do throws(IOFault) { try connection.send(packet) } catch { return returningFailure(error) }
        guard !connection.isWritable, canWait else { return returning(true) }
        return try wait { (waiter) throws(LuaFault) in
            if !connection.whenWritable({ waiter.resume(returning: true) }) { waiter.resume(returning: true) }
            return nil
        }
    }
}

/// Brings what happens on a connection to its instance, whose slots call the program's delegate.
private final class LuaConnectionDelegate: HsmsConnectionDelegate {
    private weak var instance: LuaInstance?
    private weak var context: BindingContext?
    private let established: LuaEvent
    private let received: LuaEvent
    private let beforeClosed: LuaEvent
    private let closed: LuaEvent

    init(
        instance: LuaInstance, context: BindingContext, established: LuaEvent, received: LuaEvent,
        beforeClosed: LuaEvent, closed: LuaEvent
    ) {
        self.instance = instance
        self.context = context
        self.established = established
        self.received = received
        self.beforeClosed = beforeClosed
        self.closed = closed
    }

    func connectionEstablished(_ connection: HsmsConnection) {
        instance?.fire(established, LuaNil())
    }

    func connection(_ connection: HsmsConnection, didReceive packet: HsmsPacket) {
        guard let instance, let context else { return }
        instance.fire(received, PushedPacket(packet: packet, runtime: context.runtime))
    }

    func connectionBeforeClosed(_ connection: HsmsConnection) {
        instance?.fire(beforeClosed, LuaNil())
    }

    func connectionClosed(_ connection: HsmsConnection, reason: HsmsCloseReason) {
        instance?.fire(closed, reason.description)
    }
}
