import ControlCore
import Glibc
import Lectern
import LuaRuntime
import Testing

/// What programs may touch outside of Lua.
@Suite("Profiles and the program's folder")
struct ProfileTests {
    /// Runs `text` as main.lua in a folder of its own, and gives what it printed.
    private func run(_ text: String, profile: LuaProfile = .standard, files: [String: String] = [:]) throws -> [String]
    {
        try ProjectFiles.withFolder(of: files.merging(["main.lua": text]) { $1 }) { folder in
            let stage = Stage()
            let log = MemoryLog(capacity: 100)
            var configuration = Stage.configuration()
            configuration.profile = profile
            symlink("/etc/hostname", "\(folder)/link")
            mkfifo("\(folder)/pipe", 0o600)
            defer {
                unlink("\(folder)/link")
                unlink("\(folder)/pipe")
                unlink("\(folder)/made.txt")
            }
            let environment = stage.world.environment(named: "room", address: "10.0.0.1")
            defer { environment.close() }
            let program = try Program(
                source: .file("\(folder)/main.lua"), environment: environment, configuration: configuration, log: log)
            defer { program.stop() }
            try program.start()
            return log.entries.map(\.text)
        }
    }

    @Test("Files below the folder can be read, written, renamed and removed")
    func files() throws {
        #expect(
            try run(
                """
                local f = assert(io.open('made.txt', 'w')) f:write('one\\ntwo\\n') f:close()
                for line in io.lines('made.txt') do print(line) end
                print(os.rename('made.txt', 'other.txt'), io.open('made.txt') == nil)
                print(os.remove('other.txt'), require('part').value, dofile('part.lua').value, loadfile('part.lua')().value)
                """, files: ["part.lua": "return {value = 5}"]) == ["one", "two", "true\ttrue", "true\t5\t5\t5"])
    }

    @Test("Nothing outside of the folder can be reached, by no path, link or pipe")
    func confinement() throws {
        let lines = try run(
            """
            for _, path in ipairs{'/etc/hostname', '../x', './../../etc/hostname', 'link', 'pipe', 'no/such/file', '', '\\0'} do
                print(pcall(io.open, path))
            end
            print(pcall(io.lines, '/etc/hostname'))
            print(pcall(os.remove, '/tmp/x'), pcall(os.rename, 'main.lua', '/tmp/x'))
            print(pcall(require, '../x'), pcall(require, '/etc/hostname'), pcall(dofile, '/etc/hostname'))
            print(loadfile('/etc/hostname'))
            """)
        for line in lines.prefix(8) where !line.contains("No such file") {
            #expect(line.hasPrefix("false\tmain.lua:2: IOError: "), "\(line)")
        }
        #expect(lines.count == 12)
        #expect(lines[0].contains("is outside of the program's folder"))
        #expect(lines[3].contains("is outside of the program's folder"))
        #expect(lines[4].contains("is no regular file"))
        for line in lines[8...10] { #expect(line.hasPrefix("false\t")) }
        #expect(lines[11].hasPrefix("nil\t"))
    }

    @Test("The strict profile has no files and no load, the trusted one has all of Lua")
    func otherProfiles() throws {
        #expect(
            try run(
                "print(io, load, os.remove, dofile, loadfile, require('part').value)", profile: .strict,
                files: ["part.lua": "return {value = 1}"])
                == ["nil\tnil\tnil\tnil\tnil\t1"])
        #expect(
            try run(
                "print(type(io.popen), type(os.execute), type(string.dump), load(string.dump(function() return 7 end))())",
                profile: .trusted)
                == ["function\tfunction\tfunction\t7"])
    }

    @Test("A module that requires itself, fails or is missing is an error with its name, and can be tried again")
    func modules() throws {
        let lines = try run(
            """
            print(select(2, pcall(require, 'circular')).message)
            print(pcall(require, 'failing'))
            print(pcall(require, 'failing'))
            print(select(2, pcall(require, 'missing.part')).message)
            print(require('empty'), require('folder'))
            """,
            files: [
                "circular.lua": "return require('circular')", "failing.lua": "error('at load')", "empty.lua": "",
                "folder.lua": "return ...",
            ])
        #expect(
            lines == [
                "module 'circular' requires itself, directly or through another module",
                "false\tfailing.lua:1: at load", "false\tfailing.lua:1: at load",
                "module 'missing.part' not found: neither missing/part.lua nor missing/part/init.lua is in the program's folder",
                "true\tfolder\tfolder.lua",
            ])
    }

    @Test(
        "Modules are looked for in the program's folder, then in those of the configuration, of which it sees nothing else"
    )
    func sharedModules() throws {
        try ProjectFiles.withFolder(of: ["own.lua": "return 'shared'", "other.lua": "error('at load')"]) { shared in
            try ProjectFiles.withFolder(of: ["own.lua": "return 'own'"]) { folder in
                let stage = Stage()
                var configuration = Stage.configuration()
                configuration.moduleFolders = [shared]
                let actor = try stage.start(
                    "main",
                    """
                    print(require('own'))
                    print(select(2, pcall(require, 'other')))
                    print(pcall(io.open, '\(shared)/own.lua'))
                    print(select(2, pcall(require, 'none')).message)
                    """, folder: folder, configuration: configuration)
                let name = shared.split(separator: "/").last ?? ""
                #expect(
                    actor.lines == [
                        "own\town.lua", "\(name)/other.lua:1: at load",
                        "false\tmain.lua:3: IOError: '\(shared)/own.lua' is outside of the program's folder; "
                            + "programs have their own folder only",
                        "module 'none' not found: neither none.lua nor none/init.lua is in the program's folder, \(shared)",
                    ], "\(actor.lines)")
            }
        }
    }

    @Test("A folder of modules that is missing keeps a program from loading")
    func missingFolder() throws {
        var configuration = Stage.configuration()
        configuration.moduleFolders = ["/nowhere/modules"]
        let problem = #expect(throws: ProgramError.self) {
            try Stage().start("main", "", configuration: configuration)
        }
        #expect(problem?.message == "folder of modules /nowhere/modules: No such file or directory")
    }
}
