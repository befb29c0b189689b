extension HsmsHeader {
    /// The header of a data message.
    /// - Parameters:
    ///   - session: the session ID; with a single session, the device ID of the equipment.
    ///   - stream: 0…127.
    ///   - function: 0…255: odd in a primary message, even in a reply.
    ///   - requireResponse: whether a reply is expected: the W-bit.
    ///   - system: the system bytes, by which a reply finds its request.
    public static func data(
        session: UInt16, stream: UInt8, function: UInt8, requireResponse: Bool, system: UInt32
    ) -> HsmsHeader {
        HsmsHeader(
            sessionID: session, requireResponse: requireResponse, stream: stream, function: function,
            sType: HsmsMessageType.data.rawValue, system: system)
    }

    /// The header of a Select.req.
    public static func selectRequest(session: UInt16 = controlSession, system: UInt32) -> HsmsHeader {
        control(.selectRequest, session: session, system: system)
    }

    /// The header of a Select.rsp.
    public static func selectResponse(
        session: UInt16 = controlSession, status: HsmsSelectStatus = .established, system: UInt32
    ) -> HsmsHeader {
        control(.selectResponse, session: session, function: status.rawValue, system: system)
    }

    /// The header of a Deselect.req.
    public static func deselectRequest(session: UInt16 = controlSession, system: UInt32) -> HsmsHeader {
        control(.deselectRequest, session: session, system: system)
    }

    /// The header of a Deselect.rsp.
    public static func deselectResponse(
        session: UInt16 = controlSession, status: HsmsDeselectStatus = .ended, system: UInt32
    ) -> HsmsHeader {
        control(.deselectResponse, session: session, function: status.rawValue, system: system)
    }

    /// The header of a Linktest.req, which belongs to no session.
    public static func linktestRequest(system: UInt32) -> HsmsHeader {
        control(.linktestRequest, session: controlSession, system: system)
    }

    /// The header of a Linktest.rsp, which belongs to no session.
    public static func linktestResponse(system: UInt32) -> HsmsHeader {
        control(.linktestResponse, session: controlSession, system: system)
    }

    /// The header of a Separate.req.
    public static func separateRequest(session: UInt16 = controlSession, system: UInt32) -> HsmsHeader {
        control(.separateRequest, session: session, system: system)
    }

    /// The header of a Reject.req.
    /// - Parameters:
    ///   - rejected: what is rejected. Its session and system bytes come back, and its PType when that is the reason,
    ///     otherwise its SType.
    ///   - reason: why.
    public static func rejectRequest(of rejected: HsmsHeader, reason: HsmsRejectReason) -> HsmsHeader {
        var header = control(
            .rejectRequest, session: rejected.sessionID, function: reason.rawValue, system: rejected.system)
        header.byte2 = reason == .pTypeNotSupported ? rejected.pType : rejected.sType
        return header
    }

    private static func control(
        _ type: HsmsMessageType, session: UInt16, function: UInt8 = 0, system: UInt32
    ) -> HsmsHeader {
        HsmsHeader(sessionID: session, function: function, sType: type.rawValue, system: system)
    }
}
