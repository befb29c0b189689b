import Foundation
import Testing

/// The HSMS examples on the loopback interface, each program in a process of its own.
@Suite("HSMS example programs in other processes")
struct HsmsExamplesInterop {
    /// Copies the examples to a folder of their own, and gives `port` a free one.
    private func stage(port: Int) throws -> String {
        let folder = try Project.temporaryFolder()
        let source = "\(Project.root)/docs/examples/hsms"
        let free = try Project.freePort()
        for file in try FileManager.default.contentsOfDirectory(atPath: source) where file.hasSuffix(".lua") {
            let text = try String(contentsOfFile: "\(source)/\(file)", encoding: .utf8)
            try Project.write(text.replacing("\(port)", with: "\(free)"), to: "\(folder)/\(file)")
        }
        return folder
    }

    private func run(_ file: String, in folder: String) throws -> Peer {
        try Peer(Project.lectern, ["run", "\(folder)/\(file)"])
    }

    @Test("The manager's handler selects and prints the documented answer")
    func manager() async throws {
        let folder = try stage(port: 9034)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let device = try run("manager-device.lua", in: folder)
        let manager = try run("manager.lua", in: folder)
        try await device.line(containing: "Selected", within: 30)
        try await manager.line(containing: "'system': 13, 'session_id': 65535", within: 30)
        for program in [manager, device] {
            program.signal(SIGTERM)
            #expect(try await program.exitCode() == 0)
        }
    }

    @Test("The host and its equipment get to the end of their conversation")
    func gem() async throws {
        let folder = try stage(port: 9035)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let equipment = try run("equipment.lua", in: folder)
        let host = try run("host.lua", in: folder)
        try await host.line(containing: "Alarm 7 set: The oven is too hot", within: 60)
        try await host.line(containing: "The oven is hot: 200 degC", within: 30)
        for program in [host, equipment] {
            program.signal(SIGTERM)
            #expect(try await program.exitCode() == 0)
        }
    }
}
