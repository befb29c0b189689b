internal import ByteText
public import ControlCore
public import LuaRuntime
import Polling

/// One control program: a Lua state, the Global Scripter environment and everything that the program has made.
///
/// A program belongs to the loop of its environment, and everything is called there. On live sockets ``ControlHost``
/// takes care of the loop; in a simulation programs are used directly.
public final class Program {
    /// How a program came to its end.
    public enum Ending: Equatable, Sendable {
        /// It called `ExitProgram`.
        case exited(code: Int)
        /// ``Program/stop()`` was called.
        case stopped
        /// Its main chunk has failed after its first wait.
        case failed
        /// It had nothing left to do; see ``ProgramConfiguration/endsWhenIdle``.
        case idle
        /// It held more memory than it may, and had to be ended.
        case outOfMemory
    }

    /// The environment that it runs in.
    public let environment: any Environment
    /// Its Lua state.
    public let runtime: LuaRuntime
    /// Where its log goes: what was handed in, to be read again.
    public let log: any ProgramLogSink
    /// Called once, when it has come to its end by itself.
    public var onEnded: ((Ending) -> Void)?
    /// Called when it has been decided that it ends by itself, which it does in the loop's next turn.
    var onEnding: ((Ending) -> Void)?
    /// How it ends by itself; nil while it does not. That stands, whatever ends it then.
    private(set) var ending: Ending?
    /// False once it has ended.
    public private(set) var isRunning = false

    private let source: ProgramSource
    private let configuration: ProgramConfiguration
    private let journal: ProgramJournal
    private let context: BindingContext
    private var memoryReports = 0
    private var isIdleCheckPlanned = false

    /// Opens a state for the program. Nothing of the program runs until ``start()``.
    /// - Parameters:
    ///   - source: where its text comes from.
    ///   - environment: the world it acts in.
    ///   - configuration: limits, profile, addresses.
    ///   - log: where its log goes.
    ///   - register: adds the embedder's own functions and classes.
    /// - Throws: ``ProgramError`` when a folder is missing or a registration fails.
    public init(
        source: ProgramSource, environment: any Environment,
        configuration: ProgramConfiguration = ProgramConfiguration(),
        log: any ProgramLogSink, register: (LuaRuntime) throws -> Void = { _ in }
    ) throws(ProgramError) {
        self.source = source
        self.log = log
        self.environment = environment
        self.configuration = configuration
        let journal = ProgramJournal(log: log, environment: environment)
        self.journal = journal
        let folder = try ProgramFolder(source.folder)
        folder.rights = ProgramRights(configuration: configuration, main: source.path, folder: folder)
        let modules = try ModuleFolders(program: folder, configuration: configuration)
        do {
            runtime = try LuaRuntime(limits: configuration.limits, profile: configuration.profile, host: journal)
            var surroundings = LuaSurroundings()
            surroundings.wallClock = { Int(environment.wallClock / 1_000_000_000) }
            if !(environment.timeZone is SystemTimeZone) {
                surroundings.localTime = { time in
                    let zone = environment.timeZone  // of a simulation: it may change
                    return (zone.secondsFromUTC(at: Int64(time)), zone.isDaylightSaving(at: Int64(time)))
                }
            }
            surroundings.cpuClock = { Double(environment.now.uptimeNanoseconds) / 1e9 }
            surroundings.randomSeed = Int(truncatingIfNeeded: environment.nextRandom())
            surroundings.isRepeatable = environment.isRepeatable
            surroundings.openFile = folder.openFile
            surroundings.removeFile = folder.removeFile
            surroundings.renameFile = folder.renameFile
            let connections = ConnectionLog(configuration, isTraced: environment is TracedEnvironment) {
                [unowned journal] severity, text in
                journal.write(severity, text, task: nil, topic: .connection)
            }
            surroundings.loadModule = { (name) throws(LuaFault) in
                let module = try modules.module(name)
                if connections.namesObjects { connections.names.note(module.text, of: module.shownPath) }
                return module
            }
            surroundings.loadFile = folder.file
            try runtime.openLibraries(surroundings)
            let exit = Box<(Int) -> Void>()
            context = BindingContext(
                runtime: runtime, environment: environment, configuration: configuration,
                folder: folder,
                savedLog: { [unowned journal] in journal.history.entries },
                log: { [weak journal, unowned runtime] severity, text in
                    // What is written at the end may be told of after it, when both are gone. No weak reference to the
                    // runtime: counting its references would take twice as long, in each call.
                    guard let journal else { return }
                    journal.write(severity, text, task: runtime.runningTaskName)
                },
                connections: connections, exit: { exit.value?($0) })
            try runtime.withoutTimeLimits { () throws(LuaFault) in try context.registerAll() }
            try register(runtime)
            exit.value = { [weak self] code in self?.end(.exited(code: code)) }
        } catch let error as LuaFault {
            throw ProgramError(error.message.showingRawBytes)
        } catch {
            throw ProgramError("registering: \(error)")
        }
        if configuration.logLevel == .debug {
            runtime.taskObserver = TaskLog(environment) { [unowned journal] text, task in
                journal.write(.debug, text, task: task)
            }
        }
        journal.onMemoryIsShort = { [weak self] used, limit in self?.memoryIsShort(used, limit) }
    }

