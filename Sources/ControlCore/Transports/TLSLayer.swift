import Bytes
import Polling
import TLS

/// TLS between a ``TCPTransport`` and its socket.
final class TLSLayer {
    /// The most plaintext of one record.
    private static let recordLimit = 16 * 1024

    let handshake: TLSHandshake
    private let connection: TLSConnection
    /// Owns it.
    private unowned let transport: TCPTransport

    init(_ connection: TLSConnection, handshake: TLSHandshake, of transport: TCPTransport) {
        self.connection = connection
        self.handshake = handshake
        self.transport = transport
    }

    /// What the peer has shown; `nil`: nothing.
    var peerCertificate: PeerCertificate? { connection.peerCertificate.map(PeerCertificate.init) }

    var version: TLSProtocolVersion? {
        switch connection.version {
        case .tls10: .tls10
        case .tls11: .tls11
        case .tls12: .tls12
        case .tls13: .tls13
        case nil: nil
        }
    }

    /// Has the handshake end over a wrong name or pin before this side has shown a certificate to a stranger.
    /// - Parameter now: seconds since 1970 UTC.
    func judgePeer(now: Int64) {
        let terms = handshake.terms
        var isPinned = false
        if case .pinned = terms.verification { isPinned = true }
        guard terms.role == .client, terms.verification != .none else { return }
        connection.judgePeer(alone: isPinned) { certificate in
            PeerCertificate(certificate).problem(under: terms, isTrusted: true, now: now) == nil
        }
    }

    /// Plaintext that is not encrypted yet: it waits for the handshake, or for the rest of a message of the peer's.
    var waitingBytes: Int { handshake.heldBytes + connection.heldCount }

    /// Begins the handshake.
    /// - Parameter early: what the peer has sent already.
    func begin(with early: [ByteBuffer]) {
        for bytes in early { bytes.withUnsafeReadableBytes { connection.feed($0) } }
        advance()
    }

    private func advance() {
        do throws(TLSError) {
            let isDone = try connection.handshake()
            sendOutput()
            if isDone { transport.tlsDidAgree(self) }
        } catch {
            // An alert may tell the peer why.
            sendOutput()
            transport.tlsDidFail(error, self)
        }
    }

    /// Takes what the peer has sent.
    func receive(_ bytes: RawSpan) {
        // A peer that was not let in may have sent already.
        guard handshake.state != .failed else { return }
        connection.feed(bytes)
        if handshake.isUnderWay { advance() }
        guard handshake.state == .done, transport.source.isOpen else { return }
        deliver()
    }

    /// Encrypts and sends.
    func send(_ bytes: ByteBuffer) {
        do throws(TLSError) {
            try bytes.withUnsafeReadableBytes { (bytes) throws(TLSError) in try connection.write(bytes) }
            sendOutput()
        } catch {
            sendOutput()
            transport.abandon(.failed(tlsErrorText(error, inHandshake: false)))
        }
    }

    /// Tells the peer that nothing more comes.
    func takeLeave() {
        connection.close()
        sendOutput()
    }

    private func sendOutput() {
        guard connection.outputCount > 0 else { return }
        connection.withOutput { output in
            transport.source.send(output.bytes)
            return output.count
        }
    }

    private func deliver() {
        let waited = connection.heldCount
        let failure: TLSError? = withUnsafeTemporaryAllocation(byteCount: Self.recordLimit, alignment: 16) { buffer in
            do throws(TLSError) {
                while transport.source.isOpen {
                    let count = try connection.read(into: buffer)
                    guard count > 0 else { break }
                    transport.inbox.receive(ByteBuffer(copying: UnsafeRawBufferPointer(rebasing: buffer[..<count])))
                }
                return nil
            } catch {
                return error
            }
        }
        // An answer of TLS itself, as to a change of keys.
        sendOutput()
        if let failure {
            transport.abandon(.failed(tlsErrorText(failure, inHandshake: false)))
            return
        }
        if waited > 0, connection.heldCount == 0 { transport.tlsDidCatchUp() }
        if connection.hasPeerClosed { transport.abandon(.peer) }
    }
}

extension PeerCertificate {
    init(_ certificate: TLSCertificate) {
        self.init(
            hostNames: certificate.hostNames,
            addresses: certificate.addresses.compactMap { try? SocketAddress(packedIPAddress: $0, port: 0).ipAddress },
            issuer: certificate.issuer,
            isSelfSigned: certificate.isSelfIssued,
            notBefore: certificate.notBefore,
            notAfter: certificate.notAfter,
            fingerprint: CertificateFingerprint(ofCertificate: certificate.bytes))
    }
}
