import Foundation
import Glibc
import ProgramFuzzing
import Testing

/// Generated programs, and programs that once did what none may, end only as promised: no crash, no hang, no memory beyond
/// the limit, nothing left in the world.
///
/// While a program runs, its seed stands in the file `lectern-fuzz-<pid>.seed` of the temporary folder: what ran when the
/// process crashed. `ProgramFuzzer --minimize SEED` makes it short, and its text goes to the folder Kept.
@Suite(
    "Generated programs", .serialized,
    .enabled(
        if: getenv("LECTERN_TEST_LONG").map { String(cString: $0) == "1" } == true,
        "programs by the hundred; LECTERN_TEST_LONG=1 has them run"))
struct ProgramFuzzTests {
    /// A debug build, with or without the sanitizer, takes so many times as long as a release build at most.
    private static let factor = ProcessMemory.isSanitized ? 12.0 : 6.0

    private static func number(_ variable: String, default ordinary: Int) -> Int {
        getenv(variable).flatMap { Int(String(cString: $0)) } ?? ordinary
    }

    private static func campaign() throws -> FuzzCampaign {
        let note = FuzzNote(path: NSTemporaryDirectory() + "lectern-fuzz-\(getpid()).seed")
        return try FuzzCampaign(note: note, factor: factor)
    }

    @Test("Three hundred generated programs end as promised")
    func short() throws {
        let campaign = try Self.campaign()
        let run = UInt64(Self.number("LECTERN_FUZZ_SEED", default: 13))
        for n in 0..<300 {
            let seed = FuzzCampaign.seed(n, of: run)
            let outcome = try campaign.run(seed: seed)
            #expect(outcome.violations.isEmpty, "seed \(seed): \(outcome.log.suffix(3))")
        }
        if let growth = campaign.growth() { Issue.record("\(growth)") }
    }

    @Test("One seed gives one program")
    func repeatable() throws {
        let first = try Self.campaign()
        let second = try Self.campaign()
        for seed in UInt64(1)...20 { #expect(first.text(seed: seed) == second.text(seed: seed)) }
        #expect(first.text(seed: 1) != first.text(seed: 2))
    }

    /// The programs of the folder Kept, by name.
    static let kept: [String] = {
        let folder = "\(ProjectFiles.root)/Tests/LecternTests/ProgramFuzz/Kept"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".lua") }
            .sorted()
    }()

    @Test("A program that once did what none may ends as promised", arguments: kept)
    func keptProgram(_ name: String) throws {
        let text = try ProjectFiles.text(of: "Tests/LecternTests/ProgramFuzz/Kept/\(name)")
        let outcome = try Self.campaign().run(text: text, seed: 1)
        #expect(outcome.violations.isEmpty, "\(outcome.log.suffix(3))")
    }

    @Test("The seeds that once failed give programs that end as promised")
    func keptSeeds() throws {
        let campaign = try Self.campaign()
        let lines = try ProjectFiles.text(of: "Tests/LecternTests/ProgramFuzz/seeds.txt").split(separator: "\n")
        for line in lines where !line.hasPrefix("#") {
            let seed = try #require(UInt64(line.prefix { $0 != " " }), "\(line)")
            let outcome = try campaign.run(seed: seed)
            #expect(outcome.violations.isEmpty, "seed \(seed): \(outcome.log.suffix(3))")
        }
    }

    @Test(
        "A long run in processes of their own",
        .enabled(
            if: getenv("LECTERN_TEST_LONG") != nil && getenv("LECTERN_FUZZ_PROGRAMS") != nil,
            "LECTERN_TEST_LONG=1 and LECTERN_FUZZ_PROGRAMS=200000 have it run; scripts/fuzz does it with the sanitizer")
    )
    func long() throws {
        let fuzzer = Bundle.main.bundleURL.deletingLastPathComponent().appendingPathComponent("ProgramFuzzer")
        let process = Process()
        process.executableURL = getenv("LECTERN_FUZZER").map { URL(fileURLWithPath: String(cString: $0)) } ?? fuzzer
        process.arguments = [
            "--programs", "\(Self.number("LECTERN_FUZZ_PROGRAMS", default: 200_000))",
            "--seed", "\(Self.number("LECTERN_FUZZ_SEED", default: 13))",
            "--workers", "\(Self.number("LECTERN_FUZZ_WORKERS", default: 2))",
            "--factor", "\(Self.factor)",
        ]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0, "see what it printed")
    }
}
