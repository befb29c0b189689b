/// The bounds of connections that are values of types nobody else sees, for those who tell users of them.
package enum ConnectionBounds {
    /// Bytes that wait to be sent on one connection.
    package static let queuedBytes = StreamConnection.sendQueueLimit
    /// Bytes that a connection keeps while its handler waits.
    package static let keptBytes = StreamConnection.keptBytesLimit
    /// Bytes of the commands that wait for their turn of `sendAndWait`.
    package static let waitingBytes = DeviceTraffic.waitingLimit
    /// Bytes that are delivered at once.
    package static let deliveredBytes = StreamLimits.chunk
    /// Senders that a UDP server tells apart.
    package static let senders = DatagramService.senderLimit
}
