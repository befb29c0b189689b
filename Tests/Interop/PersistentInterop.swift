import Foundation
import LoopTesting
import Testing

/// Persistent values of the command, whose process is ended at random moments.
@Suite("Persistent values, live")
struct PersistentInterop {
    /// `LECTERN_TEST_LONG=1` ends the process at 200 moments.
    private static let moments = ProcessInfo.processInfo.environment["LECTERN_TEST_LONG"] == "1" ? 200 : 20
    /// Processes at once, each in a folder of its own.
    private static let lanes = 4

    /// Every state has the same number in all its places, and a text of as many bytes as it says.
    private static let program = """
        local a, b = persistent('a', {n = 0, text = ''}), persistent('b', {list = {0}})
        print('state', a.n, b.list[1], #a.text == a.n % 20000, #b.list == a.n % 50 + 1)
        Timer(0.01, function()
            a.n = a.n + 1
            a.text = ('x'):rep(a.n % 20000)
            b.list = {}
            for i = 1, a.n % 50 + 1 do b.list[i] = a.n end
        end)
        """

    @Test("A process that is ended by SIGKILL at random moments leaves a whole state each time, and no older one")
    func killed() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<Self.lanes {
                group.addTask { try await Self.kill(UInt64(lane), Self.moments / Self.lanes) }
            }
            try await group.waitForAll()
        }
    }

    private static func kill(_ seed: UInt64, _ count: Int) async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write(program, to: "\(folder)/main.lua")
        // Ten times as often as is usual: more of the moments are within a write.
        try Project.write("persistent: {every: 0.1}", to: "\(folder)/lectern.yaml")
        var random = SystemRandomNumberGenerator()
        var last = 0
        for moment in 0...count {
            let peer = try Peer(Project.lectern, ["run", "main.lua"], folder: folder)
            let line = try await peer.line(containing: "state").text
            // Nothing was damaged, nor used from before.
            #expect(
                !peer.lines.contains { $0.contains("persistent") }, "lane \(seed), moment \(moment): \(peer.lines)")
            let words = line.split(separator: "\t").map(String.init)
            let number = try #require(words.count == 5 ? Int(words[1]) : nil, "\(line)")
            #expect(words[2...] == ["\(number)", "true", "true"], "lane \(seed), moment \(moment): \(line)")
            #expect(number >= last, "lane \(seed), moment \(moment): \(line) after \(last)")
            last = number
            // A random moment is what is tested; nothing is awaited.
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...450, using: &random)))
            await peer.kill()
        }
        #expect(last > 0)
    }

    @Test("A process that ends in order has stored its last change, made a moment before", arguments: [SIGTERM, 0])
    func ended(_ signal: Int32) async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write(
            """
            local s = persistent('s', {n = 0})
            local found = s.n
            s.n = found + 1
            print('found', found)
            \(signal == 0 ? "error('stop')" : "Timer(1, print)")
            """, to: "\(folder)/main.lua")
        for number in 0..<3 {
            let peer = try Peer(Project.lectern, ["run", "main.lua"], folder: folder)
            try await peer.line(containing: "found\t\(number)")
            if signal != 0 { peer.signal(signal) }
            #expect(try await peer.exitCode() == (signal == 0 ? 1 : 0))
        }
    }

    @Test("A full disk is told of once, the program goes on, and what was stored before stays")
    func fullDisk() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write(
            """
            local s = persistent('s', {n = 1})
            print('found', s.n, s.text and #s.text)
            Wait(1.5, function() s.text = ('x'):rep(40000) end)
            Wait(4, function() print('alive') ExitProgram() end)
            """, to: "\(folder)/main.lua")
        let script = "ulimit -f 16; exec \(Project.lectern) run main.lua"
        for _ in 0..<2 {
            let peer = try Peer("/bin/sh", ["-c", script], folder: folder)
            #expect(try await peer.exitCode() == 0)
            let lines = peer.lines.map { $0.split(separator: " ", maxSplits: 3).last.map(String.init) ?? "" }
            #expect(lines.contains { $0.contains("found\t1\tnil") }, "\(lines)")
            #expect(
                lines.count { $0.contains("persistent values are not written") && $0.contains("File too large") } == 1,
                "\(lines)")
            #expect(lines.count { $0.contains("persistent values: the last changes are lost") } == 1, "\(lines)")
            #expect(lines.contains { $0.contains("alive") })
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/.lectern/persistent").sorted()
        #expect(left == ["lock", "values.json", "values.json.last"], "\(left)")
    }

    @Test("A folder that nobody may write to: the program runs, is warned, and begins with its defaults")
    func readOnly() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write("print('n', persistent('s', {n = 7}).n) Wait(1.6, ExitProgram)", to: "\(folder)/main.lua")
        // Even root cannot make a folder there.
        try Project.write("persistent: {folder: /proc/self/kept}", to: "\(folder)/lectern.yaml")
        let peer = try Peer(Project.lectern, ["run", "main.lua"], folder: folder)
        #expect(try await peer.exitCode() == 0)
        #expect(peer.lines.contains { $0.hasSuffix("n\t7") }, "\(peer.lines)")
        #expect(
            peer.lines.count {
                $0.contains("persistent values are not written: /proc/self/kept: No such file or directory")
            } == 1, "\(peer.lines)")
    }
}
