import LuaRuntime
import Testing

@Suite("Tasks")
struct TaskTests {
    @Test("A task runs to its end at once when it does not wait")
    func runsAtOnce() throws {
        let probe = try Probe()
        let task = try probe.run("print('hello', 1, true, nil)")
        #expect(probe.printed == ["hello\t1\ttrue\tnil"])
        #expect(task.isEnded)
        #expect(probe.runtime.taskCount == 0)
    }

    @Test("A host wait suspends only its task and returns what it was resumed with")
    func waits() throws {
        let probe = try Probe()
        try probe.run("print('got', pause('a'))")
        try probe.run("print('other')")
        #expect(probe.printed == ["other"])
        try probe.resume("a", "value")
        #expect(probe.printed == ["other", "got\tvalue"])
        #expect(probe.runtime.taskCount == 0)
    }

    @Test("A host wait passes through the program's own coroutines")
    func waitsInCoroutines() throws {
        let probe = try Probe()
        try probe.run(
            """
            local function producer()
                for i = 1, 2 do coroutine.yield(i .. tostring(pause('inner'))) end
            end
            local outer = coroutine.wrap(function() for v in coroutine.wrap(producer) do coroutine.yield(v) end end)
            print(outer())
            print(outer())
            print(select('#', outer()))
            """)
        #expect(probe.printed.isEmpty)
        try probe.resume("inner", "x")
        try probe.resume("inner", "y")
        #expect(probe.printed == ["1x", "2y", "0"])
        #expect(probe.failures.isEmpty)
    }

    @Test("A wait inside pcall, xpcall, a metamethod, an iterator or a module body is possible")
    func waitsNearlyEverywhere() throws {
        let probe = try Probe()
        probe.files["slow"] = "local v = pause('load'); return {value = v}"
        try probe.run(
            """
            print(pcall(function() return pause('p') end))
            print(xpcall(function(a) return a, pause('x') end, debug.traceback, 7))
            local t = setmetatable({}, {__index = function(_, k) return k .. pause('i') end})
            print(t.key)
            for a in function(_, c) return not c and pause('f') or nil end do print(a) end
            print(require('slow').value, require('slow') == require('slow'))
            """)
        for (name, value) in [("p", "1"), ("x", "2"), ("i", "3"), ("f", "4"), ("load", "5")] {
            try probe.resume(name, value)
        }
        #expect(probe.printed == ["true\t1", "true\t7\t2", "key3", "4", "5\ttrue"])
        #expect(probe.failures.isEmpty)
    }

    @Test("A wait where Lua cannot be suspended is an error that says so")
    func refusesToWait() throws {
        let probe = try Probe()
        try probe.run("print(pcall(string.gsub, 'abc', '%w', function(c) pause('no') end))")
        #expect(probe.printed.first?.contains("pause cannot wait here") == true)
        #expect(probe.printed.first?.contains("string.gsub") == true)
    }

    @Test("A late or second completion of a wait is harmless")
    func lateCompletions() throws {
        let probe = try Probe()
        try probe.run("print(pause('a')); print(pause('b'))")
        let waiter = try #require(probe.pauses["a"]?.first)
        waiter.resume(returning: 1)
        waiter.resume(returning: 2)
        #expect(probe.printed == ["1"])
        let second = try #require(probe.pauses["b"]?.first)
        second.resume(returning: 3)
        second.resume(returning: 4)
        waiter.resume(returning: 5)
        #expect(probe.printed == ["1", "3"])
    }

    @Test("A cancelled task calls its wait off, closes its variables, and no pcall stops it")
    func cancellation() throws {
        let probe = try Probe()
        let task = try probe.run(
            """
            local guard <close> = setmetatable({}, {__close = function() print('closed') end})
            print(pcall(coroutine.wrap(function() pause('long') end)))
            print('never')
            """)
        #expect(!task.isEnded)
        task.cancel()
        #expect(task.isEnded)
        #expect(probe.cancelled == ["long"])
        #expect(probe.printed == ["closed"])
        #expect(probe.failures.isEmpty)
        #expect(probe.runtime.taskCount == 0)
    }

    @Test("A failure is reported once, with place, name and the traceback of the whole chain of coroutines")
    func failureReports() throws {
        let probe = try Probe()
        try probe.run(
            """
            local function deep() error('broken') end
            local inner = coroutine.wrap(function() deep() end)
            local outer = coroutine.wrap(function() inner() end)
            outer()
            """, name: "Timer 'Poll' tick")
        #expect(probe.failures.count == 1)
        let failure = try #require(probe.failures.first)
        #expect(failure.task == "Timer 'Poll' tick")
        #expect(failure.message.contains("main.lua:1: broken"))
        #expect(failure.traceback.contains { $0.contains("main.lua:1: in ") })
        #expect(failure.traceback.contains { $0.contains("main.lua:2: in ") })
        #expect(failure.traceback.contains { $0.contains("main.lua:4: in main chunk") })
        #expect(failure.traceback.contains("resumed by"))
    }

    @Test("An error that is a table or an error value is reported with what it says")
    func errorObjects() throws {
        let probe = try Probe()
        try probe.run("error(setmetatable({}, {__tostring = function() return 'own text' end}))")
        try probe.run("error(ValueError('out of range'))")
        try probe.run("local ok, e = pcall(error, IOError('gone')); print(e.kind, e.message, tostring(e), 'x' .. e)")
        #expect(probe.failures[0].message == "own text")
        #expect(probe.failures[1].message == "main.lua:1: ValueError: out of range")
        #expect(probe.failures[1].kind == "ValueError")
        #expect(probe.printed.first?.hasPrefix("IOError\tgone\t") == true)
    }

    @Test("Tasks that are started while Lua runs take their turn afterwards, in order")
    func startsQueue() throws {
        let probe = try Probe()
        var parameters = ParameterList()
        let function = parameters.required("f", .function, "")
        let number = parameters.required("n", .integer, "")
        let spawn = LuaFunction("spawn", parameters, "") { [unowned probe] (call) throws(LuaFault) in
            let function = call[function]
            let n = call[number]
            probe.runtime.start(.text("spawned")) { stack in
                stack.push(function)
                stack.push(n)
                return 1
            }
            return .none
        }
        probe.runtime.setGlobal(spawn)
        try probe.run(
            """
            for i = 1, 300 do spawn(function(n) last = n; if n % 100 == 0 then print(n) end end, i) end
            print('first')
            """)
        #expect(probe.printed.first == "first")
        #expect(!probe.later.isEmpty, "more than one turn's budget is put off")
        probe.settle()
        #expect(probe.printed == ["first", "100", "200", "300"])
        #expect(probe.runtime.taskCount == 0)
    }
}
