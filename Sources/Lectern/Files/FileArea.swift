internal import Glibc
internal import LuaRuntime

/// The files of a program as `File` sees them: its folder is the root `/`, and there is a current folder, at first the root.
///
/// Nothing leads out: `..` ends at the root with an error, and links are followed before they are trusted.
final class FileArea {
    private let folder: ProgramFolder
    /// The current folder's names below the root.
    private var current: [String] = []

    init(_ folder: ProgramFolder) { self.folder = folder }

    /// The current folder, from the root.
    var currentFolder: String { "/" + current.joined(separator: "/") }

    /// The real path of a file that is there, or is to be made.
    func file(_ name: String) throws(LuaFault) -> String {
        let parts = try parts(of: name)
        guard !parts.isEmpty else { throw LuaFault(.ioError, "'\(name)' is a folder") }
        return try folder.confine(parts.joined(separator: "/"), "")
    }

    /// The real path of a folder that is there.
    func folder(_ name: String) throws(LuaFault) -> String {
        try folder.confineFolder(try parts(of: name).joined(separator: "/"))
    }

    /// Whether a name is a folder of the area.
    func isFolder(_ name: String) -> Bool { (try? folder(name)) != nil }

    /// Whether there is a file or a folder of that name.
    func exists(_ name: String) -> Bool {
        if isFolder(name) { return true }
        guard let path = try? file(name) else { return false }
        return access(path, F_OK) == 0
    }

    /// Makes a folder the current one.
    func enter(_ name: String) throws(LuaFault) {
        _ = try folder(name)
        current = try parts(of: name)
    }

    /// The names in a folder, in order.
    func list(_ name: String) throws(LuaFault) -> [String] {
        guard let stream = opendir(try folder(name)) else { throw fault(name) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes a folder; the one that it is in must be there.
    func makeFolder(_ name: String) throws(LuaFault) {
        try check(name) { () throws(LuaFault) in mkdir(try file(name), 0o755) }
    }

    /// Removes a folder that is empty.
    func removeFolder(_ name: String) throws(LuaFault) {
        guard try !parts(of: name).isEmpty else { throw LuaFault(.ioError, "'\(name)' is the root") }
        try check(name) { () throws(LuaFault) in rmdir(try folder(name)) }
    }

    /// Removes a file.
    func removeFile(_ name: String) throws(LuaFault) {
        try check(name) { () throws(LuaFault) in unlink(try file(name)) }
    }

    /// Gives a file or a folder another name; a file that has it goes.
    func rename(_ name: String, to newName: String) throws(LuaFault) {
        let old = isFolder(name) ? try folder(name) : try file(name)
        try check(name) { () throws(LuaFault) in Glibc.rename(old, try file(newName)) }
    }

    /// The names from the root to what `name` says, without `.` and `..`.
    private func parts(of name: String) throws(LuaFault) -> [String] {
        var parts = name.hasPrefix("/") ? [] : current
        for part in name.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(String(part))
            } else if parts.popLast() == nil {
                throw LuaFault(
                    .ioError, "'\(name)' is outside of the program's folder; programs have their own folder only")
            }
        }
        return parts
    }

    private func check(_ name: String, _ call: () throws(LuaFault) -> CInt) throws(LuaFault) {
        guard try call() == 0 else { throw fault(name) }
    }

    private func fault(_ name: String) -> LuaFault { LuaFault(.ioError, "'\(name)': \(ProgramFolder.systemError())") }
}
