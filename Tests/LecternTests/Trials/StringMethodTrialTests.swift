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
            guard method.parameters.last?.isRepeated != true else { return "\(method.name) took them all" }
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
                    local ok, problem = pcall(string[name], 'a', 1, 2, 3, 4, 5, 6, 7, 8, 9)
                    print(ok and name .. ' took them all' or problem.message)
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

    @Test("formatted and format_map fill in fields, by place, by number and by name")
    func fields() throws {
        #expect(
            try lines(
                """
                print(('{} {}|{1} {0}'):gsub('|.*', ''):formatted('Vol', 20), ('{1}-{0}'):formatted('a', 'b'))
                print(('{:>6.2f}|{:<5}|{:^5}|{:05d}'):formatted(3.14159, 'ab', 'c', -42))
                print(('{:,} {:_x} {:#b} {:+} {:e} {:.1%}'):formatted(1234567, 3735928559, 5, 1, 12345.678, 0.256))
                print(('{name}: {power!r} {0}'):formatted(1, {name = 'Left', power = 'On'}))
                print(('{0[Zone]} {0[1]} {0.State}'):formatted({Zone = 'A', 'first', State = 'idle'}))
                print(('{:{}}|{:{width}}'):formatted('a', 3, 'b', {width = 2}), ('{x}'):format_map({x = 1.0}))
                print(('{} {} {} {}'):formatted(nil, true, 0.1, 1e16), ('{{{}}}'):formatted(1))
                """) == [
                    "Vol 20\tb-a", "  3.14|ab   |  c  |-0042", "1,234,567 dead_beef 0b101 +1 1.234568e+04 25.6%",
                    "Left: 'On' 1", "A first idle", "a  |b \t1.0", "None True 0.1 1e+16\t{1}",
                ])
    }

    @Test("A mistake in a field is an error that names the field and what to write")
    func fieldMistakes() throws {
        #expect(
            try lines(
                """
                local function try(text, ...) print(select(2, pcall(text.formatted, text, ...)).message) end
                try('{} {}', 1)
                try('{} {0}', 1)
                try('{name}', 1)
                try('{name}', {nam = 1})
                try('{0[a]}', {})
                try('{0.a}', 1)
                try('Vol {', 1)
                try('Vol }', 1)
                try('{:5', 1)
                try('{!x}', 1)
                try('{:d}', 1.0)
                try('{:d}', '1')
                try('{:>5}', nil)
                try('{:5.5.5}', 1)
                try('{:.2}', 1)
                try('{:,x}', 1)
                try('{:c}', 256)
                try('{:{:{}}}', 1, 2, 3)
                """) == [
                    "formatted: the field '{}' is for argument 1, counted from 0, and there is 1",
                    "formatted: the field '{0}' has a number, and one before it has none: number all of them, or none",
                    "formatted: the field '{name}' has a name, and no table of named values is the last argument",
                    "formatted: the field '{name}' has no value: the table of named values has no such key",
                    "formatted: the field '{0[a]}' has no value",
                    "formatted: the field '{0.a}' asks for a member of a value of type number",
                    "formatted: a field has no '}'; write '{{' for the character, at position 5",
                    "formatted: a '}' ends no field; write '}}' for the character, at position 5",
                    "formatted: a field has no '}'; write '{{' for the character, at position 1",
                    "formatted: a conversion is none of !s, !r and !a, at position 2",
                    "formatted: a float has no format of type 'd'; it has e E f F g G n %, and math.tointeger makes an "
                        + "integer of it",
                    "formatted: a string has no format of type 'd'; it has s",
                    "formatted: the field '{}' has a format, and its value is of type nil; '!s' makes a string of it first",
                    "formatted: the format '5.5.5' of an integer is none; its form is [[fill]align][sign][z][#][0][width]"
                        + "[grouping][.precision][type]",
                    "formatted: an integer's field has no precision; a type such as 'f' has one",
                    "formatted: ',' does not go with type 'x'",
                    "formatted: a field of type 'c' makes one byte, of 0 to 255; got 256",
                    "formatted: a field stands in the format of a field in the format of a field, at position 5",
                ])
    }

    @Test("format is Lua's, and says so where a text has Python's fields and an argument has no place in it")
    func formatIsOfLua() throws {
        #expect(
            try lines(
                """
                print(('%d {} %s'):format(3, 'x'), ('{}'):format(), ('%%'):format(1), ('{ }'):format(1), ('{"a"}'):format(1))
                print(select(2, pcall(function() return ('{}: {:>5}'):format('a', 1) end)))
                print(select(2, pcall(function() return ('{name} 100%%'):format({name = 'a'}) end)).kind)
                """) == [
                    "3 {} x\t{}\t%\t{ }\t{\"a\"}",
                    "room.lua:2: ValueError: format: the text has fields as '{}' and no conversion as '%s'; 'formatted' fills "
                        + "in fields as Python does", "ValueError",
                ])
    }

    @Test("decode and encode change nothing, and refuse what is no text of the encoding")
    func codings() throws {
        #expect(
            try lines(
                """
                print(('Pwr1'):decode(), ('Pwr1'):encode('ascii'), #('\\xff'):decode('latin-1'), #('\\xe9'):encode())
                print(('a\\xffb'):decode('ascii', 'ignore'), ('a\\xffb'):decode({errors = 'replace'}), ('é'):encode('ascii', 'replace'))
                print(select(2, pcall(function() return ('ab\\xff'):decode() end)))
                print(select(2, pcall(function() return ('ab'):decode('utf-16') end)))
                """) == [
                    "Pwr1\tPwr1\t1\t1", "ab\ta\u{FFFD}b\t?",
                    "room.lua:3: ValueError: decode: the byte 0xff at position 3 is not UTF-8; errors='replace' or 'ignore' "
                        + "allows it",
                    "room.lua:4: bad argument #1 to 'decode' (must be one of 'utf-8', 'ascii', 'latin-1')",
                ])
    }
}
