import Testing

@testable import Lectern

/// Regular expressions: Python's meaning, checked against what Python gave, and the bounds on a search.
@Suite("Regular expressions")
struct RegularExpressionTests {
    // MARK: - Python's meaning

    @Test("A pattern finds, splits and replaces as Python's re does", arguments: pythonVectors)
    func agreesWithPython(_ vector: PythonVector) throws {
        let expression = try RegularExpression(
            pattern: Array(vector.pattern.utf8), flags: RegularExpression.Flags(rawValue: vector.flags))
        let subject = Array(vector.subject.utf8)
        let template = try ReplacementTemplate(Array(vector.template.utf8), for: expression)
        try subject.withUnsafeBytes { bytes throws in
            var cursor = RegularExpression.Cursor()
            var matches: [String] = []
            while let match = try expression.nextMatch(in: bytes, cursor: &cursor) {
                matches.append(text(of: match))
            }
            #expect(matches.joined(separator: ";") == vector.matches)
            #expect(try expression.firstMatch(in: bytes, anchored: .full).map(text) ?? "" == vector.full)
            cursor = RegularExpression.Cursor()
            let replaced = try expression.replacing(in: bytes, with: template, cursor: &cursor, maximumBytes: 1000)
            #expect(string(replaced.bytes) == vector.replaced)
            #expect(replaced.count == matches.count)
        }
    }

