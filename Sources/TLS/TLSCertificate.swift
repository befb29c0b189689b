import CTLS

/// What a peer's certificate says. All of it is as the peer has written it.
public struct TLSCertificate: Hashable, Sendable {
    /// The whole in DER form.
    public let bytes: [UInt8]
    /// The host names that it is for.
    public let hostNames: [String]
    /// The IP addresses that it is for, in network order: 4 or 16 bytes each, unless it is damaged.
    public let addresses: [[UInt8]]
    /// Who has issued it: the common name, or else the last part of the name. Empty when there is none.
    public let issuer: String
    /// Whether issuer and subject are equal.
    public let isSelfIssued: Bool
    /// Valid from then on: seconds since 1970 UTC.
    public let notBefore: Int64
    /// Valid until then: seconds since 1970 UTC.
    public let notAfter: Int64

    /// What the connection's peer has shown; `nil`: nothing.
    init?(peerOf connection: OpaquePointer) {
        var certificate = ctls_certificate()
        guard ctls_peer_certificate(connection, &certificate) else { return nil }
        defer { ctls_certificate_clear(&certificate) }
        self.init(certificate)
    }

    /// Copies the library's fields.
    init(_ certificate: ctls_certificate) {
        bytes = Array(UnsafeBufferPointer(start: certificate.der, count: certificate.der_count))
        let issuerText = UnsafeBufferPointer(start: certificate.issuer, count: certificate.issuer_count)
        issuer = String(decoding: issuerText, as: UTF8.self)
        isSelfIssued = certificate.is_own_issuer
        notBefore = certificate.not_before
        notAfter = certificate.not_after
        var hostNames: [String] = []
        var addresses: [[UInt8]] = []
        for name in UnsafeBufferPointer(start: certificate.names, count: certificate.name_count) {
            let value = UnsafeBufferPointer(start: name.bytes, count: name.count)
            if name.is_address {
                addresses.append(Array(value))
            } else {
                hostNames.append(String(decoding: value, as: UTF8.self))
            }
        }
        self.hostNames = hostNames
        self.addresses = addresses
    }
}
