import Foundation
import Glibc
import ProgramFuzzing

/// Leaves out line after line of a failing program, as long as it fails: what is left is easy to read.
struct Minimizer {
    /// What runs longer hangs.
    private static let hangSeconds = 15.0

    private let options: FuzzerOptions
    private let seed: UInt64
    private let path = NSTemporaryDirectory() + "lectern-fuzz-minimize-\(getpid()).lua"

    init(_ options: FuzzerOptions, seed: UInt64) {
        self.options = options
        self.seed = seed
    }

    func run() throws {
        let text = try FuzzCampaign(note: FuzzNote(path: "/dev/null"), factor: 1).text(seed: seed)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: true).map(String.init)
        guard try fails(lines) else {
            say("the program does not fail alone")
            return
        }
        var size = max(1, lines.count / 2)
        while size >= 1 {
            var at = 0
            while at < lines.count {
                var fewer = lines
                fewer.removeSubrange(at..<min(at + size, lines.count))
                if try fails(fewer) { lines = fewer } else { at += size }
            }
            size /= 2
        }
        say(lines.joined(separator: "\n"))
        try? FileManager.default.removeItem(atPath: path)
    }

    private func fails(_ lines: [String]) throws -> Bool {
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--file", path, "--factor", "\(options.factor)", "--seed", "\(seed)"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        let end = Date() + Self.hangSeconds
        while process.isRunning {
            usleep(20_000)
            guard Date() > end else { continue }
            kill(process.processIdentifier, SIGKILL)
        }
        return process.terminationReason == .uncaughtSignal || process.terminationStatus != 0
    }
}
