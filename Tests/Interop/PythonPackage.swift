import Foundation

/// The releases of secsgem that are in the field.
let secsgemVersions = ["0.1.0", "0.3.0"]

/// Packages from PyPI, each release in a virtual environment of its own under `.build`, made when it is first asked for
/// and kept. A machine that does not reach PyPI skips the tests that need one.
actor PythonPackage {
    /// The environments that were asked for: the interpreter, or why there is none.
    private static let shared = PythonPackage()

    private var installations: [String: Task<Result<String, Peer.Failure>, Never>] = [:]

    /// The Python interpreter that has the release.
    /// - Parameter isAlone: without the packages that it depends on.
    static func python(with name: String, _ version: String, isAlone: Bool = false) async throws -> String {
        try await shared.installation(of: name, version, isAlone: isAlone).get()
    }

    /// Whether the release is here or can be installed.
    static func isAvailable(_ name: String, _ version: String, isAlone: Bool = false) async -> Bool {
        switch await shared.installation(of: name, version, isAlone: isAlone) {
        case .success:
            return true
        case .failure(let failure):
            print("\(name) \(version) cannot be installed from PyPI: \(failure)")
            return false
        }
    }

    /// Whether all these releases are here or can be installed.
    static func areAvailable(_ name: String, _ versions: [String]) async -> Bool {
        for version in versions where await !isAvailable(name, version) { return false }
        return true
    }

    private func installation(
        of name: String, _ version: String, isAlone: Bool
    ) async -> Result<String, Peer.Failure> {
        let release = "\(name)-\(version)"
        if let installation = installations[release] { return await installation.value }
        let installation = Task { () -> Result<String, Peer.Failure> in
            do {
                return .success(try await Self.install(name, version, isAlone: isAlone))
            } catch {
                return .failure(error as? Peer.Failure ?? Peer.Failure("\(error)"))
            }
        }
        installations[release] = installation
        return await installation.value
    }

    private static func install(_ name: String, _ version: String, isAlone: Bool) async throws -> String {
        let folder = "\(Project.root)/.build/interop/\(name)-\(version)"
        let python = "\(folder)/bin/python"
        let mark = "\(folder)/installed"
        guard !FileManager.default.fileExists(atPath: mark) else { return python }
        // What a broken attempt has left; most often nothing.
        try? FileManager.default.removeItem(atPath: folder)
        try await run("/usr/bin/env", ["python3", "-m", "venv", folder])
        let dependencies = isAlone ? ["--no-deps"] : []
        try await run(
            python,
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"] + dependencies + ["\(name)==\(version)"])
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
