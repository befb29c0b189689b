internal import ByteText
public import Glibc

/// Reads files whole, and never more than a bound: a file may be a pipe, a device, sparse, or growing.
public enum BoundedFile {
    /// The most bytes of a Lua source text: main file, modules, `loadfile` and `dofile`.
    public static let sourceLimit = 16 << 20
    /// The most bytes of a configuration.
    public static let configurationLimit = 1 << 20
    /// The most bytes of a file with certificates, a key or a passphrase.
    public static let certificateLimit = 1 << 20
    /// The most bytes of a file of known hosts.
    public static let knownHostsLimit = 1 << 20

    private static let chunk = 64 << 10

    /// All bytes of the file at `path`.
    /// - Throws: ``FileFailure`` when it cannot be read, is no regular file, or has more than `limit` bytes.
    public static func read(_ path: String, limit: Int) throws(FileFailure) -> [UInt8] {
        // Not blocking: a pipe must not hold the caller.
        let number = path.withRawCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
        guard number >= 0 else { throw .system() }
        return try read(Descriptor(owning: number), limit: limit)
    }

    /// All bytes of an open file, from where it is.
    /// - Throws: as ``read(_:limit:)-(String,_)``.
    public static func read(_ file: Descriptor, limit: Int) throws(FileFailure) -> [UInt8] {
        let status = try requireRegular(file)
        guard status.st_size <= limit else { throw tooLarge(limit) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(status.st_size))
        var piece = [UInt8](repeating: 0, count: min(chunk, limit + 1))
        while true {
            let count = Glibc.read(file.number, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .system() }
            if count == 0 { return bytes }
            bytes += piece[..<count]
            // The size that the system tells may be old, or zero as that of all files of /proc.
            guard bytes.count <= limit else { throw tooLarge(limit) }
        }
    }

    /// What the system tells of an open file, if it is a regular one.
    @discardableResult
    public static func requireRegular(_ file: Descriptor) throws(FileFailure) -> stat {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw .system() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .refused("is no regular file") }
        return status
    }

    private static func tooLarge(_ limit: Int) -> FileFailure {
        .refused("is larger than the \(limit >> 10) KiB that are read of such a file")
    }
}
