internal import ControlCore
internal import LuaRuntime
import Polling

/// Brings what becomes of tasks into the program log, at the severity `debug`.
///
/// The first task of a name is told in full: where it waits first, when it ends, how long it lived and waited. Those
/// that follow under the same name, such as ticks of a timer, are summed up, once a minute at most. What ends before
/// its time is always told.
final class TaskLog: LuaTaskObserver {
    /// Tasks of one name that end well are told no more often.
    static let quietTime = TimeAmount.seconds(60)
    /// How many names are told apart; when there are more, all count as new again. A bound on memory.
    private static let mostNames = 1000

    /// A task that has begun.
    private struct Run {
        let name: String
        let began: Deadline
        /// Whether it is told when it waits and ends.
        let isTold: Bool
        var waits = 0
        var waited = TimeAmount.zero
        var waitsSince: Deadline?
    }

    /// The tasks of one name since they were last told.
    private struct Name {
        var toldAt: Deadline
        var count = 0
        var longest = TimeAmount.zero
    }

    private let environment: any Environment
    private let output: (_ text: String, _ task: String) -> Void
    private var runs: [UInt64: Run] = [:]
    private var names: [String: Name] = [:]

    /// - Parameter output: takes a line and the task that it is about.
    init(_ environment: any Environment, output: @escaping (_ text: String, _ task: String) -> Void) {
        self.environment = environment
        self.output = output
    }

    /// The console shows no task of entries at `debug`, so the text names it.
    private func write(_ text: String, _ task: String) { output("task '\(task)' \(text)", task) }

    func taskRuns(_ task: UInt64, _ name: TaskName) {
        let now = environment.now
        if var run = runs[task] {
            if let since = run.waitsSince { run.waited = run.waited + (now - since) }
            run.waitsSince = nil
            runs[task] = run
            return
        }
        let name = name.text
        let isNew = names[name] == nil
        if isNew {
            if names.count >= Self.mostNames { names.removeAll() }
            names[name] = Name(toldAt: now)
        }
        runs[task] = Run(name: name, began: now, isTold: isNew)
    }

    func taskWaits(_ task: UInt64, at place: () -> String) {
        guard var run = runs[task] else { return }
        run.waits += 1
        run.waitsSince = environment.now
        runs[task] = run
        guard run.waits == 1, run.isTold else { return }
        let place = place()
        write("begins, and waits" + (place.isEmpty ? "" : " at \(place)"), run.name)
    }

    func taskEnds(_ task: UInt64, _ reason: TaskFailure.Reason?) {
        guard var run = runs.removeValue(forKey: task) else { return }
        let now = environment.now
        if let since = run.waitsSince { run.waited = run.waited + (now - since) }
        let life = now - run.began
        if let reason {
            write("is \(Self.text(reason))\(Self.text(life, run))", run.name)
        } else if run.isTold {
            write("ends\(Self.text(life, run))", run.name)
            names[run.name]?.toldAt = now
        } else {
            sumUp(run.name, life, now)
        }
    }

    private func sumUp(_ name: String, _ life: TimeAmount, _ now: Deadline) {
        var sum = names[name] ?? Name(toldAt: now)
        sum.count += 1
        sum.longest = max(sum.longest, life)
        let since = now - sum.toldAt
        if since >= Self.quietTime {
            let times = sum.count == 1 ? "once more" : "\(sum.count) more times"
            write(
                "has run \(times) in \(since.roundedText), the longest for \(sum.longest.roundedText)", name)
            sum = Name(toldAt: now)
        }
        names[name] = sum
    }

    private static func text(_ life: TimeAmount, _ run: Run) -> String {
        guard run.waits > 0 else { return ", without a wait" }
        let waits = run.waits == 1 ? "1 wait" : "\(run.waits) waits"
        return " after \(life.roundedText), with \(waits) of \(run.waited.roundedText) in all"
    }

    private static func text(_ reason: TaskFailure.Reason) -> String {
        switch reason {
        case .error: "ended by an error"
        case .ranTooLong: "ended by the time limit"
        case .outOfMemory: "ended by the memory limit"
        case .recursedTooDeep: "ended by a stack overflow"
        case .nestedTooDeep: "ended by coroutines nested too deep"
        case .cancelled: "cancelled"
        }
    }
}
