internal import ControlCore
internal import NIOConcurrencyHelpers
internal import NIOCore

/// The trace of a host's program, from before its start until all is written; nothing at all when none is asked for.
final class HostTrace: Sendable {
    /// How long the end waits for what is still to be written.
    static let writingTimeout = TimeAmount.seconds(1)

    private let eventLoop: any EventLoop
    private let configuration: ProgramConfiguration
    private let makeSink: (@Sendable () -> any WireSink)?
    private let running = NIOLockedValueBox<NIOLoopBound<Running>?>(nil)

    private struct Running {
        let trace: ProgramTrace
        let log: any ProgramLogSink
        let environment: any Environment
    }

    /// - Parameter makeSink: makes an embedder's sink, on the loop; nil: there is none.
    init(eventLoop: any EventLoop, configuration: ProgramConfiguration, makeSink: (@Sendable () -> any WireSink)?) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.makeSink = makeSink
    }

    /// What the program is to run in: `environment` itself when nothing is traced. On the loop.
    /// - Throws: ``ProgramError`` when what was asked for cannot be had.
    func begin(_ environment: any Environment, log: any ProgramLogSink) throws(ProgramError) -> any Environment {
        guard configuration.trace != nil || makeSink != nil else { return environment }
        let trace = try ProgramTrace(environment, configuration, sink: makeSink?()) { [weak self] problem in
            guard let self else { return }
            eventLoop.execute { self.warn(problem) }
        }
        running.withLockedValue {
            $0 = NIOLoopBound(
                Running(trace: trace, log: log, environment: environment), eventLoop: eventLoop)
        }
        return trace.programEnvironment
    }

    /// Says what there is to say, and waits until all is written, but not longer than ``writingTimeout``.
    func end() async {
        guard let running = running.withLockedValue({ $0 }) else { return }
        let written = eventLoop.makePromise(of: [String].self)
        let hasEnded = NIOLockedValueBox(false)
        @Sendable func finish(_ troubles: [String]) {
            let isFirst = hasEnded.withLockedValue { ended in
                defer { ended = true }
                return !ended
            }
            if isFirst { written.succeed(troubles) }
        }
        eventLoop.execute {
            for note in running.value.trace.end(finish) { self.warn(note) }
        }
        let timer = eventLoop.scheduleTask(in: Self.writingTimeout) {
            finish(["the end of the trace is not written: it is not taken"])
        }
        do {
            let troubles = try await written.futureResult.get()
            timer.cancel()
            try await eventLoop.submit { for trouble in troubles { self.warn(trouble) } }.get()
        } catch {
            // Only a loop that was shut down fails these: then there is no log either.
        }
    }

    /// Writes to the program's log. On the loop.
    private func warn(_ text: String) {
        guard let running = running.withLockedValue({ $0 })?.value else { return }
        running.log.write(
            ProgramLogEntry(time: running.environment.wallClock, severity: .warning, text: text))
    }
}
