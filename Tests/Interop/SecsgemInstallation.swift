import Foundation

/// secsgem from PyPI, each release in a virtual environment of its own under `.build`, made when it is first asked for.
actor SecsgemInstallation {
    static let shared = SecsgemInstallation()

    private var installing: [String: Task<String, any Error>] = [:]

    /// The Python interpreter that has this release.
    func python(_ version: String) async throws -> String {
        if let task = installing[version] { return try await task.value }
        let task = Task { try await Self.install(version) }
        installing[version] = task
        return try await task.value
    }

    private static func install(_ version: String) async throws -> String {
        let folder = "\(Project.root)/.build/interop/secsgem-\(version)"
        let python = "\(folder)/bin/python"
        let mark = "\(folder)/installed"
        guard !FileManager.default.fileExists(atPath: mark) else { return python }
        // What a broken attempt has left.
        try? FileManager.default.removeItem(atPath: folder)
        try await run("/usr/bin/env", ["python3", "-m", "venv", folder])
        try await run(
            python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "secsgem==\(version)"])
        try Data().write(to: URL(fileURLWithPath: mark))
        return python
    }

    private static func run(_ executable: String, _ arguments: [String]) async throws {
        let peer = try Peer(executable, arguments)
        let code = try await peer.exitCode(within: 180)
        guard code == 0 else {
            throw Peer.Failure("'\(peer.command)' ended with \(code):\n\(peer.lines.joined(separator: "\n"))")
        }
    }
}
