import Bytes
internal import ControlCore
internal import HSMS
internal import LuaRuntime

/// What a protocol shows, and so every handler on top of one, declared once.
struct HsmsProtocolMembers {
    private let connected: LuaEvent
    private let selected: LuaEvent
    private let deselected: LuaEvent
    private let disconnected: LuaEvent
    private let packetReceived: LuaEvent
    private let unexpectedReply: LuaEvent
    private let openFailed: LuaEvent
    private unowned let peers: HsmsPeers

    /// - Parameters:
    ///   - hsms: the protocol of an object.
    ///   - enable: what enabling an object is.
    ///   - disable: what disabling an object is, told when it is done.
    init<Object>(
        _ c: inout LuaClass<Object>, _ peers: HsmsPeers, hsms: @escaping (Object) -> HsmsProtocol?,
        enable: @escaping (Object) -> Void, disable: @escaping (Object, @escaping () -> Void) -> Void
    ) {
        self.peers = peers
        let handler = "connection: HsmsProtocol|SecsHandler"
        let data = LuaShape.argument("data", "{\(handler)}", "where `connection` is the handler")
        let withSession = LuaShape.argument("data", "{\(handler), session_id: integer}")
        let withReason = LuaShape.argument("data", "{\(handler), reason: string}")
        let withPacket = LuaShape.argument("data", "{\(handler), packet: HsmsPacket}")
        connected = c.event("hsms_connected", data, "There is a TCP connection.")
        selected = c.event("hsms_selected", withSession, "A session is established: data can be sent.")
        deselected = c.event(
            "hsms_deselected", withSession, "A session has ended. The TCP connection stays.")
        disconnected = c.event(
            "hsms_disconnected", withReason, "The TCP connection is closed. Comes once for each hsms_connected.")
        packetReceived = c.event(
            "hsms_packet_received", withPacket, "A data message has come that is not the reply to a request.")
        unexpectedReply = c.event(
            "hsms_unexpected_reply", withPacket,
            "A reply has come that no request waits for, for instance after T3.")
        openFailed = c.event(
            "hsms_open_failed", withReason,
            "An attempt to connect or listen has failed. It is repeated after T5.")
        declareProperties(&c, hsms)
        c.method("enable", "Establishes the connection, and again after each loss, until disable.") { (object, _) in
            enable(object)
            return .none
        }
        c.method(
            "disable", waits: true,
            "Ends the session and closes the connection, which stays closed. Waits until it is closed, if the task can wait."
        ) { (object, call) throws(LuaFault) in try call.finishing { disable(object, $0) } }
        c.method("disconnect", "Closes the connection. While it is enabled, it is established again, as after a loss.")
        {
            (object, _) in
            hsms(object)?.disconnect()
            return .none
        }
        declareRequests(&c, hsms)
        declareResponses(&c, hsms)
    }

    private func declareProperties<Object>(_ c: inout LuaClass<Object>, _ hsms: @escaping (Object) -> HsmsProtocol?) {
        c.property("name", .string, "The name by which it is known.") { hsms($0)?.name }
        c.property("address", .string, "The peer's address or host name, as given.") { hsms($0)?.connection.address }
        c.property("port", .integer, "The peer's port, or the port to listen on.") { hsms($0)?.connection.port }
        c.property("active", .boolean, "Whether this side makes the connection.") { hsms($0)?.connection.isActiveSide }
        for name in ["session_id", "sessionID"] {
            c.property(name, .integer, "The session ID of data messages.") { hsms($0).map { Int($0.sessionID) } }
        }
        c.property("connected", .boolean, "Whether there is a TCP connection.") { hsms($0)?.connection.isConnected }
        c.property("selected", .boolean, "Whether a session is established.") { hsms($0)?.isSelected() }
        for name in ["connection_state", "connectionState"] {
            c.property(
                name, .string.annotated("'NOT-CONNECTED'|'CONNECTED_NOT-SELECTED'|'CONNECTED_SELECTED'"),
                "'NOT-CONNECTED', 'CONNECTED_NOT-SELECTED' or 'CONNECTED_SELECTED'."
            ) { hsms($0)?.state.rawValue }
        }
        for name in ["system_counter", "systemCounter"] {
            c.property(name, .systemBytes, "The system bytes that were used last; random at first.") {
                hsms($0).map { Int($0.systemCounter) }
            } set: { object, system in
                hsms(object)?.systemCounter = system
            }
        }
        c.property("connection", .instance(["HsmsConnection"]), "The connection.") {
            [unowned peers] object in
            hsms(object).map { peers.runtime.instance(for: $0.connection, class: $0.connection.className) }
        }
    }

    // MARK: - What awaits an answer

    private static let answer: LuaShape = .of(
        "HsmsPacket|nil, string?, HsmsPacket?",
        "the packet of the answer; nil and the reason, and the packet that decided, if one did")

