import Foundation
import Testing

/// `scripts/install`, with the command that the tests have built.
@Suite("Installing")
struct InstallInterop {
    private static let script = "\(Project.root)/scripts/install"

    private func run(
        _ executable: String, _ arguments: [String], folder: String? = nil
    ) async throws -> (code: Int32, lines: [String]) {
        let peer = try Peer(executable, arguments, folder: folder)
        let code = try await peer.exitCode(within: 120)
        return (code, peer.lines)
    }

    /// The files below a folder, as paths from there.
    private func files(below folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    @Test("An installed command runs alone, has a manual page and completions, and is removed without a trace")
    func installs() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let prefix = "\(folder)/a prefix"
        let installed = try await run(Self.script, ["--prefix", prefix, "--from", Project.lectern])
        #expect(installed.code == 0, "\(installed.lines)")
        let expected = [
            "bin/lectern", "share/bash-completion/completions/lectern",
            "share/fish/vendor_completions.d/lectern.fish", "share/man/man1/lectern.1",
            "share/zsh/site-functions/_lectern",
        ]
        #expect(try files(below: prefix) == expected)
        for file in expected { #expect(installed.lines.contains("installed \(prefix)/\(file)")) }
        #expect(installed.lines.contains { $0.hasPrefix("'\(prefix)/bin' is not on the PATH; add it: ") })

        // Everything that is written in Lua has to be in the command.
        try FileManager.default.createDirectory(atPath: "\(folder)/elsewhere", withIntermediateDirectories: true)
        try Project.write(
            """
            local secsgem = require 'secsgem'
            print(re.search('(b+)', 'abbc'):group(1), class('A')() ~= nil, type(secsgem.GemHostHandler), MESet ~= nil)
            print(type(DeviceModule), type(GetConnectionHandler))
            ExitProgram(7)
            """, to: "\(folder)/elsewhere/main.lua")
        let program = try await run("\(prefix)/bin/lectern", ["run", "main.lua"], folder: "\(folder)/elsewhere")
        #expect(program.code == 7)
        #expect(program.lines.first?.hasSuffix("INFO    bb\ttrue\ttable\ttrue") == true, "\(program.lines)")
        #expect(program.lines.last?.hasSuffix("INFO    function\tfunction") == true, "\(program.lines)")

        let removed = try await run(Self.script, ["--uninstall", "--prefix", prefix])
        #expect(removed.code == 0)
        #expect(
            removed.lines
                == [
                    "bin/lectern", "share/man/man1/lectern.1", "share/bash-completion/completions/lectern",
                    "share/zsh/site-functions/_lectern", "share/fish/vendor_completions.d/lectern.fish",
                ].map { "removed \(prefix)/\($0)" })
        #expect(try files(below: prefix).isEmpty)
        let again = try await run(Self.script, ["--uninstall", "--prefix", prefix])
        #expect(again.lines == ["nothing of lectern is installed below \(prefix)"])
    }

    @Test("The manual page has every subcommand and every option, and the completions are scripts of their shells")
    func pages() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(try await run(Self.script, ["--prefix", folder, "--from", Project.lectern]).code == 0)
        let page = try String(contentsOfFile: "\(folder)/share/man/man1/lectern.1", encoding: .utf8)
        let help = try await run(Project.lectern, ["--help"]).lines
        let rows = try #require(help.firstIndex(of: "SUBCOMMANDS:"))
        let names = help[(rows + 1)...].prefix { !$0.isEmpty }.filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(names.contains("run") && names.contains("check"))
        for name in names {
            #expect(page.contains("\n.SS lectern \(name)\n"))
            for line in try await run(Project.lectern, [name, "--help"]).lines {
                guard let option = line.firstMatch(of: /^  (--[a-z-]+)/)?.1 else { continue }
                #expect(page.contains("\n.B \(option.replacing("-", with: "\\-"))"), "\(name) \(option)")
            }
        }
        let bash = "\(folder)/share/bash-completion/completions/lectern"
        #expect(try await run("/usr/bin/env", ["bash", "-n", bash]).code == 0)
        let zsh = try String(contentsOfFile: "\(folder)/share/zsh/site-functions/_lectern", encoding: .utf8)
        #expect(zsh.hasPrefix("#compdef lectern\n"))
        let fish = "\(folder)/share/fish/vendor_completions.d/lectern.fish"
        #expect(try String(contentsOfFile: fish, encoding: .utf8).contains("complete -c 'lectern'"))
    }

    @Test(
        "What cannot be installed is refused in one line, and nothing is changed",
        arguments: [
            (["--from", "/etc/nothing"], "install: '/etc/nothing' is no command; build it, or leave --from out"),
            (["--from", "/bin/false"], "install: the command does not run; the lines above say why"),
            (["--from"], "install: --from needs a value; see 'scripts/install --help'"),
            (["--form", "x"], "install: '--form' is not known; see 'scripts/install --help'"),
            (["--uninstall", "--from", "x"], "install: --uninstall and --from do not go together"),
        ])
    func refusals(_ arguments: [String], _ expected: String) async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let result = try await run(Self.script, ["--prefix", folder] + arguments)
        #expect(result.code == 1)
        #expect(result.lines == [expected])
        #expect(try files(below: folder).isEmpty)
    }
}
