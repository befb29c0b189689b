import ArgumentParser
import Lectern

/// `lectern run`
struct RunCommand: AsyncParsableCommand {
    static let name = "run"

    static let configuration = CommandConfiguration(
        commandName: name,
        // Only a command that is below none is searched for a request of a completion script.
        _superCommandName: "lectern",
        abstract: "Runs a program until it ends, or until SIGINT, SIGTERM or SIGHUP.",
        discussion: """
            A second signal ends the process at once, with 128 and the signal's number. Exit codes: that of ExitProgram, \
            0 after a signal and when the program has nothing left to do, 1 when it does not load or its main chunk fails. A program that does not end in its time (2 s, limit 'stop') \
            and 1 s more is left as it is.
            """
    )

    @OptionGroup var arguments: ProgramArguments

    @Option(
        help: """
            Leave out less severe log entries: debug, info, warning or error. At debug the log tells what connection \
            handlers decide, when tasks begin and end, and how device modules read what comes.
            """)
    var logLevel: String?

    @Option(help: "How the log looks: text or json.")
    var logFormat: String?

    @Flag(help: "Keep a program running that has nothing left to do.")
    var stay = false

    @OptionGroup(title: "Trace") var trace: TraceArguments

    func run() async throws {
        let run = ProgramRun(program: arguments.program) {
            var read = try arguments.configuration()
            if let logLevel { try read.setLogLevel(logLevel) }
            if let logFormat { try read.setLogFormat(logFormat) }
            if stay { read.stays = true }
            try trace.apply(to: &read)
            return read
        }
        try await run.run()
    }
}
