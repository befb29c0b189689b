import TLS

/// The TLS library's contexts, made once for equal terms: reading the machine's trusted certificates takes
/// milliseconds.
final class TLSContexts {
    /// So many different terms are kept; a program has a handful.
    static let limit = 32

    private var known: [TLSTerms: TLSContext] = [:]

    /// A connection that speaks TLS on `terms`.
    /// - Throws: when a certificate, a key, the versions or the peer's name are of no use.
    func connection(for terms: TLSTerms) throws(ParameterError) -> TLSConnection {
        let context = try context(for: terms)
        do throws(TLSError) {
            return try TLSConnection(context, serverName: terms.role == .client ? Self.serverName(terms) : nil)
        } catch {
            throw ParameterError(
                parameter: "server_hostname", problem: "cannot be asked for", allowed: "the name of a host")
        }
    }

    /// The name to tell the peer: an IP address is none.
    private static func serverName(_ terms: TLSTerms) -> String? {
        guard let name = terms.peerName, HostName.normalizedAddress(name) == nil else { return nil }
        return HostName.withoutFinalDot(name)
    }

    /// The context for `terms`.
    /// - Throws: when a certificate, a key or the versions are of no use.
    func context(for terms: TLSTerms) throws(ParameterError) -> TLSContext {
        var key = terms
        key.peerName = nil
        // A pin is checked here, not by the library.
        if case .pinned = terms.verification { key.verification = .none }
        if let context = known[key] { return context }
        try terms.check()
        do throws(TLSContextError) {
            let context = try Self.make(key)
            if known.count >= Self.limit { known = [:] }
            known[key] = context
            return context
        } catch {
            throw ParameterError(error)
        }
    }

    private static func make(_ terms: TLSTerms) throws(TLSContextError) -> TLSContext {
        let verification: TLSContext.Verification =
            switch terms.verification {
            case .none, .pinned: .none
            case .systemTrust: .systemTrust
            case .authorities(let bytes): .authorities(bytes)
            }
        let identity = terms.identity.map {
            TLSContext.Identity(
                certificateChain: $0.certificateChain, privateKey: $0.privateKey, passphrase: $0.passphrase)
        }
        return try TLSContext(
            role: terms.role == .client ? .client : .server,
            minimumVersion: libraryVersion(terms.minimumVersion),
            maximumVersion: terms.maximumVersion.map(libraryVersion),
            verification: verification,
            isPeerCertificateOptional: terms.isPeerCertificateOptional,
            identity: identity)
    }

    private static func libraryVersion(_ version: TLSProtocolVersion) -> TLSVersion {
        switch version {
        case .tls10: .tls10
        case .tls11: .tls11
        case .tls12: .tls12
        case .tls13: .tls13
        }
    }
}

extension ParameterError {
    /// Why no context can be made. Nothing of the library's words about a key: they might quote it.
    fileprivate init(_ error: TLSContextError) {
        switch error {
        case .noLibrary(let text):
            self.init(parameter: "TLS", problem: "is missing here: \(text)", allowed: "had with OpenSSL 3 (libssl3)")
        case .noDescriptor(let errorNumber):
            self.init(
                parameter: "certificate", problem: "cannot be read: \(systemErrorText(errorNumber))",
                allowed: "readable")
        case .authorities:
            self.init(
                parameter: "ca_certs", problem: "has no readable certificate", allowed: "certificates in PEM form")
        case .certificateChain:
            self.init(
                parameter: "certificate", problem: "has no readable certificate", allowed: "certificates in PEM form")
        case .privateKey:
            self.init(
                parameter: "certificate", problem: "has no readable private key",
                allowed: "a certificate with its private key in PEM form, and the passphrase if that is encrypted")
        case .largeKey:
            self.init(
                parameter: "certificate", problem: "has a private key of more than 8192 bits",
                allowed: "a certificate with a key of at most 8192 bits")
        case .identity, .other:
            self.init(
                parameter: "certificate", problem: "cannot be used",
                allowed: "a certificate with the private key that belongs to it")
        }
    }
}
