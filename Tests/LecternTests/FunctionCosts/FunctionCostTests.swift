import ControlCore
import Foundation
import Glibc
import Lectern
import LuaRuntime
import Polling
import ProgramFuzzing
import Testing

/// No call runs on when its task's time is over: each function that a program can call is tried at its largest legal
/// argument, against the default limits.
private let isLong = getenv("LECTERN_TEST_LONG").map { String(cString: $0) == "1" } == true
private let longOnly: Comment = "the calls take minutes; LECTERN_TEST_LONG=1 has them run"

@Suite("The cost of every function", .serialized)
struct FunctionCostTests {
    /// What a call may take beyond the limit, in seconds of a fast machine: a piece of work between two looks at the
    /// time. Swift takes some eight times as long in a debug build.
    #if DEBUG
        private static let piece = 4.0
    #else
        private static let piece = 0.5
    #endif
    /// What to-be-closed variables may take after the end.
    private static let closers = 0.05

    private static let prelude = """
        function S(n) return ('x'):rep(n or 16 << 20) end
        function L(n, v) local t = {} for i = 1, n do t[i] = v end return t end
        function serve(n)
            local server = EthernetServerInterfaceEx(5004)
            server.ReceiveData = function(client)
                client:Send('HTTP/1.1 200 OK\\r\\nContent-Length: ' .. n .. '\\r\\n\\r\\n')
                client:Send('[' .. ('1,'):rep(n // 2 - 1) .. '1]')
            end
            server:StartListen()
        end
        """

    private static let device = """
        local answers = EthernetServerInterfaceEx(5000)
        answers.ReceiveData = function(client, data) client:Send(data == 'big' and ('x'):rep(1 << 20) or 'Pwr1\\r\\n') end
        answers:StartListen()
        local echo = EthernetServerInterfaceEx(5002, 'UDP')
        echo.ReceiveData = function(client, data) client:Send(data) end
        echo:StartListen()
        local equipment = GemEquipmentHandler('room', 5003, false, 0, 'tool', {initial_control_state = 'ONLINE'})
        equipment:add_status_variable(10, 'Pressure', 'Pa', 7)
        equipment:enable()
        """

    /// How much slower this machine and build are than one that does a fixed piece of work in 30 ms; at least 1.
    private static let slowness: Double = {
        var best = Double.infinity
        for _ in 0..<3 {
            let began = ProcessMemory.threadSeconds
            var bytes = [UInt8](repeating: 1, count: 1 << 20)
            for round in 0..<200 { memset(&bytes, Int32(round & 0xFF), bytes.count) }
            var sum = 0
            for index in stride(from: 0, to: bytes.count, by: 8) { sum &+= Int(bytes[index]) }
            best = min(best, ProcessMemory.threadSeconds - began)
            precondition(sum >= 0)
        }
        return max(1, best / 0.03)
    }()

    /// What came of one or more entries in one program.
    private struct Measured {
        /// The longest time that the loop stood still, in seconds of its thread.
        var longest = 0.0
        var limit = 0.0
        /// What setting up has said, and calls that are no legal ones.
        var mistakes: [String] = []
    }

    /// Runs entries in one program, each setup and each call in a task of its own, and measures each step of the world.
    private func measure(_ entries: [FunctionCostList.Entry]) throws -> Measured {
        let folder = NSTemporaryDirectory() + "lectern-costs-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let stage = Stage()
        stage.world.trace.isEnabled = false
        let roomEnvironment = try stage.start("room", "").environment
        let device = try stage.start("device", Self.device).environment
        _ = stage.world.serialLine(from: roomEnvironment, "/dev/ttyUSB0", to: device, "/dev/ttyUSB0")
        var configuration = ProgramConfiguration()
        try configuration.mapPort("Main:COM1=/dev/ttyUSB0")
        configuration.limits = ForcedLimits.apply(to: configuration.limits)
        var text = Self.prelude
        for (index, entry) in entries.enumerated() {
            // 50 s for each: calls wait for peers, too.
            text += """

                Wait(\(index * 50), function() local ok, why = pcall(function() \(entry.setup) end)
                if not ok then print('SETUP \(entry.place).\(entry.name)', why) end end)
                Wait(\(index * 50) + 20, function() local x <close> = setmetatable({}, {__close = function() print('CALLED') end}) \
                local ok, why = pcall(function() \(entry.call) end)
                if not ok then print('FAILED \(entry.place).\(entry.name)', why) end end)
                """
        }
        let room = try stage.start("room", text, folder: folder, configuration: configuration)
        var measured = Measured()
        measured.limit = 1
        var before = ProcessMemory.threadSeconds
        stage.world.run(limit: .seconds(Int64(entries.count) * 50)) {
            let now = ProcessMemory.threadSeconds
            measured.longest = max(measured.longest, now - before)
            before = now
            return false
        }
        let stopBegan = ProcessMemory.threadSeconds
        stage.stop()
        measured.longest = max(measured.longest, ProcessMemory.threadSeconds - stopBegan)
        measured.mistakes = room.lines.filter { $0.hasPrefix("SETUP") || $0.hasPrefix("FAILED") && Self.isMistake($0) }
        return measured
    }

    /// Whether a call has failed in a way that tells that it has measured nothing. It may fail for what it is out for:
    /// its size, its time, its memory, or a peer that does not answer.
    private static func isMistake(_ line: String) -> Bool {
        ["TypeError", "AttributeError", "bad argument", "attempt to"].contains { line.contains($0) }
    }

    private func expectWithinLimit(_ entries: [FunctionCostList.Entry]) throws {
        let measured = try measure(entries)
        let allowed = measured.limit + Self.closers + Self.piece * Self.slowness
        #expect(
            measured.longest <= allowed,
            "\(entries.map(\.description)): the loop stood still for \(measured.longest) s; at most \(allowed) s")
        #expect(measured.mistakes.isEmpty)
    }

    @Test("Every function, method and property that a program can reach has its line in the list, and no line is stale")
    func complete() throws {
        let needed = try FunctionCostList.needed()
        let entries = try FunctionCostList().entries.filter { $0.place != "language" }
        let listed = Set(entries.map { "\($0.place).\($0.name)" })
        let missing = needed.subtracting(listed).sorted()
        let stale = listed.subtracting(needed).sorted()
        #expect(missing.isEmpty, "without a line in costs.txt: \(missing)")
        #expect(stale.isEmpty, "in costs.txt, but not there: \(stale)")
    }

    @Test("Each function of constant cost returns within a task's time", .enabled(if: isLong, longOnly))
    func cheap() throws {
        let cheap = try FunctionCostList().entries.filter(\.isCheap)
        for start in stride(from: 0, to: cheap.count, by: 25) {
            try expectWithinLimit(Array(cheap[start..<min(start + 25, cheap.count)]))
        }
    }

    /// The numbers of the lines of costs.txt whose calls may take long.
    static let costlyLines: [Int] = {
        let list = try? FunctionCostList()
        var lines = Set((list?.entries ?? []).filter { !$0.isCheap }.map(\.line))
        if let only = getenv("LECTERN_COST_LINES").map({ String(cString: $0) })?.split(separator: "-"), only.count == 2,
            let first = Int(only[0]), let last = Int(only[1]), first <= last
        {
            lines.formIntersection(first...last)
        }
        return lines.sorted()
    }()

    @Test(
        "Each function at its largest legal argument returns, or is ended by the limit",
        .enabled(if: isLong, longOnly), arguments: costlyLines)
    func costly(_ line: Int) throws {
        for entry in try FunctionCostList().entries where entry.line == line {
            try expectWithinLimit([entry])
        }
    }
}
