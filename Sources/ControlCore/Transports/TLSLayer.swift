import NIOCore
import NIOSSL

/// TLS between a ``TCPTransport`` and its socket.
final class TLSLayer {
    let handler: NIOSSLHandler
    let handshake: TLSHandshake
    /// The handler's own place in the pipeline: a close from here passes TLS by. Set when the handler is in its place,
    /// let go with the channel.
    var wire: ChannelHandlerContext?

    init(handler: NIOSSLHandler, handshake: TLSHandshake) {
        self.handler = handler
        self.handshake = handshake
    }

    /// What the peer has shown; `nil`: nothing, or something unreadable.
    var peerCertificate: PeerCertificate? {
        handler.peerCertificate.flatMap { try? PeerCertificate($0) }
    }

    var version: TLSProtocolVersion? {
        switch handler.tlsVersion {
        case .tlsv1: .tls10
        case .tlsv11: .tls11
        case .tlsv12: .tls12
        case .tlsv13: .tls13
        case nil: nil
        }
    }
}

extension PeerCertificate {
    init(_ certificate: NIOSSLCertificate) throws {
        hostNames = []
        addresses = []
        for name in certificate._subjectAlternativeNames() {
            switch name.nameType {
            case .dnsName:
                hostNames.append(String(decoding: name.contents, as: UTF8.self))
            case .ipAddress:
                let packed = ByteBuffer(bytes: name.contents)
                guard let address = try? SocketAddress(packedIPAddress: packed, port: 0) else { continue }
                addresses.append(address.ipAddress ?? "")
            default:
                continue
            }
        }
        let issuers = certificate.issuerName
        isSelfSigned = issuers == certificate.subjectName
        issuer = issuers.first { $0.type == .commonName }?.value ?? issuers.last?.value ?? ""
        notBefore = Int64(certificate.notValidBefore)
        notAfter = Int64(certificate.notValidAfter)
        fingerprint = CertificateFingerprint(ofCertificate: try certificate.toDERBytes())
    }
}
