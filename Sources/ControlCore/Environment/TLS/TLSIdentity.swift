/// A certificate and the private key that belongs to it. Its description shows neither, so it may be logged.
public struct TLSIdentity: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
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
