import Foundation
import Glibc
import ProgramFuzzing
import Testing

/// Generated programs, and programs that once did what none may, end only as promised: no crash, no hang, no memory
/// beyond the limit, nothing left in the world.
///
/// They run in processes of their own, which nothing else makes grow. `ProgramFuzzer --minimize SEED` makes a failing
/// program short, and its text goes to the folder Kept. `scripts/fuzz` runs 200,000 with the address sanitizer.
@Suite("Generated programs", .needsMemory)
struct ProgramFuzzTests {
    private static let isLong = getenv("LECTERN_TEST_LONG").map { String(cString: $0) == "1" } == true
    /// A debug build, with or without the sanitizer, takes so many times as long as a release build at most.
    private static let factor = ProcessMemory.isSanitized ? 12.0 : 6.0

    /// Runs the fuzzer to its end.
    /// - Returns: whether all ended as promised, and what it printed.
    private func fuzz(_ arguments: [String]) throws -> (isFine: Bool, output: String) {
        // Beside the tests that run.
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tests).deletingLastPathComponent()
            .appendingPathComponent("ProgramFuzzer")
        process.arguments = arguments + ["--factor", "\(Self.factor)"]
        // What is freed is held back for a while, but not for so long that the process seems to grow.
        var environment = ProcessInfo.processInfo.environment
        environment["ASAN_OPTIONS"] = (environment["ASAN_OPTIONS"].map { $0 + ":" } ?? "") + "quarantine_size_mb=8"
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationReason == .exit && process.terminationStatus == 0, output)
    }

    @Test("Generated programs end as promised")
    func generated() throws {
        let (isFine, output) = try fuzz(["--programs", Self.isLong ? "5000" : "400", "--seed", "13"])
        #expect(isFine, "\(output.suffix(4000))")
    }

    @Test("One seed gives one program")
    func repeatable() throws {
        let grammar = ProgramGrammar(try ProgramSurface())
        let again = ProgramGrammar(try ProgramSurface())
        for seed in UInt64(1)...20 { #expect(grammar.program(seed: seed) == again.program(seed: seed)) }
        #expect(grammar.program(seed: 1) != grammar.program(seed: 2))
    }

    /// The programs of the folder Kept, by name.
    static let kept: [String] = {
        let folder = "\(ProjectFiles.root)/Tests/LecternTests/ProgramFuzz/Kept"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".lua") }
            .sorted()
    }()

    @Test("A program that once did what none may ends as promised", arguments: kept)
    func keptProgram(_ name: String) throws {
        let path = "\(ProjectFiles.root)/Tests/LecternTests/ProgramFuzz/Kept/\(name)"
        let (isFine, output) = try fuzz(["--file", path])
        #expect(isFine, "\(output.suffix(4000))")
    }

    @Test("The seeds that once failed give programs that end as promised")
    func keptSeeds() throws {
        let lines = try ProjectFiles.text(of: "Tests/LecternTests/ProgramFuzz/seeds.txt").split(separator: "\n")
        for line in lines where !line.hasPrefix("#") {
            let seed = try #require(UInt64(line.prefix { $0 != " " }), "\(line)")
            let (isFine, output) = try fuzz(["--one", "\(seed)"])
            #expect(isFine, "\(output.suffix(4000))")
        }
    }
}
