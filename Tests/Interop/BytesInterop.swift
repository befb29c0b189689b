import Foundation
import Testing

/// Methods of strings against those of CPython's bytes, and `json` and Python's other libraries against its modules, in
/// generated calls with arguments at their bounds.
@Suite("Methods of bytes and libraries against CPython")
struct BytesInterop {
    /// `LECTERN_TEST_LONG=1` tries ten times as many.
    private static let isLong = ProcessInfo.processInfo.environment["LECTERN_TEST_LONG"] == "1"

    /// Runs the comparison `name` over cases that CPython made, after `change` of their text.
    private func compare(
        _ name: String, seed: Int, count: Int, _ change: (String) -> String = { $0 }
    ) async throws -> (code: Int32, lines: [String]) {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        let python = Process()
        let output = Pipe()
        python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        python.arguments = ["python3", "\(source)/\(name).py", "\(seed)", "\(count)"]
        python.standardOutput = output
        try python.run()
        let cases = output.fileHandleForReading.readDataToEndOfFile()
        python.waitUntilExit()
        #expect(python.terminationStatus == 0)
        try Project.write(change(String(decoding: cases, as: UTF8.self)), to: "\(folder)/cases.txt")
        try FileManager.default.copyItem(atPath: "\(source)/\(name).lua", toPath: "\(folder)/main.lua")
        try FileManager.default.copyItem(
            atPath: "\(source)/case_runner.lua", toPath: "\(folder)/case_runner.lua")
        // The zone in which library_cases.py reckons local times.
        let peer = try Peer(
            "/usr/bin/env", ["TZ=Europe/Berlin", Project.lectern, "run", "main.lua"], folder: folder)
        let code = try await peer.exitCode(within: 300)
        return (code, peer.lines)
    }

    private func expectAgreement(
        _ name: String, seed: Int, count: Int, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let result = try await compare(name, seed: seed, count: count)
        #expect(result.code == 0, sourceLocation: location)
        #expect(
            result.lines.last?.hasSuffix("cases \(count) wrong 0") == true, "\(result.lines.suffix(20))",
            sourceLocation: location)
    }

    @Test("Every method gives what CPython gives, or an error where CPython raises one")
    func generated() async throws {
        try await expectAgreement("bytes_cases", seed: 20_260_101, count: Self.isLong ? 500_000 : 50_000)
    }

    @Test("Fields are filled in as CPython fills them in, with an error of the same kind where it raises one")
    func fields() async throws {
        try await expectAgreement("format_cases", seed: 20_260_102, count: Self.isLong ? 600_000 : 60_000)
    }

    @Test("Texts of JSON, whole and damaged, are read and written as CPython does")
    func json() async throws {
        try await expectAgreement("json_cases", seed: 20_260_103, count: Self.isLong ? 200_000 : 20_000)
    }

    @Test("Python's libraries give what they give in CPython, or an error where CPython raises one")
    func libraries() async throws {
        try await expectAgreement("library_cases", seed: 20_260_104, count: Self.isLong ? 380_000 : 38_000)
    }

    @Test(
        "The comparison sees a wrong result",
        arguments: ["bytes_cases", "format_cases", "json_cases", "library_cases"])
    func seesDifferences(_ name: String) async throws {
        let result = try await compare(name, seed: 1, count: 100) { text in
            var lines = text.split(separator: "\n").map(String.init)
            lines[7] = lines[7].split(separator: " ").dropLast().joined(separator: " ") + " i123456"
            return lines.joined(separator: "\n")
        }
        #expect(result.code == 1)
        #expect(result.lines.last?.hasSuffix("cases 100 wrong 1") == true)
    }
}