    /// Loads the main chunk and runs it up to its first wait.
    /// - Throws: ``ProgramError`` with file, line and message when the text does not compile or the main chunk fails
    ///   before it waits; everything is closed again then.
    public func start() throws(ProgramError) {
        let main = try source.read()
        isRunning = true
        var problem: ProgramError?
        var hasReturned = false
        journal.reportsFailures = false
        let stack = runtime.mainStack
        do throws(LuaFault) {
            if context.connections.namesObjects { context.connections.names.note(main.text, of: main.name) }
            try runtime.load(main.text, path: main.name, on: stack)
        } catch {
            // A text that a stop cut short is not wrong.
            let isStopped = runtime.isStopRequested
            stop()
            if isStopped { return }
            throw ProgramError(error.message.showingRawBytes)
        }
        let function = runtime.takeReference()
        runtime.start(
            .text("main chunk"),
            onEnd: { outcome in
                // One that is stopped meanwhile has not failed.
                guard case .failed(let failure) = outcome, failure.reason != .cancelled else { return }
                if hasReturned {
                    // It is logged as any task's failure.
                    self.mainChunkHasFailed()
                } else {
                    problem = ProgramError(
                        failure.message.showingRawBytes, traceback: failure.traceback.map(\.showingRawBytes))
                }
            }
        ) { stack in
            stack.push(function)
            return 0
        }
        hasReturned = true
        journal.reportsFailures = true
        if let problem {
            stop()
            throw problem
        }
        if configuration.endsWhenIdle {
            runtime.onIdle = { [weak self] in self?.mayBeIdle() }
            if runtime.isIdle { mayBeIdle() }
        }
    }

    /// What a supervisor would restart must not go on with half of its world.
    private func mainChunkHasFailed() {
        guard configuration.endsOnMainError, isRunning else { return }
        journal.write(
            .error, "the main chunk has failed, and the program ends; 'onMainError: stay' in lectern.yaml keeps it",
            task: nil)
        end(.failed)
    }

    private func mayBeIdle() {
        guard !isIdleCheckPlanned else { return }
        isIdleCheckPlanned = true
        environment.execute { [weak self] in
            guard let self else { return }
            isIdleCheckPlanned = false
            guard isRunning, runtime.isIdle else { return }
            context.connections.finishChecks()
            journal.write(
                .info,
                "the program ends, as nothing is left to do: no timer, wait, connection or server; --stay keeps it running",
                task: nil)
            end(.idle)
        }
    }

    /// Ends every task, closes everything that the program has opened and closes its state. Idempotent; not to be
    /// called from inside a host function.
    ///
    /// It takes no longer than `LuaLimits.stop` says. No Lua runs any more but the to-be-closed variables of tasks, and
    /// what these open is closed again. What is still to be sent goes out meanwhile, on the loop.
    public func stop() {
        isRunning = false
        guard runtime.isOpen else { return }
        context.connections.close()
        runtime.stopTasks()
        if let deadline = runtime.stopDeadline { environment.end(by: .uptimeNanoseconds(deadline)) }
        context.usedPersistentValues?.close()
        // No task has begun since the last closer ran, so there is nothing that is not among these.
        let resources = runtime.objects.compactMap { $0 as? any ClosableResource }
        for order in ClosingOrder.allCases {
            for resource in resources where type(of: resource).closingOrder == order { resource.close() }
        }
        runtime.close()
        journal.flush()
    }

    /// Ends what Lua does at its next instruction, from any thread; ``stop()`` has to follow on the loop.
    var interrupt: LuaInterrupt { runtime.interrupt }

    private func end(_ ending: Ending) {
        guard isRunning else { return }
        isRunning = false
        self.ending = ending
        onEnding?(ending)
        // Not from inside Lua: the calling task goes on to its end or next wait first.
        environment.execute { [self] in
            stop()
            let onEnded = onEnded
            self.onEnded = nil
            onEnded?(ending)
        }
    }

    /// The first time the program gets a reserve; when that is used up too, nothing in it can run any more.
    private func memoryIsShort(_ used: Int, _ limit: Int) {
        memoryReports += 1
        let held = "the program holds \(used >> 10) KiB of its \(limit >> 10) KiB after everything was collected"
        if memoryReports == 1 {
            journal.write(.error, "\(held); look for tables that only grow", task: nil)
        } else if used > limit {
            journal.write(.error, "\(held) and its reserve is used up; the program is ended", task: nil)
            end(.outOfMemory)
        }
    }
}
