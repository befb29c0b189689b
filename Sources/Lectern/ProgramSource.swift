internal import ByteText
internal import ControlCore

/// Where a program's text comes from.
public struct ProgramSource: Sendable {
    enum Main: Sendable {
        case file(String)
        case text([UInt8], name: String)
    }

    let main: Main
    /// The folder whose modules and files the program may use.
    public let folder: String

    /// What logs and metrics call the program: its file's name, or the name that was given.
    public var name: String {
        switch main {
        case .file(let path): String(rawBytes: path.rawBytes.split(separator: UInt8(ascii: "/")).last ?? [])
        case .text(_, let name): name
        }
    }

    /// The path of the main file; nil for a text.
    var path: String? {
        switch main {
        case .file(let path): path
        case .text: nil
        }
    }

    /// A program in a file; its folder is the file's.
    ///
    /// A path that is not UTF-8 is given as `String(rawBytes:)` of the module `ByteText`.
    public static func file(_ path: String) -> ProgramSource {
        let bytes = path.rawBytes
        let folder = bytes.lastIndex(of: UInt8(ascii: "/")).map { String(rawBytes: bytes[..<$0]) } ?? "."
        return ProgramSource(main: .file(path), folder: folder.isEmpty ? "/" : folder)
    }

    /// A program given as text.
    /// - Parameters:
    ///   - text: the program in Lua.
    ///   - name: what messages show for it.
    ///   - folder: the folder whose modules and files it may use.
    public static func text(_ text: String, name: String = "main.lua", folder: String) -> ProgramSource {
        ProgramSource(main: .text(Array(text.utf8), name: name), folder: folder)
    }

    /// The main chunk's text and the name that messages show.
    func read() throws(ProgramError) -> (text: [UInt8], name: String) {
        switch main {
        case .text(let text, let name):
            return (text, name)
        case .file(let path):
            do throws(FileFailure) {
                return (try BoundedFile.read(path, limit: BoundedFile.sourceLimit), name)
            } catch {
                throw ProgramError(error.message(path: path))
            }
        }
    }
}
