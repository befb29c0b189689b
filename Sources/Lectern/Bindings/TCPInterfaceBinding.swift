import Bytes
internal import ControlCore
internal import LuaRuntime
import Polling

/// Time-outs that a program may give: below a millisecond no device answers.
private let timeouts = ParameterType.duration(0.001...1e9)

/// The parameters of `recv`, which `query` shares.
private struct ReceiveParameters {
    let limit: Parameter<Int>
    let resets: Parameter<Bool>

    init(_ parameters: inout ParameterList) {
        limit = parameters.optional(
            "bufsize", .integer(1...(1 << 30)), default: 4096, "The most bytes to return.")
        resets = parameters.optional(
            "reset_on_error", .boolean, default: false,
            "Whether to connect again when nothing came, so that a late answer is not taken for the next one.")
    }
}

/// Declares `TCPInterface`.
func declareTCPInterface(_ context: BindingContext) -> LuaClass<TCPInterface> {
    var c = LuaClass<TCPInterface>(
        "TCPInterface", "A connection to an instrument that answers questions, as in SOCS."
    ) { $0.peer }
    c.holds(2048, also: { $0.host.utf8.count + ($0.connection?.queuedBytes ?? 0) })
    var making = ParameterList()
    let host = making.required("ip_address", .string, "The device's name or IP address.")
    let port = making.required("port", .integer(1...65_535), "The device's port.")
    let timeout = making.required("timeout", timeouts, "How long each step waits.")
    c.constructor(
        making, "Makes an interface and tries to connect once. A failure is logged, and leaves comm nil."
    ) { (call) throws(LuaFault) in
        try call.checked { () throws(ParameterError) in
            try TCPInterface(
                environment: context.environment(forNewOf: call), host: call[host], port: call[port],
                timeout: call[timeout])
        }
    } begin: { (interface, call) throws(LuaFault) in
        try call.wait { (waiter) throws(LuaFault) in
            let pending = interface.connect { waiter.resume() }
            return { pending.cancel() }
        }
    }
    declareProperties(&c, context)
    declareTransfers(&c)
    c.method("close", "Closes the connection; the next send connects again.") { (interface, _) in
        interface.close()
        return .none
    }
    c.whenAttached { [connections = context.connections] interface, _, call in
        connections.follow(interface.report, madeBy: call) { [unowned interface] in interface.peer }
    }
    return c
}

private func declareTransfers(_ c: inout LuaClass<TCPInterface>) {
    var sending = ParameterList()
    let message = sending.required("msg", .data, "What to send.")
    var receiving = ParameterList()
    let reception = ReceiveParameters(&receiving)
    var querying = sending
    let answer = ReceiveParameters(&querying)
    c.method(
        "send", sending, waits: true,
        "Sends all of msg, and connects first if there is no connection. If sending fails, it sends msg once more on a new "
            + "connection. Raises ConnectionError."
    ) { (interface, call) throws(LuaFault) in
        let message = call[message]
        return try call.wait { (waiter) throws(LuaFault) in
            let pending = interface.send(message) { result in
                switch result {
                case .success: waiter.resume()
                case .failure(let fault): waiter.resume(throwing: LuaFault(fault))
                }
            }
            return { pending.cancel() }
        }
    }
    c.method(
        "recv", receiving, returns: .of("string", "the bytes that have arrived, at least one"), waits: true,
        "Waits for bytes, at most timeout. Raises ConnectionError when none came, or when there is no connection."
    ) { (interface, call) throws(LuaFault) in
        let limit = call[reception.limit]
        let resets = call[reception.resets]
        return try call.receive { interface.receive(upTo: limit, resetOnError: resets, completion: $0) }
    }
    c.method(
        "query", querying,
        returns: .of("string", "the bytes that have arrived, at least one"), waits: true,
        "Does send and recv in one step. Queries of several tasks take turns. Raises ConnectionError."
    ) { (interface, call) throws(LuaFault) in
        let message = call[message]
        let limit = call[answer.limit]
        let resets = call[answer.resets]
        return try call.receive { interface.query(message, upTo: limit, resetOnError: resets, completion: $0) }
    }
}

