import CTLS

/// TLS of one connection, without its socket: the owner feeds it what the peer has sent, and sends what it puts out.
/// For one thread at a time.
///
/// After every ``feed(_:)-(UnsafeRawBufferPointer)`` the owner goes on with ``handshake()`` until that is done, then
/// with ``read(into:)`` until there is nothing more, and sends the output after every step, also after one that has
/// failed: an alert may be in it. When the peer ends the stream without a farewell, the owner alone knows.
public final class TLSConnection {
    private let handle: OpaquePointer
    /// Kept as long as its connections.
    private let context: TLSContext
    private var judge: ((TLSCertificate) -> Bool)?

    /// Makes a connection. A client's first message is put out by ``handshake()``.
    /// - Parameter serverName: clients: the host name to ask for. An IP address is none.
    /// - Throws: when the library can make none, as when `serverName` is too long.
    public init(_ context: TLSContext, serverName: String? = nil) throws(TLSError) {
        self.context = context
        var failure = ctls_failure()
        guard let handle = ctls_connection_new(context.handle, context.role == .server, serverName, &failure) else {
            throw TLSError(failure)
        }
        self.handle = handle
    }

    deinit { ctls_connection_free(handle) }

    private var failure: TLSError { TLSError(ctls_connection_failure(handle).pointee) }

    /// Has the peer's certificate judged during the handshake, once, before this side shows its own. It is judged when
    /// the context's ``TLSContext/Verification`` has found nothing wrong with it. What is not shown is not judged.
    /// - Parameters:
    ///   - alone: the judgement counts alone, whatever the context says. Clients only.
    ///   - judge: must not call the connection; false ends the handshake with ``TLSError/Kind/refused``.
    public func judgePeer(alone: Bool = false, _ judge: @escaping (TLSCertificate) -> Bool) {
        precondition(!alone || context.role == .client, "a server asks for a certificate by its context")
        self.judge = judge
        // The library asks only while this connection calls it.
        ctls_judge_peer(
            handle,
            { context, certificate in
                guard let context, let certificate else { return false }
                let connection = Unmanaged<TLSConnection>.fromOpaque(context).takeUnretainedValue()
                return connection.judge?(TLSCertificate(certificate.pointee)) ?? false
            }, Unmanaged.passUnretained(self).toOpaque(), alone)
    }

    /// Takes ciphertext that the peer has sent: any number of records, or parts of one. Bytes after the peer's farewell
    /// or a failure are dropped.
    public func feed(_ bytes: UnsafeRawBufferPointer) { ctls_feed(handle, bytes.baseAddress, bytes.count) }

    /// Takes ciphertext that the peer has sent: any number of records, or parts of one. Bytes after the peer's farewell
    /// or a failure are dropped.
    public func feed(_ bytes: RawSpan) { bytes.withUnsafeBytes { feed($0) } }

    /// Goes on with the handshake.
    /// - Returns: whether it is done; else more of the peer is needed.
    /// - Throws: when it has failed, now or earlier.
    public func handshake() throws(TLSError) -> Bool {
        let result = ctls_handshake(handle)
        guard result >= 0 else { throw failure }
        return result > 0
    }

    /// Reads plaintext until `bytes` is full or nothing is left. What came before a failure is read before that is
    /// thrown.
    /// - Precondition: the handshake is done.
    /// - Returns: how many bytes; 0 when nothing is left. ``hasPeerClosed`` then tells whether there can be more.
    /// - Throws: when the stream has failed. In TLS 1.3, a client whose certificate is refused learns it here.
    public func read(into bytes: UnsafeMutableRawBufferPointer) throws(TLSError) -> Int {
        precondition(version != nil, "the handshake comes first")
        let count = ctls_read(handle, bytes.baseAddress, bytes.count)
        guard count >= 0 else { throw failure }
        return count
    }

    /// Encrypts plaintext of any length into the output. Bytes after ``close()`` are dropped.
    /// - Precondition: the handshake is done.
    /// - Throws: when the stream has failed.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(TLSError) {
        precondition(version != nil, "the handshake comes first")
        guard ctls_write(handle, bytes.baseAddress, bytes.count) else { throw failure }
    }

    /// Encrypts plaintext of any length into the output. Bytes after ``close()`` are dropped.
    /// - Precondition: the handshake is done.
    /// - Throws: when the stream has failed.
    public func write(_ bytes: RawSpan) throws(TLSError) {
        try bytes.withUnsafeBytes { (bytes) throws(TLSError) in try write(bytes) }
    }

    /// Puts the farewell out, once. Reading goes on. Does nothing before the handshake is done.
    public func close() { ctls_close(handle) }

    /// How many bytes of ciphertext wait to be sent.
    public var outputCount: Int {
        var count = 0
        _ = ctls_output(handle, &count)
        return count
    }

    /// How many bytes of plaintext were written and wait, unencrypted, until the rest of a message of the peer's has
    /// come. A farewell waits behind them.
    public var heldCount: Int { ctls_held_count(handle) }

    /// Lends the ciphertext that waits to be sent.
    /// - Parameter body: must not call the connection, and returns how many of the bytes it has sent. These are
    ///   dropped; none are when it throws.
    public func withOutput<Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        var count = 0
        let start = ctls_output(handle, &count)
        let sent = try body(UnsafeRawBufferPointer(start: start, count: count))
        precondition((0...count).contains(sent), "no more can be sent than there is")
        ctls_drop_output(handle, sent)
    }

    /// Whether reading has reached the peer's farewell. ``write(_:)-(UnsafeRawBufferPointer)`` still works then.
    public var hasPeerClosed: Bool { ctls_has_peer_closed(handle) }

    /// The version that is spoken; `nil` before the handshake is done.
    public var version: TLSVersion? { TLSVersion(rawValue: UInt16(truncatingIfNeeded: ctls_version(handle))) }

    /// What the peer has shown, also when it was refused; `nil`: nothing.
    public var peerCertificate: TLSCertificate? { TLSCertificate(peerOf: handle) }
}
