internal import ByteText
internal import ControlCore
internal import Glibc
internal import LuaRuntime

/// The files of a program as `File` sees them: its folder is the root `/`, and there is a current folder, at first the
/// root.
///
/// Nothing leads out: `..` ends at the root with an error, and links are followed before they are trusted. Names are
/// bytes, in texts that keep them.
final class FileArea {
    private let folder: ProgramFolder
    /// The current folder's names below the root.
    private var current: [[UInt8]] = []

    init(_ folder: ProgramFolder) { self.folder = folder }

    /// The current folder, from the root.
    var currentFolder: String { "/" + Self.joined(current) }

    /// Opens a file.
    func open(_ name: String, _ mode: FileMode) throws(LuaFault) -> ProgramFile {
        let parts = try parts(of: name)
        guard !parts.isEmpty else { throw LuaFault(.ioError, "'\(name.showingRawBytes)' is a folder") }
        let descriptor = try naming(name) { () throws(FileFailure) in
            let path = Self.joined(parts)
            return try mode.canWrite ? folder.openToWrite(path, mode.flags) : folder.openToRead(path)
        }
        return try ProgramFile(name: name, descriptor: descriptor, mode: mode)
    }

    /// Replaces a file by one of these bytes, or makes it: whole, or not at all.
    func replace(_ name: String, with bytes: [UInt8]) throws(LuaFault) {
        let parts = try parts(of: name)
        guard !parts.isEmpty else { throw LuaFault(.ioError, "'\(name.showingRawBytes)' is a folder") }
        try naming(name) { () throws(FileFailure) in try folder.replaceFile(Self.joined(parts), with: bytes) }
    }

    /// Whether a name is a folder of the area.
    func isFolder(_ name: String) -> Bool { (try? place(name).isFolder) == true }

    /// Whether there is a file or a folder of that name.
    func exists(_ name: String) -> Bool {
        guard let place = try? place(name) else { return false }
        do throws(FileFailure) {
            if !place.isFolder { try place.requireFile() }
            return true
        } catch {
            return false
        }
    }

    /// Makes a folder the current one.
    func enter(_ name: String) throws(LuaFault) {
        let parts = try parts(of: name)
        let place = try place(name)
        try naming(name) { () throws(FileFailure) in try place.requireFolder() }
        current = parts
    }

    /// The names in a folder, in the order of their bytes.
    func list(_ name: String) throws(LuaFault) -> [String] {
        let place = try place(name)
        return try naming(name) { () throws(FileFailure) in
            try place.requireFolder()
            let path = place.names.isEmpty ? "." : place.name
            let number = path.withRawCString {
                openat(place.parent.number, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            }
            guard number >= 0 else { throw .system() }
            guard let stream = fdopendir(number) else {
                let failure = FileFailure.system()
                close(number)
                throw failure
            }
            defer { closedir(stream) }
            var names: [[UInt8]] = []
            while let entry = readdir(stream) {
                let name = Self.name(of: entry)
                if name != [UInt8(ascii: ".")] && name != Array("..".utf8) { names.append(name) }
            }
            return names.sorted { $0.lexicographicallyPrecedes($1) }.map { String(rawBytes: $0) }
        }
    }

    /// Makes a folder; the one that it is in must be there.
    func makeFolder(_ name: String) throws(LuaFault) {
        let path = try path(name)
        try naming(name) { () throws(FileFailure) in try folder.makeFolder(path) }
    }

    /// Removes a folder that is empty.
    func removeFolder(_ name: String) throws(LuaFault) {
        guard try !parts(of: name).isEmpty else { throw LuaFault(.ioError, "'\(name.showingRawBytes)' is the root") }
        let path = try path(name)
        try naming(name) { () throws(FileFailure) in try folder.removeFolder(path) }
    }

    /// Removes a file.
    func removeFile(_ name: String) throws(LuaFault) {
        let path = try path(name)
        try naming(name) { () throws(FileFailure) in try folder.remove(file: path) }
    }

    /// Gives a file or a folder another name; a file that has it goes.
    func rename(_ name: String, to newName: String) throws(LuaFault) {
        let (path, newPath) = (try path(name), try path(newName))
        try naming("\(name)' to '\(newName)") { () throws(FileFailure) in
            try folder.rename(path, to: newPath, folders: true)
        }
    }

    // MARK: - Names

    /// The bytes of an entry's name.
    static func name(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            let bytes = UnsafeRawPointer(pointer)
            let size = MemoryLayout.size(ofValue: pointer.pointee)
            return Array(UnsafeRawBufferPointer(start: bytes, count: size).prefix { $0 != 0 })
        }
    }

    private static func joined(_ parts: [[UInt8]]) -> String {
        String(rawBytes: parts.joined(separator: [UInt8(ascii: "/")]))
    }

    private func path(_ name: String) throws(LuaFault) -> String {
        let parts = try parts(of: name)
        return parts.isEmpty ? "." : Self.joined(parts)
    }

    private func place(_ name: String) throws(LuaFault) -> Place {
        let path = try path(name)
        return try naming(name) { () throws(FileFailure) in try folder.place(of: path) }
    }

    /// The names from the root to what `name` says, without `.` and `..`.
    private func parts(of name: String) throws(LuaFault) -> [[UInt8]] {
        let bytes = try naming(name) { () throws(FileFailure) in try ProgramFolder.bytes(of: name) }
        var parts = bytes.first == UInt8(ascii: "/") ? [] : current
        for part in bytes.split(separator: UInt8(ascii: "/")) where part != [UInt8(ascii: ".")] {
            if part != ArraySlice("..".utf8) {
                parts.append(Array(part))
            } else if parts.popLast() == nil {
                throw LuaFault(
                    .ioError,
                    "'\(name.showingRawBytes)' is outside of the program's folder; programs have their own folder only")
            }
        }
        return parts
    }

    private func naming<Result>(
        _ name: String, _ body: () throws(FileFailure) -> Result
    ) throws(LuaFault) -> Result {
        do throws(FileFailure) { return try body() } catch { throw LuaFault(.ioError, error.message(name: name)) }
    }
}
