import Foundation
import Glibc
import ProgramFuzzing

// Runs generated programs in worker processes, so that a crash costs one program and tells its seed. See scripts/fuzz.

let options = FuzzerOptions(CommandLine.arguments)
do {
    switch options.mode {
    case .show(let seed):
        say(try FuzzCampaign(note: FuzzNote(path: "/dev/null"), factor: 1).text(seed: seed))
    case .one(let seed):
        exit(try Worker(options).runOne(seed: seed, text: nil))
    case .file(let path):
        exit(try Worker(options).runOne(seed: options.seed, text: String(contentsOfFile: path, encoding: .utf8)))
    case .minimize(let seed):
        try Minimizer(options, seed: seed).run()
    case .worker(let first, let notePath):
        exit(try Worker(options).run(first: first, notePath: notePath))
    case .run:
        exit(try Overseer(options).run())
    }
} catch {
    say("the fuzzer itself failed: \(error)")
    exit(2)
}
