import ArgumentParser
import ControlCore
import Glibc
import Lectern
import UnixSignals

/// A run of a program in this process.
struct ProgramRun {
    /// The program's main file.
    let program: String
    /// What it runs with.
    let configuration: ProgramConfiguration

    /// Reads what the program runs with; what is wrong there ends the process.
    init(program: String, _ configure: () throws -> ProgramConfiguration) {
        signal(SIGPIPE, SIG_IGN)  // a reader of the log that goes away must not end the program
        signal(SIGXFSZ, SIG_IGN)  // nor must a file that has grown to the system's limit: writing fails then
        self.program = program
        do {
            var read = try configure()
            read.endsWhenIdle = !read.stays
            configuration = read
        } catch let error as ConfigurationError {
            fail(error)
        } catch {
            fail("\(error)")
        }
    }

    /// Runs the program until it ends, or until a signal ends it.
    /// - Throws: `ExitCode` when the program has ended with another one than 0.
    func run() async throws {
        let writer = LogWriter(.output)
        let watchdog = StopWatchdog()
        let host = ControlHost(
            source: .file(program), configuration: configuration, onStopping: watchdog.begin
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
