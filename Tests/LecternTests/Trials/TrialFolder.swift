import ByteText
import Foundation
import Glibc
import Lectern

/// A folder of a trial's files, which goes with it. Outside of the program's folder, `p`, there is something to protect
/// too.
final class TrialFolder {
    let outer: String
    var path: String { "\(outer)/p" }

    init() throws {
        outer = FileManager.default.temporaryDirectory.appendingPathComponent("lectern-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: outer) }

    func write(_ text: String, _ name: String) throws {
        let full = "\(path)/\(name)"
        let folder = full[..<(full.lastIndex(of: "/") ?? full.endIndex)]
        try FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
        try ProjectFiles.write(text, to: full)
    }

    /// The text of a file; nil when there is none.
    func text(_ name: String) -> String? { try? ProjectFiles.text(at: "\(path)/\(name)") }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
    }

    func hardLink(_ name: String, to target: String) throws {
        guard Glibc.link("\(path)/\(target)", "\(path)/\(name)") == 0 else { throw ProjectFiles.Failure(name) }
    }

    /// All files and folders below, with the texts of the files.
    var snapshot: [String: String] {
        var all: [String: String] = [:]
        for case let name as String in FileManager.default.enumerator(atPath: outer) ?? .init() {
            all[name] = (try? String(contentsOfFile: "\(outer)/\(name)", encoding: .utf8)) ?? "-"
        }
        return all
    }

    /// What a program in the folder printed and logged.
    func lines(_ text: String, configuration: ProgramConfiguration? = nil) throws -> [String] {
        let stage = Stage()
        defer { stage.stop() }
        let room = try stage.start(
            "room", text, folder: path, configuration: configuration ?? Stage.configuration())
        stage.run(1)
        return room.lines
    }
}
