import Foundation
import Testing

@testable import Lectern

/// `re` beside CPython's: generated patterns, half of them of the shapes about which engines disagree.
///
/// 20,000 cases are always run; with `LECTERN_TEST_LONG=1` 500,000, and `LECTERN_TEST_SEED` begins with another seed.
@Suite("Regular expressions beside CPython")
struct RegularExpressionInterop {
    private static let isLong = ProcessInfo.processInfo.environment["LECTERN_TEST_LONG"] == "1"
    private static let casesPerBatch = 10_000

    @Test("Searching, splitting, replacing and refusing give what CPython 3.11 gives", .timeLimit(.minutes(60)))
    func agrees() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["LECTERN_TEST_SEED"].flatMap { Int($0) } ?? 20_311
        var count = 0
        var givenUp = 0
        var backtracking = 0
        for batch in 0..<(Self.isLong ? 50 : 2) {
            for line in try await Self.batch(seed: seed + batch).split(separator: "\n") {
                let item = try #require(RegularExpressionCase(line: line))
                count += 1
                if item.isBacktracking { backtracking += 1 }
                switch item.verdict() {
                case .same: break
                case .givenUp: givenUp += 1
                case .otherMessage(let difference), .different(let difference):
                    Issue.record("seed \(seed + batch): \(difference)")
                }
            }
        }
        print("re beside CPython: \(count) cases, \(backtracking) step by step, \(givenUp) given up")
        #expect(count == Self.casesPerBatch * (Self.isLong ? 50 : 2))
        // Both engines took part, and a search of a few bytes is hardly ever given up.
        #expect(backtracking > count / 10 && backtracking < count * 9 / 10)
        #expect(givenUp <= count / 2_000)
    }

    /// Lets CPython make a batch of cases.
    private static func batch(seed: Int) async throws -> String {
        let file = NSTemporaryDirectory() + "lectern-re-\(ProcessInfo.processInfo.processIdentifier)-\(seed)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let python = try Peer(
            "/usr/bin/env", ["python3", "-c", regularExpressionCases, "\(seed)", "\(casesPerBatch)", file])
        let code = try await python.exitCode(within: 300)
        try #require(code == 0, "\(python.lines.joined(separator: "\n"))")
        return try String(contentsOfFile: file, encoding: .utf8)
    }
}
