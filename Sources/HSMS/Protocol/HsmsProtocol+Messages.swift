public import Bytes
public import ControlCore

/// What a program sends.
extension HsmsProtocol {
    // MARK: Control messages that await an answer

    /// Asks to establish the session. `send_select_req` of secsgem.
    /// - Parameters:
    ///   - session: which one, where there are several; `nil`: the first.
    ///   - completion: gets the Select.rsp, whose status may refuse, or what happened instead. No answer within T6 ends
    ///     the connection, and so does a refusal where there is a single session.
    @discardableResult
    public func sendSelectRequest(
        session: UInt16? = nil, completion: @escaping (HsmsOutcome) -> Void
    ) -> any Cancellable {
        let header = HsmsHeader.selectRequest(session: controlSession(session), system: nextSystemCounter())
        return request(HsmsPacket(header), completion)
    }

    /// Asks to end the session and to keep the connection. `send_deselect_req` of secsgem.
    /// - Parameters:
    ///   - session: which one, where there are several; `nil`: the first.
    ///   - completion: gets the Deselect.rsp, whose status may refuse, or what happened instead. No answer within T6
    ///     ends the connection.
    @discardableResult
    public func sendDeselectRequest(
        session: UInt16? = nil, completion: @escaping (HsmsOutcome) -> Void
    ) -> any Cancellable {
        let header = HsmsHeader.deselectRequest(session: controlSession(session), system: nextSystemCounter())
        return request(HsmsPacket(header), completion)
    }

    /// Asks whether the peer is there. `send_linktest_req` of secsgem.
    /// - Parameter completion: gets the Linktest.rsp, or what happened instead. No answer within T6 counts as one of
    ///   the ``HsmsConfiguration/toleratedLinktestFailures``.
    @discardableResult
    public func sendLinktestRequest(completion: @escaping (HsmsOutcome) -> Void) -> any Cancellable {
        request(HsmsPacket(.linktestRequest(system: nextSystemCounter())), completion)
    }

    // MARK: Control messages that await none

    /// Ends the session by Separate.req. Where there is a single session, the connection is closed too, and established
    /// again as after any loss. `send_separate_req` of secsgem.
    /// - Parameter session: which one, where there are several; `nil`: the first.
    /// - Returns: the system bytes of the message.
    /// - Throws: when there is no connection.
    @discardableResult
    public func sendSeparateRequest(session: UInt16? = nil) throws(IOFault) -> UInt32 {
        try checkConnected()
        let system = nextSystemCounter()
        handle(.separate(session: controlSession(session), system: system), later: true)
        return system
    }

    /// Sends a Select.rsp. The procedures answer each Select.req by themselves. `send_select_rsp` of secsgem.
    /// - Throws: when it could not be queued.
    public func sendSelectResponse(
        system: UInt32, session: UInt16? = nil, status: HsmsSelectStatus = .established
    ) throws(IOFault) {
        let header = HsmsHeader.selectResponse(session: controlSession(session), status: status, system: system)
        try connection.send(HsmsPacket(header))
    }

    /// Sends a Deselect.rsp. The procedures answer each Deselect.req by themselves. `send_deselect_rsp` of secsgem.
    /// - Throws: when it could not be queued.
    public func sendDeselectResponse(
        system: UInt32, session: UInt16? = nil, status: HsmsDeselectStatus = .ended
    ) throws(IOFault) {
        let header = HsmsHeader.deselectResponse(session: controlSession(session), status: status, system: system)
        try connection.send(HsmsPacket(header))
    }

    /// Sends a Linktest.rsp. The procedures answer each Linktest.req by themselves. `send_linktest_rsp` of secsgem.
    /// - Throws: when it could not be queued.
    public func sendLinktestResponse(system: UInt32) throws(IOFault) {
        try connection.send(HsmsPacket(.linktestResponse(system: system)))
    }

    /// Sends a Reject.req. `send_reject_rsp` of secsgem.
    /// - Parameters:
    ///   - rejected: the header of what is rejected.
    ///   - reason: why.
    /// - Throws: when it could not be queued.
    public func sendReject(of rejected: HsmsHeader, reason: HsmsRejectReason) throws(IOFault) {
        try connection.send(HsmsPacket(.rejectRequest(of: rejected, reason: reason)))
    }

