import NIOCore
import NIOSSL

/// The TLS library's contexts, made once for equal terms: reading the machine's trusted certificates takes
/// milliseconds.
final class TLSContexts {
    /// So many different terms are kept; a program has a handful.
    static let limit = 32

    private var known: [TLSTerms: NIOSSLContext] = [:]

    /// The handler that speaks TLS on `terms`.
    func handler(for terms: TLSTerms) throws -> NIOSSLHandler {
        let context = try context(for: terms)
        guard terms.role == .client else { return NIOSSLServerHandler(context: context) }
        return try NIOSSLClientHandler(context: context, serverHostname: Self.serverName(terms))
    }

    /// The name to tell the peer: an IP address is none.
    private static func serverName(_ terms: TLSTerms) -> String? {
        guard let name = terms.peerName, PeerCertificate.normalizedAddress(name) == nil else { return nil }
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    /// The context for `terms`.
    /// - Throws: when a certificate, a key or the versions are of no use.
    func context(for terms: TLSTerms) throws(ParameterError) -> NIOSSLContext {
        var key = terms
        key.peerName = nil
        // A pin is checked here, not by the library.
        if case .pinned = terms.verification { key.verification = .none }
        if let context = known[key] { return context }
        try terms.check()
        let configuration = try Self.configuration(for: key)
        do {
            let context = try NIOSSLContext(configuration: configuration)
            if known.count >= Self.limit { known = [:] }
            known[key] = context
            return context
        } catch {
            if let trouble = DescriptorTrouble.now {
                throw ParameterError(
                    parameter: "certificate", problem: "cannot be read: \(trouble.text)", allowed: "readable")
            }
            throw ParameterError(
                parameter: "certificate", problem: "cannot be used",
                allowed: "a certificate with the private key that belongs to it")
        }
    }

    private static func configuration(for terms: TLSTerms) throws(ParameterError) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = libraryVersion(terms.minimumVersion)
        configuration.maximumTLSVersion = terms.maximumVersion.map(libraryVersion)
        configuration.shutdownTimeout = TCPTransport.linger
        // Names are verified here, since the library takes no IP addresses, and does not say what is wrong.
        switch terms.verification {
        case .none, .pinned:
            configuration.certificateVerification = .none
        case .systemTrust:
            configuration.certificateVerification = .noHostnameVerification
        case .authorities(let bytes):
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = .certificates(try certificates(bytes, parameter: "ca_certs"))
        }
        if terms.role == .server, terms.isPeerCertificateOptional, terms.verification != .none {
            configuration.certificateVerification = .optionalVerification
        }
        if let identity = terms.identity {
            configuration.certificateChain = try certificates(identity.certificateChain, parameter: "certificate")
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try privateKey(of: identity))
        }
        return configuration
    }

    private static func certificates(
        _ bytes: [UInt8], parameter: String
    ) throws(ParameterError) -> [NIOSSLCertificate] {
        do {
            return try NIOSSLCertificate.fromPEMBytes(bytes)
        } catch {
            throw ParameterError(
                parameter: parameter, problem: "has no readable certificate", allowed: "certificates in PEM form")
        }
    }

    private static func privateKey(of identity: TLSIdentity) throws(ParameterError) -> NIOSSLPrivateKey {
        do {
            guard let passphrase = identity.passphrase else {
                return try NIOSSLPrivateKey(bytes: identity.privateKey, format: .pem)
            }
            return try NIOSSLPrivateKey(bytes: identity.privateKey, format: .pem) { $0(passphrase) }
        } catch {
            // Nothing of the library's words: they might quote the key.
            throw ParameterError(
                parameter: "certificate", problem: "has no readable private key",
                allowed: "a certificate with its private key in PEM form, and the passphrase if that is encrypted")
        }
    }

    private static func libraryVersion(_ version: TLSProtocolVersion) -> TLSVersion {
        switch version {
        case .tls10: .tlsv1
        case .tls11: .tlsv11
        case .tls12: .tlsv12
        case .tls13: .tlsv13
        }
    }
}
