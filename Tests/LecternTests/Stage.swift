import ControlCore
import Lectern
import LuaRuntime
import Polling
import Testing

/// A simulated world with programs in it, each on a host of its own, and what they logged.
final class Stage {
    let world: SimulatedWorld
    private var programs: [Program] = []
    private(set) var actors: [String: Actor] = [:]

    /// One program and its log.
    final class Actor: ProgramLogSink {
        let environment: SimulatedEnvironment
        fileprivate(set) var program: Program!
        /// What the program itself has printed and logged.
        var entries: [ProgramLogEntry] = []
        /// What became of its connections, ports and servers.
        var connections: [ProgramLogEntry] = []
        var ending: Program.Ending?

        init(environment: SimulatedEnvironment) { self.environment = environment }

        func write(_ entry: ProgramLogEntry) {
            if entry.topic == .connection { connections.append(entry) } else { entries.append(entry) }
        }

        /// What was printed and logged, without times.
        var lines: [String] { entries.map(\.text) }

        /// What was warned of.
        var warnings: [String] { entries.filter { $0.severity == .warning }.map(\.text) }

        /// Failures and other errors.
        var errors: [ProgramLogEntry] { entries.filter { $0.severity == .error } }

        /// Seconds of virtual time and text of each line.
        var timeline: [String] { Self.timeline(entries) }

        /// As ``timeline``, of what became of connections; with the severity.
        var connectionTimeline: [String] {
            Self.timeline(
                connections.map { entry in
                    var entry = entry
                    entry.text = "\(entry.severity.rawValue.uppercased()) \(entry.text)"
                    return entry
                })
        }

        private static func timeline(_ entries: [ProgramLogEntry]) -> [String] {
            entries.map { entry in
                let milliseconds = (entry.time - SimulatedEnvironment.defaultWallClock) / 1_000_000
                return "\(Double(milliseconds) / 1000) \(entry.text)"
            }
        }
    }

    init(seed: UInt64 = 1) { world = SimulatedWorld(seed: seed) }

    deinit { stop() }

    /// Starts `text` as a program on the host `name`.
    /// - Parameters:
    ///   - file: what messages show; the host's name with `.lua` when left out.
    ///   - folder: where its modules are.
    ///   - watch: makes the environment by which a trace watches the program; nil: none does.
    @discardableResult
    func start(
        _ name: String, address: String? = nil, _ text: String, file: String? = nil, folder: String = "/tmp",
        configuration: ProgramConfiguration = Stage.configuration(),
        register: (LuaRuntime) throws -> Void = { _ in },
        watch: ((SimulatedEnvironment) -> any Environment)? = nil
    ) throws -> Actor {
        let actor =
            actors[name]
            ?? Actor(
                environment: world.environment(named: name, address: address ?? "10.0.0.\(actors.count + 1)"))
        actors[name] = actor
        let program = try Program(
            source: .text(text, name: file ?? "\(name).lua", folder: folder),
            environment: watch?(actor.environment) ?? actor.environment, configuration: configuration,
            log: actor, register: register)
        actor.program = program
        program.onEnded = { [unowned actor] in actor.ending = $0 }
        programs.append(program)
        try program.start()
        return actor
    }

    /// Stops a program; its host stays.
    func stop(_ name: String) { actors[name]?.program.stop() }

    func run(_ seconds: Double) { world.run(for: .nanoseconds(Int64(seconds * 1e9))) }

    /// Starts the simulator of a module of docs/examples/modules on the host `name`, and `more` of its program.
    @discardableResult
    func startSimulator(
        of module: String, on name: String, _ more: String, configuration: ProgramConfiguration = Stage.configuration()
    ) throws -> Actor {
        let folder = "docs/examples/modules"
        let file = "\(module)_simulator.lua"
        return try start(
            name, try ProjectFiles.text(of: "\(folder)/\(file)") + "\n" + more, file: file,
            folder: "\(ProjectFiles.root)/\(folder)", configuration: configuration)
    }

    /// Expects that no program has failed anywhere.
    func expectNoErrors(sourceLocation: SourceLocation = #_sourceLocation) {
        for (name, actor) in actors {
            #expect(actor.errors.isEmpty, "\(name): \(actor.errors.map(\.text))", sourceLocation: sourceLocation)
        }
    }

    /// Stops every program.
    func stop() {
        for program in programs { program.stop() }
        programs = []
        for actor in actors.values { actor.environment.close() }
    }

    /// The default configuration, with the limits that this run of the suite forces.
    static func configuration() -> ProgramConfiguration {
        var configuration = ProgramConfiguration()
        configuration.limits = ForcedLimits.apply(to: configuration.limits)
        // The watchdog's time is real. Tests that are not about it must not depend on how busy the machine is.
        configuration.limits.slowTaskWarning = .zero
        configuration.limits.taskBurst = .seconds(30)
        return configuration
    }
}
