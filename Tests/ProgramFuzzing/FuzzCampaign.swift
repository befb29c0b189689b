internal import Foundation
internal import Glibc

/// A run of many generated programs in one process, one after the other.
package final class FuzzCampaign {
    /// Programs that share one world with its peers.
    private static let programsPerWorld = 100
    /// Programs until the process has all that it keeps for good.
    private static let warmUp = 200
    /// What the process may grow by for each program after that, and in all at least.
    private static let growthPerProgram = 1024
    private static let growthInAll = 12 << 20

    private let grammar: ProgramGrammar
    private let folder: String
    private let note: FuzzNote
    private let factor: Double
    private var stage: FuzzStage?
    private var count = 0
    private var heldAfterWarmUp: Int?

    /// - Parameters:
    ///   - note: where the program's seed stands while it runs.
    ///   - factor: how much slower than a release build this one may be.
    package init(note: FuzzNote, factor: Double) throws {
        grammar = ProgramGrammar(try ProgramSurface())
        folder = NSTemporaryDirectory() + "lectern-fuzz-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.note = note
        self.factor = factor
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// The seed of the n-th program of a run.
    package static func seed(_ n: Int, of run: UInt64) -> UInt64 {
        var random = FuzzRandom(seed: run &+ UInt64(n) &* 0xD134_2543_DE82_EF95)
        return random.next()
    }

    /// The program of a seed.
    package func text(seed: UInt64) -> String { grammar.program(seed: seed) }

    /// Runs the program of a seed.
    package func run(seed: UInt64) throws -> FuzzStage.Outcome { try run(text: text(seed: seed), seed: seed) }

    /// Runs a program.
    package func run(text: String, seed: UInt64) throws -> FuzzStage.Outcome {
        if count % Self.programsPerWorld == 0 {
            stage = nil
            if count == Self.warmUp { heldAfterWarmUp = ProcessMemory.allocatedBytes }
        }
        note.write(seed: seed, count: count)
        count += 1
        let stage = try self.stage ?? FuzzStage(seed: seed, folder: folder, factor: factor)
        self.stage = stage
        let outcome = try stage.run(text, seed: seed)
        // What a violation leaves behind is not the next program's.
        if !outcome.violations.isEmpty { self.stage = nil }
        return outcome
    }

    /// What the process has grown by since the first programs, when that is more than it may.
    package func growth() -> String? {
        stage = nil
        guard let heldAfterWarmUp, count > Self.warmUp else { return nil }
        let grown = ProcessMemory.allocatedBytes - heldAfterWarmUp
        let allowed = max(Self.growthInAll, (count - Self.warmUp) * Self.growthPerProgram)
        return grown > allowed ? "the process grew by \(grown >> 10) KiB in \(count - Self.warmUp) programs" : nil
    }
}

/// A file that tells which program runs: what is read after a crash.
package final class FuzzNote {
    package let path: String
    private let descriptor: Int32

    package init(path: String) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    }

    deinit { close(descriptor) }

    /// Notes the program that begins now.
    func write(seed: UInt64, count: Int) {
        let text = Array("\(count) \(seed)\n".utf8)
        _ = pwrite(descriptor, text, text.count, 0)
        _ = ftruncate(descriptor, off_t(text.count))
    }
}
