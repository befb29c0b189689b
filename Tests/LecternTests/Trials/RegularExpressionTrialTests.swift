import LuaRuntime
import Testing

@testable import Lectern

/// Patterns whose results were once other than CPython's, and what must bound every call of `re`. This file only grows.
@Suite("Regular expressions on trial")
struct RegularExpressionTrialTests {
    private func lines(of text: String, seconds: Double = 1) throws -> [String] {
        let stage = Stage()
        let actor = try stage.start("room", text, configuration: Stage.configuration())
        stage.run(seconds)
        #expect(actor.errors.isEmpty, "\(actor.errors.map(\.text))")
        return actor.lines
    }

    /// The spans of the groups as Python counts them, `-` for one that took no part; `none` and `error`.
    private func spans(_ pattern: String, _ subject: String, _ anchored: RegularExpression.Anchoring = .none) -> String
    {
        do {
            let expression = try RegularExpression(pattern: Array(pattern.utf8))
            let match = try Array(subject.utf8).withUnsafeBytes { bytes in
                try expression.firstMatch(in: bytes, anchored: anchored)
            }
            guard let match else { return "none" }
            return match.ranges.map { $0.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "-" }.joined(separator: " ")
        } catch RegularExpressionError.syntax {
            return "error"
        } catch {
            return "\(error)"
        }
    }

    // MARK: - Results

    @Test(
        "An alternative that can be empty before a repetition loses no match, and an atomic group finds none too many",
        arguments: [
            ("(?:-|)\\d*-", "-", "0-1"), ("(A|)[ ]*A", "A", "0-1 0-0"), ("(a|b|)c*a", "a", "0-1 0-0"),
            ("(?:\\w|)a*?b", "ba ", "0-1"), ("(?:b|) *[ab]", "b ", "0-1"), ("(?>a+?)c", "aac", "1-3"),
            ("(?>\\D*|)A", "xA", "none"), ("(?:(?:a|\\w[ab]|)b*?[ab])", "- ba", "2-3"),
            ("(?:(?:.{1,})*?(\\D{1,3}?b)|b*(?:.b{2}b+?)(?:b+1??){1,}|(?:\\w+a)) .??|", "a1aa\n1 ", "0-0 -"),
            ("\\W+(?>a?)\u{7f}", "--\u{7f}", "0-3"),
        ])
    func startOptimizations(_ pattern: String, _ subject: String, _ expected: String) {
        #expect(spans(pattern, subject) == expected)
    }

    @Test(
        "A repetition ends its rounds at an empty one, and what is repeated no times takes no part",
        arguments: [
            ("(?=(?:b|c){0}a)", "xa", "1-1"), ("(^|(^(a))b|c){0}b", "ab", "1-2 - - -"), ("(a){0}b", "ab", "1-2 -"),
            ("(|a)*", "aa", "0-0 0-0"), ("(a|b*)*", "ab", "0-2 2-2"), ("(a*)*", "b", "0-0 0-0"),
            ("(?:(a)|b)*", "ab", "0-2 0-1"), ("(?:(a)|(b)|c)*?c", "abc", "0-3 0-1 1-2"),
            ("(a?)*?y", "az y", "3-4 -"), ("(a|b?){2}c", "abc", "0-3 1-2"), ("(?:a?)++b", "aab", "0-3"),
        ])
    func emptyRounds(_ pattern: String, _ subject: String, _ expected: String) {
        #expect(spans(pattern, subject) == expected)
    }

    @Test("Bounded repetitions of what can be empty give Python's groups when anchored, too")
    func anchoredRounds() throws {
        #expect(spans("(|b){,2}", "b", .full) == "0-1 1-1")
        #expect(spans("(,?\\d*?){0,3}x", "1,2x", .start) == "0-4 2-3")
        #expect(try lines(of: "print(re.sub('(?:c|a{,2}?){0,3}', '<>', 'acc'))") == ["<><><>"])
    }

    @Test(
        "A lookbehind without a fixed width, or with a reference into itself, is refused in Python's words",
        arguments: [
            ("(?<=a|bc)d", "look-behind requires fixed-width pattern"),
            ("(?<!a*)b", "look-behind requires fixed-width pattern"),
            ("(?<=(a)\\1)b", "cannot refer to group defined in the same lookbehind subpattern"),
            ("(?<=(?P<x>a)(?P=x))b", "cannot refer to group defined in the same lookbehind subpattern"),
            ("(?<=(a)(?(1)b|c))b", "cannot refer to group defined in the same lookbehind subpattern"),
            ("(a)(?<=(?(2)b|c)(d))b", "cannot refer to an open group"),
            ("(?<=(?:a?){2})b", "look-behind requires fixed-width pattern"),
        ])
    func lookbehinds(_ pattern: String, _ message: String) {
        let error = #expect(throws: RegularExpressionError.self) { try RegularExpression(pattern: Array(pattern.utf8)) }
        guard case .syntax(message, _) = error else {
            Issue.record("\(pattern): \(String(describing: error))")
            return
        }
    }

