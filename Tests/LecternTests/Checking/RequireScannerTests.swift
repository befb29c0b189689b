import Testing

@testable import Lectern

@Suite("Finding the modules of a program")
struct RequireScannerTests {
    @Test(
        "A literal call is found with its line",
        arguments: [
            ("require 'a'", ["1 a"]), ("local m = require(\"a.b\")", ["1 a.b"]), ("\n\nrequire [[a]]", ["3 a"]),
            ("require 'a' require 'b'", ["1 a", "1 b"]), ("x = { [require 'a'] = 1 }", ["1 a"]),
            ("s = 'x -- y' require 'a'", ["1 a"]), ("s = 'it\\'s' require 'a'", ["1 a"]),
            ("s = [==[\n]] ]==] require 'a'", ["2 a"]), ("--[[ x\n]] require 'a'", ["2 a"]),
        ])
    func found(_ text: String, _ expected: [String]) {
        let found = RequireScanner.requirements(Array(text.utf8)).map { "\($0.line) \($0.name)" }
        #expect(found == expected)
    }

    @Test(
        "What is commented out, quoted, or another function's is not",
        arguments: [
            "-- require 'a'", "--[[\nrequire 'a'\n]]", "--[=[ ]] require 'a' ]=]", "s = [[ require 'a' ]]",
            "s = \"require 'a'\"", "myrequire 'a'", "x.require 'a'", "x:require 'a'", "require(name)",
            "require_all 'a'",
            "s = 'unfinished", "--[[ unfinished", "",
        ])
    func notFound(_ text: String) {
        #expect(RequireScanner.requirements(Array(text.utf8)).isEmpty)
    }
}
