import LoopTesting
import LuaRuntime
import Testing

/// Programs that misbehave: each is ended with a report that names task and line, and the rest goes on.
@Suite("Containment")
struct ContainmentTests {
    /// The milliseconds after which ``shortBurst()`` ends a task. What is no culprit fits in on a busy machine, too.
    static let burst = Int(60 * Machine.slowness)

    static func shortBurst() -> LuaLimits {
        var limits = Probe.limits
        limits.slowTaskWarning = .milliseconds(10)
        limits.taskBurst = .milliseconds(burst)
        return limits
    }

    /// Limits that the watchdog does not reach, however slow the machine or the build is.
    static func patient() -> LuaLimits {
        var limits = Probe.limits
        limits.slowTaskWarning = .seconds(30)
        limits.taskBurst = .seconds(60)
        return limits
    }

    /// Runs `text`, and checks that it was ended for `reason` at `line` and that other tasks still run.
    func expectContained(
        _ text: String, _ reason: TaskFailure.Reason, line: Int?, limits: LuaLimits = shortBurst(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let probe = try Probe(limits: limits)
        try probe.run("function answer() return 'alive' end")
        try probe.run(text, name: "culprit")
        probe.settle()
        try probe.run("print(answer())")
        #expect(probe.printed.last == "alive", sourceLocation: sourceLocation)
        let failure = try #require(probe.failures.first, sourceLocation: sourceLocation)
        #expect(failure.reason == reason, "\(failure)", sourceLocation: sourceLocation)
        if let line {
            let place = "main.lua:\(line):"
            #expect(
                failure.message.contains(place) || failure.traceback.contains { $0.contains(place) },
                "\(failure)", sourceLocation: sourceLocation)
        }
        #expect(probe.runtime.taskCount == 0, sourceLocation: sourceLocation)
    }

