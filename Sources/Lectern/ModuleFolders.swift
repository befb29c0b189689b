internal import ByteText
internal import ControlCore
internal import Glibc
internal import LuaRuntime

/// Where `require` looks: the program's folder first, then those that its configuration names.
struct ModuleFolders {
    private let program: ProgramFolder
    /// The further folders, and how messages and tracebacks name them.
    private let shared: [(folder: ProgramFolder, name: String)]

    /// - Throws: ``ProgramError`` when a folder of the configuration is missing.
    init(program: ProgramFolder, configuration: ProgramConfiguration) throws(ProgramError) {
        self.program = program
        var shared: [(ProgramFolder, String)] = []
        for path in configuration.moduleFolders {
            do throws(ProgramError) {
                let folder = try ProgramFolder(path)
                shared.append((folder, folder.path.split(separator: "/").last.map(String.init) ?? "/"))
            } catch {
                throw ProgramError("folder of modules \(error.message)")
            }
        }
        self.shared = shared
    }

    /// Modules that Lectern has, and that a program may bring itself: many a program has its own json.lua.
    private static let replaceable = Dictionary(
        uniqueKeysWithValues: (["json"] + PythonLibraries.names).map { ($0, "return \($0)") }
            + ["urllib", "urllib.request", "urllib.parse", "urllib.error"].map {
                ($0, "return require 'lectern.\($0)'")
            })

    /// Whether a module that ``module(_:)`` gave is no file, but Lectern's own of that name.
    static func isOwn(shownPath: String) -> Bool { shownPath.hasPrefix("=") }

    /// The text of module `name`: `folder/module.lua` or `folder/module/init.lua` for `folder.module`.
    func module(_ name: String) throws(LuaFault) -> (text: [UInt8], shownPath: String) {
        let bytes = name.rawBytes
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard !parts.contains(where: \.isEmpty), !bytes.contains(UInt8(ascii: "/")), !bytes.contains(0) else {
            throw LuaFault(
                .importError, "'\(name.showingRawBytes)' is no module name; write 'module' or 'folder.module'")
        }
        let relative = String(rawBytes: parts.joined(separator: [UInt8(ascii: "/")]))
        let candidates = ["\(relative).lua", "\(relative)/init.lua"]
        for (folder, shownFolder) in [(program, "")] + shared.map({ ($0.folder, $0.name + "/") }) {
            for candidate in candidates {
                do throws(FileFailure) {
                    return (try folder.source(candidate), shownFolder + candidate)
                } catch {
                    // What is not there may be in the next place. A link to nothing is there, and broken.
                    if error.code == ENOENT || error.code == ENOTDIR, !isBrokenLink(candidate, in: folder) { continue }
                    throw LuaFault(
                        .importError, "module '\(name.showingRawBytes)': \(error.message(name: candidate))")
                }
            }
        }
        if let text = Self.replaceable[name] { return (Array(text.utf8), "=[lectern \(name)]") }
        let places = (["the program's folder"] + shared.map { $0.folder.path }).joined(separator: ", ")
        let missing = candidates.joined(separator: " nor ")
        let hint = MissingNames.hint(forModule: name).map { ". \($0)" } ?? ""
        throw LuaFault(
            .importError,
            "module '\(name)' not found: neither \(missing) is in \(places)\(hint)".showingRawBytes)
    }

    private func isBrokenLink(_ name: String, in folder: ProgramFolder) -> Bool {
        (try? folder.place(of: name).isDangling) == true
    }
}
