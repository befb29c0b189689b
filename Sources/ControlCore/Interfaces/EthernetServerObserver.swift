package import Bytes

/// Sees what happens at an ``EthernetServerInterfaceEx`` before the program's event slots do. For connection handlers.
package protocol EthernetServerObserver: AnyObject {
    /// A client has connected.
    func server(_ server: EthernetServerInterfaceEx, didAccept client: ClientObject)
    /// A client is gone, whoever ended it. Once for each client.
    func server(_ server: EthernetServerInterfaceEx, didLose client: ClientObject)
    /// A client has sent bytes.
    func server(_ server: EthernetServerInterfaceEx, client: ClientObject, didReceive bytes: ByteBuffer)
    /// ``EthernetServerInterfaceEx/isActive`` changed.
    func serverActivityDidChange(_ server: EthernetServerInterfaceEx)
}
