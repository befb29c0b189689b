import Foundation
import Glibc
import LoopTesting
import Polling
import Testing

/// Another process that a test talks to: started and ended by the test, by its process id.
final class Peer: Sendable {
    /// What a peer wrote, line by line, to either stream.
    struct Line: Sendable {
        var text: String
        /// Seconds since the peer was started.
        var time: Double
    }

    private struct State {
        var lines: [Line] = []
        var partial: [Int32: [UInt8]] = [:]
        var waiting:
            [(
                test: (@Sendable ([Line]) -> Bool)?, continuation: CheckedContinuation<Bool, Never>, id: Int
            )] = []
        var openStreams = 2
        var nextID = 0
        var exitCode: Int32?
        var reason: Process.TerminationReason?
    }

    private let state = Locked(State())
    private let process: Locked<Process>
    private let started = ContinuousClock.now
    let command: String

    /// Starts `executable` with `arguments`.
    init(_ executable: String, _ arguments: [String], folder: String? = nil, environment: [String: String] = [:]) throws
    {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let out = Pipe()
        let err = Pipe()
        process.standardOutput = out
        process.standardError = err
        command = ([executable] + arguments).joined(separator: " ")
        self.process = Locked(process)
        for pipe in [out, err] {
            // Read on a thread of its own from a descriptor of its own: a handle's handler may outlive the handle, and
            // then watches whatever gets its number next.
            let descriptor = dup(pipe.fileHandleForReading.fileDescriptor)
            Thread.detachNewThread { [weak self] in
                var chunk = [UInt8](repeating: 0, count: 4096)
                while true {
                    let count = read(descriptor, &chunk, chunk.count)
                    if count < 0 && errno == EINTR { continue }
                    self?.take(Array(chunk[..<max(count, 0)]), from: descriptor)
                    if count <= 0 { break }
                }
                close(descriptor)
            }
        }
        process.terminationHandler = { [weak self] process in
            self?.ended(process.terminationStatus, process.terminationReason)
        }
        try process.run()
        // A Process keeps its pipes for longer than it runs. With 1,400 descriptors open the next one to start crashes.
        for pipe in [out, err] { try pipe.fileHandleForReading.close() }
    }

    deinit { process.withLock { if $0.isRunning { Glibc.kill($0.processIdentifier, SIGKILL) } } }

    /// All lines so far.
    var lines: [String] { state.withLock { $0.lines.map(\.text) } }

    /// Waits for the n-th line that contains `text`.
    /// - Parameter seconds: on a quiet machine; see ``Machine/slowness``. So are those of all waits here.
    @discardableResult
    func line(containing text: String, count: Int = 1, within seconds: Double = 60) async throws -> Line {
        let found = await wait(within: seconds) { lines in lines.filter { $0.text.contains(text) }.count >= count }
        let matches = state.withLock { $0.lines.filter { $0.text.contains(text) } }
        guard found, matches.count >= count else {
            throw Failure(
                "'\(command)' did not write '\(text)' \(count) times within \(seconds * Machine.slowness) s:\n\(lines.joined(separator: "\n"))"
            )
        }
        return matches[count - 1]
    }

    /// Waits for the end and returns the exit code; a death by signal is a failure. All that the process wrote is in
    /// ``lines`` then.
    func exitCode(within seconds: Double = 60) async throws -> Int32 {
        _ = await wait(within: seconds)
        // What it wrote last may be read after its end was noticed. Children that it left behind may hold the streams
        // open.
        _ = await wait(within: 2) { _ in false }
        let (code, reason) = state.withLock { ($0.exitCode, $0.reason) }
        guard let code else { throw Failure("'\(command)' did not end:\n\(lines.joined(separator: "\n"))") }
        guard reason == .exit else {
            throw Failure("'\(command)' died of signal \(code):\n\(lines.joined(separator: "\n"))")
        }
        return code
    }

    func signal(_ number: Int32) { process.withLock { _ = Glibc.kill($0.processIdentifier, number) } }

    /// Ends it at once and waits until it is gone.
    func kill() async {
        signal(SIGKILL)
        _ = await wait(within: 10)
    }

    /// How many descriptors the process has open.
    func openDescriptors() throws -> Int {
        let id = process.withLock { $0.processIdentifier }
        return try FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd").count
    }

