/// A certificate of a simulated world. It has a form in bytes, which stands where a real one's PEM form would.
public struct SimulatedCertificate: Equatable, Sendable {
    /// The authority that every simulated host trusts by default.
    public static let commonAuthority = "Common Authority"

    /// The host names and IP addresses that it is for; of an authority's own certificate, the authority's name.
    public var names: [String]
    /// The authority that has issued it; `nil`: it is its own issuer.
    public var issuer: String?
    /// Valid from then on: seconds since 1970 UTC.
    public var notBefore: Int64
    /// Valid until then: seconds since 1970 UTC.
    public var notAfter: Int64

    /// Makes a certificate; by default for the years 2000 to 2100, of the authority that every host trusts.
    public init(
        names: [String], issuer: String? = commonAuthority, notBefore: Int64 = 946_684_800,
        notAfter: Int64 = 4_102_444_800
    ) {
        self.names = names
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    private static let begin = "-----BEGIN SIMULATED CERTIFICATE-----"
    private static let end = "-----END SIMULATED CERTIFICATE-----"

    /// Its form in bytes.
    public var bytes: [UInt8] { Array(text.utf8) }

    /// Its form in bytes, as text.
    public var text: String {
        """
        \(Self.begin)
        names: \(names.joined(separator: ", "))
        issuer: \(issuer ?? "")
        valid: \(notBefore) to \(notAfter)
        \(Self.end)

        """
    }

    /// The certificate as an identity; simulated certificates need no key.
    public var identity: TLSIdentity { TLSIdentity(certificateChain: bytes, privateKey: []) }

    /// What stands for it, as a real certificate's digest does.
    public var fingerprint: CertificateFingerprint { CertificateFingerprint(ofCertificate: bytes) }

    /// The certificates in `bytes`; what is none is skipped.
    static func all(in bytes: [UInt8]) -> [SimulatedCertificate] {
        var found: [SimulatedCertificate] = []
        var fields: [Substring: Substring]?
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            if line == begin {
                fields = [:]
            } else if line == end {
                if let certificate = fields.flatMap(SimulatedCertificate.init(fields:)) { found.append(certificate) }
                fields = nil
            } else if let colon = line.firstIndex(of: ":") {
                fields?[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " }
            }
        }
        return found
    }

    private init?(fields: [Substring: Substring]) {
        let valid = (fields["valid"] ?? "").split(separator: " ").compactMap { Int64($0) }
        guard let names = fields["names"], let issuer = fields["issuer"], valid.count == 2 else { return nil }
        let list = names.split(separator: ",").map { String($0.drop { $0 == " " }) }
        self.init(
            names: list, issuer: issuer.isEmpty ? nil : String(issuer), notBefore: valid[0], notAfter: valid[1])
    }

    /// As the other side judges it.
    var peerCertificate: PeerCertificate {
        PeerCertificate(
            hostNames: names.filter { HostName.normalizedAddress($0) == nil },
            addresses: names.filter { HostName.normalizedAddress($0) != nil },
            issuer: issuer ?? names.first ?? "", isSelfSigned: issuer == nil, notBefore: notBefore, notAfter: notAfter,
            fingerprint: fingerprint)
    }

    /// Whether its issuer is one of `authorities`, or it is one of them itself.
    func isTrusted(by authorities: [SimulatedCertificate]) -> Bool {
        authorities.contains { authority in
            authority == self || issuer.map(authority.names.contains) == true
        }
    }
}
