import Glibc

/// Files that tests read and write, without Foundation.
enum ProjectFiles {
    /// A file operation that failed.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        init(_ path: String) { description = "\(path): \(String(cString: strerror(errno)))" }
    }

    /// The folder of the package, without a slash at its end.
    static let root: String = {
        // Tests/LecternTests/ProjectFiles.swift is three levels below.
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/")
    }()

    /// The text of a file of the package.
    static func text(of path: String) throws -> String { try text(at: "\(root)/\(path)") }

    /// The text of a file; an absolute path.
    static func text(at full: String) throws -> String { String(decoding: try bytes(at: full), as: UTF8.self) }

    /// The bytes of a file; an absolute path.
    static func bytes(at full: String) throws -> [UInt8] {
        guard let file = fopen(full, "r") else { throw Failure(full) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        guard ferror(file) == 0 else { throw Failure(full) }
        return bytes
    }

    /// Writes a file anew; an absolute path.
    static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw Failure(path) }
        let written = fwrite(text, 1, text.utf8.count, file)
        guard fclose(file) == 0, written == text.utf8.count else { throw Failure(path) }
    }

    /// The names in a folder of the package, sorted, without hidden ones.
    static func names(in path: String) throws -> [String] {
        let full = "\(root)/\(path)"
        guard let folder = opendir(full) else { throw Failure(full) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// Whether there is a file or folder; an absolute path.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Calls `body` with the path of a new folder that holds `files`, which is gone afterwards.
    static func withFolder<Result>(of files: [String: String], _ body: (String) throws -> Result) throws -> Result {
        let folder = try makeFolder(of: files)
        defer { removeFolder(folder, of: files) }
        return try body(folder)
    }

    /// As above, for a body that suspends.
    static func withFolder<Result>(
        of files: [String: String], _ body: (String) async throws -> Result
    ) async throws -> Result {
        let folder = try makeFolder(of: files)
        defer { removeFolder(folder, of: files) }
        return try await body(folder)
    }

    private static func makeFolder(of files: [String: String]) throws -> String {
        var template = Array("/tmp/lectern-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure("/tmp") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for (name, text) in files { try write(text, to: "\(folder)/\(name)") }
        return folder
    }

    private static func removeFolder(_ folder: String, of files: [String: String]) {
        for name in files.keys { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }
}
