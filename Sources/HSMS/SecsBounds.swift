/// The bounds of connections and handlers that are values of types nobody else sees, for those who tell users of them.
package enum SecsBounds {
    /// Messages that are taken from one connection in a turn of the loop.
    package static let messagesInATurn = HsmsTurnShare.mostMessages
    /// Bytes that are taken from one connection in a turn of the loop.
    package static let bytesInATurn = HsmsTurnShare.mostBytes
    /// Bytes of messages that equipment keeps for its host.
    package static let spooledBytes = GemSpoolStore.mostBytes
}