    private func declareRequests<Object>(_ c: inout LuaClass<Object>, _ hsms: @escaping (Object) -> HsmsProtocol?) {
        let peers = peers
        var control = ParameterList()
        let session = control.optional(
            "session_id", .sessionID(0...0xFFFE), "Which session, where there are several; nil: the first.")
        c.method(
            "send_select_req", control, returns: Self.answer, waits: true,
            "Asks the peer to establish the session. The active side does that by itself."
        ) { (object, call) throws(LuaFault) in
            try call.request(hsms(object), peers) { $0.sendSelectRequest(session: call[session], completion: $1) }
        }
        c.method(
            "send_deselect_req", control, returns: Self.answer, waits: true,
            "Asks to end the session; the connection stays."
        ) { (object, call) throws(LuaFault) in
            try call.request(hsms(object), peers) { $0.sendDeselectRequest(session: call[session], completion: $1) }
        }
        c.method("send_linktest_req", returns: Self.answer, waits: true, "Asks whether the peer still answers.") {
            (object, call) throws(LuaFault) in
            try call.request(hsms(object), peers) { $0.sendLinktestRequest(completion: $1) }
        }
        var request = ParameterList()
        let message = request.required("message", .secsMessage, "What to send.")
        c.method(
            "send_and_waitfor_response", request,
            returns: Self.answer, waits: true,
            "Sends a message that asks for a reply, and waits for the reply at most T3."
        ) { (object, call) throws(LuaFault) in
            let message = call[message].message
            let text = try message.text()
            return try call.request(hsms(object), peers) {
                $0.sendAndAwaitReply(
                    stream: message.stream, function: message.function, data: text, completion: $1)
            }
        }
        var waiting = ParameterList()
        let timeout = waiting.optional("timeout", .duration, "How long to wait; nil: for ever.")
        c.method(
            "waitfor_selected", waiting,
            returns: .of("boolean", "whether a session is established"), waits: true,
            "Waits until a session is established."
        ) { (object, call) throws(LuaFault) in
            guard let hsms = hsms(object) else { return call.returning(false) }
            return try peers.waiters.wait(
                for: hsms, isThere: hsms.isSelected(), timeout: call[timeout], in: peers.environment, call)
        }
    }

    // MARK: - What awaits none

    private func declareResponses<Object>(_ c: inout LuaClass<Object>, _ hsms: @escaping (Object) -> HsmsProtocol?) {
        var response = ParameterList()
        let system = response.required("system", .systemBytes, "The system bytes of the request.")
        let sent: LuaShape = .of("boolean, string?", "true, or false and the reason")
        func answer(_ name: String, _ kind: String, _ send: @escaping (HsmsProtocol, UInt32) throws(IOFault) -> Void) {
            c.method(
                name, response, returns: sent,
                "Sends a \(kind).rsp. Not needed for requests of the peer: they are answered without it."
            ) { (object, call) throws(LuaFault) in
                call.returningWhether { () throws(IOFault) in
                    if let hsms = hsms(object) { try send(hsms, call[system]) }
                }
            }
        }
        answer("send_select_rsp", "Select") { (hsms, system) throws(IOFault) in
            try hsms.sendSelectResponse(system: system)
        }
        answer("send_deselect_rsp", "Deselect") { (hsms, system) throws(IOFault) in
            try hsms.sendDeselectResponse(system: system)
        }
        answer("send_linktest_rsp", "Linktest") { (hsms, system) throws(IOFault) in
            try hsms.sendLinktestResponse(system: system)
        }
        var rejection = response
        let type = rejection.required("s_type", .byte, "The type of the rejected message.")
        let reason = rejection.required("reason", .byte, rejectReason)
        c.method("send_reject_rsp", rejection, returns: sent, "Sends a Reject.req.") {
            (object, call) throws(LuaFault) in
            let rejected = HsmsHeader(
                sessionID: HsmsHeader.controlSession, sType: call[type], system: call[system])
            return call.returningWhether { () throws(IOFault) in
                try hsms(object)?.sendReject(of: rejected, reason: HsmsRejectReason(rawValue: call[reason]))
            }
        }
        c.method(
            "send_separate_req", returns: .of("integer|nil, string?", "the system bytes; nil and the reason"),
            "Ends the session. If it is the only one, the connection ends, too."
        ) { (object, call) throws(LuaFault) in
            do throws(IOFault) {
                return call.returning(
                    try hsms(object).map { (hsms) throws(IOFault) in
                        Int(try hsms.sendSeparateRequest())
                    })
            } catch {
                return call.returning(LuaNil(), error.text)
            }
        }
        declareDataResponses(&c, hsms, returns: sent)
        c.method(
            "get_next_system_counter", returns: .of("integer"), "Gives system bytes that no open request uses."
        ) {
            (object, call) throws(LuaFault) in call.returning(hsms(object).map { Int($0.nextSystemCounter()) })
        }
    }

