/// What an ``HsmsProtocol`` reports, in order.
public enum HsmsEvent: Equatable, Sendable {
    /// The TCP connection stands. `hsms_connected` of secsgem.
    case connected
    /// A session is established: data can be sent. `hsms_selected` of secsgem.
    case selected(session: UInt16)
    /// A session has ended, and the TCP connection stays.
    case deselected(session: UInt16)
    /// The TCP connection is closed, and every session with it. Once for each ``connected``. `hsms_disconnected` of
    /// secsgem.
    case disconnected(HsmsCloseReason)
    /// A primary data message has come in, in a session that is established. `hsms_packet_received` of secsgem.
    case packetReceived(HsmsPacket)
    /// A reply has come in that nothing awaits, such as one that came after T3. It was not answered.
    case unexpectedReply(HsmsPacket)
    /// An attempt to connect, or to listen, has failed. It is repeated after T5.
    case openFailed(String)
}
