import LuaRuntime
import ProgramFuzzing
import Testing

@testable import Lectern

/// The parser of the check against Lua's own compiler: every text that Lua loads, it reads.
@Suite("Reading Lua")
struct ParserTests {
    /// Whether Lua itself takes a text.
    private static func loads(_ text: [UInt8], _ program: Program) -> Bool {
        do throws(LuaFault) {
            try program.runtime.load(text, path: "=text", on: program.runtime.mainStack)
            _ = program.runtime.takeReference()
            return true
        } catch {
            return false
        }
    }

    private static func parses(_ text: [UInt8]) -> Bool { (try? Parser.parse(text)) != nil }

    private func withProgram<Result>(_ body: (Program) throws -> Result) throws -> Result {
        let stage = Stage()
        return try body(try stage.start("room", "").program)
    }

    /// Every example program and every program in the documents.
    static let texts: [String] = {
        var texts: [String] = []
        for folder in (try? ProjectFiles.names(in: "docs/examples")) ?? [] {
            for name in (try? ProjectFiles.names(in: "docs/examples/\(folder)")) ?? [] where name.hasSuffix(".lua") {
                texts += (try? ProjectFiles.text(of: "docs/examples/\(folder)/\(name)")).map { [$0] } ?? []
            }
        }
        return texts + DocumentationTests.programs.map(\.text)
    }()

