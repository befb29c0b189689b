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

    /// The text of module `name`: `folder/module.lua` or `folder/module/init.lua` for `folder.module`.
    func module(_ name: String) throws(LuaFault) -> (text: [UInt8], shownPath: String) {
        let relative = name.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "/")
        guard !name.isEmpty, !name.contains("/"), !name.contains("\0"), !relative.split(separator: "/").contains("..")
        else {
            throw LuaFault(.importError, "'\(name)' is no module name; write 'module' or 'folder.module'")
        }
        let candidates = ["\(relative).lua", "\(relative)/init.lua"]
        for (folder, shownFolder) in [(program, "")] + shared.map({ ($0.folder, $0.name + "/") }) {
            for candidate in candidates where access("\(folder.path)/\(candidate)", F_OK) == 0 {
                do throws(LuaFault) {
                    return (try folder.file(candidate).text, shownFolder + candidate)
                } catch {
                    throw LuaFault(.importError, "module '\(name)': \(error.message)")
                }
            }
        }
        let places = (["the program's folder"] + shared.map { $0.folder.path }).joined(separator: ", ")
        throw LuaFault(
            .importError, "module '\(name)' not found: neither \(candidates.joined(separator: " nor ")) is in \(places)"
        )
    }
}
