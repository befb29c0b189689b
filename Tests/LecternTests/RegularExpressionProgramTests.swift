import ControlCore
import LoopTesting
import LuaRuntime
import Testing

@testable import Lectern

/// `re` as programs see it.
@Suite("Programs that use re")
struct RegularExpressionProgramTests {
    /// Runs a program for some seconds and gives what it printed.
    private func lines(
        of text: String, seconds: Double = 1, configuration: ProgramConfiguration = Stage.configuration()
    ) throws -> [String] {
        let stage = Stage()
        let actor = try stage.start("room", text, configuration: configuration)
        stage.run(seconds)
        #expect(actor.errors.isEmpty, "\(actor.errors.map(\.text))")
        return actor.lines
    }

    /// A Lua literal of any bytes.
    private func literal(_ text: String) -> String {
        "'" + text.utf8.map { "\\x" + (($0 < 16 ? "0" : "") + String($0, radix: 16)) }.joined() + "'"
    }

    @Test("Finding, splitting and replacing give what Python's re gives")
    func agreesWithPython() throws {
        let cases = pythonVectors.map { vector in
            let flags = RegularExpression.Flags(rawValue: vector.flags).luaValue
            let texts = [vector.pattern, vector.subject, vector.template].map(literal)
            return "{\(texts.joined(separator: ", ")), \(flags)}"
        }
        let printed = try lines(
            of: """
                local function spans(m)
                    local groups = {}
                    for i = 0, m.re.groups do
                        local first, last = m:span(i)
                        groups[#groups + 1] = first and (first - 1) .. '-' .. last or 'n'
                    end
                    return table.concat(groups, ',') .. ':' .. (m.lastindex or 'n')
                end
                for _, case in ipairs({\(cases.joined(separator: ",\n"))}) do
                    local pattern, subject, template, flags = table.unpack(case)
                    local p = re.compile(pattern, flags)
                    local matches, pieces = {}, p:split(subject)
                    for m in p:finditer(subject) do matches[#matches + 1] = spans(m) end
                    for i, piece in ipairs(pieces) do pieces[i] = piece or '~' end
                    local full = p:fullmatch(subject)
                    local replaced, count = p:subn(template, subject)
                    local by_function = p:sub(function(m) return m:expand(template) end, subject)
                    print(table.concat(matches, ';') .. '\\1' .. (full and spans(full) or '') .. '\\1'
                        .. table.concat(pieces, '|') .. '\\1' .. replaced .. '\\1' .. by_function .. '\\1' .. count)
                end
                """)
        #expect(printed.count == pythonVectors.count)
        for (line, vector) in zip(printed, pythonVectors) {
            let count = vector.matches.split(separator: ";").count
            let expected = [
                vector.matches, vector.full, vector.pieces, vector.replaced, vector.replaced, String(count),
            ]
            #expect(line == expected.joined(separator: "\u{1}"), "\(vector.pattern)")
        }
    }

