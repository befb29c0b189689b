internal import ControlCore
import Polling
import Synchronization

/// The trace of a host's program, from before its start until all is written; nothing at all when none is asked for.
final class HostTrace: Sendable {
    /// How long the end waits for what is still to be written.
    static let writingTimeout = TimeAmount.seconds(1)

    private let loop: PollLoop
    private let configuration: ProgramConfiguration
    private let makeSink: (@Sendable () -> any WireSink)?
    private let running = Mutex<LoopBound<Running>?>(nil)

    private struct Running {
        let trace: ProgramTrace
        let log: any ProgramLogSink
        let environment: any Environment
    }

    /// - Parameter makeSink: makes an embedder's sink, on the loop; nil: there is none.
    init(loop: PollLoop, configuration: ProgramConfiguration, makeSink: (@Sendable () -> any WireSink)?) {
        self.loop = loop
        self.configuration = configuration
        self.makeSink = makeSink
    }

    /// What the program is to run in: `environment` itself when nothing is traced. On the loop.
    /// - Throws: ``ProgramError`` when what was asked for cannot be had.
    func begin(_ environment: any Environment, log: any ProgramLogSink) throws(ProgramError) -> any Environment {
        guard configuration.trace != nil || makeSink != nil else { return environment }
        let trace = try ProgramTrace(environment, configuration, sink: makeSink?()) { [weak self] problem in
            guard let self else { return }
            loop.submit { self.warn(problem) }
        }
        let bound = LoopBound(Running(trace: trace, log: log, environment: environment), loop: loop)
        running.withLock { $0 = bound }
        return trace.programEnvironment
    }

    /// Says what there is to say, and waits until all is written, but not longer than ``writingTimeout``.
    func end() async {
        guard let running = running.withLock({ $0 }) else { return }
        let written = Promise<[String]>()
        let isTaken = loop.submit { [self] in
            // The environment is closed by now: it has no deadlines any more.
            loop.schedule(after: Self.writingTimeout) {
                written.keep(["the end of the trace is not written: it is not taken"])
            }
            for note in running.value.trace.end({ written.keep($0) }) { warn(note) }
        }
        // A loop that has ended takes nothing: then there is no log either.
        guard isTaken else { return }
        let troubles = await written.value
        try? await loop.call { [self] in for trouble in troubles { warn(trouble) } }
    }

    /// Writes to the program's log. On the loop.
    private func warn(_ text: String) {
        guard let running = running.withLock({ $0 })?.value else { return }
        running.log.write(
            ProgramLogEntry(time: running.environment.wallClock, severity: .warning, text: text))
    }
}
