internal import ByteText
internal import CBeneath
internal import ControlCore
internal import Glibc
internal import LuaRuntime

/// A folder that a program may see: confines its files.
///
/// Names are resolved from the folder by descriptors, one part after the other: what was looked at is what is used,
/// whatever is renamed or linked meanwhile. No link leads out.
final class ProgramFolder {
    /// Absolute, without symbolic links.
    let path: String
    /// What the program must not change; set before any program runs.
    var rights: ProgramRights?

    /// - Throws: ``ProgramError`` when there is no such folder.
    init(_ path: String) throws(ProgramError) {
        let real = path.withRawCString { name -> String? in
            guard let real = realpath(name, nil) else { return nil }
            defer { free(real) }
            return String(rawBytes: UnsafeRawBufferPointer(start: real, count: strlen(real)))
        }
        guard let real else { throw ProgramError(FileFailure.system().message(path: path)) }
        self.path = real
        do throws(FileFailure) { _ = try root() } catch { throw ProgramError(error.message(path: path)) }
    }

    /// The folder itself, for names below it. Opened for each use, so that nothing is held open for a program that uses
    /// no files.
    func root() throws(FileFailure) -> Descriptor {
        let number = path.withRawCString { open($0, beneath_path_only | O_DIRECTORY | O_CLOEXEC) }
        guard number >= 0 else { throw .system() }
        return Descriptor(owning: number)
    }

    // MARK: - Opening

    /// The text of a file of the folder, to be run.
    func source(_ name: String) throws(FileFailure) -> [UInt8] {
        let file = try openToRead(name)
        if let rights, rights.isSealed, FoldedName(name).isSource {
            // A program could write the file under the name that is no source's.
            guard let last = try place(of: name).names.last, FoldedName(last).isSource else {
                throw .refused("is a link to a file that the program may write, and the program is sealed")
            }
        }
        return try BoundedFile.read(file, limit: BoundedFile.sourceLimit)
    }

    /// As ``source(_:)``, for `loadfile` and `dofile`.
    func file(_ name: String) throws(LuaFault) -> (text: [UInt8], shownPath: String) {
        do throws(FileFailure) {
            return (try source(name), name)
        } catch {
            throw LuaFault(.ioError, error.message(name: name))
        }
    }

    /// Opens a regular file that is there, for reading.
    func openToRead(_ name: String) throws(FileFailure) -> Descriptor {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY  // a pipe must not hold the caller
        if beneath_is_known(), !name.utf8.isEmpty, !name.utf8.contains(0) {
            let root = try root()
            let number = name.withRawCString { beneath_open(root.number, $0, flags) }
            if number >= 0 {
                let file = Descriptor(owning: number)
                try BoundedFile.requireRegular(file)
                return file
            }
        }
        // Step by step: without the system's help, for absolute names and links, and to tell what is wrong.
        let place = try place(of: name)
        try place.requireFile()
        return try place.open(flags)
    }

