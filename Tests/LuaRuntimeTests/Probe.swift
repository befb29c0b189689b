import Glibc
import LuaRuntime
import Testing

/// A runtime with a recording host: runs Lua text and keeps what was printed, warned and failed.
final class Probe: LuaRuntimeHost {
    private(set) var runtime: LuaRuntime!
    var printed: [String] = []
    var warned: [String] = []
    var slow: [String] = []
    var failures: [TaskFailure] = []
    var memoryReports = 0
    var files: [String: String] = [:]
    /// What the host was asked to do later.
    var later: [() -> Void] = []
    /// Waits that programs began with `pause(name)`, by name.
    var pauses: [String: [LuaWaiter]] = [:]
    /// Pauses that were called off.
    var cancelled: [String] = []

    init(limits: LuaLimits = Probe.limits, profile: LuaProfile = .standard, isRepeatable: Bool = false) throws {
        runtime = try LuaRuntime(limits: limits, profile: profile, host: self)
        var surroundings = LuaSurroundings()
        surroundings.wallClock = { 1_800_000_000 }
        surroundings.loadModule = { [unowned self] (name) throws(LuaFault) in
            guard let text = files[name] else { throw LuaFault(.importError, "module '\(name)' not found") }
            return (Array(text.utf8), "\(name).lua")
        }
        surroundings.loadFile = { [unowned self] (path) throws(LuaFault) in
            guard let text = files[path] else { throw LuaFault(.ioError, "'\(path)' not found") }
            return (Array(text.utf8), path)
        }
        surroundings.isRepeatable = isRepeatable
        surroundings.openFile = { (path, mode) throws(LuaFault) in
            guard path == "/dev/null" else { throw LuaFault(.ioError, "'\(path)' is not in the program's folder") }
            return .success(open(path, mode == "r" ? O_RDONLY : O_RDWR))
        }
        try runtime.openLibraries(surroundings)
        var pausing = ParameterList()
        let pauseName = pausing.required("name", .string, "")
        runtime.setGlobal(
            LuaFunction("pause", pausing, returns: "what the test resumes with", waits: true, "") {
                [unowned self] (call) throws(LuaFault) in
                let name = call[pauseName]
                return try call.wait { (waiter) throws(LuaFault) in
                    pauses[name, default: []].append(waiter)
                    return { [unowned self] in cancelled.append(name) }
                }
            })
    }

    /// The limits that a test runs with; a forced low memory limit comes through the environment of the test run.
    static var limits: LuaLimits { ForcedLimits.apply(to: LuaLimits()) }

    deinit { runtime.close() }

    /// Runs `text` as a task named `main`.
    @discardableResult
    func run(_ text: String, name: String = "main", file: String = "main.lua") throws -> LuaTask {
        var problem: LuaFault?
        let task = runtime.start(.text(name)) { stack in
            do throws(LuaFault) {
                try runtime.load(Array(text.utf8), path: file, on: stack)
            } catch {
                problem = error
                stack.push(function: LuaFunction("nothing", "") { (_) throws(LuaFault) in .none }, of: runtime)
            }
            return 0
        }
        if let problem { throw problem }
        return task
    }

    /// Ends the oldest pause of that name.
    func resume(_ name: String, _ value: some LuaPushable = LuaNil()) throws {
        let waiter = try #require(pauses[name]?.first, "nothing waits in pause('\(name)')")
        pauses[name]?.removeFirst()
        waiter.resume(returning: value)
    }

    func luaDidPrint(_ text: String, task: String?) { printed.append(text) }
    func luaDidWarn(_ text: String, task: String?) { warned.append(text) }
    func luaTaskIsSlow(_ task: String, at location: String, elapsed: Duration) { slow.append("\(task) at \(location)") }
    func luaTaskFailed(_ failure: TaskFailure) { failures.append(failure) }
    func luaMemoryIsShort(usedBytes: Int, limitBytes: Int) { memoryReports += 1 }
    func continueLater(_ body: @escaping () -> Void) { later.append(body) }

    /// Does what was put off, until nothing is left.
    func settle() {
        while !later.isEmpty { later.removeFirst()() }
    }
}