    @Test("A wrong pattern is refused with Python's message and position", arguments: pythonPatternErrors)
    func refusesPattern(_ pattern: String, _ message: String, _ offset: Int?) {
        let error = #expect(throws: RegularExpressionError.self) {
            try RegularExpression(pattern: Array(pattern.utf8))
        }
        guard case .syntax(let actual, let actualOffset) = error else {
            Issue.record("\(pattern): a syntax error was expected, got \(String(describing: error))")
            return
        }
        #expect(actual == message)
        if let offset {
            #expect(actualOffset == offset)
        }
    }

    @Test("A wrong replacement is refused with Python's message", arguments: pythonTemplateErrors)
    func refusesTemplate(_ template: String, _ message: String) throws {
        let expression = try RegularExpression(pattern: Array("(a)".utf8))
        let error = #expect(throws: RegularExpressionError.self) {
            try ReplacementTemplate(Array(template.utf8), for: expression)
        }
        guard case .template(let actual, _) = error else {
            Issue.record("\(template): a template error was expected, got \(String(describing: error))")
            return
        }
        #expect(actual == message)
    }

    @Test("Named groups are found by name, however long the name is")
    func namesGroups() throws {
        let long = String(repeating: "n", count: 100)
        let expression = try RegularExpression(pattern: Array("(a)(?P<\(long)>b)(?P=\(long))".utf8))
        #expect(expression.groupCount == 2)
        #expect(expression.names == [long: 2])
        #expect(try first(expression, in: "abb")?[2] == 1..<2)
    }

    @Test("Flags within the pattern are added to those given")
    func mergesFlags() throws {
        let expression = try RegularExpression(pattern: Array("(?is)a.b".utf8), flags: .multiline)
        #expect(expression.flags == [.ignoreCase, .dotAll, .multiline])
        #expect(try first(expression, in: "A\nB")?.range == 0..<3)
    }

    @Test("Every byte value matches itself, literally and by its number")
    func matchesEveryByte() throws {
        for byte in UInt8.min...UInt8.max {
            let hexadecimal = String(byte, radix: 16)
            let number = try RegularExpression(
                pattern: Array("[^\\x00]?\\x\(byte < 16 ? "0" : "")\(hexadecimal)$".utf8), flags: .dotAll)
            let subject = [0x41, byte]
            #expect(try first(number, in: subject)?.range == 0..<2)
            if byte >= 0x80 || byte < 0x20 {
                let literal = try RegularExpression(pattern: [byte])
                #expect(try first(literal, in: subject)?.range == 1..<2)
            }
        }
    }

    @Test("Bytes above 127 are no letters and have no case")
    func knowsOnlyASCIILetters() throws {
        let expression = try RegularExpression(pattern: [0xe4], flags: .ignoreCase)
        #expect(try first(expression, in: [UInt8]([0xc4])) == nil)
        let word = try RegularExpression(pattern: Array("\\w".utf8))
        #expect(try first(word, in: [UInt8]([0xe4])) == nil)
    }

    // MARK: - Searching

    @Test("A search from a position sees what lies before it")
    func looksBehindStart() throws {
        let behind = try RegularExpression(pattern: Array("(?<=a)b".utf8))
        let start = try RegularExpression(pattern: Array("^b".utf8))
        try Array("ab".utf8).withUnsafeBytes { bytes throws in
            #expect(try behind.firstMatch(in: bytes, from: 1)?.range == 1..<2)
            #expect(try start.firstMatch(in: bytes, from: 1) == nil)
            #expect(try behind.firstMatch(in: bytes, from: 99) == nil)
            #expect(try behind.firstMatch(in: bytes, from: -5)?.range == 1..<2)
        }
    }

    @Test("An anchored search matches at its start, or the whole rest")
    func anchors() throws {
        let expression = try RegularExpression(pattern: Array("a|ab".utf8))
        try Array("xab".utf8).withUnsafeBytes { bytes throws in
            #expect(try expression.firstMatch(in: bytes, anchored: .start) == nil)
            #expect(try expression.firstMatch(in: bytes, from: 1, anchored: .start)?.range == 1..<2)
            #expect(try expression.firstMatch(in: bytes, from: 1, anchored: .full)?.range == 1..<3)
            #expect(try expression.firstMatch(in: bytes, anchored: .full) == nil)
        }
    }

    @Test("A buffer without an address is an empty subject")
    func searchesNothing() throws {
        let expression = try RegularExpression(pattern: Array("a*".utf8))
        #expect(try expression.firstMatch(in: UnsafeRawBufferPointer(start: nil, count: 0))?.range == 0..<0)
    }

    @Test("After a search the groups are read without a match value, and after a failed one there are none")
    func readsGroups() throws {
        let expression = try RegularExpression(pattern: Array("(a)(x)?".utf8))
        #expect(expression.range(ofGroup: 0) == nil)
        #expect(try first(expression, in: Array("ba".utf8)) != nil)
        #expect(expression.range(ofGroup: 1) == 1..<2)
        #expect(expression.range(ofGroup: 2) == nil)
        #expect(expression.range(ofGroup: 3) == nil)
        #expect(expression.range(ofGroup: -1) == nil)
        #expect(try first(expression, in: Array("c".utf8)) == nil)
        #expect(expression.range(ofGroup: 0) == nil)
    }

    @Test("Replacing goes on where the last step ended")
    func replacesInSteps() throws {
        let expression = try RegularExpression(pattern: Array("x*".utf8))
        let template = try ReplacementTemplate(Array("-".utf8), for: expression)
        try Array("abxd".utf8).withUnsafeBytes { bytes throws in
            var cursor = RegularExpression.Cursor()
            var steps: [RegularExpression.Replacement] = []
            repeat {
                let resumed = RegularExpression.Cursor(position: cursor.position, mustAdvance: cursor.mustAdvance)
                cursor = resumed
                steps.append(
                    try expression.replacing(in: bytes, with: template, cursor: &cursor, limit: 2, maximumBytes: 100))
            } while steps.last?.isComplete == false
            #expect(steps.map { string($0.bytes) } == ["-a-", "b--", "d-"])
            #expect(steps.map(\.count) == [2, 2, 1])
        }
    }

    @Test("A step of replacing ends with so many bytes of result")
    func pausesReplacing() throws {
        let expression = try RegularExpression(pattern: Array(",".utf8))
        let template = try ReplacementTemplate(Array(";".utf8), for: expression)
        try Array("a,b,c".utf8).withUnsafeBytes { bytes throws in
            var cursor = RegularExpression.Cursor()
            let step = try expression.replacing(
                in: bytes, with: template, cursor: &cursor, pauseBytes: 1, maximumBytes: 100)
            #expect(string(step.bytes) == "a;")
            #expect(step.count == 1 && !step.isComplete)
        }
    }

    // MARK: - Long subjects

    /// These are longer than one window of starts, and the two repetitions make the program a watched one.
    @Test("A match far into a long subject is found, with what lies before and behind it", arguments: [5_000, 300_000])
    func searchesLongSubject(_ length: Int) throws {
        let subject = Array(repeating: UInt8(ascii: "-"), count: length) + Array("a12=34\n".utf8)
        let expression = try RegularExpression(pattern: Array("(?<=-a)(\\d+)=(\\d+)$".utf8))
        try subject.withUnsafeBytes { bytes throws in
            let match = try #require(try expression.firstMatch(in: bytes))
            #expect(match.ranges == [length + 1..<length + 6, length + 1..<length + 3, length + 4..<length + 6])
        }
    }

    @Test("Empty matches are found at every position of a long subject, each once")
    func findsEmptyMatchesInLongSubject() throws {
        let expression = try RegularExpression(pattern: Array("x*y*".utf8))
        let subject = Array(repeating: UInt8(ascii: "-"), count: 6_000)
        try subject.withUnsafeBytes { bytes throws in
            var cursor = RegularExpression.Cursor()
            var next = 0
            while let match = try expression.nextMatch(in: bytes, cursor: &cursor) {
                #expect(match.range == next..<next)
                next += 1
            }
            #expect(next == 6_001)
        }
    }

    @Test(
        "A pattern that reads a long subject once needs no limit",
        arguments: ["(?:a|b)*$", "(a|b)*$", ".*$", "(?:ab?)+$"])
    func matchesLongRun(_ pattern: String) throws {
        let expression = try RegularExpression(pattern: Array(pattern.utf8))
        let subject = Array(repeating: UInt8(ascii: "a"), count: 60_000)
        #expect(try first(expression, in: subject)?.range == 0..<60_000)
    }

    // MARK: - Bounds

    @Test(
        "A catastrophic pattern ends in the match limit",
        arguments: [
            ("(a+)+[bc]", 40), ("(a|aa)+[bc]", 60), ("(?:a?){40}a{40}[bc]", 60), ("(a+)+[bc]", 4_000),
            ("a*a*a*a*[bc]", 4_000), ("a*a*a*[bc]", 60_000), ("(?:a|b)*(a+)+[cd]", 60_000),
        ],
        [RegularExpression.Anchoring.none, .full])
    func givesUp(_ example: (pattern: String, length: Int), _ anchored: RegularExpression.Anchoring) throws {
        let expression = try RegularExpression(pattern: Array(example.pattern.utf8))
        let subject = Array(repeating: UInt8(ascii: "a"), count: example.length)
        _ = subject.withUnsafeBytes { bytes in
            #expect(throws: RegularExpressionError.matchLimitExceeded) {
                _ = try expression.search(in: bytes, anchored: anchored)
            }
        }
    }

    @Test("An expression that gave up once searches the next subject as ever")
    func worksAfterGivingUp() throws {
        let expression = try RegularExpression(pattern: Array("(a+)+[bc]".utf8))
        let hopeless = Array(repeating: UInt8(ascii: "a"), count: 40)
        _ = hopeless.withUnsafeBytes { bytes in
            #expect(throws: RegularExpressionError.matchLimitExceeded) { try expression.search(in: bytes) }
        }
        #expect(expression.range(ofGroup: 0) == nil)
        #expect(try first(expression, in: "xaab")?.range == 1..<4)
    }

    @Test("A replacement beyond the bound is refused before it is made")
    func boundsReplacement() throws {
        let expression = try RegularExpression(pattern: Array("(a+)".utf8))
        let template = try ReplacementTemplate(Array("\\1\\1\\1".utf8), for: expression)
        try Array("xaaaay".utf8).withUnsafeBytes { bytes throws in
            #expect(throws: RegularExpressionError.resultTooLarge(limit: 13)) {
                var cursor = RegularExpression.Cursor()
                return try expression.replacing(in: bytes, with: template, cursor: &cursor, maximumBytes: 13)
            }
            var cursor = RegularExpression.Cursor()
            let fitting = try expression.replacing(in: bytes, with: template, cursor: &cursor, maximumBytes: 14)
            #expect(fitting.bytes.count == 14)
        }
    }

    @Test("Thousands of nested groups are an error, not a crash")
    func boundsNesting() {
        let pattern = Array(repeating: UInt8(ascii: "("), count: 100_000)
        #expect(throws: RegularExpressionError.syntax(message: "more than 200 nested groups", offset: 200)) {
            try RegularExpression(pattern: pattern)
        }
    }

    @Test("A pattern that would compile to megabytes is refused")
    func boundsCompiledSize() {
        #expect(throws: RegularExpressionError.self) {
            try RegularExpression(pattern: Array("(((a{100}){100}){100}){100}".utf8))
        }
        #expect(throws: RegularExpressionError.self) {
            try RegularExpression(pattern: Array("a{99999999999999999999}".utf8))
        }
    }

    // MARK: -

    private func first(_ expression: RegularExpression, in subject: [UInt8]) throws -> RegularExpression.Match? {
        try subject.withUnsafeBytes { bytes throws in try expression.firstMatch(in: bytes) }
    }

    private func first(_ expression: RegularExpression, in text: String) throws -> RegularExpression.Match? {
        try first(expression, in: Array(text.utf8))
    }

    private func string(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private func text(of match: RegularExpression.Match) -> String {
        let groups = match.ranges.map { $0.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "n" }
        return "\(groups.joined(separator: ",")):\(match.lastIndex.map(String.init) ?? "n")"
    }
}