    private func declareDataResponses<Object>(
        _ c: inout LuaClass<Object>, _ hsms: @escaping (Object) -> HsmsProtocol?, returns sent: LuaShape
    ) {
        var primary = ParameterList()
        let message = primary.required("message", .secsMessage, "What to send.")
        c.method(
            "send_stream_function", primary, returns: sent, "Sends a message and does not wait for a reply."
        ) { (object, call) throws(LuaFault) in
            let message = call[message].message
            let text = try message.text()
            return call.returningWhether { () throws(IOFault) in
                try hsms(object)?.sendStreamFunction(
                    stream: message.stream, function: message.function, requireResponse: message.expectsReply,
                    data: text)
            }
        }
        var response = ParameterList()
        let reply = response.required("message", .secsMessage, "The reply, such as S1F2.")
        let system = response.required("system", .systemBytes, "The system bytes of the request.")
        c.method("send_response", response, returns: sent, "Replies to a message.") {
            (object, call) throws(LuaFault) in
            let message = call[reply].message
            let text = try message.text()
            return call.returningWhether { () throws(IOFault) in
                guard let hsms = hsms(object) else { return }
                let primary = HsmsHeader(
                    sessionID: hsms.sessionID, stream: message.stream, sType: HsmsMessageType.data.rawValue,
                    system: call[system])
                try hsms.sendReply(to: primary, function: message.function, data: text)
            }
        }
    }

    // MARK: - Events

    /// Whether the program has a handler for messages such as the one with that header.
    func listens(to header: HsmsHeader, on instance: LuaInstance) -> Bool {
        instance.has(header.function.isMultiple(of: 2) ? unexpectedReply : packetReceived)
    }

    /// Fires what happened on a connection.
    /// - Parameters:
    ///   - handler: what the event says it happened to.
    ///   - instance: whose handlers are called.
    func fire(_ event: HsmsEvent, of handler: LuaInstance, on instance: LuaInstance) {
        // Messages come often, and most programs leave them to callbacks. Without a handler they take no place in the
        // queue.
        switch event {
        case .packetReceived where !instance.has(packetReceived): return
        case .unexpectedReply where !instance.has(unexpectedReply): return
        default: break
        }
        var data = HsmsEventData(handler: handler, runtime: peers.runtime)
        switch event {
        case .connected: instance.fire(connected, data)
        case .selected(let session):
            data.session = session
            instance.fire(selected, data)
        case .deselected(let session):
            data.session = session
            instance.fire(deselected, data)
        case .disconnected(let reason):
            data.reason = reason.description
            instance.fire(disconnected, data)
        case .packetReceived(let packet):
            data.packet = packet
            instance.fire(packetReceived, data)
        case .unexpectedReply(let packet):
            data.packet = packet
            instance.fire(unexpectedReply, data)
        case .openFailed(let reason):
            data.reason = reason
            instance.fire(openFailed, data)
        }
    }
}

/// The table that handlers of events get.
private struct HsmsEventData: LuaPushable {
    let handler: LuaInstance
    let runtime: LuaRuntime
    var session: UInt16?
    var reason: String?
    var packet: HsmsPacket?

    func push(onto stack: LuaStack) {
        stack.pushTable(fields: 2)
        stack.set("connection", handler)
        if let session { stack.set("session_id", Int(session)) }
        if let reason { stack.set("reason", reason) }
        if let packet { stack.set("packet", PushedPacket(packet: packet, runtime: runtime)) }
    }
}

extension LuaCall {
    /// Suspends the task until the outcome of a request is known.
    fileprivate func request(
        _ hsms: HsmsProtocol?, _ peers: HsmsPeers,
        _ begin: (HsmsProtocol, @escaping (HsmsOutcome) -> Void) -> any Cancellable
    ) throws(LuaFault) -> LuaResult {
        guard let hsms else { return .none }
        let runtime = peers.runtime
        return try wait { (waiter) throws(LuaFault) in
            let pending = begin(hsms) { outcome in
                waiter.resume { stack in
                    if case .reply(let packet) = outcome {
                        stack.push(PushedPacket(packet: packet, runtime: runtime))
                        return .values(1)
                    }
                    stack.pushNil()
                    stack.push(outcome.reason)
                    guard let packet = outcome.packet else { return .values(2) }
                    stack.push(PushedPacket(packet: packet, runtime: runtime))
                    return .values(3)
                }
            }
            return { pending.cancel() }
        }
    }
}

extension SecsMessage {
    /// The bytes of the item.
    fileprivate func text() throws(LuaFault) -> ByteBuffer {
        do throws(SecsEncodingError) {
            return try item?.encoded() ?? ByteBuffer()
        } catch {
            throw LuaFault(.valueError, "\(name): \(error)")
        }
    }
}