    @Test("A lookbehind of one width is taken, whatever it is made of")
    func fixedLookbehinds() {
        #expect(spans("(?<=ab|cd)x", "cdx") == "2-3")
        #expect(spans("(a)(?<=\\1)b", "ab") == "0-2 0-1")
        #expect(spans("(?<=(?:){0,5}a)b", "ab") == "1-2")
        #expect(spans("(?<=(?:ab){2})c", "ababc") == "4-5")
    }

    // MARK: - Engines

    @Test(
        "Plain patterns are matched by machine code",
        arguments: [
            "Pwr([0-3])", "^(\\w+)=(\\d+)\\r\\n", "x|y", "(?:(\\w+)=(\\d+);)+", "(?i)in(\\d) (All|RGB|Vid|Aud)$",
        ])
    func usesMachineCode(_ pattern: String) throws {
        #expect(try !RegularExpression(pattern: Array(pattern.utf8)).isBacktracking)
    }

    @Test("Both engines agree on plain patterns")
    func enginesAgree() throws {
        for pattern in ["Pwr([0-3])", "^(\\w+)=(\\d+)\\r\\n", "(x|y)+z", "(a+)(?:b(c)?)*$"] {
            var translator = PatternTranslator(pattern: Array(pattern.utf8), flags: [])
            try translator.translate()
            let slow = BacktrackingProgram(translator.tree, groupCount: translator.groups.count - 1)
            let fast = try RegularExpression(pattern: Array(pattern.utf8))
            for subject in ["", "xPwr2", "vol=12\r\n", "xyxz", "aabcbc", "aab", "ab\n"] {
                try Array(subject.utf8).withUnsafeBytes { bytes throws in
                    let found = try slow.search(in: bytes, from: 0, anchored: .none, allowsEmptyAtStart: true)
                    #expect(
                        try fast.firstMatch(in: bytes)?.ranges == (found ? slow.ranges : nil), "\(pattern) \(subject)")
                }
            }
        }
    }

    // MARK: - Bounds

    @Test(
        "A pattern that is too large, too deep or has too many groups is refused at once, in one line",
        arguments: [
            ("((a{1000}){1000}){1000}", "the pattern is too large: its repetitions unfold to more than 250000 parts"),
            (String(repeating: "(?:", count: 300), "more than 200 nested groups"),
            (String(repeating: "()", count: 1001), "more than 1000 capturing groups"),
            (String(repeating: "a|", count: 40_000), "the pattern is longer than 65536 bytes"),
            ("a{4294967295}", "the repetition number is too large"),
        ])
    func boundsPatterns(_ pattern: String, _ message: String) {
        let began = ThreadTime.now()
        let error = #expect(throws: RegularExpressionError.self) { try RegularExpression(pattern: Array(pattern.utf8)) }
        #expect(ThreadTime.now() - began < 1_000_000_000)
        guard case .syntax(message, _) = error else {
            Issue.record("\(pattern.prefix(40)): \(String(describing: error))")
            return
        }
    }

    @Test("A large pattern that is taken compiles soon, matches, and tells its memory")
    func largePatterns() throws {
        let words = (0..<8_000).map { "w\($0)x" }.joined(separator: "|")
        let began = ThreadTime.now()
        let expression = try RegularExpression(pattern: Array(words.utf8.prefix(65_000)))
        #expect(ThreadTime.now() - began < 2_000_000_000)
        try Array("-- w4711x".utf8).withUnsafeBytes { bytes throws in
            #expect(try expression.firstMatch(in: bytes)?.range == 3..<9)
        }
        #expect(expression.heldBytes > 65_000)
        #expect(try RegularExpression(pattern: Array("a".utf8)).heldBytes < 10_000)
    }

    @Test(
        "A hopeless search ends within half a second of the processor's time, however long the string is",
        arguments: [
            "(a*)*b", "(?:a|a?)+[bc]", "(a*)\\1b", "(?:a{0,60000}){2}[bc]", "a{0,60000}a{0,60000}[bc]",
            "(?=(a+))\\1{2,}c",
            "(?>a*)*[bc]", "(a|aa)+[bc]", "(?:(?:a|b)*?,?)*[cd]", ".*.*.*[xy]", "(?:a?){20,}[bc]", "(?<=(a{5000}))[bc]",
        ], [300, 4_000, 1 << 20])
    func endsHopelessSearch(_ pattern: String, _ length: Int) throws {
        let expression = try RegularExpression(pattern: Array(pattern.utf8))
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: length)
        let began = ThreadTime.now()
        subject.withUnsafeBytes { bytes in
            let result = Result { () throws(RegularExpressionError) in try expression.search(in: bytes) }
            #expect(result == .success(false) || result == .failure(.matchLimitExceeded))
        }
        // The promise is 0.4 s; a debug build with the sanitizer looks at the time less often.
        #expect(ThreadTime.now() - began < 900_000_000, "\(pattern) on \(length)")
    }

    @Test("Memory of a search that needed much is given back")
    func releasesMemory() throws {
        let expression = try RegularExpression(pattern: Array("(?:a?b?)*c".utf8))
        let before = expression.heldBytes
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: 20_000) + [UInt8(ascii: "c")]
        try subject.withUnsafeBytes { bytes throws in
            #expect(try expression.firstMatch(in: bytes)?.range == 0..<20_001)
        }
        #expect(expression.heldBytes == before)
    }

    @Test("What re.escape and expand would make too long is refused before it is made", .needsMemory)
    func boundsResults() throws {
        let printed = try lines(
            of: """
                local big = ('.'):rep(9 << 20)
                print(select(2, pcall(re.escape, big)).message)
                print(#re.escape(('.'):rep(7 << 20)))
                local m = re.search('.+', ('x'):rep(9 << 20))
                print((select(2, pcall(m.expand, m, '\\\\g<0>\\\\g<0>')).message:gsub(' matches.*', '')))
                print((select(2, pcall(re.sub, '(x)', ('\\\\1'):rep(10001), 'x')).message:match('more than.-groups')))
                """)
        #expect(
            printed == [
                "re.escape would make a string of over 16777216 bytes", "14680064", "replacing",
                "more than 10000 references to groups",
            ], "\(printed)")
    }

    // MARK: - What programs see

    @Test("m[1] and m['name'] are the texts of groups, as in Python, and a group that is not there is an error")
    func indexesMatches() throws {
        let printed = try lines(
            of: """
                local m = re.match('(?P<first>a)(x)?', 'ab')
                print(m[0], m[1], m[2], m['first'], m.first)
                print(re.match('(a)', 'ab')[1])
                local ok, problem = pcall(function() return m[3] end)
                print(ok, problem.kind, problem.message)
                print(pcall(function() return m.grup end))
                print(pcall(function() return m.other end))
                print(m.group ~= nil, m:group(1))
                """)
        #expect(
            printed.prefix(3) == [
                "a\ta\tnil\ta\ta", "a",
                "false\tIndexError\tMatch[group]: the pattern '(?P<first>a)(x)?' has no group 3; its groups are 0 to 2",
            ], "\(printed)")
        #expect(printed.count == 6 && printed[3].contains("did you mean group"), "\(printed)")
        #expect(printed[4].hasSuffix("AttributeError: Match has neither a member nor an item 'other'"), "\(printed)")
        #expect(printed.last == "true\ta")
    }

    @Test("deliRex and the replies of a declared module find what re finds")
    func delimitersAndModules() throws {
        let stage = Stage()
        try stage.start(
            "device",
            """
            local server = EthernetServerInterfaceEx(5000)
            event(server, 'ReceiveData', function(client) client:Send('A-rest') end)
            server:StartListen()
            """)
        let room = try stage.start(
            "room",
            """
            local dev = EthernetClientInterface('device', 5000)
            dev:Connect(1)
            print(dev:SendAndWait('q', 1, {deliRex = '(?:-|)\\\\d*-'}))
            """)
        stage.run(3)
        #expect(room.errors.isEmpty, "\(room.errors.map(\.text))")
        #expect(room.lines == ["A-"], "\(room.lines)")
        let scene = try DeviceModuleScene(
            """
            local all = declaration()
            all.commands.Power.reply = '^P(?:-|)\\\\d*?(\\\\d)$'
            dev = DeviceModule(all).EthernetClass('10.0.0.2')
            dev:Connect(1)
            dev:Update('Power')
            Wait(1, function() print(dev:ReadStatus('Power')) end)
            """)
        scene.run(2)
        #expect(scene.room.lines.last == "Off", "\(scene.room.lines)")
    }
}
