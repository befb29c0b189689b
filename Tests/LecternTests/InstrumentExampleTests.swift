import ControlCore
import Glibc
import Lectern
import Polling
import Testing

/// The agent and the monitor of docs/examples/instrument in virtual time.
@Suite("Instrument examples")
struct InstrumentExampleTests {
    private let folder = "docs/examples/instrument"

    private func files() throws -> [String: String] {
        var files: [String: String] = ["temperatures.csv": ""]
        for name in ["main", "monitor", "device", "thermometer", "settings"] {
            files["\(name).lua"] = try ProjectFiles.text(of: "\(folder)/\(name).lua")
                .replacing("'127.0.0.1'", with: "'device'")
        }
        return files
    }

    /// Starts one of the programs on its host.
    @discardableResult
    private func start(_ name: String, on stage: Stage, in folder: String) throws -> Stage.Actor {
        try stage.start(name, try files()["\(name).lua"] ?? "", folder: folder)
    }

    @Test("The agent takes data, is degraded while its instrument is away, and recovers without a restart")
    func agent() throws {
        try ProjectFiles.withFolder(of: try files()) { folder in
            let stage = Stage()
            try start("device", on: stage, in: folder)
            let agent = try start("main", on: stage, in: folder)
            stage.run(5.5)
            #expect(agent.lines.count == 6 && agent.lines.allSatisfy { $0.hasSuffix(" K") }, "\(agent.lines)")
            stage.stop("device")
            stage.run(60)
            let outage = agent.entries.dropFirst(6)
            #expect(outage.count { $0.text.hasPrefix("No data: ") } >= 50)
            #expect(outage.allSatisfy { $0.severity == .warning }, "\(agent.timeline)")
            // One line says what is wrong with the connection, however often it is tried.
            #expect(agent.connections.count { $0.text.contains("ConnectionRefused") } == 1)
            try start("device", on: stage, in: folder)
            stage.run(5)
            let lines = agent.lines
            let back = try #require(lines.firstIndex(of: "The instrument is back"))
            #expect(lines[back...].dropFirst().count >= 4)
            #expect(lines[back...].dropFirst().allSatisfy { $0.hasSuffix(" K") }, "\(lines[back...])")
            #expect(agent.errors.isEmpty)
        }
    }

    @Test("The agent recovers from silence, a reset in the middle of an answer, and answers in single bytes")
    func troubles() throws {
        try ProjectFiles.withFolder(of: try files()) { folder in
            let stage = Stage()
            try start("device", on: stage, in: folder)
            let agent = try start("main", on: stage, in: folder)
            stage.run(2.5)
            let bytes = stage.world.network.inject(.split([1]))
            stage.run(3)
            #expect(agent.lines.count == 6 && agent.lines.allSatisfy { $0.hasSuffix(" K") }, "\(agent.lines)")
            bytes.cancel()
            let silence = stage.world.network.inject(.drop)
            stage.run(10)
            #expect(agent.lines.last?.hasPrefix("No data: ") == true)
            silence.cancel()
            stage.run(10)
            #expect(agent.lines.count { $0 == "The instrument is back" } == 1)
            stage.world.network.inject(.delay(.milliseconds(300)))
            stage.run(0.5)
            stage.world.network.reset(.everything)
            stage.run(10)
            #expect(agent.lines.last?.hasSuffix(" K") == true, "\(agent.lines.suffix(5))")
            #expect(agent.errors.isEmpty)
        }
    }

    @Test("The monitor reads its thermometers beside one that is down, and writes all to the file")
    func monitor() throws {
        try ProjectFiles.withFolder(of: try files()) { folder in
            let stage = Stage()
            try start("device", on: stage, in: folder)
            // The folder has it, so that it is removed at the end; the program begins it.
            #expect(unlink("\(folder)/temperatures.csv") == 0)
            let monitor = try start("monitor", on: stage, in: folder)
            stage.run(20.9)
            let rows = try ProjectFiles.text(at: "\(folder)/temperatures.csv").split(separator: "\n")
            #expect(rows.first == "time,thermometer,kelvin,state")
            func column(_ name: String) -> [[Substring]] {
                rows.map { $0.split(separator: ",", omittingEmptySubsequences: false) }.filter { $0[1] == name }
            }
            for (name, range, count) in [("Cryostat", 4.0...4.4, 10), ("Shield", 39.0...41.0, 9)] {
                let readings = column(name)
                #expect(readings.count == count, "\(rows)")
                #expect(readings.allSatisfy { $0[3] == "ok" && range.contains(Double($0[2]) ?? 0) }, "\(readings)")
            }
            #expect(column("Dome").count == 10)
            #expect(column("Dome").allSatisfy { $0[2].isEmpty && $0[3] == "degraded" })
            #expect(monitor.lines.filter { $0 == "Dome is lost" }.count == 1, "\(monitor.lines)")
            #expect(monitor.errors.isEmpty, "\(monitor.errors.map(\.text))")
        }
    }
}