private func declareProperties(_ c: inout LuaClass<TCPInterface>, _ context: BindingContext) {
    c.property("ip_address", .string, "The name or address; a new one counts for the next connection.") {
        $0.host
    } set: { (interface, host) throws(LuaFault) in
        guard !host.isEmpty else {
            throw LuaFault(.valueError, "property 'ip_address' must not be empty")
        }
        interface.host = host
    }
    c.property("port", .integer(1...65_535), "The port; a new one counts for the next connection.") {
        $0.port
    } set: { interface, port in
        interface.port = port
    }
    c.property("timeout", timeouts, "How long each step may take: connecting, sending, receiving.") {
        $0.timeout.seconds
    } set: { interface, timeout in
        interface.timeout = timeout
    }
    c.property("resend", .boolean, "Whether a message that failed is sent once more; true at first.") {
        $0.resends
    } set: { interface, resends in
        interface.resends = resends
    }
    c.property(
        "comm", .instance(["TCPConnection"]).annotated("TCPConnection|nil"), "The connection; nil when there is none."
    ) { [unowned context] in
        OptionalInstance(object: $0.connection, className: "TCPConnection", runtime: context.runtime)
    }
}

/// Declares `TCPConnection`.
func declareTCPConnection() -> LuaClass<TCPConnection> {
    var c = LuaClass<TCPConnection>(
        "TCPConnection", "The connection of a TCPInterface while there is one. Made by the interface."
    ) { $0.remoteAddress.map { "\($0.ipAddress):\($0.port)" } ?? "" }
    c.holds(1024, also: { $0.queuedBytes })
    c.method(
        "getpeername",
        returns: .of("string|nil, integer?", "the device's address and port; nil when the connection has ended"),
        "Tells the address and port of the device."
    ) { (connection, call) in call.returning(addressOf: connection.remoteAddress) }
    c.method(
        "getsockname",
        returns: .of("string|nil, integer?", "this side's address and port; nil when the connection has ended"),
        "Tells this side's address and port."
    ) { (connection, call) in call.returning(addressOf: connection.localAddress) }
    var parameters = ParameterList()
    let timeout = parameters.optional("timeout", .duration, default: .zero, "How long to wait for something.")
    c.method(
        "readable", parameters,
        returns: .of("boolean", "true when recv would not wait"), waits: true,
        "Tells whether bytes have arrived, or the device has closed the connection."
    ) { (connection, call) throws(LuaFault) in
        let timeout = call[timeout]
        guard !connection.isReadable, timeout > .zero else { return call.returning(connection.isReadable) }
        return try call.wait { (waiter) throws(LuaFault) in
            let pending = connection.whenReadable(timeout: timeout) { waiter.resume(returning: $0) }
            return { pending.cancel() }
        }
    }
    c.method("close", "Closes the connection. The next send of the interface connects again.") { (connection, _) in
        connection.close()
        return .none
    }
    return c
}

extension LuaFault {
    /// A call of a `TCPInterface` that failed.
    fileprivate init(_ fault: ConnectionFault) { self.init(.connectionError, fault.description) }
}

extension LuaCall {
    /// Suspends the task until something was received, and returns it.
    fileprivate func receive(
        _ begin: (@escaping (Result<ByteBuffer, ConnectionFault>) -> Void) -> any Cancellable
    ) throws(LuaFault) -> LuaResult {
        try wait { (waiter) throws(LuaFault) in
            let pending = begin { result in
                switch result {
                case .success(let bytes): waiter.resume(returning: bytes)
                case .failure(let fault): waiter.resume(throwing: LuaFault(fault))
                }
            }
            return { pending.cancel() }
        }
    }

    /// Returns an address and a port.
    fileprivate func returning(addressOf address: SocketAddress?) -> LuaResult {
        guard let address else { return returning(LuaNil()) }
        return returning(address.ipAddress, address.port)
    }
}

/// An object that the host made, or `nil`.
private struct OptionalInstance: LuaPushable {
    let object: AnyObject?
    let className: String
    let runtime: LuaRuntime

    func push(onto stack: LuaStack) {
        guard let object else { return stack.pushNil() }
        runtime.instance(for: object, class: className).push(onto: stack)
    }
}
