import LuaRuntime
import Testing

@testable import Lectern

/// Methods of strings refuse what they do not know, and are all declared. Cases found by trial; this file only grows.
@Suite("Trials: methods of strings")
struct StringMethodTrialTests {
    private func lines(_ text: String) throws -> [String] {
        let stage = Stage()
        let room = try stage.start("room", text)
        stage.run(1)
        for error in room.errors { Issue.record("\(error)") }
        return room.lines
    }

    @Test("Separators, parts and keywords mean what they mean in Python")
    func cases() throws {
        #expect(
            try lines(
                """
                print(('\\1\\2\\3'):hex(':'), ('\\1\\2\\3'):hex('-', 2), ('\\1\\2\\3'):hex('-', -2), ('\\1'):hex({sep = ':'}))
                print(('abc'):endswith('c', 1, 2), ('abc'):startswith('ab', 1, 1), ('abc'):endswith({'x', 'b'}, 1, 2))
                print(#('a\\nb'):splitlines({keepends = false})[1], #('a\\nb'):splitlines(0)[1], #('a\\nb'):splitlines(1)[1])
                print(('5'):zfill(3), ('-5'):zfill(4), ('a,b,c'):rsplit(',', 1)[1], ('a,b,c'):rsplit({maxsplit = 1, sep = ','})[2])
                print(('banana'):count('an'), ('banana'):rfind('an'), ('banana'):index('an', 3), ('banana'):rfind('x'))
                print(re.match('(a)', 'ab')[1], re.match('(a)', 'ab')[0], pcall(function() return re.match('a', 'a')[7] end))
                print(('it\\'s a TEST'):title(), ('abc'):maketrans('xyz') == nil, ('aabc'):translate(('abc'):maketrans('xyz'), 'b'))
                """) == [
                    "01:02:03\t01-0203\t0102-03\t01", "false\tfalse\ttrue", "1\t1\t2", "005\t-005\ta,b\tc",
                    "2\t4\t4\tnil",
                    "a\ta\tfalse\troom.lua:6: IndexError: Match[group]: the pattern 'a' has no group 7; its groups are 0 to 0",
                    "It'S A Test\tfalse\txxz",
                ])
    }

    @Test("What a method does not know is refused, with the names that it has")
    func refusals() throws {
        #expect(
            try lines(
                """
                local function try(f, ...) print(select(2, pcall(f, ...))) end
                try(function() return ('a'):hex({septum = ':'}) end)
                try(function() return ('a'):hex(':', 1, 2) end)
                try(function() return ('a'):title(1) end)
                try(function() return ('a'):split(',', {sep = ','}) end)
                try(function() return ('a'):splitlines('x') end)
                try(function() return ('a'):index('b') end)
                try(function() return ('a'):ljust(5, 'ab') end)
                try(function() return ('a'):startswith({prefix = 'a'}) end)
                try(function() return ('a'):endswith('a', 1, 2, nil) end)
                """) == [
                    "room.lua:2: TypeError: hex has no parameter 'septum'; it has sep, bytes_per_sep",
                    "room.lua:3: TypeError: hex takes at most 2 arguments (sep, bytes_per_sep), got 3",
                    "room.lua:4: TypeError: title takes no arguments, got 1",
                    "room.lua:5: TypeError: split got parameter 'sep' twice: by position and by name",
                    "room.lua:6: bad argument #1 to 'splitlines' (boolean expected, got string)",
                    "room.lua:7: ValueError: index: subsection not found",
                    "room.lua:8: bad argument #2 to 'ljust' (must be one byte)", "true", "true",
                ])
    }

    @Test("The declared methods are those that strings have, with the same parameters")
    func declared() throws {
        let names = StringMethods.all.map(\.name)
        #expect(names == names.sorted())
        let lists = StringMethods.all.map { method in
            let names = method.parameters.map(\.name).joined(separator: ", ")
            let count = method.parameters.count
            return method.parameters.isEmpty
                ? "\(method.name) takes no arguments, got 9"
                : "\(method.name) takes at most \(count) argument\(count == 1 ? "" : "s") (\(names)), got 9"
        }
        let found = try lines(
            """
            local names = {}
            for name in pairs(string) do names[#names + 1] = name end
            table.sort(names)
            local of_lua = {\(StringMethods.namesOfLua.map { "\($0) = true" }.joined(separator: ", "))}
            for _, name in ipairs(names) do
                if not of_lua[name] then
                    local _, problem = pcall(string[name], 'a', 1, 2, 3, 4, 5, 6, 7, 8, 9)
                    print(problem.message)
                end
            end
            """)
        #expect(found == lists)
        for method in StringMethods.all {
            #expect(method.documentation.hasSuffix("."), "\(method.name)")
            for parameter in method.parameters { #expect(parameter.documentation.hasSuffix("."), "\(method.name)") }
        }
    }

    @Test(
        "A result over the limit is refused before it is made", .needsMemory,
        arguments: [
            "('a'):ljust(math.maxinteger)", "('a'):center(1 << 40)", "('-'):zfill(math.maxinteger)",
            "('\\t'):rep(1000):expandtabs(1 << 60)", "('ab'):rep(5000000):hex(':')",
        ])
    func bounds(_ call: String) throws {
        let lines = try lines("print(pcall(function() return #(\(call)) end))")
        #expect(lines.first?.hasPrefix("false\troom.lua:1: resulting string too large: '") == true, "\(lines)")
    }
}
