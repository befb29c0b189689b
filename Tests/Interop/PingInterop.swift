import Foundation
import Testing

/// Echo requests of a real system.
@Suite("Echo requests of the system")
struct PingInterop {
    /// Only root may make a network of its own, in which the system's permission can be set.
    static let canMakeNetwork = geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/unshare")

    private func run(permitting range: String) async throws -> [String] {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write(
            """
            Wait(0, function()
                for _, host in ipairs({'127.0.0.1', '::1', '240.0.0.1'}) do
                    local ok, successes, failures, average = pcall(Ping, host, 2)
                    print(ok, ok and successes or successes.kind, failures, ok and average >= 0 and average < 1000)
                end
                ExitProgram(0)
            end)
            """, to: "\(folder)/main.lua")
        let script = """
            ip link set lo up && echo '\(range)' > /proc/sys/net/ipv4/ping_group_range && \
            exec "$0" run "$1"
            """
        let peer = try Peer(
            "/usr/bin/unshare", ["--net", "sh", "-c", script, Project.lectern, "\(folder)/main.lua"])
        #expect(try await peer.exitCode() == 0, "\(peer.lines)")
        return peer.lines.map { $0.split(separator: "INFO").last.map(String.init) ?? $0 }
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    @Test(
        "The machine answers itself over IPv4 and IPv6, and nobody answers for a network that is not there",
        .enabled(if: canMakeNetwork))
    func permitted() async throws {
        #expect(
            try await run(permitting: "0 2147483647") == [
                "true\t2\t0\ttrue", "true\t2\t0\ttrue", "true\t0\t2\ttrue",
            ])
    }

    @Test("Without the system's permission Ping raises IOError", .enabled(if: canMakeNetwork))
    func forbidden() async throws {
        #expect(
            try await run(permitting: "1 0") == [
                "false\tIOError\tnil\tfalse", "false\tIOError\tnil\tfalse", "false\tIOError\tnil\tfalse",
            ])
    }
}
