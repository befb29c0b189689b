import Foundation
import Testing

/// The unit of docs/service.md, as systemd reads it.
@Suite("The unit of the service")
struct ServiceUnitInterop {
    private static let analyzer = "/usr/bin/systemd-analyze"

    /// What systemd says of a unit's text. The manual page is not installed where tests run, so it is left out.
    private func complaints(_ unit: String) async throws -> [String] {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = "\(folder)/lectern-room.service"
        let text = unit.replacing("/usr/local/bin/lectern", with: Project.lectern)
        try Project.write(text.replacing("Documentation=man:lectern(1)\n", with: ""), to: file)
        let peer = try Peer(Self.analyzer, ["verify", file])
        let code = try await peer.exitCode()
        return code == 0 ? peer.lines : peer.lines + ["exit code \(code)"]
    }

    @Test(
        "systemd knows every line of it, and says so of one that it does not know",
        .enabled(if: FileManager.default.isExecutableFile(atPath: analyzer)))
    func verified() async throws {
        let page = try String(contentsOfFile: "\(Project.root)/docs/service.md", encoding: .utf8)
        let unit = try #require(page.firstMatch(of: /```ini\n((?:.*\n)+?)```/)?.1)
        #expect(try await complaints(String(unit)) == [])
        #expect(try await !complaints(String(unit).replacing("RestartSec=", with: "RestratSec=")).isEmpty)
    }
}
