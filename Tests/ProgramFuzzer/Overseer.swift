import Foundation
import Glibc
import ProgramFuzzing

/// Starts the workers, follows what they note, and goes on after a crash or a hang with the next program.
final class Overseer {
    /// No program may take so long, on however busy a machine.
    private static let hangSeconds = 60.0
    private static let reportSeconds = 60.0

    private let options: FuzzerOptions
    private let folder: String
    private var failures: [String] = []
    private var violated = false

    init(_ options: FuzzerOptions) throws {
        self.options = options
        folder = NSTemporaryDirectory() + "lectern-fuzzer-\(getpid())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private final class Crew {
        var process: Process
        let note: String
        /// The number of the first program of this process.
        var first: Int
        var lastNote = ""
        var lastChange = Date()
        var isDone = false

        init(process: Process, note: String, first: Int) {
            self.process = process
            self.note = note
            self.first = first
        }
    }

    func run() throws -> Int32 {
        let began = Date()
        var nextReport = Self.reportSeconds
        say("\(options.programs) programs, seed \(options.seed), \(options.workers) workers")
        let crews = try (0..<options.workers).map { n in
            let note = "\(folder)/worker-\(n)"
            return Crew(process: try start(first: n, note: note), note: note, first: n)
        }
        while crews.contains(where: { !$0.isDone }) {
            usleep(100_000)
            for crew in crews where !crew.isDone { try look(after: crew) }
            let elapsed = Date().timeIntervalSince(began)
            if elapsed > nextReport {
                nextReport += Self.reportSeconds
                report(crews, elapsed)
            }
        }
        let elapsed = Date().timeIntervalSince(began)
        for failure in failures { say("FAILED \(failure)") }
        let verdict = failures.isEmpty && !violated ? "all ended as promised" : "some did not end as promised"
        say("\(options.programs) programs in \(Int(elapsed)) s: \(verdict)")
        return failures.isEmpty && !violated ? 0 : 1
    }

    private func start(first: Int, note: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = [
            "--worker", "\(first)", note, "--programs", "\(options.programs)", "--seed", "\(options.seed)",
            "--stride", "\(options.workers)", "--factor", "\(options.factor)",
        ]
        try process.run()
        return process
    }

    private func look(after crew: Crew) throws {
        let note = (try? String(contentsOfFile: crew.note, encoding: .utf8)) ?? ""
        if note != crew.lastNote {
            crew.lastNote = note
            crew.lastChange = Date()
        }
        if crew.process.isRunning {
            guard Date().timeIntervalSince(crew.lastChange) > Self.hangSeconds else { return }
            kill(crew.process.processIdentifier, SIGKILL)
            crew.process.waitUntilExit()
            try goOn(crew, after: "hung for \(Int(Self.hangSeconds)) s")
            return
        }
        switch (crew.process.terminationReason, crew.process.terminationStatus) {
        case (.exit, 0): crew.isDone = true
        case (.exit, Worker.violated):
            violated = true
            crew.isDone = true
        case (.uncaughtSignal, let signal): try goOn(crew, after: "ended the process by signal \(signal)")
        case (_, let code): try goOn(crew, after: "ended the process with exit code \(code)")
        }
    }

    /// Notes the program that the worker was at, and starts another worker behind it.
    private func goOn(_ crew: Crew, after what: String) throws {
        let parts = crew.lastNote.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let count = Int(parts[0]) else {
            failures.append("worker: \(what) before its first program")
            crew.isDone = true
            return
        }
        failures.append("seed \(parts[1]): \(what)")
        say("FAILED seed \(parts[1]): \(what)")
        crew.first += (count + 1) * options.workers
        try? FileManager.default.removeItem(atPath: crew.note)
        crew.lastNote = ""
        crew.lastChange = Date()
        if crew.first >= options.programs {
            crew.isDone = true
        } else {
            crew.process = try start(first: crew.first, note: crew.note)
        }
    }

    private func report(_ crews: [Crew], _ elapsed: Double) {
        var done = 0
        var resident: [String] = []
        for (n, crew) in crews.enumerated() {
            let count = Int(crew.lastNote.split(separator: " ").first ?? "") ?? 0
            done += crew.isDone ? options.programs / options.workers : (crew.first - n) / options.workers + count
            let path = "/proc/\(crew.process.processIdentifier)/statm"
            // Piece by piece: the file has a size of 0.
            let text = (try? FileHandle(forReadingAtPath: path)?.read(upToCount: 4096)).map {
                String(decoding: $0, as: UTF8.self)
            }
            let pages = text?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            resident.append(pages.map { "\($0 * 4 >> 10) MiB" } ?? "unknown")
        }
        let rate = Int(Double(done) / elapsed)
        say("\(Int(elapsed)) s: \(done) programs, \(rate) a second, resident \(resident.joined(separator: ", "))")
    }
}
