/// Tells an ``HsmsProtocol`` what happens on its connection, and keeps it alive as long as something may.
final class HsmsProtocolRelay: HsmsConnectionDelegate {
    private let owner: HsmsProtocol

    init(_ owner: HsmsProtocol) {
        self.owner = owner
    }

    func connectionEstablished(_ connection: HsmsConnection) {
        owner.happened(.connected)
    }

    func connection(_ connection: HsmsConnection, didReceive packet: HsmsPacket) {
        owner.happened(.received(packet))
    }

    func connectionClosed(_ connection: HsmsConnection, reason: HsmsCloseReason) {
        owner.happened(.disconnected(reason))
    }

    func connection(_ connection: HsmsConnection, didFailToOpen reason: String) {
        owner.openFailed(reason)
    }
}
