internal import ControlCore
internal import Foundation
internal import Glibc
internal import Lectern
internal import LuaRuntime
import Polling

/// A simulated world in which one program after another runs, and is judged: does it end only as promised?
package final class FuzzStage {
    /// What programs may hold. Small, so that they come to the bound.
    package static let memoryLimit = 8 << 20
    /// What a string may be long.
    package static let stringLimit = 1 << 20
    /// How long a task may run.
    package static let burst = 0.06
    /// What the shim lets to-be-closed variables have after a task was ended.
    private static let closers = 0.05
    /// What the process may hold beside the limit, for one program: Lua's reserve, the host's objects, its log, what
    /// peers have sent.
    package static let heldOverhead = 32 << 20
    /// What may come on top of it at times: copies that are being made.
    package static let peakOverhead = 96 << 20
    /// How long stopping may take: the budget for the whole program, and some for the release of what it had.
    private static let stopSeconds = 3.0
    /// What a program may compute before it is stopped: enough was seen.
    private static let programSeconds = 0.25
    /// Steps of the world for one program.
    private static let mostSteps = 4000

    /// What came of one program.
    package struct Outcome {
        /// What it did that no program may; empty: all is well.
        package var violations: [String] = []
        /// Seconds that it computed, its stop included.
        package var seconds = 0.0
        /// Whether its main chunk came to its first wait or end.
        package var hasStarted = false
        /// The newest entries of its log.
        package var log: [String] = []
    }

    private let world: SimulatedWorld
    private let room: SimulatedEnvironment
    private let peers: FuzzPeers
    private let folder: String
    /// How much slower than a release build all may be.
    private let factor: Double

    /// - Parameter folder: the programs' folder, which is emptied.
    package init(seed: UInt64, folder: String, factor: Double) throws {
        self.folder = folder
        self.factor = factor
        world = SimulatedWorld(seed: seed)
        room = world.environment(named: "room", address: "10.0.0.1")
        try Self.empty(folder)
        peers = try FuzzPeers(in: world, room: room, folder: folder)
        world.run(for: .milliseconds(10))
    }

    deinit {
        room.close()
        peers.end()
        // What is still to happen in a world holds what it happens to, and so the world.
        _ = world.runUntilIdle()
    }

    private final class Sink: ProgramLogSink {
        var endedTasks = 0
        var newest: [String] = []

        func write(_ entry: ProgramLogEntry) {
            if entry.text.contains("without a wait and was ended") { endedTasks += 1 }
            if newest.count == 12 { newest.removeFirst() }
            newest.append("\(entry.severity) \(entry.task ?? "-"): \(entry.text.prefix(300))")
        }
    }

    private static func configuration(_ profile: LuaProfile) throws -> ProgramConfiguration {
        var configuration = ProgramConfiguration()
        configuration.profile = profile
        configuration.limits.memoryBytes = memoryLimit
        configuration.limits.stringBytes = stringLimit
        configuration.limits.slowTaskWarning = .milliseconds(30)
        configuration.limits.taskBurst = .milliseconds(Int(burst * 1000))
        configuration.devices = ["Main": ["COM1": .path("/dev/ttyUSB0"), "COM2": .path("/dev/ttyUSB1")]]
        return configuration
    }

    /// Runs a program for some virtual time, stops it, and looks at what is left.
    /// - Parameter seed: decides how long it runs and after how many steps it is stopped.
    package func run(_ text: String, seed: UInt64) throws -> Outcome {
        var random = FuzzRandom(seed: seed ^ 0x5EED)
        var outcome = Outcome()
        let sink = Sink()
        let heldBefore = ProcessMemory.allocatedBytes
        let residentBefore = ProcessMemory.residentBytes
        let seesPeak = ProcessMemory.forgetPeak()
        let began = ProcessMemory.threadSeconds

        weak var released: Program?
        do {
            var program: Program? = try Program(
                source: .text(text, name: "fuzz.lua", folder: folder), environment: room,
                configuration: try Self.configuration(random.chance(90) ? .standard : .strict), log: sink)
            released = program
            let startBegan = ProcessMemory.threadSeconds
            do {
                try program?.start()
                outcome.hasStarted = true
            } catch {
                sink.newest.append("not started: \("\(error)".prefix(300))")
                // What ended the main chunk is not in the log, but with the caller.
                if "\(error)".contains("and was ended") { sink.endedTasks += 1 }
            }
            judge("the main chunk", ProcessMemory.threadSeconds - startBegan, sink.endedTasks, &outcome)
            if outcome.hasStarted { play(random: &random, began: began, sink, &outcome) }
            let held = ProcessMemory.allocatedBytes - heldBefore
            if held > Self.memoryLimit + Self.heldOverhead {
                outcome.violations.append("it made the process hold \(held >> 20) MiB")
            }
            let stopBegan = ProcessMemory.threadSeconds
            program?.stop()
            let stopTook = ProcessMemory.threadSeconds - stopBegan
            if stopTook > Self.stopSeconds * factor {
                outcome.violations.append("its stop took \(Int(stopTook * 1000)) ms")
            }
            program = nil
        }
        lookForRests(&outcome) { released == nil }
        if seesPeak {
            let peak = ProcessMemory.peakResidentBytes - residentBefore
            if peak > Self.memoryLimit + Self.peakOverhead {
                outcome.violations.append("the process grew by \(peak >> 20) MiB while it ran")
            }
        }
        outcome.seconds = ProcessMemory.threadSeconds - began
        outcome.log = sink.newest
        try Self.empty(folder)
        return outcome
    }

    /// Lets virtual time pass, and watches each step of the world.
    private func play(random: inout FuzzRandom, began: Double, _ sink: Sink, _ outcome: inout Outcome) {
        let duration = TimeAmount.milliseconds(Int64(random.pick([50, 300, 1000, 1000, 3000])))
        let steps = random.chance(30) ? 1 + random.below(60) : Self.mostSteps
        var count = 0
        var before = ProcessMemory.threadSeconds
        var endedBefore = sink.endedTasks
        world.run(limit: duration) {
            count += 1
            let now = ProcessMemory.threadSeconds
            judge("step \(count)", now - before, sink.endedTasks - endedBefore, &outcome)
            before = now
            endedBefore = sink.endedTasks
            return count >= steps || now - began > Self.programSeconds * factor
        }
    }

    /// Whether the loop stood still for longer than the tasks that were ended may take, and one that was not.
    private func judge(_ what: String, _ seconds: Double, _ ended: Int, _ outcome: inout Outcome) {
        let allowed = (Double(ended + 1) * (Self.burst + Self.closers) * 2 + 0.15) * factor
        guard seconds > allowed else { return }
        outcome.violations.append("\(what) took \(Int(seconds * 1000)) ms, in which \(ended) tasks were ended")
    }

    /// After a stop nothing of the program may be left in the world. What the world still had to tell it may come
    /// first.
    private func lookForRests(_ outcome: inout Outcome, isReleased: () -> Bool) {
        func rests() -> [String] {
            [
                (room.openTransports, "streams"), (room.openListeners, "listeners"),
                (room.openSerialPorts, "serial ports"), (room.openDatagramSockets, "UDP sockets"),
            ].filter { $0.0 != 0 }.map { "\($0.0) \($0.1)" }
        }
        for limit in [TimeAmount.milliseconds(20), .seconds(40)] where !rests().isEmpty || !isReleased() {
            world.run(limit: limit) { rests().isEmpty && isReleased() }
        }
        if !isReleased() { outcome.violations.append("the program was not released after its stop") }
        let left = rests()
        if !left.isEmpty { outcome.violations.append("it left \(left.joined(separator: ", "))") }
        if let ending = peers.ending { outcome.violations.append("it ended the device's program: \(ending)") }
    }

    /// Makes the folder as each program finds it: with an empty folder `sub`.
    private static func empty(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure() }
        try empty(descriptor)
        guard mkdir(folder + "/sub", 0o755) == 0 else { throw failure() }
    }

    /// Removes all that is in a folder, and closes its descriptor. Names are bytes: Foundation would make others of
    /// those that are not UTF-8.
    private static func empty(_ descriptor: CInt) throws {
        guard let stream = fdopendir(descriptor) else { throw failure() }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            try withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                // The system ends each name with a zero, so it is a text of C.
                guard let name = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
                guard strcmp(name, ".") != 0, strcmp(name, "..") != 0 else { return }
                guard Int32(entry.pointee.d_type) == Int32(DT_DIR) else {
                    guard unlinkat(descriptor, name, 0) == 0 else { throw failure() }
                    return
                }
                let inner = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                guard inner >= 0 else { throw failure() }
                try empty(inner)
                guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 else { throw failure() }
            }
        }
    }

    private static func failure() -> POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}
