/// Why there is no digest, or there are no random bytes.
public enum DigestError: Error, Hashable, Sendable {
    /// OpenSSL 3 cannot be loaded; the text is the system's, and names the file.
    case noLibrary(String)
    /// The library does not compute this algorithm: a machine may forbid MD5, for instance.
    case notAvailable(String)
    /// The library has failed: memory is short, or it has no randomness yet.
    case failed

    /// One line for people.
    public var text: String {
        switch self {
        case .noLibrary(let reason): "OpenSSL 3 (libssl3) is needed: \(reason)"
        case .notAvailable(let name): "the OpenSSL of this machine does not compute \(name)"
        case .failed: "OpenSSL has failed; is memory short?"
        }
    }
}
