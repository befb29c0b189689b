import ArgumentParser
import ByteText
import Glibc
import Lectern

/// The command `lectern`.
@main
struct LecternCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lectern",
        abstract: "Runs control programs written in Lua.",
        subcommands: [RunCommand.self, CheckCommand.self, VersionCommand.self])

    /// The arguments with their bytes: a file's name need not be UTF-8.
    private static var rawArguments: [String] {
        (1..<max(Int(CommandLine.argc), 1)).compactMap { index in
            CommandLine.unsafeArgv[index].map {
                String(rawBytes: UnsafeRawBufferPointer(start: $0, count: strlen($0)))
            }
        }
    }

    /// The program of `lectern run PROGRAM`, without any option: the common form is not worth half of a start, which is
    /// what the library for options takes.
    private static func plainProgram(in arguments: [String]) -> String? {
        guard arguments.count == 2, arguments[0] == RunCommand.name else { return nil }
        let program = arguments[1]
        return program.isEmpty || program.hasPrefix("-") ? nil : program
    }

    /// The command that the arguments ask for.
    ///
    /// `run` is parsed by itself first, without the tree of all commands, which would take a twelfth of a start. The
    /// tree gets what that does not take: a mistake and a question for help are answered as those of any other command.
    private static func command(for arguments: [String]) throws -> any ParsableCommand {
        if arguments.first == RunCommand.name, let run = try? RunCommand.parse(Array(arguments.dropFirst())) {
            return run
        }
        return try parseAsRoot(arguments)
    }

    /// As the library's own `main`, but a mistake in the options gets one line like every other mistake.
    static func main() async {
        let arguments = rawArguments
        do {
            if let program = plainProgram(in: arguments) {
                let run = ProgramRun(program: program) {
                    try ProgramConfiguration.read(beside: program, chosen: nil)
                }
                return try await run.run()
            }
            var command = try command(for: arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            StandardStream.error.write("lectern: \(message(for: error).showingRawBytes); see 'lectern --help'\n")
            Glibc.exit(ExitCode.validationFailure.rawValue)
        }
    }
}

/// The program and what it runs with: the same for every command that takes a program.
struct ProgramArguments: ParsableArguments {
    @Argument(help: "The program's main file.")
    var program: String

    @Option(help: "The configuration; by default lectern.yaml beside the program, if there is one.")
    var config: String?

    @Option(
        name: .customLong("port"),
        help: ArgumentHelp("Maps a port: Alias:COM1=/dev/ttyUSB0 or Alias:COM1=tcp://host:port.", valueName: "mapping"))
    var ports: [String] = []

    @Option(help: "Which libraries the program sees: trusted, standard or strict.")
    var profile: String?

    /// Reads the configuration and lets the options win over it.
    func configuration() throws -> ProgramConfiguration {
        var configuration = try ProgramConfiguration.read(beside: program, chosen: config)
        for port in ports { try configuration.mapPort(port) }
        if let profile { try configuration.setProfile(profile) }
        return configuration
    }
}

/// Prints one line on standard error and ends with exit code 1.
func fail(_ message: String, traceback: [String] = []) -> Never {
    StandardStream.error.write("lectern: \(message.showingRawBytes)\n" + traceback.map { "    \($0)\n" }.joined())
    exit(1)
}

/// Prints what is wrong with the configuration, one line each, and ends with exit code 1.
func fail(_ error: ConfigurationError) -> Never {
    for problem in error.problems { StandardStream.error.write("lectern: \(problem.showingRawBytes)\n") }
    exit(1)
}

/// `lectern version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Prints the versions in use.")

    func run() {
        print("lectern \(LecternVersion.current), \(LecternVersion.lua)")
        print("loop: \(LecternVersion.loop)")
    }
}