    /// What the process has mapped, a line each; files with their paths.
    func mappings() throws -> String {
        let path = "/proc/\(process.withLock { $0.processIdentifier })/maps"
        // Piece by piece: the system gives no more than a page at once, and tells no size.
        guard let file = FileHandle(forReadingAtPath: path) else { throw Failure("\(path) cannot be read") }
        var bytes = Data()
        while let piece = try file.read(upToCount: 4096), !piece.isEmpty { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The processes that it has started and that run.
    func children() throws -> [pid_t] {
        let id = process.withLock { $0.processIdentifier }
        let text = try String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
        return text.split(separator: " ").compactMap { pid_t($0) }
    }

    /// The names of the process's threads.
    func threads() throws -> [String] {
        let tasks = "/proc/\(process.withLock { $0.processIdentifier })/task"
        // One that ends meanwhile has no name any more.
        return try FileManager.default.contentsOfDirectory(atPath: tasks).compactMap {
            try? String(contentsOfFile: "\(tasks)/\($0)/comm", encoding: .utf8)
        }.map { $0.trimmingCharacters(in: .newlines) }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    // MARK: -

    private func take(_ bytes: [UInt8], from descriptor: Int32) {
        let time = (ContinuousClock.now - started) / .seconds(1)
        state.withLock { state in
            var partial = state.partial[descriptor, default: []] + bytes
            if bytes.isEmpty { state.openStreams -= 1 }
            if bytes.isEmpty && !partial.isEmpty { partial.append(UInt8(ascii: "\n")) }
            while let end = partial.firstIndex(of: UInt8(ascii: "\n")) {
                state.lines.append(Line(text: String(decoding: partial[..<end], as: UTF8.self), time: time))
                partial.removeSubrange(...end)
            }
            state.partial[descriptor] = partial
        }
        wake()
    }

    private func ended(_ code: Int32, _ reason: Process.TerminationReason) {
        state.withLock {
            $0.exitCode = code
            $0.reason = reason
        }
        wake()
    }

    private func wake() {
        let ready = state.withLock { state in
            let isOver = state.exitCode != nil
            // What it wrote last may be read after its end was noticed.
            let hasSaidAll = isOver && state.openStreams == 0
            let ready = state.waiting.filter { $0.test.map { hasSaidAll || $0(state.lines) } ?? isOver }
            let ids = Set(ready.map(\.id))
            state.waiting.removeAll { ids.contains($0.id) }
            return ready.map(\.continuation)
        }
        for continuation in ready { continuation.resume(returning: true) }
    }

    /// Waits until `test` holds or all that the process wrote is read, without a test until it has ended: true; or
    /// until the time is over: false.
    private func wait(within seconds: Double, _ test: (@Sendable ([Line]) -> Bool)? = nil) async -> Bool {
        await withCheckedContinuation { continuation in
            let id = state.withLock { state in
                state.nextID += 1
                state.waiting.append((test, continuation, state.nextID))
                return state.nextID
            }
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds * Machine.slowness) { [self] in
                let late = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                    guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
                    return state.waiting.remove(at: index).continuation
                }
                late?.resume(returning: false)
            }
            wake()
        }
    }
}

/// The command under test and the project's files.
enum Project {
    /// The folder of Package.swift.
    static let root: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url.path
    }()

    /// The built `lectern`, beside the test bundle.
    static let lectern: String = {
        let bundle = Bundle.allBundles.map(\.bundlePath) + [CommandLine.arguments[0]]
        for path in bundle {
            var folder = URL(fileURLWithPath: path)
            for _ in 0..<3 {
                let candidate = folder.appendingPathComponent("lectern").path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
                    return candidate
                }
                folder.deleteLastPathComponent()
            }
        }
        return "\(root)/.build/debug/lectern"
    }()

    /// A folder for one test, removed by the caller's `defer`.
    static func temporaryFolder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder.path
    }

    static func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// The next port that ``freePort()`` tries. Test runs at the same time begin at different ones.
    private static let nextPort = Locked(UInt16.random(in: 10_000..<30_000))

    /// A free port of the loopback interface, another one for each call.
    ///
    /// It is below the range that the system takes ports from: nobody who asks the system for a port gets it while
    /// a peer is still starting.
    static func freePort() throws -> Int {
        for _ in 0..<1_000 {
            let port = nextPort.withLock { next -> UInt16 in
                defer { next = next < 29_999 ? next + 1 : 10_000 }
                return next
            }
            if try isFree(port) { return Int(port) }
        }
        throw Peer.Failure("no port of 10000 to 29999 is free")
    }

    private static func isFree(_ port: UInt16) throws -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Peer.Failure("socket: errno \(errno)") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
