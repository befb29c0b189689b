import LuaRuntime
import Testing

/// What `print` shows of tables, and the log of a table that was raised.
@Suite("Tables as text")
struct ShownTableTests {
    /// What a program prints.
    private func printed(_ text: String) throws -> [String] {
        let probe = try Probe()
        try probe.run(text)
        for failure in probe.failures { Issue.record("\(failure)") }
        return probe.printed
    }

    @Test("A table is shown by its content: the list, then the other keys in their order")
    func content() throws {
        #expect(
            try printed(
                """
                print({}, {1, 2.5, 'three', true}, {nil, 2})
                print({b = 1, a = {x = 1}, [20] = 'n', [-1] = 'm', [2.5] = 'f', [false] = 0, ['and'] = 1, ['a b'] = 2, [''] = 3})
                print('text', {1}, nil, 5)
                print({print, coroutine.create(print), io.open})
                """) == [
                    "{}\t{1, 2.5, 'three', true}\t{nil, 2}",
                    "{[-1] = 'm', [2.5] = 'f', [20] = 'n', [''] = 3, a = {x = 1}, ['a b'] = 2, ['and'] = 1, b = 1, [false] = 0}",
                    "text\t{1}\tnil\t5", "{<function>, <thread>, <function>}",
                ])
    }

    @Test("Strings in it are quoted, and what cannot be seen is escaped")
    func strings() throws {
        #expect(
            try printed(#"print({'Pwr1\r\n', "it's", 'a\\b\t', '\0\1\127\255', 'ü€😀', '\xC3', '\xED\xA0\x80'})"#) == [
                #"{'Pwr1\r\n', 'it\'s', 'a\\b\t', '\x00\x01\x7f\xff', 'ü€😀', '\xc3', '\xed\xa0\x80'}"#
            ])
        #expect(
            try printed("print({('x'):rep(300)})") == ["{'" + String(repeating: "x", count: 200) + "'… (300 bytes)}"])
    }

    @Test("tostring is Lua's, and what has a text or a name of its own is shown by that")
    func ownTexts() throws {
        #expect(
            try printed(
                """
                local t = {1}
                print(tostring(t):match('^table: ') ~= nil, ('%s'):format(t):match('^table: ') ~= nil)
                local named = setmetatable({1}, {__name = 'Named'})
                print(tostring(named) == select(1, tostring(named)), setmetatable({1}, {__tostring = function() return 'mine' end}))
                Foo = class('Foo')
                print({named, Foo(), Foo, setmetatable({2}, {__tostring = function() return 'mine' end})})
                print(setmetatable({2}, {__index = {x = 1}, __len = function() return 9 end}))
                """) == [
                    "true\ttrue", "true\tmine", "{<Named>, <Foo>, <class Foo>, mine}", "{2}",
                ])
    }

    @Test("Cycles end, depth ends, and the same table may come twice")
    func nesting() throws {
        #expect(
            try printed(
                """
                local c = {name = 'c'} c.self = c c.list = {c}
                print(c)
                local shared = {1}
                print({shared, shared})
                local deep = {} local inner = deep
                for i = 1, 200 do inner.d = {} inner = inner.d end
                print(deep)
                print({{{{{}}}}})
                """) == [
                    "{list = {<cycle>}, name = 'c', self = <cycle>}", "{{1}, {1}}", "{d = {d = {d = {d = {…}}}}}",
                    "{{{{{}}}}}",
                ])
    }

    @Test("A large table is shown by its beginning, in an order that does not depend on how it was made")
    func largeTables() throws {
        let lines = try printed(
            """
            local list = {} for i = 1, 1000 do list[i] = i end
            print(list)
            local up, down = {}, {}
            for i = 1, 2000 do up['k' .. i] = i end
            for i = 2000, 1, -1 do down['k' .. i] = i end
            print(up)
            print(down)
            local huge = {} for i = 1, 20000 do huge['k' .. i] = i end
            print(huge)
            local long = {} for i = 1, 1000 do long[i] = ('x'):rep(150) end
            print(long)
            local tables = {} for i = 1, 100 do tables[i] = huge end
            print(tables)
            """)
        try #require(lines.count == 6)
        #expect(lines[0].hasPrefix("{1, 2, 3, ") && lines[0].hasSuffix(", 99, 100, … 900 more}"))
        #expect(lines[1].hasPrefix("{k1 = 1, k10 = 10, k100 = 100, ") && lines[1].hasSuffix(", … 1900 more}"))
        #expect(lines[2] == lines[1])
        #expect(lines[3] == "{… at least 10000 more}")
        #expect(lines[4].hasPrefix("{'xxx") && lines[4].hasSuffix("xxx…") && lines[4].utf8.count <= 4_010)
        #expect(lines[5].hasPrefix("{{… at least 10000 more}, {…}, ") && lines[5].utf8.count <= 4_010, "\(lines[5])")
    }

    @Test("A __tostring in it may fail, wait for ever or change the table, and nothing but its task is harmed")
    func hostileTexts() throws {
        let probe = try Probe(limits: ContainmentTests.shortBurst())
        try probe.run(
            """
            local failing = setmetatable({}, {__tostring = function() error('no text') end})
            print(pcall(print, {failing}))
            local t = {a = 1, b = 2, c = 3}
            t.a = setmetatable({}, {__tostring = function() t.b, t.d, t.e, t.f = nil, 1, 2, 3 return 'changed' end})
            print(t)
            local again = {} setmetatable(again, {__tostring = function() print({again}) return 'x' end})
            print(pcall(print, {again}))
            """)
        #expect(probe.printed.first == "false\tmain.lua:1: no text")
        #expect(probe.printed[1] == "{a = changed, b = nil, c = 3}")
        #expect(probe.printed.last?.contains("overflow") == true, "\(probe.printed.last ?? "")")
        #expect(probe.failures.isEmpty, "\(probe.failures)")
        try probe.run(
            "print({setmetatable({}, {__tostring = function() while true do end end})})", name: "endless")
        #expect(probe.failures.map(\.reason) == [.ranTooLong])
    }

    @Test("A table that nobody catches is logged by its content, at the line that raised it")
    func uncaught() throws {
        let probe = try Probe()
        try probe.run("error({code = 5, text = 'lamp'})")
        try probe.run("error(setmetatable({}, {__tostring = function() return 'mine' end}))")
        try probe.run("error(setmetatable({kind = 'x'}, {__index = {}}))")
        try probe.run("error({setmetatable({}, {__tostring = function() error('no text') end})})")
        #expect(
            probe.failures.map(\.message).prefix(3) == [
                "main.lua:1: {code = 5, text = 'lamp'}", "mine", "main.lua:1: {kind = 'x'}",
            ], "\(probe.failures)")
        #expect(probe.failures.last?.message.hasPrefix("table: ") == true)
        #expect(probe.failures[2].kind == "x")
    }
}
