import CTLS

/// What connections on equal terms share: one side's versions, authorities and identity. Making one takes
/// milliseconds, so it is made once. Any thread may use it.
public final class TLSContext: @unchecked Sendable {
    /// Which side of the handshake is played.
    public enum Role: Hashable, Sendable {
        /// The side that begins.
        case client
        /// The side that waits. It needs an identity.
        case server
    }

    /// How the peer's certificate is judged. Names are not looked at: that is for the owner.
    public enum Verification: Hashable, Sendable {
        /// Anybody is taken for the peer. A server asks for no certificate.
        case none
        /// The issuer must be one that this machine trusts.
        case systemTrust
        /// The issuer must be one of these certificates, in PEM form.
        case authorities([UInt8])
    }

    /// A certificate and its private key. Its description shows neither.
    public struct Identity: Sendable, CustomStringConvertible, CustomReflectable {
        /// The certificate, and those of its issuers that a peer may need, in PEM form.
        public let certificateChain: [UInt8]
        /// The private key in PEM form.
        public let privateKey: [UInt8]
        /// What the private key is encrypted with; `nil`: it is not.
        public let passphrase: [UInt8]?

        /// Bundles a certificate and its key.
        public init(certificateChain: [UInt8], privateKey: [UInt8], passphrase: [UInt8]? = nil) {
            self.certificateChain = certificateChain
            self.privateKey = privateKey
            self.passphrase = passphrase
        }

        /// No part of the key.
        public var description: String { "a certificate and its key" }

        /// No part of the key: what dumps a value finds nothing in it.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// Which side is played.
    public let role: Role
    /// Constant, and its use is counted by the library.
    let handle: OpaquePointer

    /// Makes a context. The first one of the process loads OpenSSL.
    /// - Parameters:
    ///   - minimumVersion: no older version is spoken. TLS 1.0 and 1.1 bring the library's security level down to 0,
    ///     for newer versions too.
    ///   - maximumVersion: no newer version is spoken; `nil`: whatever both sides know.
    ///   - isPeerCertificateOptional: servers: whether a client without a certificate is let in although
    ///     `verification` asks for one.
    ///   - identity: what this side shows; a server needs one.
    /// - Throws: when the library is missing, or something of the terms is of no use.
    public init(
        role: Role,
        minimumVersion: TLSVersion = .tls12,
        maximumVersion: TLSVersion? = nil,
        verification: Verification = .systemTrust,
        isPeerCertificateOptional: Bool = false,
        identity: Identity? = nil
    ) throws(TLSContextError) {
        if let problem = ctls_load() {
            let text = String(cString: problem)
            try Self.checkDescriptors()
            throw .noLibrary(text)
        }
        var failure = ctls_failure()
        let isServer = role == .server
        guard
            let handle = ctls_context_new(
                isServer, CInt(minimumVersion.rawValue), CInt(maximumVersion?.rawValue ?? 0), &failure)
        else { throw .other(words: failure.text) }
        self.role = role
        self.handle = handle
        if let identity { try Self.setIdentity(identity, of: handle) }
        switch verification {
        case .none:
            return
        case .systemTrust:
            ctls_context_trust_system(handle)
            // The library does not tell whether it could read them.
            try Self.checkDescriptors()
        case .authorities(let text):
            guard ctls_context_trust(handle, text, text.count) else { throw .authorities }
        }
        ctls_context_verify(handle, isServer && isPeerCertificateOptional)
    }

    deinit { ctls_context_free(handle) }

    private static func checkDescriptors() throws(TLSContextError) {
        let errorNumber = ctls_descriptor_trouble()
        if errorNumber != 0 { throw .noDescriptor(errorNumber: errorNumber) }
    }

    private static func setIdentity(_ identity: Identity, of handle: OpaquePointer) throws(TLSContextError) {
        var failure = ctls_failure()
        let chain = identity.certificateChain
        let key = identity.privateKey
        let passphrase = identity.passphrase
        let result = ctls_context_identify(
            handle, chain, chain.count, key, key.count, passphrase, passphrase?.count ?? 0, &failure)
        switch result {
        case .usable: return
        case .no_certificate: throw .certificateChain
        case .no_key: throw .privateKey
        case .large_key: throw .largeKey
        case .unusable: throw .identity(words: failure.text)
        }
    }
}
