import ArgumentParser
import ControlCore
import Glibc
import Lectern
import NIOPosix
import UnixSignals

/// `lectern run`
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a program until it ends, or until SIGINT or SIGTERM.",
        discussion:
            "A second signal ends the process at once. Exit codes: that of ExitProgram, 0 after a signal, 1 when the program does not load."
    )

    @OptionGroup var arguments: ProgramArguments

    @Option(help: "Leave out less severe log entries: debug, info, warning or error.")
    var logLevel: String?

    @Option(help: "How the log looks: text or json.")
    var logFormat: String?

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)  // a reader of the log that goes away must not end the program
        signal(SIGXFSZ, SIG_IGN)  // nor must a file that has grown to the system's limit: writing fails then
        let configuration: ProgramConfiguration
        do {
            var read = try arguments.configuration()
            if let logLevel { try read.setLogLevel(logLevel) }
            if let logFormat { try read.setLogFormat(logFormat) }
            configuration = read
        } catch let error as ConfigurationError {
            fail(error)
        } catch {
            fail("\(error)")
        }
        let writer = LogWriter(.output)
        // The process has this one program. The shared group would start a thread for each processor.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let host = ControlHost(
            source: .file(arguments.program), configuration: configuration, eventLoopGroup: group
        ) {
            ConsoleLog(
                format: configuration.logFormat, level: configuration.logLevel,
                colours: StandardStream.output.showsColours, timeZone: SystemTimeZone(),
                output: writer.write)
        }
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let watcher = Task {
            var count = 0
            for await _ in signals {
                count += 1
                if count > 1 { _exit(130) }
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
}
