/// What matters of a peer's certificate, and what may be wrong with it.
struct PeerCertificate: Equatable, Sendable {
    /// The host names that it is for; the first label may be `*`.
    var hostNames: [String]
    /// The IP addresses that it is for, as text.
    var addresses: [String]
    /// Who has issued it, for messages.
    var issuer: String
    /// Whether it is its own issuer.
    var isSelfSigned: Bool
    /// Valid from then on: seconds since 1970 UTC.
    var notBefore: Int64
    /// Valid until then: seconds since 1970 UTC.
    var notAfter: Int64
    var fingerprint: CertificateFingerprint

    /// What is wrong with it under `terms`; `nil`: nothing.
    /// - Parameters:
    ///   - isTrusted: whether the chain of its issuers ends at an authority that is trusted.
    ///   - now: seconds since 1970 UTC.
    func problem(under terms: TLSTerms, isTrusted: Bool, now: Int64) -> String? {
        switch terms.verification {
        case .none:
            return nil
        case .pinned(let fingerprints):
            return fingerprints.contains(fingerprint) ? nil : "fingerprint differs: the peer has \(fingerprint)"
        case .systemTrust, .authorities:
            if now < notBefore { return "not valid before \(Self.date(notBefore))" }
            if now > notAfter { return "expired on \(Self.date(notAfter))" }
            if !isTrusted { return isSelfSigned ? "self-signed" : "unknown issuer '\(Self.oneLine(issuer))'" }
            guard let name = terms.peerName, !isFor(name) else { return nil }
            let names = (hostNames + addresses).map(Self.oneLine)
            let shown = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
            return names.isEmpty
                ? "name '\(name)' is not in it: it names no host" : "name '\(name)' is not among \(shown)"
        }
    }

    /// Whether it is for the host `name`, a name or an IP literal. The common name is of no account, as RFC 6125 has
    /// it.
    func isFor(_ name: String) -> Bool {
        if let address = HostName.normalizedAddress(name) {
            return addresses.contains { HostName.normalizedAddress($0) == address }
        }
        let host = HostName.comparableBytes(name)
        return hostNames.contains { Self.matches(HostName.comparableBytes($0), host) }
    }

    /// A pattern's `*` stands for exactly one first label, and there are at least two labels behind it.
    private static func matches(_ pattern: [UInt8], _ host: [UInt8]) -> Bool {
        let dot = UInt8(ascii: ".")
        guard pattern.starts(with: "*.".utf8) else { return !pattern.isEmpty && pattern == host }
        let parent = pattern.dropFirst(2)
        guard parent.contains(dot), let end = host.firstIndex(of: dot), end > 0 else { return false }
        return host[(end + 1)...] == parent
    }

    private static func date(_ seconds: Int64) -> String {
        let date = CivilTime.date(daysSince1970: seconds.floorDivided(by: CivilTime.secondsPerDay))
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(date.year)-\(padded(date.month))-\(padded(date.day))"
    }

    /// A message is one line, whatever a peer has written into its certificate.
    static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.prefix(100).map { $0.properties.isGraphemeBase ? $0 : "?" }))
    }
}
