import Lectern
import LuaRuntime

/// Checks programs that tests write down.
enum CheckScene {
    /// What `lectern check` says of a main file, a line each.
    static func lines(
        of text: String, modules: [String: String] = [:], profile: LuaProfile = .standard
    ) throws -> [String] {
        try problems(of: text, modules: modules, profile: profile).map(\.description)
    }

    static func problems(
        of text: String, modules: [String: String] = [:], profile: LuaProfile = .standard
    ) throws -> [ProgramProblem] {
        try ProjectFiles.withFolder(of: modules) { folder in
            var configuration = Stage.configuration()
            configuration.profile = profile
            return ProgramCheck(
                source: .text(text, name: "main.lua", folder: folder), configuration: configuration
            ).report().problems
        }
    }
}
