public import ControlCore
public import LuaRuntime
internal import Polling
public import ServiceLifecycle
internal import Synchronization

/// Runs one control program on a loop and a thread of its own, against live sockets.
///
/// A host is a `Service`: it runs until its program ends or it is shut down, then closes everything in order. It can be
/// used from any task; the program itself stays on its thread.
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
    private let makeTraceSink: (@Sendable () -> any WireSink)?
    private let state = Mutex(State())

    private struct State {
        var exitCode: Int?
        /// From the start of ``run()`` to its end.
        var isRunning = false
        /// The loop, from the start of ``run()`` to its end.
        var loop: PollLoop?
        var program: LoopBound<Running>?
        var isStopping = false
        /// The code that the program has chosen by `ExitProgram`: it stands, whatever ends it.
        var standingCode: Int?
        /// Ends what Lua does, from any thread.
        var interrupt: LuaInterrupt?
    }

    /// The exit code, or why there is none.
    private typealias Ending = Promise<Result<Int, any Error>>

    /// What lives on the loop.
    private final class Running {
        let program: Program
        let environment: LiveEnvironment
        let metrics: HostMetrics
        let ended: Ending

        init(program: Program, environment: LiveEnvironment, metrics: HostMetrics, ended: Ending) {
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
    ///   - register: called on the loop before the program loads: adds own functions and classes.
    ///   - onStopping: called from any thread when the program begins to end: by ``stop()`` or by itself, each time.
    ///   - trace: makes a sink that is told of all that goes over the wires which the trace of the configuration names,
    ///     or over all; called once, on the loop.
    ///   - log: makes the log's sink; called once, on the loop.
    public init(
        source: ProgramSource, configuration: ProgramConfiguration = ProgramConfiguration(),
        register: @escaping @Sendable (LuaRuntime) throws -> Void = { _ in },
        onStopping: @escaping @Sendable () -> Void = {},
        trace: (@Sendable () -> any WireSink)? = nil,
        log: @escaping @Sendable () -> any ProgramLogSink
    ) {
        self.source = source
        self.configuration = configuration
        self.makeTraceSink = trace
        self.register = register
        self.onStopping = onStopping
        self.makeLog = log
    }

    /// The code that the program gave to `ExitProgram`; nil while it runs, 0 when it was stopped.
    public var exitCode: Int? { state.withLock { $0.exitCode } }

    /// The code with which the program ends if it ends now: what it gave to `ExitProgram`, else 0. From any thread.
    public var standingExitCode: Int { state.withLock { $0.exitCode ?? $0.standingCode ?? 0 } }

    /// How long the program's end may take: `LuaLimits.stop` of its configuration.
    public var stopBudget: Duration { configuration.limits.stop }

    /// What Lua runs at this moment, for a message about a program that does not end, such as
    /// `'execute' at main.lua:3, for 4.0 s`; nil when no Lua runs. From any thread.
    public var runningDescription: String? { state.withLock { $0.interrupt }?.describeRunning() }

    /// Loads and runs the program until it ends, ``stop()`` is called, the service is shut down gracefully or the task
    /// is cancelled. Everything that the program had opened is closed when this returns.
    /// - Throws: ``ProgramError`` when the program does not load, while an earlier call runs, or when the loop that the
    ///   configuration demands cannot be had.
    public func run() async throws {
        let isFree = state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFree else { throw ProgramError("the host runs already: each program has a host of its own") }
        defer { state.withLock { $0.isRunning = false } }
        let threadEnd = Promise<Void>()
        let thread = try startThread { threadEnd.keep(()) }
        let loop = thread.loop
        state.withLock { $0.loop = loop }
        let trace = HostTrace(loop: loop, configuration: configuration, makeSink: makeTraceSink)
        let outcome: Result<Int, any Error>
        do {
            outcome = .success(try await runProgram(on: loop, trace))
        } catch {
            outcome = .failure(error)
        }
        await trace.end()
        state.withLock { $0.loop = nil }
        thread.stop()
        await threadEnd.value
        // It has nothing left to do, so this does not wait.
        thread.join()
        let code = try outcome.get()
        state.withLock { $0.exitCode = code }
    }

    private func startThread(_ onEnd: @escaping @Sendable () -> Void) throws(ProgramError) -> LoopThread {
        let backend: LoopBackend
        do throws(LoopRefusal) {
            backend = try configuration.loop.backend()
        } catch {
            throw ProgramError(
                "'loop: io_uring' is demanded and cannot be had: \(error); 'loop: auto' takes what there is")
        }
        do throws(SystemError) {
            return try LoopThread(name: "control loop", backend: backend, onEnd: onEnd)
        } catch {
            throw ProgramError("cannot start: \(systemErrorText(error.number))")
        }
    }

    /// - Returns: the exit code, when the program has ended and all is closed.
    private func runProgram(on loop: PollLoop, _ trace: HostTrace) async throws -> Int {
        let ended = Ending()
        try await loop.call { self.begin(on: loop, trace, ended) }
        let result = await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await ended.value
            } onGracefulShutdown: {
                self.stop()
            }
        } onCancel: {
            self.stop()
        }
        return try result.get()
    }

    /// Ends the program in order; ``run()`` returns when everything is closed. Idempotent, and from any thread.
    ///
    /// What the program runs at this moment is ended at its next instruction, and the rest of the end takes no longer
    /// than `LuaLimits.stop` says. Only a call that nothing can interrupt (a function in C or Swift that blocks the
    /// loop) delays it: then ``run()`` does not return before that does. The command `lectern` ends its process then;
    /// whoever embeds a host decides for theirs, by ``runningDescription`` and a time of their own.
    public func stop() {
        let (interrupt, loop) = state.withLock { state in
            state.isStopping = true
            return (state.interrupt, state.loop)
        }
        onStopping()
        interrupt?.request()
        loop?.submit {
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
        guard let loop = state.withLock({ $0.loop }) else { return nil }
        do {
            return try await loop.call {
                guard let running = self.state.withLock({ $0.program })?.value else { return nil }
                return try body(running.program)
            }
        } catch is LoopEnded {
            return nil
        }
    }

    // MARK: - On the loop

    private func begin(on loop: PollLoop, _ trace: HostTrace, _ ended: Ending) {
        let environment = LiveEnvironment(loop: loop)
        do {
            let log = makeLog()
            let program = try Program(
                source: source, environment: try trace.begin(environment, log: log), configuration: configuration,
                log: log, register: register)
            let metrics = HostMetrics(program: program, name: source.name, environment: environment)
            let running = Running(program: program, environment: environment, metrics: metrics, ended: ended)
            let bound = LoopBound(running, loop: loop)
            let isStopping = state.withLock { state in
                state.program = bound
                state.interrupt = program.interrupt
                return state.isStopping
            }
            program.onEnding = { [unowned self] ending in
                state.withLock { $0.standingCode = Self.code(of: ending) }
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
            if state.withLock({ $0.isStopping }) { stop() }
        } catch {
            // What goes with the program may ask for the state: it goes outside the lock.
            withExtendedLifetime(takeRunning()) {}
            // What it has begun to write is awaited.
            environment.close { ended.keep(.failure(error)) }
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
        state.withLock { state in
            let running = state.program
            state.program = nil
            return running
        }?.value
    }

    private func close(_ running: Running, exitCode: Int) {
        running.metrics.stop()
        running.environment.close { running.ended.keep(.success(exitCode)) }
    }
}
