import LuaRuntime
import Testing

/// Functions of C that take long for their arguments. This file only grows.
@Suite("Bounded time", .needsMemory)
struct BoundedTimeTests {
    private let contained = ContainmentTests()

    @Test("Loading a text that is costly to compile is ended")
    func costlyText() throws {
        try contained.expectContained(
            """
            local head, tail = {}, {}
            for d = 1, 180 do
                local names = {}
                for i = 1, 190 do names[i] = 'l' .. d .. '_' .. i end
                head[d] = 'local ' .. table.concat(names, ',') .. ' local function f' .. d .. '() '
                tail[d] = ' end '
            end
            local text, given = table.concat(head) .. ('x=x '):rep(100000) .. table.concat(tail), false
            pcall(load, text)
            pcall(load, function() if not given then given = true return text end end)
            """, .ranTooLong, line: nil)
    }

    @Test("A sort whose comparisons read megabytes is ended, and loses no element")
    func sortOfLongStrings() throws {
        try contained.expectContained(
            """
            local a, b = ('x'):rep(200000) .. 'a', ('x'):rep(200000) .. 'b'
            t = {}
            for i = 1, 20000 do t[i] = i % 2 == 0 and a or b end
            table.sort(t)
            """, .ranTooLong, line: 4)
        let probe = try Probe(limits: ContainmentTests.shortBurst())
        try probe.run("t, n, of = {}, {}, {} for i = 0, 6 do of[i] = ('x'):rep(100000) .. i end")
        // In pieces, each of which is far below the limit.
        let pieces = stride(from: 1, through: 30000, by: 1000)
        for first in pieces { try probe.run("for i = \(first), \(first + 999) do t[i] = of[i % 7] end") }
        try probe.run("table.sort(t)", name: "sorter")
        #expect(probe.failures.map(\.task) == ["sorter"])
        for first in pieces {
            try probe.run("for i = \(first), \(first + 999) do local c = t[i]:byte(-1) n[c] = (n[c] or 0) + 1 end")
        }
        try probe.run("for _, c in pairs(n) do print(c) end")
        #expect(probe.printed.sorted() == ["4285", "4285", "4286", "4286", "4286", "4286", "4286"])
    }

    @Test(
        "Loops of C over many elements are ended",
        arguments: [
            "local t = {} for i = 1, 200000 do t[i] = i + 0.5 end while true do table.concat(t) end",
            "local t = setmetatable({}, {__index = function() return 1 end, __len = function() return 900000 end}) "
                + "while true do table.concat(t) end",
            "local t = setmetatable({}, {__len = function() return 900000 end}) while true do pcall(table.insert, t, 1, 1) end",
            "while true do table.move({}, 1, 9000000, 2) end",
            "local s = ('x'):rep(100000) while true do table.sort({s .. 1, s .. 2, s .. 3, s .. 0}) end",
        ])
    func loops(_ text: String) throws { try contained.expectContained(text, .ranTooLong, line: 1) }

    @Test("A chain of __call ends as a stack that is full, also when it is a circle or begins with many arguments")
    func chainOfCall() throws {
        for text in [
            "local mt = {} local f = setmetatable({}, mt) mt.__call = f f(1)",
            "local mt = {} local f = setmetatable({}, mt) mt.__call = f f(table.unpack({}, 1, 30000))",
            "local f = print for i = 1, 70000 do f = setmetatable({}, {__call = f}) end f(1)",
        ] {
            let probe = try Probe(limits: ContainmentTests.patient())
            try probe.run(text, name: "chain")
            #expect(probe.failures.map(\.reason) == [.recursedTooDeep], "\(text)")
            #expect(probe.failures.first?.message.hasPrefix("main.lua:1: stack overflow") == true)
            #expect(probe.memoryReports == 0)
        }
    }

    @Test("A recursion without end is an error with the program's line, which the program may catch")
    func recursion() throws {
        let probe = try Probe(limits: ContainmentTests.patient())
        try probe.run(
            """
            local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end
            print(deep(4000))
            for _ = 1, 3 do print(pcall(deep, 1e9)) end
            print(pcall(coroutine.wrap(function() deep(1e9) end)))
            print(#{string.byte(('x'):rep(65536), 1, -1)}, #table.pack(string.byte(('x'):rep(20000), 1, -1)))
            """)
        let error = "false\tmain.lua:1: stack overflow: calls are nested too deep"
        #expect(probe.printed == ["4000", error, error, error, error, "65536\t20000"])
        #expect(probe.failures.isEmpty)
    }

    @Test("The message of an ended task names the function of C that took the time")
    func namesTheFunction() throws {
        let probe = try Probe(limits: ContainmentTests.shortBurst())
        try probe.run("local t = {} for i = 1, 2000000 do t[i] = i % 1000 end\ntable.sort(t)", name: "sorter")
        let failure = try #require(probe.failures.first)
        if failure.message.hasPrefix("main.lua:2:") {
            #expect(
                failure.message
                    == "main.lua:2: the task ran for \(ContainmentTests.burst) ms without a wait and was ended in 'sort'"
            )
        } else {
            #expect(
                failure.message
                    == "main.lua:1: the task ran for \(ContainmentTests.burst) ms without a wait and was ended")
        }
    }

    /// A recursion that fills the stack, and a to-be-closed value that never ends.
    private static let deep = """
        local function deep() local function r() return r() + 1 end return r() end
        local function endless() return setmetatable({}, {__close = function() while true do end end}) end

        """

    @Test(
        "What runs because a stack was full is ended like all else: message handlers, closers, finalizers",
        arguments: [
            "xpcall(deep, function() while true do end end)",
            "pcall(xpcall, deep, function() while true do pcall(deep) end end)",
            "pcall(coroutine.wrap(function() local x <close> = endless() deep() end))",
            "local co = coroutine.create(function() local x <close> = endless() deep() end) coroutine.resume(co) coroutine.close(co)",
            "coroutine.wrap(function() xpcall(deep, function() while true do end end) end)()",
            "pcall(function() local x <close> = endless() deep() end)",
            "pcall(function() local x <close> = endless() deep() end) while true do end",
        ])
    func afterAFullStack(_ text: String) throws {
        let probe = try Probe(limits: ContainmentTests.shortBurst())
        try probe.run(Self.deep + text, name: "full")
        #expect(probe.failures.count == 1, "\(probe.failures)")
        try probe.run("print('alive')")
        #expect(probe.printed == ["alive"])
    }

    @Test("A message handler sees the overflow of a stack, and closers of a coroutine that overflowed run")
    func handlerOfAFullStack() throws {
        let probe = try Probe(limits: ContainmentTests.patient())
        try probe.run(
            Self.deep + """
                print(xpcall(deep, function(m) return 'handled ' .. m end))
                print(select(2, xpcall(deep, debug.traceback)):find('deep', 1, true) ~= nil)
                print(pcall(coroutine.wrap(function()
                    local x <close> = setmetatable({}, {__close = function() print('closed') end})
                    deep()
                end)))
                """)
        let overflow = "main.lua:1: stack overflow: calls are nested too deep"
        #expect(probe.printed == ["false\thandled \(overflow)", "true", "closed", "false\t\(overflow)"])
    }
}