    /// Opens a regular file for writing.
    /// - Parameter flags: how, with `O_CREAT`, `O_TRUNC` and `O_EXCL` as for `open`.
    func openToWrite(_ name: String, _ flags: CInt) throws(FileFailure) -> Descriptor {
        let place = try place(of: name)
        if place.found == nil {
            guard flags & O_CREAT != 0 else { throw .system(ENOENT) }
            guard !place.isDangling else { throw Place.dangling }
        } else if flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL {
            throw .system(EEXIST)
        } else {
            try place.requireFile()
        }
        try requireRights(to: place)
        // Emptied only when it is sure which file it is.
        let file = try place.open(
            (flags & ~O_TRUNC) | (place.found == nil ? O_EXCL : 0) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        let status = try BoundedFile.requireRegular(file)
        if let found = place.found, FileIdentity(found) != FileIdentity(status) {
            throw .refused("was replaced just now")
        }
        if flags & O_TRUNC != 0, ftruncate(file.number, 0) != 0 { throw .system() }
        return file
    }

    // MARK: - Changing names

    /// Replaces a file by one of these bytes, or makes it.
    func replaceFile(_ name: String, with bytes: [UInt8]) throws(FileFailure) {
        let place = try place(of: name)
        if place.found == nil {
            guard !place.isDangling else { throw Place.dangling }
        } else {
            try place.requireFile()
        }
        try requireRights(to: place)
        try WholeFile(folder: place.parent, name: place.name).replace(with: bytes)
    }

    /// Removes a file.
    func remove(file name: String) throws(FileFailure) {
        let place = try place(of: name)
        try place.requireFile()
        try requireRights(to: place)
        try place.call { unlinkat(place.parent.number, $0, 0) }
    }

    /// Removes an empty folder.
    func removeFolder(_ name: String) throws(FileFailure) {
        let place = try place(of: name)
        try place.requireFolder()
        guard !place.names.isEmpty else { throw .refused("is the program's folder") }
        try requireRights(to: place)
        try place.call { unlinkat(place.parent.number, $0, AT_REMOVEDIR) }
    }

    /// Makes a folder.
    func makeFolder(_ name: String) throws(FileFailure) {
        let place = try place(of: name)
        guard place.found == nil else { throw .system(EEXIST) }
        guard !place.isDangling else { throw Place.dangling }
        try requireRights(to: place)
        try place.call { mkdirat(place.parent.number, $0, 0o755) }
    }

    /// Gives a file, or a folder, another name; a file that has it goes.
    /// - Parameter folders: whether it may be a folder.
    func rename(_ name: String, to newName: String, folders: Bool) throws(FileFailure) {
        let old = try place(of: name)
        if !folders || !old.isFolder { try old.requireFile() }
        guard !old.names.isEmpty else { throw .refused("is the program's folder") }
        let new = try place(of: newName)
        guard !new.isDangling else { throw Place.dangling }
        if new.found != nil { try new.requireFile() }
        try requireRights(to: old)
        try requireRights(to: new)
        try old.call { from in
            new.name.withRawCString { renameat(old.parent.number, from, new.parent.number, $0) }
        }
    }

    // MARK: - Lua's own functions

    /// `io.open`.
    func openFile(_ name: String, _ mode: String) throws(LuaFault) -> Result<CInt, LuaFileProblem> {
        var opened: CInt = -1
        let problem = try asLua(name) { () throws(FileFailure) in
            let updates = mode.utf8.contains(UInt8(ascii: "+"))
            let file =
                switch mode.utf8.first {
                case UInt8(ascii: "w"):
                    try openToWrite(name, (updates ? O_RDWR : O_WRONLY) | O_CREAT | O_TRUNC)
                case UInt8(ascii: "a"):
                    try openToWrite(name, (updates ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND)
                default: try updates ? openToWrite(name, O_RDWR) : openToRead(name)
                }
            // Lua's file owns a number of its own.
            opened = fcntl(file.number, F_DUPFD_CLOEXEC, 0)
            guard opened >= 0 else { throw .system() }
        }
        if let problem { return .failure(problem) }
        return .success(opened)
    }

    /// `os.remove`.
    func removeFile(_ name: String) throws(LuaFault) -> LuaFileProblem? {
        try asLua(name) { () throws(FileFailure) in try remove(file: name) }
    }

    /// `os.rename`.
    func renameFile(_ name: String, _ newName: String) throws(LuaFault) -> LuaFileProblem? {
        try asLua(name) { () throws(FileFailure) in try rename(name, to: newName, folders: false) }
    }

    /// What the system does not do is a result, and what the host does not allow an error.
    private func asLua(_ name: String, _ body: () throws(FileFailure) -> Void) throws(LuaFault) -> LuaFileProblem? {
        do throws(FileFailure) {
            try body()
            return nil
        } catch {
            guard error.code == 0 else { return LuaFileProblem(code: error.code, message: error.message(path: name)) }
            throw LuaFault(.ioError, error.message(name: name))
        }
    }

    // MARK: - Places

    /// The bytes of a name that is not longer than the system takes.
    static func bytes(of name: String) throws(FileFailure) -> [UInt8] {
        let bytes = name.rawBytes
        guard bytes.count < Int(PATH_MAX) else { throw .system(ENAMETOOLONG) }
        return bytes
    }

    /// Where a name leads.
    func place(of name: String) throws(FileFailure) -> Place {
        let bytes = try Self.bytes(of: name)
        guard !bytes.contains(0) else { throw .refused("has a zero byte in it, which no file's name has") }
        let root = try root()
        var status = stat()
        guard fstat(root.number, &status) == 0 else { throw .system() }
        return try PlaceWalk(root: root, identity: FileIdentity(status), path: path).place(of: bytes)
    }

    private func requireRights(to place: Place) throws(FileFailure) {
        if let rights, let problem = rights.problem(changing: place, in: self) { throw .refused(problem) }
    }
}
