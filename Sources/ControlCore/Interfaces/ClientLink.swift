import NIOCore

/// What a ``ClientObject`` talks through: a stream, or datagrams of one sender.
protocol ClientLink: AnyObject, Writable {
    /// Whether bytes can be sent.
    var isOpen: Bool { get }
    /// Bytes that the system has not taken yet.
    var queuedBytes: Int { get }
    /// Begins to read.
    func start()
    /// Sends all of `bytes`, or throws and sends nothing.
    func send(_ bytes: ByteBuffer) throws(IOFault)
    /// Sends a message of any size, see ``PiecewiseSender/send(_:completion:)``.
    func send(
        _ pieces: any MessagePieces, completion: @escaping (Result<Void, IOFault>) -> Void
    ) throws(IOFault) -> any Cancellable
    /// Whether the program takes data.
    func setReceiving(_ receiving: Bool)
    /// Turns TLS on; datagrams cannot carry it.
    func startTLS(
        _ terms: TLSTerms, timeout: TimeAmount?, completion: @escaping (Result<TLSSession, ConnectFailure>) -> Void
    ) -> any Cancellable
    /// Closes it; the client hears of its end in the same turn of the loop.
    func close()
}

extension StreamConnection: ClientLink {}
