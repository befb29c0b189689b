import ArgumentParser
import ControlCore
import Glibc
import Lectern
import UnixSignals

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
        signal(SIGPIPE, SIG_IGN)  // a reader of the log that goes away must not end the program
        signal(SIGXFSZ, SIG_IGN)  // nor must a file that has grown to the system's limit: writing fails then
        let configuration: ProgramConfiguration
        do {
            var read = try arguments.configuration()
            if let logLevel { try read.setLogLevel(logLevel) }
            if let logFormat { try read.setLogFormat(logFormat) }
            read.endsWhenIdle = !stay && !read.stays
            try trace.apply(to: &read)
            configuration = read
        } catch let error as ConfigurationError {
            fail(error)
        } catch {
            fail("\(error)")
        }
        let writer = LogWriter(.output)
        let watchdog = StopWatchdog()
        let host = ControlHost(
            source: .file(arguments.program), configuration: configuration, onStopping: watchdog.begin
        ) {
            ConsoleLog(
                format: configuration.logFormat, level: configuration.logLevel,
                colours: StandardStream.output.showsColours, timeZone: SystemTimeZone(),
                output: writer.write)
        }
        watchdog.watch(host)
        let signals = await UnixSignalsSequence(trapping: Self.endingSignals)
        let watcher = Task {
            var count = 0
            for await signal in signals {
                count += 1
                if count > 1 { _exit(128 + Self.number(of: signal)) }
                host.stop()
            }
        }
        do {
            try await host.run()
        } catch let error as ProgramError {
            writer.flush()
            fail(error.message, traceback: error.traceback)
        }
        watcher.cancel()
        writer.flush()
        if let code = host.exitCode, code != 0 { throw ExitCode(Int32(code)) }
    }

    /// Those that end the program in order. A SIGHUP that is ignored from the start, as `nohup` has it, stays so.
    private static var endingSignals: [UnixSignal] {
        var action = sigaction()
        // It fails only for a signal that does not exist.
        sigaction(SIGHUP, nil, &action)
        let isIgnored =
            unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
        return isIgnored ? [.sigint, .sigterm] : [.sigint, .sigterm, .sighup]
    }

    private static func number(of signal: UnixSignal) -> Int32 {
        switch signal {
        case .sigterm: SIGTERM
        case .sighup: SIGHUP
        default: SIGINT
        }
    }
}
