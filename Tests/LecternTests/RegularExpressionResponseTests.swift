import Testing

@testable import Lectern

/// Where a pattern ends a response.
@Suite("Regular expressions as delimiters")
struct RegularExpressionResponseTests {
    private func end(_ pattern: String, in subject: [UInt8]) throws -> Int? {
        let expression = try RegularExpression(pattern: Array(pattern.utf8))
        return try subject.withUnsafeBytes { bytes throws in try expression.endOfMatch(in: bytes, searched: 0) }
    }

    @Test(
        "A response ends at the first byte at which the pattern holds",
        arguments: [
            ("(All|RGB|Vid|Aud)", "In3 RGB\r\nIn4 Vid\r\n", 7), ("(All|RGB|Vid|Aud)", "In3 RG", nil),
            // The leftmost match ends later than another one.
            ("a.*z|c", "abcz", 3), ("[0-9]+", "Vol123", 4), ("(?s).*\n", "a\nb\nc\n", 2), ("x*", "abc", 0),
            ("[0-9]+\r\n", "12\r\n34\r\n", 4), ("(?>ab?)(?<=a)", "ab", 1), ("OK$", "OK\nOK", 2),
            ("OK(?=!)", "OK OK!", 5),
            ("a\\b", "aa a", 1), ("a(?!b)", "ab", 1),
        ])
    func earliestEnd(_ pattern: String, _ subject: String, _ expected: Int?) throws {
        #expect(try end(pattern, in: Array(subject.utf8)) == expected)
    }

    @Test(
        "However a response is cut, it ends at the same byte",
        arguments: [
            "a.*z|c", "a+b", "(a|ab)(c|bcd)(d*)", "(?s).*c", "b{2,3}?", "(a)?(?(1)b|c)", "(a+)b\\1", "(?<=ab)c",
            "(?<!a)c",
            "(?m)^c", "a++b?", "(?>a|ab)c", "ab$", "(?m)a$", "\\bab", "ab\\b", "a\\B", "(?=(ab?))\\1c", "a(?!b)c?",
            "c\\Z",
            "[^a]*z", "",
        ])
    func independentOfCuts(_ pattern: String) throws {
        let expression = try RegularExpression(pattern: Array(pattern.utf8))
        var generator = Sequence(state: 7)
        for _ in 0..<200 {
            let subject = (0..<generator.next(12)).map { _ in Array("abcdz \n".utf8)[generator.next(7)] }
            try subject.withUnsafeBytes { bytes throws in
                func answer(_ count: Int) throws -> Int? {
                    try expression.endOfMatch(in: UnsafeRawBufferPointer(rebasing: bytes[..<count]), searched: 0)
                }
                // What the shortest cut that has an answer gives is what every longer one gives.
                var first: Int?
                for count in 0...bytes.count {
                    let found = try answer(count)
                    if let first { #expect(found == first, "\(pattern) \(subject) cut at \(count)") }
                    first = first ?? found
                }
            }
        }
    }

    @Test("A long response costs few searches, and its first end is found")
    func longResponse() throws {
        let line = Array("some line of a status report\r\n".utf8)
        let subject = Array(repeatElement(line, count: 4_000).joined()) + Array("END\r\n".utf8)
        #expect(try end("END\r\n", in: subject) == subject.count)
        #expect(try end("(?s).*\r\n", in: subject) == line.count)
        // Behind the first bytes a pattern that looks ahead ends with its leftmost match.
        #expect(try end("END\\b", in: subject) == subject.count - 2)
    }

    @Test("The cache keeps the patterns that were used last")
    func cache() throws {
        let cache = RegularExpressionCache(capacity: 2)
        let a = try cache.expression(Array("a".utf8), flags: [])
        _ = try cache.expression(Array("b".utf8), flags: [])
        #expect(try cache.expression(Array("a".utf8), flags: []) === a)
        #expect(try cache.expression(Array("a".utf8), flags: .ignoreCase) !== a)  // b goes
        #expect(try cache.expression(Array("a".utf8), flags: []) === a)
        #expect(cache.count == 2)
        _ = try cache.expression(Array("c".utf8), flags: [])
        _ = try cache.expression(Array("d".utf8), flags: [])
        #expect(try cache.expression(Array("a".utf8), flags: []) !== a)
        #expect(cache.count == 2)
    }

    @Test("A wrong pattern is not kept")
    func cacheOfWrongPattern() {
        let cache = RegularExpressionCache(capacity: 2)
        #expect(throws: RegularExpressionError.self) { try cache.expression(Array("(".utf8), flags: []) }
        #expect(cache.count == 0)
    }

    /// The same numbers on every run.
    private struct Sequence {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }
}
