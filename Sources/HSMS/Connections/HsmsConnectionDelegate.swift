/// Receives what happens on an ``HsmsConnection``, on its loop, one call after the other and never from inside a call
/// of the connection's own members.
///
/// For each TCP connection the order is: established, packets, before closed, closed, and each but the packets exactly
/// once. Nothing is demanded of a delegate: all methods have a default that does nothing.
public protocol HsmsConnectionDelegate: AnyObject {
    /// The TCP connection stands. No packet has been delivered yet. `on_connection_established` of secsgem.
    func connectionEstablished(_ connection: HsmsConnection)

    /// A message has come in. `on_connection_packet_received` of secsgem.
    func connection(_ connection: HsmsConnection, didReceive packet: HsmsPacket)

    /// The TCP connection is about to be closed, or the peer has closed it. In the former case a last message can still
    /// be sent. `on_connection_before_closed` of secsgem.
    func connectionBeforeClosed(_ connection: HsmsConnection)

    /// The TCP connection is closed; what was queued is still sent, for at most 1 s. `on_connection_closed` of secsgem.
    func connectionClosed(_ connection: HsmsConnection, reason: HsmsCloseReason)

    /// An attempt to connect, or to listen, has failed. It is repeated after T5 while the connection is enabled.
    func connection(_ connection: HsmsConnection, didFailToOpen reason: String)
}

extension HsmsConnectionDelegate {
    /// Does nothing.
    public func connectionEstablished(_ connection: HsmsConnection) {}
    /// Does nothing.
    public func connection(_ connection: HsmsConnection, didReceive packet: HsmsPacket) {}
    /// Does nothing.
    public func connectionBeforeClosed(_ connection: HsmsConnection) {}
    /// Does nothing.
    public func connectionClosed(_ connection: HsmsConnection, reason: HsmsCloseReason) {}
    /// Does nothing.
    public func connection(_ connection: HsmsConnection, didFailToOpen reason: String) {}
}