    @Test("Examples, documents and Lectern's own Lua are read")
    func known() throws {
        #expect(Self.texts.count > 100)
        var texts = Self.texts
        for folder in ["Sources/Lectern/Lua", "Sources/Lectern/Lua/device_module", "Sources/LuaRuntime/Lua"] {
            for name in try ProjectFiles.names(in: folder) where name.hasSuffix(".lua") {
                texts.append(try ProjectFiles.text(of: "\(folder)/\(name)"))
            }
        }
        for text in texts { #expect(Self.parses(Array(text.utf8)), "\(text.prefix(80))") }
    }

    @Test(
        "Whatever grammar allows is read",
        arguments: [
            "", "#!/usr/bin/lua\nx = 1", "\u{FEFF}#!x\nreturn", "return;", ";;; ::a:: goto a",
            "local a <const>, b <close> = 1", "local function f(...) return ... end", "a.b['c'].d:e 'x' {y} (z) .w = 1",
            "f{1, 2; 3, a = 4, ['b'] = 5, [6] = 7,}", "x = -2 ^ -3 ^ 4 .. 'a' .. #b << ~c // 5 ~ 6",
            "x = not not nil == true and 1 or {...}",
            "x = 0x.8p-3 + 0xA.Bp1 + 3.e-2 + .5 + 3e10 + 0xffffffffffffffffff",
            "x = 9223372036854775807 + 9223372036854775808", "x = 'a\\z  \n  b\\x41\\065\\u{7FFFFFFF}\\\nc\\''",
            "x = [==[\n]]]=]]==] -- [==[ no\n--[==[ yes\n]]\n]==] y = 1", "repeat local z = 1 until z",
            "for i = 1, 2, 3 do break end",
            "for k, v in pairs(t) do end", "while true do if a then elseif b then else end end",
            "function a.b.c:d(x, ...) end", "(f or g)(x)", "('x'):rep(3)", "do local x; x = x end return 1, 2;",
            "a, b.c, d[1] = f()",
            "x = function(a, b) end", "x = a.b.c < d >= e ~= f", "return function() return end", "x = 1--[[c]]..2",
            "x=a\r\ny=b\n\rz=c",
        ])
    func grammar(_ text: String) throws {
        #expect(Self.parses(Array(text.utf8)))
        try withProgram { program in
            // Some of these Lua refuses for other reasons, such as two labels of a name.
            if Self.loads(Array(text.utf8), program) { #expect(Self.parses(Array(text.utf8))) }
        }
    }

    @Test(
        "What is no Lua is refused where it stops being so",
        arguments: [
            ("x = = 1", 1, 5), ("x =", 1, 4), ("\n  local 1", 2, 9), ("x = 'a\nb'", 1, 7), ("f(", 1, 3), ("x", 1, 2),
            ("x = 3x", 1, 6), ("if a the b end", 1, 6), ("end", 1, 1), ("a.b:c = 1", 1, 7), ("return 1 x = 2", 1, 10),
            ("x = \"\\q\"", 1, 7), ("x = @", 1, 5), ("f() = 1", 1, 5), ("x = '\\300'", 1, 10), ("--[[ open", 1, 10),
        ])
    func refused(_ text: String, line: Int, column: Int) throws {
        #expect(throws: SyntaxError(line: line, column: column)) { try Parser.parse(Array(text.utf8)) }
        try withProgram { program in #expect(!Self.loads(Array(text.utf8), program)) }
    }

    @Test("Bytes that are no UTF-8 stay what they are")
    func bytes() throws {
        let tree = try Parser.parse(Array("x = '".utf8) + [0xFF, 0x00, 0x80] + Array("\\xe9'".utf8))
        let value = try #require(tree.assignments.first?.value)
        #expect(tree.string(value) == [0xFF, 0x00, 0x80, 0xE9])
    }

    @Test(
        "Text that nests to Lua's limit is read, and deeper text refused, without a deep stack",
        arguments: [
            ("x = ", "(", "1", ")"), ("x = ", "{", "", "}"), ("", "do ", "", " end"), ("x = ", "f(", "1", ")"),
            ("x = ", "- ", "1", ""),
        ])
    func depth(_ start: String, _ open: String, _ middle: String, _ close: String) throws {
        func text(_ depth: Int) -> [UInt8] {
            let parts =
                [start] + Array(repeating: open, count: depth) + [middle] + Array(repeating: close, count: depth)
            return Array(parts.joined().utf8)
        }
        try withProgram { program in
            let most = try #require((1...400).last { Self.loads(text($0), program) })
            #expect(most > 150)
            #expect(Self.parses(text(most)))
        }
        #expect(!Self.parses(text(300)))
        #expect(!Self.parses(text(300_000)))
    }

    @Test("What grows without nesting is read however long it is")
    func length() throws {
        let count = 20_000
        for text in [
            "x = 1" + String(repeating: " + 1", count: count), "x = a" + String(repeating: ".b", count: count),
            "f" + String(repeating: "()", count: count), "x = {" + String(repeating: "1,", count: count) + "}",
            String(repeating: "local a\n", count: 150) + String(repeating: "b(a)\n", count: count),
            "if a then" + String(repeating: " elseif b then", count: count) + " end",
        ] {
            #expect(Self.parses(Array(text.utf8)), "\(text.prefix(20))")
        }
    }

    @Test("Of texts with a word changed, all that Lua still loads are read")
    func differential() throws {
        var random = FuzzRandom(seed: 5)
        try withProgram { program in
            var loaded = 0
            for text in Self.texts where text.utf8.count < 4000 {
                let bytes = Array(text.utf8)
                var words: [Range<Int>] = []
                var lexer = Lexer(bytes)
                while case let token = try lexer.next(), token.kind != .end {
                    words.append(token.place.start..<token.place.end)
                }
                for _ in 0..<12 where words.count > 2 {
                    let (a, b) = (words[random.below(words.count)], words[random.below(words.count)])
                    var changed = bytes
                    // One word instead of another, or before it, or none.
                    switch random.below(3) {
                    case 0: changed.replaceSubrange(a, with: bytes[b])
                    case 1: changed.insert(contentsOf: bytes[b] + [0x20], at: a.lowerBound)
                    default: changed.removeSubrange(a)
                    }
                    guard Self.loads(changed, program) else { continue }
                    loaded += 1
                    #expect(Self.parses(changed), "\(String(decoding: changed, as: UTF8.self))")
                }
            }
            #expect(loaded > 100)
        }
    }
}
