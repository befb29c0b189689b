package import NIOCore

/// Sees what happens on an ``EthernetClientInterface`` before the program's event slots do. For connection handlers.
package protocol EthernetClientObserver: AnyObject {
    /// The connection was opened, by whomever.
    func clientDidConnect(_ client: EthernetClientInterface)
    /// The connection ended, whoever ended it. Once for each connection.
    func clientDidDisconnect(_ client: EthernetClientInterface)
    /// Bytes arrived that belong to no `sendAndWait`.
    func client(_ client: EthernetClientInterface, didReceive bytes: ByteBuffer)
    /// Bytes arrived while a `sendAndWait` waits for its response.
    func clientDidReceiveAwaited(_ client: EthernetClientInterface)
    /// ``EthernetClientInterface/isActive`` changed.
    func clientActivityDidChange(_ client: EthernetClientInterface)
}
