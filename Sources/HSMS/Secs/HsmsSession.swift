public import Bytes
public import ControlCore

/// One session of an HSMS connection as the session of a ``SecsHandler``.
///
/// It keeps its protocol; the protocol does not keep it.
public final class HsmsSession: SecsSession {
    /// The protocol whose session it is.
    public let hsms: HsmsProtocol
    /// The session ID.
    public let sessionID: UInt16
    /// Who gets what comes in.
    public weak var observer: (any SecsSessionObserver)?

    /// The session of a connection.
    /// - Parameters:
    ///   - hsms: the protocol on the connection; it is kept.
    ///   - session: which one, where there are several; nil: the first, or only one.
    public init(_ hsms: HsmsProtocol, session: UInt16? = nil) {
        self.hsms = hsms
        sessionID = session ?? hsms.defaultSession
        hsms.sessionObservers[sessionID] = { [weak self] in self?.happened($0) }
    }

    /// The environment of the protocol.
    public var environment: any Environment { hsms.environment }

    /// Who this side is: as the protocol's configuration has it.
    public var role: HsmsConfiguration.Role { hsms.configuration.role }

    /// Whether the session is selected.
    public var isSelected: Bool { hsms.isSelected(session: sessionID) }

    /// Sends a primary message and awaits its reply.
    public func sendRequest(
        stream: UInt8, function: UInt8, text: ByteBuffer, completion: @escaping (HsmsOutcome) -> Void
    ) {
        hsms.sendAndAwaitReply(
            stream: stream, function: function, data: text, session: sessionID, completion: completion)
    }

    /// Sends a primary message that expects no reply.
    public func sendUnanswered(stream: UInt8, function: UInt8, text: ByteBuffer) throws(IOFault) {
        try hsms.sendStreamFunction(stream: stream, function: function, data: text, session: sessionID)
    }

    /// Replies to a primary message.
    public func sendReply(to primary: HsmsHeader, function: UInt8, text: ByteBuffer) throws(IOFault) {
        try hsms.sendReply(to: primary, function: function, data: text)
    }

    /// Separates. Where there is a single session the connection is closed and established again; one of several is
    /// selected again by the active side.
    public func renewSession() {
        guard isSelected else { return }
        do throws(IOFault) {
            try hsms.sendSeparateRequest(session: sessionID)
        } catch {
            // The connection is gone, and the session with it.
            return
        }
        if case .general = hsms.configuration.sessionModel, hsms.isActive {
            hsms.sendSelectRequest(session: sessionID) { _ in }
        }
    }

    private func happened(_ event: HsmsEvent) {
        switch event {
        case .selected: observer?.sessionSelected()
        case .deselected, .disconnected: observer?.sessionDeselected()
        case .packetReceived(let packet): observer?.sessionReceived(packet)
        case .connected, .unexpectedReply, .openFailed: break
        }
    }
}
