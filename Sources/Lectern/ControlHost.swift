public import ControlCore
public import LuaRuntime
internal import NIOConcurrencyHelpers
public import NIOCore
public import NIOPosix
public import ServiceLifecycle

/// Runs one control program on an event loop, against live sockets.
///
/// A host is a `Service`: it runs until its program ends or it is shut down, then closes everything in order. It can be
/// used from any task; the program itself stays on its loop.
///
/// ```swift
/// let host = ControlHost(source: .file("room/main.lua")) { MemoryLog(capacity: 1000) }
/// try await host.run()
/// ```
public final class ControlHost: Service {
    private let source: ProgramSource
    private let configuration: ProgramConfiguration
    private let makeLog: @Sendable () -> any ProgramLogSink
    private let register: @Sendable (LuaRuntime) throws -> Void
    private let onStopping: @Sendable () -> Void
    private let trace: HostTrace
    private let eventLoop: any EventLoop
    private let state = NIOLockedValueBox(State())

    private struct State {
        var exitCode: Int?
        var program: NIOLoopBound<Running>?
        var isStopping = false
        /// The code that the program has chosen by `ExitProgram`: it stands, whatever ends it.
        var standingCode: Int?
        /// Ends what Lua does, from any thread.
        var interrupt: LuaInterrupt?
    }

    /// What lives on the loop.
    private final class Running {
        let program: Program
        let environment: LiveEnvironment
        let metrics: HostMetrics
        let ended: EventLoopPromise<Int>

        init(program: Program, environment: LiveEnvironment, metrics: HostMetrics, ended: EventLoopPromise<Int>) {
            self.program = program
            self.environment = environment
            self.metrics = metrics
            self.ended = ended
        }
    }

    /// Makes a host; ``run()`` runs the program.
    /// - Parameters:
    ///   - source: the program.
    ///   - configuration: limits, profile, addresses.
    ///   - eventLoopGroup: whose next loop the program gets.
    ///   - register: called on the loop before the program loads: adds own functions and classes.
    ///   - onStopping: called from any thread when the program begins to end: by ``stop()`` or by itself, each time.
    ///   - trace: makes a sink that is told of all that goes over the wires which the trace of the configuration names,
    ///     or over all; called once, on the loop.
    ///   - log: makes the log's sink; called once, on the loop.
    public init(
        source: ProgramSource, configuration: ProgramConfiguration = ProgramConfiguration(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        register: @escaping @Sendable (LuaRuntime) throws -> Void = { _ in },
        onStopping: @escaping @Sendable () -> Void = {},
        trace: (@Sendable () -> any WireSink)? = nil,
        log: @escaping @Sendable () -> any ProgramLogSink
    ) {
        self.source = source
        self.configuration = configuration
        self.eventLoop = eventLoopGroup.next()
        self.trace = HostTrace(eventLoop: eventLoop, configuration: configuration, makeSink: trace)
        self.register = register
        self.onStopping = onStopping
        self.makeLog = log
    }

    /// The code that the program gave to `ExitProgram`; nil while it runs, 0 when it was stopped.
    public var exitCode: Int? { state.withLockedValue { $0.exitCode } }

    /// The code with which the program ends if it ends now: what it gave to `ExitProgram`, else 0. From any thread.
    public var standingExitCode: Int { state.withLockedValue { $0.exitCode ?? $0.standingCode ?? 0 } }

    /// How long the program's end may take: `LuaLimits.stop` of its configuration.
    public var stopBudget: Duration { configuration.limits.stop }

    /// What Lua runs at this moment, for a message about a program that does not end, such as
    /// `'execute' at main.lua:3, for 4.0 s`; nil when no Lua runs. From any thread.
    public var runningDescription: String? { state.withLockedValue { $0.interrupt }?.describeRunning() }

    /// Loads and runs the program until it ends, ``stop()`` is called, the service is shut down gracefully or the task
    /// is cancelled. Everything that the program had opened is closed when this returns.
    /// - Throws: ``ProgramError`` when the program does not load.
    public func run() async throws {
        let ended = eventLoop.makePromise(of: Int.self)
        do {
            try await eventLoop.submit { try self.begin(ended) }.get()
        } catch {
            ended.fail(error)
            await trace.end()
            throw error
        }
        let code = try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await ended.futureResult.get()
            } onGracefulShutdown: {
                self.stop()
            }
        } onCancel: {
            self.stop()
        }
        await trace.end()
        state.withLockedValue { $0.exitCode = code }
    }

    /// Ends the program in order; ``run()`` returns when everything is closed. Idempotent, and from any thread.
    ///
    /// What the program runs at this moment is ended at its next instruction, and the rest of the end takes no longer
    /// than `LuaLimits.stop` says. Only a call that nothing can interrupt (a function in C or Swift that blocks the
    /// loop) delays it: then ``run()`` does not return before that does. The command `lectern` ends its process then;
    /// whoever embeds a host decides for theirs, by ``runningDescription`` and a time of their own.
    public func stop() {
        let interrupt = state.withLockedValue { state in
            state.isStopping = true
            return state.interrupt
        }
        onStopping()
        interrupt?.request()
        eventLoop.execute {
            guard let running = self.takeRunning() else { return }
            running.program.stop()
            self.close(running, exitCode: self.standingExitCode)
        }
    }

    /// Calls `body` with the program, on its loop.
    /// - Returns: what `body` returns; nil when the program has ended.
    public func withProgram<Result: Sendable>(
        _ body: @escaping @Sendable (Program) throws -> Result
    ) async throws -> Result? {
        try await eventLoop.submit {
            guard let running = self.state.withLockedValue({ $0.program })?.value else { return nil }
            return try body(running.program)
        }.get()
    }

    // MARK: - On the loop

    private func begin(_ ended: EventLoopPromise<Int>) throws {
        let environment = LiveEnvironment(eventLoop: eventLoop)
        do {
            let log = makeLog()
            let program = try Program(
                source: source, environment: try trace.begin(environment, log: log), configuration: configuration,
                log: log, register: register)
            let metrics = HostMetrics(program: program, name: source.name, eventLoop: eventLoop)
            let running = Running(program: program, environment: environment, metrics: metrics, ended: ended)
            let bound = NIOLoopBound(running, eventLoop: eventLoop)
            let isStopping = state.withLockedValue { state in
                state.program = bound
                state.interrupt = program.interrupt
                return state.isStopping
            }
            program.onEnding = { [unowned self] ending in
                state.withLockedValue { $0.standingCode = Self.code(of: ending) }
                onStopping()
            }
            program.onEnded = { [unowned self] ending in
                guard let running = takeRunning() else { return }
                close(running, exitCode: Self.code(of: ending))
            }
            if !isStopping {
                try program.start()
                metrics.start()
            }
            // Whoever asked before there was a program is served now.
            if state.withLockedValue({ $0.isStopping }) { stop() }
        } catch {
            state.withLockedValue { $0.program = nil }
            environment.close {}
            throw error
        }
    }

    private static func code(of ending: Program.Ending) -> Int {
        switch ending {
        case .exited(let code): code
        case .stopped, .idle: 0
        case .outOfMemory, .failed: 1
        }
    }

    /// The running program, for the one who ends it.
    private func takeRunning() -> Running? {
        state.withLockedValue { state in
            let running = state.program
            state.program = nil
            return running
        }?.value
    }

    private func close(_ running: Running, exitCode: Int) {
        running.metrics.stop()
        running.environment.close { running.ended.succeed(exitCode) }
    }
}
