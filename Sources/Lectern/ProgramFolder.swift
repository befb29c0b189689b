internal import Glibc
internal import LuaRuntime

/// A folder that a program may see: confines its files.
struct ProgramFolder {
    /// Absolute, without symbolic links.
    let path: String

    /// - Throws: ``ProgramError`` when there is no such folder.
    init(_ path: String) throws(ProgramError) {
        guard let real = Self.realPath(path) else { throw ProgramError("\(path): \(Self.systemError())") }
        self.path = real
    }

    /// The text of a file of the folder.
    func file(_ path: String) throws(LuaFault) -> (text: [UInt8], shownPath: String) {
        (try Self.read(try confine(path, "r")), path)
    }

    /// The absolute path of a file that a program named, if it is below the folder.
    ///
    /// Links are followed first, so none leads out. Only regular files: a pipe would stop the program's loop.
    func confine(_ name: String, _ mode: String) throws(LuaFault) -> String {
        guard !name.contains("\0") else { throw LuaFault(.ioError, "the file name has a zero byte") }
        let absolute = name.hasPrefix("/") ? name : "\(path)/\(name)"
        let parts = absolute.split(separator: "/")
        guard let last = parts.last else { throw LuaFault(.ioError, "'\(name)' is no file") }
        let real: String
        if let existing = Self.realPath(absolute) {
            real = existing
        } else {
            // A file to be made: its folder must exist and be inside.
            let folder = "/" + parts.dropLast().joined(separator: "/")
            guard last != "..", last != ".", let parent = Self.realPath(folder) else {
                throw LuaFault(.ioError, "'\(name)': \(Self.systemError())")
            }
            real = "\(parent)/\(last)"
        }
        guard real.hasPrefix(path + "/") else {
            throw LuaFault(
                .ioError, "'\(name)' is outside of the program's folder; programs have their own folder only")
        }
        var status = stat()
        if stat(real, &status) == 0 && status.st_mode & S_IFMT != S_IFREG {
            throw LuaFault(.ioError, "'\(name)' is no regular file")
        }
        return real
    }

    /// The absolute path of a folder that a program named, from the program's folder, if it is that or below it.
    func confineFolder(_ name: String) throws(LuaFault) -> String {
        guard !name.contains("\0") else { throw LuaFault(.ioError, "the folder name has a zero byte") }
        guard let real = Self.realPath("\(path)/\(name)") else {
            throw LuaFault(.ioError, "'\(name)': \(Self.systemError())")
        }
        guard real == path || real.hasPrefix(path + "/") else {
            throw LuaFault(
                .ioError, "'\(name)' is outside of the program's folder; programs have their own folder only")
        }
        var status = stat()
        guard stat(real, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw LuaFault(.ioError, "'\(name)' is no folder")
        }
        return real
    }

    /// All bytes of a file.
    static func read(_ path: String) throws(LuaFault) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // a pipe must not hold the caller
        guard descriptor >= 0 else { throw LuaFault(.ioError, "\(path): \(systemError())") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw LuaFault(.ioError, "\(path): is no regular file")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(status.st_size))
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw LuaFault(.ioError, "\(path): \(systemError())") }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    static func systemError() -> String { String(cString: strerror(errno)) }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
