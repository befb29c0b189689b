/// Why a ``TLSContext`` cannot be made. Nothing in it quotes a key or a passphrase.
public enum TLSContextError: Error, Hashable, Sendable {
    /// OpenSSL 3 cannot be loaded; the text is the system's, and names the file.
    case noLibrary(String)
    /// No file can be opened at this moment: `EMFILE` or `ENFILE`. It may go better later.
    case noDescriptor(errorNumber: CInt)
    /// The authorities hold no certificate, or one that is damaged.
    case authorities
    /// The certificate chain holds no certificate, or one that is damaged.
    case certificateChain
    /// The private key is damaged, or its passphrase is missing or wrong.
    case privateKey
    /// The private key has more than 8192 bits: each handshake would take too long.
    case largeKey
    /// Certificate and key can be read, but do not belong together, or are too weak for the library.
    case identity(words: String)
    /// Something else, in the library's words.
    case other(words: String)
}
