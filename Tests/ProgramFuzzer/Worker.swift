import Foundation
import Glibc
import ProgramFuzzing

/// Runs its share of the programs in this process.
struct Worker {
    /// The exit code when a program did what none may.
    static let violated: Int32 = 3

    private let options: FuzzerOptions

    init(_ options: FuzzerOptions) { self.options = options }

    /// Runs the programs `first`, `first + stride`, …
    func run(first: Int, notePath: String) throws -> Int32 {
        endWithParent()
        let campaign = try FuzzCampaign(note: FuzzNote(path: notePath), factor: options.factor)
        var failures = 0
        for n in stride(from: first, to: options.programs, by: options.stride) {
            let seed = FuzzCampaign.seed(n, of: options.seed)
            let outcome = try campaign.run(seed: seed)
            guard !outcome.violations.isEmpty else { continue }
            failures += 1
            say("FAILED seed \(seed): \(outcome.violations.joined(separator: "; "))")
        }
        if let growth = campaign.growth() {
            failures += 1
            say("FAILED run \(options.seed): \(growth)")
        }
        return failures == 0 ? 0 : Self.violated
    }

    /// A worker whose overseer is gone ends, whatever its program does.
    private func endWithParent() {
        let parent = getppid()
        Thread.detachNewThread {
            while getppid() == parent { sleep(1) }
            _exit(0)
        }
    }

    /// Runs one program and shows what came of it.
    func runOne(seed: UInt64, text: String?) throws -> Int32 {
        let campaign = try FuzzCampaign(note: FuzzNote(path: "/dev/null"), factor: options.factor)
        let outcome = try campaign.run(text: text ?? campaign.text(seed: seed), seed: seed)
        for line in outcome.log { say(line) }
        say("computed \(Int(outcome.seconds * 1000)) ms")
        for violation in outcome.violations { say("FAILED seed \(seed): \(violation)") }
        return outcome.violations.isEmpty ? 0 : Self.violated
    }
}