    // MARK: Data

    /// Sends a primary message and awaits its reply. `send_and_waitfor_response` of secsgem.
    /// - Parameters:
    ///   - stream: 0…127.
    ///   - function: an odd number.
    ///   - data: the text, in SECS-II.
    ///   - session: which one, where there are several; `nil`: the first.
    ///   - completion: gets the reply, or what happened instead. T3 counts from when the message has been sent.
    /// - Returns: a handle; cancelling it keeps the outcome back, the message goes out even so.
    @discardableResult
    public func sendAndAwaitReply(
        stream: UInt8, function: UInt8, data: ByteBuffer = ByteBuffer(), session: UInt16? = nil,
        completion: @escaping (HsmsOutcome) -> Void
    ) -> any Cancellable {
        let header = dataHeader(session, stream, function, requireResponse: true, system: nextSystemCounter())
        return request(HsmsPacket(header, data: data), completion)
    }

    /// Sends a primary message and leaves it at that. `send_stream_function` of secsgem.
    /// - Parameters:
    ///   - stream: 0…127.
    ///   - function: an odd number.
    ///   - requireResponse: whether the peer is asked for a reply, which is then reported as
    ///     ``HsmsEvent/unexpectedReply(_:)``.
    ///   - data: the text, in SECS-II.
    ///   - session: which one, where there are several; `nil`: the first.
    /// - Returns: the system bytes of the message.
    /// - Throws: when the session is not established, or the message could not be queued.
    @discardableResult
    public func sendStreamFunction(
        stream: UInt8, function: UInt8, requireResponse: Bool = false, data: ByteBuffer = ByteBuffer(),
        session: UInt16? = nil
    ) throws(IOFault) -> UInt32 {
        let system = nextSystemCounter()
        let header = dataHeader(session, stream, function, requireResponse: requireResponse, system: system)
        try sendData(HsmsPacket(header, data: data))
        return system
    }

    /// Replies to a primary message. `send_response` of secsgem.
    /// - Parameters:
    ///   - primary: the header of the message that is replied to.
    ///   - function: `nil`: the one after the primary message's; 0 aborts.
    ///   - data: the text, in SECS-II.
    /// - Throws: when the session is not established, or the message could not be queued.
    public func sendReply(
        to primary: HsmsHeader, function: UInt8? = nil, data: ByteBuffer = ByteBuffer()
    ) throws(IOFault) {
        let header = HsmsHeader.data(
            session: primary.sessionID, stream: primary.stream, function: function ?? (primary.function &+ 1),
            requireResponse: false, system: primary.system)
        try sendData(HsmsPacket(header, data: data))
    }

    /// Tells the host by a message of stream 9 what was wrong with one of its own. For equipment.
    /// - Parameter offending: the header of the host's message, or for ``HsmsErrorMessage/transactionTimeout`` that of
    ///   the equipment's.
    /// - Throws: when the session is not established, or the message could not be queued.
    public func sendErrorMessage(_ error: HsmsErrorMessage, about offending: HsmsHeader) throws(IOFault) {
        let session = machine.isSingle ? sessionID : offending.sessionID
        try sendData(error.packet(quoting: offending, session: session, system: nextSystemCounter()))
    }

    private func sendData(_ packet: HsmsPacket) throws(IOFault) {
        try checkConnected()
        guard machine.selected.contains(machine.key(of: packet.header)) else {
            throw IOFault("the HSMS session with \(connection.address):\(connection.port) is not selected")
        }
        try connection.send(packet)
    }

    private func checkConnected() throws(IOFault) {
        guard state != .notConnected else {
            throw IOFault("the HSMS connection to \(connection.address):\(connection.port) is not established")
        }
    }

    private func controlSession(_ session: UInt16?) -> UInt16 {
        machine.isSingle ? HsmsHeader.controlSession : session ?? machine.sessions[0]
    }

    private func dataHeader(
        _ session: UInt16?, _ stream: UInt8, _ function: UInt8, requireResponse: Bool, system: UInt32
    ) -> HsmsHeader {
        precondition(stream < 128, "a stream is at most 127")
        let session = machine.isSingle ? sessionID : session ?? machine.sessions[0]
        return .data(
            session: session, stream: stream, function: function, requireResponse: requireResponse, system: system)
    }
}
