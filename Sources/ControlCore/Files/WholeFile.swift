internal import ByteText
internal import Glibc

/// Writes files so that they are whole or not there: into a temporary file of the same folder, which takes the old
/// one's place when all of it is on the disk. Whatever fails, the old file stays and the temporary one goes.
public struct WholeFile: Sendable {
    /// The system's calls that may fail for want of room. Tests have them fail.
    public struct Calls: Sendable {
        /// As `write`.
        public var write: @Sendable (CInt, UnsafeRawPointer, Int) -> Int = { Glibc.write($0, $1, $2) }
        /// As `fsync`.
        public var sync: @Sendable (CInt) -> CInt = { fsync($0) }
        /// As `renameat` within one folder.
        public var rename: @Sendable (CInt, UnsafePointer<CChar>, UnsafePointer<CChar>) -> CInt = {
            renameat($0, $1, $0, $2)
        }
        /// As `linkat` within one folder.
        public var link: @Sendable (CInt, UnsafePointer<CChar>, UnsafePointer<CChar>) -> CInt = {
            linkat($0, $1, $0, $2, 0)
        }

        /// The system's own.
        public init() {}
    }

    /// The folder.
    private let folder: Descriptor
    /// The file's name there.
    private let name: String
    private let calls: Calls

    /// The file `name` of `folder`. When it is a link, the link is replaced, not what it leads to.
    public init(folder: Descriptor, name: String, calls: Calls = Calls()) {
        self.folder = folder
        self.name = name
        self.calls = calls
    }

    /// Replaces the file, or makes it. One that was there keeps its rights.
    /// - Parameters:
    ///   - bytes: the new content, all of it.
    ///   - mode: the rights of a new one.
    public func replace(with bytes: [UInt8], mode: UInt32 = 0o644) throws(FileFailure) {
        var old = stat()
        let wasThere = name.withRawCString { fstatat(folder.number, $0, &old, AT_SYMLINK_NOFOLLOW) } == 0
        let isFile = wasThere && old.st_mode & S_IFMT == S_IFREG
        let (temporary, file) = try makeTemporary(isFile ? old.st_mode & 0o7777 : mode)
        do throws(FileFailure) {
            if isFile {
                // By its number, because the rights at making are cut by the process's mask. Only root may give a file
                // away; anyone else's new file is its own, as any file it makes.
                guard fchmod(file.number, old.st_mode & 0o7777) == 0 else { throw .system() }
                if old.st_uid != geteuid(), fchown(file.number, old.st_uid, old.st_gid) != 0, errno != EPERM {
                    throw .system()
                }
            }
            try write(bytes, to: file)
            guard calls.sync(file.number) == 0 else { throw .system() }
            let renamed = temporary.withCString { from in
                name.withRawCString { to in calls.rename(folder.number, from, to) }
            }
            guard renamed == 0 else { throw .system() }
        } catch {
            unlinkat(folder.number, temporary, 0)
            throw error
        }
        try syncFolder()
    }

    private func write(_ bytes: [UInt8], to file: Descriptor) throws(FileFailure) {
        let failure = bytes.withUnsafeBytes { raw -> FileFailure? in
            var rest = raw
            while let start = rest.baseAddress, !rest.isEmpty {
                let count = calls.write(file.number, start, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return .system(count == 0 ? ENOSPC : errno) }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// The name is on the disk when its folder is.
    private func syncFolder() throws(FileFailure) {
        let number = openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw .system() }
        let opened = Descriptor(owning: number)
        // Some file systems have no such thing for folders, and say so.
        guard calls.sync(opened.number) == 0 || errno == EINVAL else { throw .system() }
    }

    /// The names of temporary files, by which those of a process that was ended are known.
    static func isTemporary(_ name: String) -> Bool { name.hasPrefix(".lectern-") && name.hasSuffix(".tmp") }

    private func makeTemporary(_ mode: mode_t) throws(FileFailure) -> (name: String, file: Descriptor) {
        // What another process, or one that was ended long ago, has left has another number.
        for attempt in 0..<100 {
            let name = ".lectern-\(getpid())-\(attempt).tmp"
            let number = openat(
                folder.number, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
            if number >= 0 { return (name, Descriptor(owning: number)) }
            guard errno == EEXIST || errno == EINTR else { throw .system() }
        }
        throw .system(EEXIST)
    }
}