    @Test("A match tells its groups, their places and where it comes from")
    func match() throws {
        let printed = try lines(
            of: """
                local p = re.compile('(?P<name>[A-Z]+)(=)?(?P<level>[0-9]+)')
                local s = 'x VOL12'
                local m = p:search(s)
                print(m, p, m.re == p, m.string == s, m.pos, m.lastindex, m.lastgroup)
                print(m:group(), m:group(0), m:group(1), m:group('level'), m:group(2))
                print(m:group('name', 2, 'level'))
                print(select('#', m:group(2)), select('#', m:group(1, 2)), select('#', m:groups()))
                print(m:groups())
                print(m:groups('-'))
                print(m:groupdict().name, m:groupdict().level)
                print(m:start(), m:stop(), m['end'](m), m:span('level'))
                print(m:start(2), m:stop(2), m:span(2))
                print(s:sub(m:start(1), m:stop(1)) == m:group(1))
                print(m:expand('\\\\g<level>-\\\\1'))
                print(p.pattern, p.flags, p.groups, p.groupindex.name, p.groupindex.level)
                print(isinstance(m, Match), isinstance(p, Pattern))
                local empty = re.search('b*', 'abc')
                print(empty:start(), empty:stop(), empty:group() == '')
                print(re.search('(a)|b', 'b'):groupdict('x') ~= nil, re.search('(?P<n>a)|b', 'b'):groupdict('x').n)
                """)
        #expect(
            printed == [
                "<Match 3-7 'VOL12'>\t<Pattern '(?P<name>[A-Z]+)(=)?(?P<level>[0-9]+)'>\ttrue\ttrue\t1\t3\tlevel",
                "VOL12\tVOL12\tVOL\t12\tnil", "VOL\tnil\t12", "1\t2\t3", "VOL\tnil\t12", "VOL\t-\t12", "VOL\t12",
                "3\t7\t7\t6\t7", "nil\tnil\tnil\tnil", "true", "12-VOL",
                "(?P<name>[A-Z]+)(=)?(?P<level>[0-9]+)\t0\t3\t1\t3", "true\ttrue", "1\t0\ttrue", "true\tx",
            ], "\(printed)")
    }

    @Test("A search begins at its position, counted as string.find counts")
    func positions() throws {
        let printed = try lines(
            of: """
                local p = re.compile('[ab]')
                print(p:search('abab', 2):span())
                print(p:search('abab', -1):span())
                print(p:search('abab', -9):span())
                print(p:search('abab', 5), p:search('abab', 99), re.compile(''):search('ab', 3):span())
                print(re.compile(''):search('ab', 4))
                print(p:match('xa'), p:match('xa', 2):group(), p:fullmatch('xa', 2):group(), p:fullmatch('xab', 2))
                print(re.compile('^b'):search('ab', 2), re.compile('(?<=a)b'):search('ab', 2).pos)
                print(#p:findall('abab', 3), #p:findall('abab', math.mininteger), #p:findall('abab', math.maxinteger))
                for m in p:finditer('abab', -1) do print(m.pos, m:span()) end
                print(p:search{string = 'xb'}:group())
                """)
        #expect(
            printed == [
                "2\t2", "4\t4", "1\t1", "nil\tnil\t3\t2", "nil", "nil\ta\ta\tnil", "nil\t2", "2\t4\t0", "4\t4\t4", "b",
            ], "\(printed)")
    }

    @Test("findall gives texts, or the texts of the groups; split gives pieces and groups")
    func lists() throws {
        let printed = try lines(
            of: """
                print(table.concat(re.findall('[0-9]+', '1 22 333'), ','))
                print(table.concat(re.findall('<(.)>', '<a><b>'), ','))
                for _, pair in ipairs(re.findall('(a)|(b)', 'ab')) do print(#pair, pair[1], pair[2]) end
                print(#re.findall('x', 'abc'))
                print(table.concat(re.split('[,;]', 'a,b;c'), '|'))
                print(table.concat(re.split('[,;]', 'a,b;c', 1), '|'))
                local pieces = re.split('(,)|;', 'a;b,c')
                print(#pieces, table.unpack(pieces))
                print(re.escape('a.b*c') == 'a\\\\.b\\\\*c', re.fullmatch(re.escape('\\0 \\r\\n[x]'), '\\0 \\r\\n[x]') ~= nil)
                """)
        #expect(
            printed == [
                "1,22,333", "a,b", "2\ta\t", "2\t\tb", "0", "a|b|c", "a|b;c", "5\ta\tfalse\tb\t,\tc", "true\ttrue",
            ], "\(printed)")
    }

    @Test("sub replaces by a template or a function, up to a count")
    func substitution() throws {
        let printed = try lines(
            of: """
                print(re.sub('(a)(b)', '\\\\2\\\\1', 'abab'))
                print(re.subn('a', 'x', 'aaa', 2))
                print(re.subn('a', function(m) return m:group():upper() .. m:start() end, 'aba'))
                print(re.sub('a', function() return 'x' end, 'aaa', {count = 1}))
                print(re.sub('', '-', 'ab'), re.subn('z', 'y', 'ab'))
                print(re.sub('A', 'x', 'aA', 0, re.I), re.sub('a', setmetatable({}, {__call = function() return 'y' end}), 'a'))
                local long = ('a,'):rep(1000)
                print(re.sub(',', ';', long) == long:replace(',', ';'), select(2, re.subn(',', ';', long, 700)))
                """)
        #expect(
            printed == [
                "baba", "xxa\t2", "A1bA3\t2", "xaa", "-a-b-\tab\t0", "xx\ty", "true\t700",
            ], "\(printed)")
    }

    @Test("Flags are numbers that combine, with Python's names")
    func flags() throws {
        let printed = try lines(
            of: """
                print(re.I == re.IGNORECASE, re.M == re.MULTILINE, re.S == re.DOTALL, re.X == re.VERBOSE)
                local p = re.compile('^a . b # comment', re.I | re.M | re.S | re.X)
                print(p:search('x\\nA\\nB') ~= nil, p.flags == re.I | re.M | re.S | re.X, re.compile('(?i)a').flags == re.I)
                print(require('re') == re, re.compile(p) == p, re.search(p, 'ab') == nil)
                """)
        #expect(printed == ["true\ttrue\ttrue\ttrue", "true\ttrue\ttrue", "true\ttrue\ttrue"], "\(printed)")
    }

    @Test("The body of a loop over matches and the function of sub may wait")
    func waiting() throws {
        let stage = Stage()
        try stage.start(
            "device",
            """
            local server = EthernetServerInterfaceEx(5000)
            event(server, 'ReceiveData', function(client, data) Wait(0.5, function() client:Send(data:upper() .. '!') end) end)
            server:StartListen()
            """)
        let room = try stage.start(
            "room",
            """
            local dev = EthernetClientInterface('device', 5000)
            dev:Connect(1)
            Timer(0.4, function(timer, count) print('tick') if count == 2 then timer:Stop() end end)
            for m in re.finditer('[a-z]', 'a-b') do print(dev:SendAndWait(m:group(), 2, {deliTag = '!'})) end
            print(re.sub('[a-z]', function(m) return dev:SendAndWait(m:group(), 2, {deliTag = '!'}) end, 'c-d'))
            """)
        stage.run(5)
        #expect(room.lines == ["tick", "A!", "tick", "B!", "C!-D!"], "\(room.timeline)")
        #expect(room.errors.isEmpty)
    }

    @Test(
        "A mistake is an error that says what and where",
        arguments: [
            ("re.compile('a(b')", "ValueError: missing ), unterminated subpattern at byte 2 of the pattern 'a(b'"),
            ("re.search('[z-a]', 'x')", "ValueError: bad character range z-a at byte 2 of the pattern '[z-a]'"),
            (
                "re.sub('a', '\\\\q', 'x')",
                "ValueError: bad escape \\q at byte 1 of the replacement, which is for the pattern 'a'"
            ),
            ("re.compile(nil)", "TypeError: argument 'pattern' of re.compile must be a string or a Pattern, got a nil"),
            ("re.search('a')", "TypeError: argument 'string' of re.search is missing: it must be a string"),
            (
                "re.search(re.compile('a'), 'a', re.I)",
                "ValueError: re.search: flags belong to re.compile; this pattern is compiled already"
            ),
            (
                "re.compile('a', 1)",
                "ValueError: argument 'flags' has a part that is no flag (1); the flags are "
                    + "re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, re.ASCII"
            ),
            (
                "re.search('a', 'a'):group(1)",
                "IndexError: group: the pattern 'a' has no group 1; its groups are 0 to 0"
            ),
            (
                "re.search('(?P<level>a)', 'a'):start('lvl')",
                "IndexError: start: the pattern '(?P<level>a)' has no group 'lvl'; its names are 'level'"
            ),
            (
                "re.search('a', 'a'):group({})",
                "TypeError: argument 'group' of group must be a whole number or a name, got a table"
            ),
            ("re.sub('a', 5, 'a')", "TypeError: argument 'repl' of sub must be a string or a function, got a number"),
            (
                "re.sub('a', function() end, 'a')",
                "TypeError: the function that sub calls must return a string, got a nil"
            ),
            (
                "re.split('a', 'a', -1)",
                "ValueError: argument 'maxsplit' of re.split must be a whole number, at least 0, got -1"
            ),
            (
                "re.compile('a').search('a')",
                "TypeError: call search with a colon: object:search(…), not object.search(…)"
            ),
            (
                "re.compile('a'):serch('a')",
                "AttributeError: Pattern has no 'serch'; did you mean search(…) with a colon?"
            ),
            ("Pattern('a')", "TypeError: Pattern objects are made by the host, not by a program"),
            (
                "re.search('(a+)+[bc]', ('a'):rep(40))",
                "RuntimeError: the search for the pattern '(a+)+[bc]' was given up"
            ),
        ])
    func mistakes(_ call: String, _ expected: String) throws {
        let printed = try lines(of: "print(select(2, pcall(function() return \(call) end)))")
        #expect(printed.first?.hasPrefix("room.lua:1: \(expected)") == true, "\(printed)")
    }

    @Test("An error in a function that sub calls keeps its place, and the pattern works on")
    func errorInFunction() throws {
        let printed = try lines(
            of: """
                local p = re.compile('a')
                print(pcall(p.sub, p, function(m)
                    error('no ' .. m:group(), 1)
                end, 'a'))
                print(p:sub('b', 'a'))
                """)
        #expect(printed == ["false\troom.lua:3: no a", "b"], "\(printed)")
    }

    @Test("A catastrophic pattern does not stop other tasks")
    func catastrophe() throws {
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            Timer(1, function(timer, count) print('tick ' .. count) end)
            Timer(1, function(timer, count) print(re.search('(x+x+)+[yz]', ('x'):rep(5000))) end)
            """)
        stage.run(3.5)
        #expect(room.lines.filter { $0.hasPrefix("tick") } == ["tick 1", "tick 2", "tick 3"])
        #expect(room.errors.count == 3 && room.errors.allSatisfy { $0.text.contains("was given up") })
    }

    @Test(
        "Matches without end are ended by the watchdog, and other tasks go on",
        arguments: [
            "re.findall('', s)", "re.sub('', 'xyz', s)", "re.split('(b?)', s)",
            "re.sub('', function() return '' end, s)",
        ])
    func endlessMatches(_ call: String) throws {
        var configuration = Stage.configuration()
        configuration.limits.taskBurst = .milliseconds(50) * Machine.slowness
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            Wait(1, function() local s = ('a'):rep(8 << 20) print(#\(call)) end)
            Wait(2, function() print('on') end)
            """, configuration: configuration)
        stage.run(3)
        #expect(room.errors.count == 1, "\(room.lines)")
        #expect(room.lines.last == "on")
    }

    @Test("Matches and patterns that a program lets go are released")
    func release() throws {
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            for i = 1, 1000 do
                local m = re.search('(a' .. i .. ')?', 'xyz' .. i)
                m.own = m
            end
            """)
        room.program.runtime.collectGarbage()
        room.program.runtime.collectGarbage()
        #expect(room.program.runtime.instanceCount == 0)
    }

    // MARK: - deliRex

    static let device = """
        local server = EthernetServerInterfaceEx(5000)
        event(server, 'ReceiveData', function(client, data)
            if data == 'slow' then
                for i, piece in ipairs({'x Pw', 'r1', '2\\r', '\\nVol3'}) do
                    Wait(i * 0.1, function() client:Send(piece) end)
                end
            elseif data == 'hopeless' then
                client:Send(('x'):rep(5000))
            else
                client:Send('x Pwr12\\r\\nVol3')
            end
        end)
        server:StartListen()
        """

    @Test(
        "A response ends where the pattern of deliRex matches first, however it is cut",
        arguments: ["re.compile('Pwr([0-9]+)\\\\r\\\\n')", "'Pwr([0-9]+)\\\\r\\\\n'"], ["fast", "slow"])
    func delimiter(_ pattern: String, _ pace: String) throws {
        let stage = Stage()
        try stage.start("device", Self.device)
        let room = try stage.start(
            "room",
            """
            local dev = EthernetClientInterface('device', 5000)
            event(dev, 'ReceiveData', function(_, data) print('rest', data) end)
            dev:Connect(1)
            print((dev:SendAndWait('\(pace)', 2, {deliRex = \(pattern)}):gsub('%c', '.')))
            print((dev:SendAndWait('\(pace)', 2, nil, nil, re.compile('Pwr[0-9]'))))
            print(#dev:SendAndWait('\(pace)', 1, {deliRex = 'nothing'}))
            """)
        stage.run(8)
        #expect(room.lines.filter { !$0.hasPrefix("rest") } == ["x Pwr12..", "x Pwr1", "0"], "\(room.lines)")
        #expect(room.lines.contains("rest\tVol3"))
        #expect(room.errors.isEmpty)
    }

    @Test("A wrong or hopeless pattern of deliRex is an error of the call, and the connection stays")
    func wrongDelimiter() throws {
        let stage = Stage()
        try stage.start("device", Self.device)
        let room = try stage.start(
            "room",
            """
            local dev = EthernetClientInterface('device', 5000)
            dev:Connect(1)
            print(pcall(dev.SendAndWait, dev, 'fast', 1, {deliRex = '('}))
            print(pcall(dev.SendAndWait, dev, 'fast', 1, {deliRex = Timer}))
            print(pcall(dev.SendAndWait, dev, 'hopeless', 1, {deliRex = '(x+x+)+[yz]'}))
            print(dev:SendAndWait('fast', 1, {deliRex = 'Vol[0-9]'}):endswith('Vol3'))
            """)
        stage.run(5)
        let expected = [
            "ValueError: missing ), unterminated subpattern at byte 1 of the pattern '('",
            "TypeError: argument 'deliRex' must be a pattern of re.compile or a string",
            "RuntimeError: deliRex: the match limit was exceeded", "true",
        ]
        #expect(room.lines.count == expected.count, "\(room.lines)")
        for (line, part) in zip(room.lines, expected) { #expect(line.contains(part)) }
    }
}
