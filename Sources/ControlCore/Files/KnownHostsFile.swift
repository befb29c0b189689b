internal import ByteText
internal import Glibc

/// The file of known hosts, as the host writes it: whole or not at all.
struct KnownHostsFile {
    private let path: String

    /// The file at `path`. It need not be there yet.
    init(_ path: String) { self.path = path }

    /// Why the file cannot be read; nil when it can, or when there is none.
    var problem: String? {
        do throws(FileFailure) {
            _ = try bytes()
            return nil
        } catch {
            return error.problem
        }
    }

    /// Adds a line, and makes the file and its folder if they are not there.
    func add(_ line: String) throws(FileFailure) {
        // A link stays: what it leads to is written anew.
        let real = path.withRawCString { name -> String? in
            guard let real = realpath(name, nil) else { return nil }
            defer { free(real) }
            return String(rawBytes: UnsafeRawBufferPointer(start: real, count: strlen(real)))
        }
        let full = (real ?? path).rawBytes
        let slash = full.lastIndex(of: UInt8(ascii: "/"))
        let folderPath = slash.map { $0 == 0 ? [UInt8(ascii: "/")] : Array(full[..<$0]) } ?? [UInt8(ascii: ".")]
        let name = String(rawBytes: full[(slash.map { $0 + 1 } ?? 0)...])
        let folder = try Folder.make(String(rawBytes: folderPath))
        // Other processes add to the file too. The lock goes with the descriptor.
        while flock(folder.number, LOCK_EX) != 0 {
            guard errno == EINTR else { throw .system() }
        }
        var text = try bytes() ?? []
        if let last = text.last, last != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
        text += line.rawBytes
        if text.last != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
        guard text.count <= BoundedFile.knownHostsLimit else {
            throw .refused("is full: it may have \(BoundedFile.knownHostsLimit >> 10) KiB")
        }
        try WholeFile(folder: folder, name: name).replace(with: text, mode: 0o600)
    }

    /// What is in the file; nil when there is none.
    private func bytes() throws(FileFailure) -> [UInt8]? {
        do throws(FileFailure) {
            return try BoundedFile.read(path, limit: BoundedFile.knownHostsLimit)
        } catch {
            // A link to nothing is no file that is not there: it would be made somewhere else.
            var status = stat()
            if error.code == ENOENT || error.code == ENOTDIR, path.withRawCString({ lstat($0, &status) }) != 0 {
                return nil
            }
            throw error
        }
    }
}
