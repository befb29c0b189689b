/// A request of this side that awaits its answer.
struct HsmsOpenTransaction: Equatable {
    /// Which timer guards it.
    enum Timer: Equatable {
        case t3
        case t6
    }

    /// The header as it was sent.
    var request: HsmsHeader
    /// The procedures have sent it by themselves, so that nobody but they awaits the answer.
    var isAutomatic: Bool
    /// Requests are counted, so that many of them end in their order.
    var number: Int

    var timer: Timer { request.isData ? .t3 : .t6 }

    /// Whether `reply`, which has the system bytes of the request, is a reply to it, or aborts it.
    /// - Parameter anySession: the session ID is not looked at.
    func isEnded(by reply: HsmsHeader, anySession: Bool) -> Bool {
        guard request.isData, reply.stream == request.stream else { return false }
        guard anySession || reply.sessionID == request.sessionID else { return false }
        return reply.function == 0 || reply.function == request.function &+ 1
    }

    /// Whether `reject`, which has the system bytes of the request, rejects it.
    func isRejected(by reject: HsmsHeader) -> Bool {
        let byPType = HsmsRejectReason(rawValue: reject.function) == .pTypeNotSupported
        return reject.byte2 == (byPType ? request.pType : request.sType)
    }
}