    @Test("An endless loop is warned of, then ended")
    func endlessLoop() throws {
        let probe = try Probe(limits: Self.shortBurst())
        try probe.run("\nwhile true do end", name: "spinner")
        #expect(probe.slow == ["spinner at main.lua:2"])
        #expect(probe.failures.first?.reason == .ranTooLong)
        #expect(
            probe.failures.first?.message
                == "main.lua:2: the task ran for \(Self.burst) ms without a wait and was ended")
    }

    @Test(
        "An endless loop is ended wherever it hides",
        arguments: [
            "while true do pcall(function() while true do end end) end",
            "while true do xpcall(function() while true do end end, function() while true do end end) end",
            "coroutine.wrap(function() while true do end end)()",
            "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
            "string.gsub('aaa', 'a', function() while true do end end)",
            "table.sort({3, 2, 1}, function() while true do end end)",
            "local x <close> = setmetatable({}, {__close = function() while true do end end}); error('e')",
            "local t = setmetatable({}, {__index = function() while true do end end}); return t.x",
            "load(function() while true do end end)",
            "coroutine.close((coroutine.wrap(function() local g <close> = setmetatable({}, {__close = function() "
                + "while true do end end}) local me = coroutine.running() coroutine.yield(me) end))())",
            "print(setmetatable({}, {__tostring = function() while true do end end}))",
        ])
    func hiddenLoops(_ text: String) throws {
        if text.contains("error('e')") {
            try expectContained(text, .error, line: 1)
        } else {
            try expectContained(text, .ranTooLong, line: 1)
        }
    }

    @Test("The VM is slowed down by no hook, but for the moment at which a task is looked at")
    func noHook() throws {
        let probe = try Probe(limits: Self.patient(), profile: .trusted)
        try probe.run("for i = 1, 100000 do end print(debug.gethook())")
        #expect(probe.printed == ["nil"])
        var limits = Self.patient()
        limits.slowTaskWarning = .milliseconds(10)
        let slow = try Probe(limits: limits, profile: .trusted)
        slow.runtime.setGlobal(
            LuaFunction("isReported", "") { [unowned slow] (call) throws(LuaFault) in
                call.returning(!slow.slow.isEmpty)
            })
        try slow.run("repeat until isReported() print(debug.gethook())", name: "slow")
        // The look may find the task inside the call.
        #expect(slow.slow.count == 1 && slow.slow.allSatisfy { $0.hasPrefix("slow at main.lua:1") }, "\(slow.slow)")
        #expect(slow.printed == ["nil"])
    }

    @Test("A program's own hook stays until the program must be ended")
    func ownHook() throws {
        let probe = try Probe(limits: Self.shortBurst(), profile: .trusted)
        try probe.run(
            "local n = 0 debug.sethook(function() n = n + 1 end, '', 1000)\nwhile n < 100 do end print('seen')\nwhile true do end",
            name: "hooked")
        #expect(probe.printed == ["seen"])
        #expect(probe.failures.first?.reason == .ranTooLong)
    }

    @Test("An endless finalizer is ended in a task of its own")
    func endlessFinalizer() throws {
        let probe = try Probe(limits: Self.shortBurst())
        try probe.run("setmetatable({}, {__gc = function()\nwhile true do end end})")
        probe.runtime.collectGarbage()
        let failure = try #require(probe.failures.first)
        #expect(failure.task == "finalizer")
        #expect(failure.message.hasPrefix("main.lua:2:"))
        try probe.run("print('alive')")
        #expect(probe.printed == ["alive"])
    }

    @Test("A finalizer gets its object, may wait, and its error is reported")
    func finalizers() throws {
        let probe = try Probe()
        try probe.run("setmetatable({name = 'x'}, {__gc = function(o) print(o.name, pause('gc')) error('late') end})")
        probe.runtime.collectGarbage()
        try probe.resume("gc", 1)
        #expect(probe.printed == ["x\t1"])
        #expect(probe.failures.first?.message == "main.lua:1: late")
    }

    @Test("A pattern that backtracks for ever is an error that names the pattern")
    func endlessPattern() throws {
        try expectContained(
            "local s = ('a'):rep(5000)\nreturn s:match('.-.-.-.-b')", .error, line: 2, limits: Self.patient())
    }

    @Test("A table that grows for ever is ended, whether it is local or global")
    func endlessTable() throws {
        var limits = Self.patient()
        limits.memoryBytes = 8 << 20
        try expectContained(
            "local t = {}\nwhile true do t[#t + 1] = 'x' .. #t end", .outOfMemory, line: 2, limits: limits)
        try expectContained("t = {}\nwhile true do t[#t + 1] = {} end", .outOfMemory, line: 2, limits: limits)
        try expectContained(
            "t = ''\nwhile true do t = t .. 'xxxxxxxxxxxxxxxx' .. t end", .outOfMemory, line: 2, limits: limits)
    }

    @Test("Recursion without end is an error")
    func endlessRecursion() throws {
        var limits = Probe.limits
        limits.taskBurst = .seconds(20)
        limits.memoryBytes = 512 << 20
        for body in ["1 + f()", "(string.gsub('a', 'a', f))", "coroutine.wrap(f)()"] {
            try expectContained("local function f()\nreturn \(body) end f()", .error, line: 2, limits: limits)
        }
    }

    @Test("A hundred thousand coroutines that close one another do not overflow the C stack")
    func closingChain() throws {
        var limits = LuaLimits()
        limits.memoryBytes = 1 << 30
        limits.taskBurst = .seconds(60)
        limits.slowTaskWarning = .seconds(60)
        try expectContained(
            """
            local last
            for i = 1, 100000 do
                local before = last
                last = coroutine.create(function()
                    local guard <close> = setmetatable({}, {__close = function()
                        if before then coroutine.close(before) end
                    end})
                    coroutine.yield()
                end)
                coroutine.resume(last)
            end
            coroutine.close(last)
            """, .nestedTooDeep, line: nil, limits: limits)
    }

    @Test(
        "Work in C that no hook sees is bounded",
        arguments: [
            "string.rep('x', 1e10)", "string.rep('', 1e15)", "table.move({}, 1, 1e15, 2)",
            "string.format('%s%s', ('x'):rep(9e6), ('y'):rep(9e6))", "('x'):rep(1e8, 'y')",
        ])
    func boundedC(_ text: String) throws {
        let probe = try Probe(limits: Self.patient())
        try probe.run("print(pcall(function() return #(\(text)) end))")
        #expect(probe.failures.isEmpty)
        #expect(probe.printed.count == 1)
    }

    @Test("Only text is loaded, and no library opens a way out")
    func sandbox() throws {
        let probe = try Probe()
        try probe.run(
            """
            print(pcall(load, '\\27Lua'))
            print(pcall(load, 'return 1', 'x', 'b'))
            print(string.dump, os.execute, os.getenv, os.exit, io.popen, package.loadlib, debug.setmetatable, package.path)
            print(debug.getinfo(1).currentline, debug.getinfo(1, 'f').func, getmetatable(''))
            print(load('return ...')(1), os.time())
            """)
        #expect(probe.printed[0].hasPrefix("true\tnil\t"))
        #expect(probe.printed[1].hasPrefix("false\t"))
        #expect(probe.printed[2] == Array(repeating: "nil", count: 8).joined(separator: "\t"))
        #expect(probe.printed[3] == "4\tnil\tstring")
        #expect(probe.printed[4] == "1\t1800000000")
    }

    @Test("A compiled chunk is refused with one line")
    func refusesBytecode() throws {
        let probe = try Probe()
        #expect(throws: LuaFault(.importError, "main.lua: this is a compiled chunk; only Lua source text is loaded")) {
            try probe.run("\u{1B}Lua")
        }
    }

    @Test(
        "Whatever allocation is refused, the runtime stands and memory errors are the program's",
        arguments: AllocationWalk.programs)
    func refusedAllocations(_ text: String) throws {
        let counting = try Probe()
        try counting.run(text)
        try counting.resume("w", "done")
        #expect(counting.printed.last == "done")
        var failures = 0
        var steps = 0
        var untouched = 0
        for step in 1... {
            let probe = try Probe()
            probe.runtime.refuseAllocation(step)
            _ = try? probe.run(text)  // compiling counts too: its refusal is an error in place of a task
            if probe.pauses["w"]?.isEmpty == false { try probe.resume("w", "done") }
            probe.runtime.collectGarbage()
            probe.runtime.refuseAllocation(0)  // or the last step of the walk would hit what follows
            steps = step
            if let failure = probe.failures.first {
                failures += 1
                #expect(failure.reason == .outOfMemory, "allocation \(step): \(failure)")
            }
            try probe.run("print('still here')")
            #expect(probe.printed.last == "still here", "allocation \(step)")
            #expect(probe.runtime.taskCount == 0, "allocation \(step)")
            // Refusals that nothing comes of may be those of Lua's table of strings, which then stays as it is, and of
            // the collector, which then lets a stack or a finalizer be.
            untouched = probe.printed.contains("done") ? untouched + 1 : 0
            if untouched == 12 || step > 5000 { break }
        }
        #expect(steps > 50 && steps < 5000, "the walk has \(steps) steps")
        #expect(failures > 0)
    }
}
