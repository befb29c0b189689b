internal import ByteText
internal import ControlCore
public import LuaRuntime

/// Finds mistakes in a program without running any of it.
///
/// What is reported is a mistake for sure: what may be right, as far as the texts tell, is.
public struct ProgramCheck {
    private let source: ProgramSource
    private let configuration: ProgramConfiguration
    private let register: (LuaRuntime) throws -> Void

    /// Prepares a check of `source` as it would run with `configuration`.
    /// - Parameters:
    ///   - source: the program: its main file, or a text.
    ///   - configuration: its folders, profile and limits.
    ///   - register: adds the embedder's own functions and classes, as for ``Program``.
    public init(
        source: ProgramSource, configuration: ProgramConfiguration,
        register: @escaping (LuaRuntime) throws -> Void = { _ in }
    ) {
        self.source = source
        self.configuration = configuration
        self.register = register
    }

    /// What a check has found.
    public struct Report: Sendable {
        /// In the order of files and lines, each once.
        public var problems: [ProgramProblem]
        /// How many files were looked at: the main file and the modules that it requires, and theirs.
        public var fileCount: Int
    }

    /// Compiles the main file and every module that it requires by a literal name, and theirs, and looks for names,
    /// arguments and declarations that are wrong.
    public func report() -> Report {
        do throws(ProgramError) {
            let main = try source.read()
            return try withProgram(configuration.profile) { (program) throws(ProgramError) in
                let folders = try ModuleFolders(
                    program: try ProgramFolder(source.folder), configuration: configuration)
                var reader = ProgramReader(program.runtime, folders)
                reader.read(main: main.text, path: main.name)
                let facts = ProgramFacts(
                    reader.files, isWhole: reader.isWhole,
                    library: LibraryNames(program.runtime, ownModules: reader.ownModules))
                let evaluator = ConstantEvaluator(facts)
                let found =
                    reader.problems + CallChecks.problems(facts, evaluator)
                    + GlobalChecks(facts, profile: configuration.profile, others: globalsOfOtherProfiles).problems()
                    + MemberChecks.problems(facts, profile: configuration.profile)
                    + DeclarationChecks.problems(facts, evaluator)
                return Report(problems: Self.inOrder(found), fileCount: reader.files.count)
            }
        } catch {
            return Report(problems: [ProgramProblem(.unreadable, error.message, file: source.name)], fileCount: 0)
        }
    }

    /// Sorted; of those with the same words in the same line only the first.
    private static func inOrder(_ problems: [ProgramProblem]) -> [ProgramProblem] {
        var seen: Set<String> = []
        return problems.sorted().filter { seen.insert($0.description).inserted }
    }

    /// Opens a program of a profile, of which nothing is started, and closes it again.
    private func withProgram<Result>(
        _ profile: LuaProfile, _ body: (Program) throws(ProgramError) -> Result
    ) throws(ProgramError) -> Result {
        var configuration = configuration
        configuration.profile = profile
        let environment = SimulatedEnvironment(seed: 0)
        defer { environment.close() }
        let program = try Program(
            source: source, environment: environment, configuration: configuration, log: MemoryLog(capacity: 1),
            register: register)
        defer { program.stop() }
        return try body(program)
    }

    private func globalsOfOtherProfiles() -> [(profile: LuaProfile, globals: Set<String>)] {
        LuaProfile.allCases.filter { $0 != configuration.profile }.compactMap { profile in
            // What does not open has no names to tell.
            let globals = try? withProgram(profile) { (program) throws(ProgramError) in program.runtime.globalNames }
            return globals.map { (profile, Set($0)) }
        }
    }
}
