internal import ControlCore
internal import CoreMetrics
internal import LuaRuntime
import Polling

/// What operators watch of a running program, through swift-metrics. Sampled on the program's loop.
///
/// - `lectern_lua_bytes`: memory that Lua holds.
/// - `lectern_held_bytes`: memory that the host's objects hold for the program, beside Lua's own.
/// - `lectern_tasks`: tasks that have started and not ended.
/// - `lectern_instances`: host objects that Lua holds.
/// - `lectern_loop_lag_seconds`: how late a sample came; what runs without a wait delays everything by as much.
final class HostMetrics {
    /// The time between two samples.
    static let interval = TimeAmount.seconds(5)

    private let program: Program
    private let environment: any Environment
    private let bytes: Gauge
    private let held: Gauge
    private let tasks: Gauge
    private let instances: Gauge
    private let lag: Timer
    private var planned: Deadline
    private var next: (any Cancellable)?

    init(program: Program, name: String, environment: any Environment) {
        self.program = program
        self.environment = environment
        planned = environment.now
        let dimensions = [("program", name)]
        bytes = Gauge(label: "lectern_lua_bytes", dimensions: dimensions)
        held = Gauge(label: "lectern_held_bytes", dimensions: dimensions)
        tasks = Gauge(label: "lectern_tasks", dimensions: dimensions)
        instances = Gauge(label: "lectern_instances", dimensions: dimensions)
        lag = Timer(label: "lectern_loop_lag_seconds", dimensions: dimensions)
    }

    /// Samples now and every ``interval`` until ``stop()``.
    func start() {
        planned = environment.now
        sample()
    }

    /// Ends sampling. Idempotent.
    func stop() {
        next?.cancel()
        next = nil
    }

    private func sample() {
        bytes.record(program.runtime.usedBytes)
        held.record(program.runtime.account.heldBytes)
        tasks.record(program.runtime.taskCount)
        instances.record(program.runtime.objectCount)
        lag.recordNanoseconds((environment.now - planned).nanoseconds)
        planned = environment.now + Self.interval
        next = environment.schedule(at: planned) { [self] in sample() }
    }
}
