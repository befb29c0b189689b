import Foundation
import Testing

@testable import Lectern

/// `re` beside CPython's: generated patterns, half of them of the shapes about which engines disagree.
///
/// 20,000 cases are always run; with `LECTERN_TEST_LONG=1` 500,000, and `LECTERN_TEST_SEED` begins with another seed.
@Suite("Regular expressions beside CPython")
struct RegularExpressionInterop {
    private static let isLong = ProcessInfo.processInfo.environment["LECTERN_TEST_LONG"] == "1"
    private static let firstSeed =
        ProcessInfo.processInfo.environment["LECTERN_TEST_SEED"].flatMap { Int($0) } ?? 20_311
    private static let casesPerBatch = isLong ? 10_000 : 2_500
    /// Each batch has a seed of its own; they run beside one another.
    static let seeds = firstSeed..<firstSeed + (isLong ? 50 : 8)

    @Test(
        "Searching, splitting, replacing and refusing give what CPython 3.11 gives", .timeLimit(.minutes(60)),
        arguments: seeds)
    func agrees(_ seed: Int) async throws {
        var count = 0
        var givenUp = 0
        var backtracking = 0
        for line in try await Self.batch(seed: seed).split(separator: "\n") {
            let item = try #require(RegularExpressionCase(line: line))
            count += 1
            if item.isBacktracking { backtracking += 1 }
            switch item.verdict() {
            case .same: break
            case .givenUp: givenUp += 1
            case .otherMessage(let difference), .different(let difference): Issue.record("\(difference)")
            }
        }
        print("re beside CPython: \(count) cases, \(backtracking) step by step, \(givenUp) given up")
        #expect(count == Self.casesPerBatch)
        // Both engines took part, and a search of a few bytes is hardly ever given up.
        #expect(backtracking > count / 10 && backtracking < count * 9 / 10)
        #expect(givenUp <= count / 500)
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
