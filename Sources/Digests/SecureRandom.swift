internal import CTLS

/// Randomness for secrets, of OpenSSL's generator, which the system seeds.
public enum SecureRandom {
    /// Bytes that nobody can guess. Any thread may ask.
    /// - Parameter count: how many; 0 or more.
    /// - Throws: when OpenSSL is missing, or has no randomness at this moment.
    public static func bytes(_ count: Int) throws(DigestError) -> [UInt8] {
        try MessageDigest.load()
        var bytes = [UInt8](repeating: 0, count: count)
        guard ctls_random_bytes(&bytes, count) else { throw .failed }
        return bytes
    }
}
