internal import CTLS

/// A digest of bytes, or a keyed one (HMAC), by the OpenSSL of the system. For one thread at a time.
///
/// OpenSSL is loaded with the first one of the process, which takes some milliseconds.
public final class MessageDigest {
    /// What is computed.
    public enum Algorithm: String, CaseIterable, Sendable {
        case md5, sha1, sha224, sha256, sha384, sha512
        case sha3_224, sha3_256, sha3_384, sha3_512

        /// As OpenSSL calls it.
        fileprivate var libraryName: String {
            switch self {
            case .md5: "MD5"
            case .sha1: "SHA1"
            case .sha224: "SHA2-224"
            case .sha256: "SHA2-256"
            case .sha384: "SHA2-384"
            case .sha512: "SHA2-512"
            case .sha3_224: "SHA3-224"
            case .sha3_256: "SHA3-256"
            case .sha3_384: "SHA3-384"
            case .sha3_512: "SHA3-512"
            }
        }
    }

    /// What is computed.
    public let algorithm: Algorithm
    private let handle: OpaquePointer

    /// Begins a digest of no bytes yet.
    /// - Parameters:
    ///   - algorithm: what to compute.
    ///   - key: makes it an HMAC with this key, which may be empty; `nil`: a plain digest.
    /// - Throws: when OpenSSL is missing or does not compute it.
    public init(_ algorithm: Algorithm, key: [UInt8]? = nil) throws(DigestError) {
        try Self.load()
        let name = algorithm.libraryName
        let handle = if let key { ctls_hmac_new(name, key, key.count) } else { ctls_digest_new(name) }
        guard let handle else { throw .notAvailable(algorithm.rawValue) }
        self.algorithm = algorithm
        self.handle = handle
    }

    private init(_ algorithm: Algorithm, handle: OpaquePointer) {
        self.algorithm = algorithm
        self.handle = handle
    }

    deinit { ctls_digest_free(handle) }

    static func load() throws(DigestError) {
        if let problem = ctls_load() { throw .noLibrary(String(cString: problem)) }
    }

    /// How many bytes ``result()`` has.
    public var size: Int { ctls_digest_size(handle) }

    /// How many bytes the algorithm takes at a time.
    public var blockSize: Int { ctls_digest_block_size(handle) }

    /// Takes the next part of the bytes, of any length.
    /// - Throws: when OpenSSL fails.
    public func update(_ bytes: UnsafeRawBufferPointer) throws(DigestError) {
        guard ctls_digest_update(handle, bytes.baseAddress, bytes.count) else { throw .failed }
    }

    /// The digest of all that was taken. More may be taken afterwards.
    /// - Throws: when memory is short.
    public func result() throws(DigestError) -> [UInt8] {
        // The library ends what it is asked for, so it is asked for a copy's.
        let copy = try copy()
        var bytes = [UInt8](repeating: 0, count: Int(CTLS_LARGEST_DIGEST))
        let count = ctls_digest_finish(copy.handle, &bytes)
        guard count > 0 else { throw .failed }
        return Array(bytes.prefix(count))
    }

    /// One that has taken the same, and goes on by itself.
    /// - Throws: when memory is short.
    public func copy() throws(DigestError) -> MessageDigest {
        guard let copy = ctls_digest_copy(handle) else { throw .failed }
        return MessageDigest(algorithm, handle: copy)
    }

    /// The digest, or the HMAC with a key, of bytes that are all there.
    /// - Parameters:
    ///   - bytes: all of them. It takes about 2 ms for each MiB.
    ///   - algorithm: what to compute.
    ///   - key: makes it an HMAC.
    /// - Returns: 16 to 64 bytes, as the algorithm has them.
    /// - Throws: when OpenSSL is missing, does not compute it, or fails.
    public static func digest(
        of bytes: [UInt8], by algorithm: Algorithm, key: [UInt8]? = nil
    ) throws(DigestError) -> [UInt8] {
        let digest = try MessageDigest(algorithm, key: key)
        try bytes.withUnsafeBufferPointer { (bytes) throws(DigestError) in
            try digest.update(UnsafeRawBufferPointer(bytes))
        }
        return try digest.result()
    }
}
