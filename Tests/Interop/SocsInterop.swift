import Foundation
import Testing

/// `TCPInterface` on live sockets, beside the one of SOCS where PyPI can be reached.
@Suite("TCPInterface against an instrument in another process")
struct SocsInterop {
    private static let sources = "\(Project.root)/Tests/Interop/Socs"

    /// The instrument, and its ports.
    private struct Instrument {
        let process: Peer
        let port: Int
        let control: Int

        init() async throws {
            process = try Peer("/usr/bin/env", ["python3", "-u", "\(sources)/device.py"])
            let line = try await process.line(containing: " ").text.split(separator: " ").compactMap { Int($0) }
            guard line.count == 2 else { throw Peer.Failure("device.py: \(process.lines)") }
            (port, control) = (line[0], line[1])
        }
    }

    /// Plays a scenario in Lectern.
    /// - Returns: its steps with their outcomes.
    private func play(_ scenario: String) async throws -> [String] {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let instrument = try await Instrument()
        try FileManager.default.copyItem(atPath: "\(Self.sources)/scenario.lua", toPath: "\(folder)/main.lua")
        try FileManager.default.copyItem(atPath: "\(Self.sources)/\(scenario)", toPath: "\(folder)/scenario.txt")
        try Project.write(
            "return {Port = \(instrument.port), Control = \(instrument.control)}", to: "\(folder)/settings.lua")
        let program = try Peer(Project.lectern, ["run", "\(folder)/main.lua"])
        try await program.line(containing: "| end", within: 60)
        #expect(try await program.exitCode() == 0)
        await instrument.process.kill()
        return outcomes(program)
    }

    /// The steps of a scenario with the outcomes that its file tells.
    private static func expected(_ scenario: String) throws -> (lectern: [String], socs: [String]) {
        let text = try String(contentsOfFile: "\(sources)/\(scenario)", encoding: .utf8)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count > 20)
        return (
            lines.map { String($0.prefix(upTo: $0.firstRange(of: " || ")?.lowerBound ?? $0.endIndex)) } + ["end"],
            lines.map { line in
                guard let theirs = line.firstRange(of: " || "), let ours = line.firstRange(of: " -> ") else {
                    return String(line)
                }
                return String(line[..<ours.upperBound] + line[theirs.upperBound...])
            } + ["end"]
        )
    }

    private func outcomes(_ peer: Peer) -> [String] {
        peer.lines.compactMap { line in line.range(of: "| ").map { String(line[$0.upperBound...]) } }
    }

    /// Plays a scenario in Python, with SOCS' own class.
    private func playOriginal(_ scenario: String, python: String) async throws -> [String] {
        let instrument = try await Instrument()
        let program = try Peer(
            python,
            [
                "-u", "\(Self.sources)/scenario.py", "\(Self.sources)/\(scenario)", "\(instrument.port)",
                "\(instrument.control)",
            ])
        try await program.line(containing: "| end", within: 60)
        #expect(try await program.exitCode() == 0)
        await instrument.process.kill()
        return outcomes(program)
    }

    @Test("Refusing, vanishing, silent, closing, resetting and slow devices: each call ends as documented")
    func alike() async throws {
        #expect(try await play("alike.txt") == Self.expected("alike.txt").lectern)
    }

    @Test("A device that closes the connection is an error of recv, and no message is lost")
    func otherwise() async throws {
        #expect(try await play("otherwise.txt") == Self.expected("otherwise.txt").lectern)
    }

    @Test(
        "The same scenario has the same outcomes with the TCPInterface of SOCS 0.6.4",
        .enabled(
            "SOCS cannot be installed from PyPI here",
            { await PythonPackage.isAvailable("socs", "0.6.4", isAlone: true) }))
    func sideBySide() async throws {
        // Without its dependencies: the one module that is wanted needs none.
        let python = try await PythonPackage.python(with: "socs", "0.6.4", isAlone: true)
        // In otherwise.txt the outcomes differ, as it says: an orderly close is an empty answer there, and messages are
        // lost.
        for scenario in ["alike.txt", "otherwise.txt"] {
            #expect(try await playOriginal(scenario, python: python) == Self.expected(scenario).socs)
        }
    }

    @Test("The agent of the examples loses its instrument and goes on when it is back, without a restart")
    func agent() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let source = "\(Project.root)/docs/examples/instrument"
        for file in ["main.lua", "device.lua", "thermometer.lua"] {
            try FileManager.default.copyItem(atPath: "\(source)/\(file)", toPath: "\(folder)/\(file)")
        }
        try Project.write(
            "return {Cryostat = \(try Project.freePort()), Shield = \(try Project.freePort())}",
            to: "\(folder)/settings.lua")
        let agent = try Peer(Project.lectern, ["run", "\(folder)/main.lua"])
        try await agent.line(containing: "No data: ")
        let device = try Peer(Project.lectern, ["run", "\(folder)/device.lua"])
        try await agent.line(containing: "The instrument is back")
        try await agent.line(containing: " K", count: 2)
        await device.kill()
        let lost = try await agent.line(
            containing: "No data: ", count: agent.lines.count { $0.contains("No data") } + 1)
        // LECTERN_OUTAGE gives the seconds of the outage; a minute of it is the same, only longer.
        let outage = Double(ProcessInfo.processInfo.environment["LECTERN_OUTAGE"] ?? "") ?? 3
        let failures = agent.lines.count { $0.contains("No data: ") }
        try await agent.line(containing: "No data: ", count: failures + Int(outage) - 1, within: outage * 2 + 20)
        let again = try Peer(Project.lectern, ["run", "\(folder)/device.lua"])
        let back = try await agent.line(containing: "The instrument is back", count: 2)
        #expect(back.time - lost.time > outage - 2)
        let readings = agent.lines.count { $0.hasSuffix(" K") }
        try await agent.line(containing: " K", count: readings + 2)
        #expect(agent.lines.allSatisfy { !$0.contains(" ERROR ") }, "\(agent.lines)")
        agent.signal(SIGTERM)
        #expect(try await agent.exitCode() == 0)
        await again.kill()
    }

    @Test("Hundreds of failed attempts and round trips leave no descriptor open")
    func descriptors() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let instrument = try await Instrument()
        try Project.write(
            """
            local TCPInterface = require('socs.tcp').TCPInterface
            local device = TCPInterface('127.0.0.1', \(instrument.port), 2)
            local nobody = TCPInterface('127.0.0.1', \(try Project.freePort()), 2)
            for n = 1, 500 do
                assert(device:query('q' .. n .. '\\n') == 'Q' .. n)
                assert(not pcall(nobody.send, nobody, 'x'))
                TCPInterface('127.0.0.1', \(instrument.port), 2)
            end
            collectgarbage() collectgarbage()
            require('time').sleep(1.5)
            print('done')
            Wait(3600, function() print(device) end)
            """, to: "\(folder)/main.lua")
        let program = try Peer(Project.lectern, ["run", "\(folder)/main.lua"])
        try await program.line(containing: "done", within: 60)
        let open = try program.openDescriptors()
        #expect(open < 40, "\(open) descriptors")
        program.signal(SIGTERM)
        #expect(try await program.exitCode() == 0)
        await instrument.process.kill()
    }
}
