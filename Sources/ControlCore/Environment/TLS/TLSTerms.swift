public import Polling

/// What one side demands of a TLS connection, and what it shows of itself. A plain value: equal terms are
/// interchangeable.
public struct TLSTerms: Hashable, Sendable {
    /// Which side of the handshake is played.
    public enum Role: Hashable, Sendable {
        /// The side that begins, and verifies the other's certificate.
        case client
        /// The side that waits, and shows a certificate.
        case server
    }

    /// How the peer's certificate is judged.
    public enum Verification: Hashable, Sendable {
        /// Its issuer is one that this machine trusts, it is valid now, and it names the peer.
        case systemTrust
        /// As ``systemTrust``, but by these authorities alone: certificates in PEM form.
        case authorities([UInt8])
        /// It is one of these certificates, whoever issued it, whatever it names and however old it is. Clients only.
        case pinned([CertificateFingerprint])
        /// Anybody is taken for the peer. A server asks for no certificate.
        case none
    }

    /// How long a handshake may take when nobody sets a limit.
    public static let handshakeTimeout = TimeAmount.seconds(30)

    /// Which side is played.
    public var role: Role
    /// Clients: the host name or IP literal that the peer's certificate must be for. A name is also told to the peer,
    /// as it may have several certificates. `nil`: any name is accepted.
    public var peerName: String?
    /// How the peer's certificate is judged.
    public var verification: Verification
    /// Servers: whether a client without a certificate is let in although ``verification`` asks for one.
    public var isPeerCertificateOptional: Bool
    /// The certificate that this side shows. A server needs one.
    public var identity: TLSIdentity?
    /// No older version is spoken.
    public var minimumVersion: TLSProtocolVersion
    /// No newer version is spoken; `nil`: whatever both sides know.
    public var maximumVersion: TLSProtocolVersion?

    /// Bundles the terms. The defaults verify the peer and speak TLS 1.2 or newer.
    public init(
        role: Role,
        peerName: String? = nil,
        verification: Verification = .systemTrust,
        isPeerCertificateOptional: Bool = false,
        identity: TLSIdentity? = nil,
        minimumVersion: TLSProtocolVersion = .tls12,
        maximumVersion: TLSProtocolVersion? = nil
    ) {
        self.role = role
        self.peerName = peerName
        self.verification = verification
        self.isPeerCertificateOptional = isPeerCertificateOptional
        self.identity = identity
        self.minimumVersion = minimumVersion
        self.maximumVersion = maximumVersion
    }

    /// What any environment refuses.
    func check() throws(ParameterError) {
        if role == .server, identity == nil {
            throw ParameterError(
                parameter: "certificate", problem: "is missing", allowed: "given: a server shows a certificate")
        }
        if role == .server, case .pinned = verification {
            throw ParameterError(
                parameter: "ca_certs", problem: "is replaced by pins", allowed: "authorities: pins are for clients")
        }
        if let maximumVersion, maximumVersion < minimumVersion {
            throw ParameterError(
                parameter: "ssl_version", problem: "is \(minimumVersion) to \(maximumVersion)",
                allowed: "a range of versions")
        }
    }

    /// Why a peer that speaks none of the versions is of no use.
    var versionProblem: String {
        if let maximumVersion, maximumVersion < .tls13 {
            return minimumVersion == maximumVersion
                ? "TLS: the peer does not speak \(minimumVersion)"
                : "TLS: the peer speaks none of the versions \(minimumVersion) to \(maximumVersion)"
        }
        return "TLS: the peer offers only versions older than \(minimumVersion)"
    }
}

/// What a handshake has agreed on.
public struct TLSSession: Equatable, Sendable {
    /// The version that is spoken.
    public let version: TLSProtocolVersion
    /// Stands for the peer's certificate; `nil` when it has shown none.
    public let peerFingerprint: CertificateFingerprint?

    /// Bundles what is known.
    public init(version: TLSProtocolVersion, peerFingerprint: CertificateFingerprint?) {
        self.version = version
        self.peerFingerprint = peerFingerprint
    }
}
