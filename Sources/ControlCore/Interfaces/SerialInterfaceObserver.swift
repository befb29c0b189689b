package import NIOCore

/// Sees what a ``SerialInterface`` receives before the program's event slots do. For connection handlers.
package protocol SerialInterfaceObserver: AnyObject {
    /// Bytes arrived that belong to no `sendAndWait`.
    func serial(_ serial: SerialInterface, didReceive bytes: ByteBuffer)
    /// Bytes arrived while a `sendAndWait` waits for its response.
    func serialDidReceiveAwaited(_ serial: SerialInterface)
    /// ``SerialInterface/isActive`` changed.
    func serialActivityDidChange(_ serial: SerialInterface)
}
