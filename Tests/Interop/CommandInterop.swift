import Foundation
import LoopTesting
import Testing

/// The command as people use it: good and bad input, signals, exit codes.
@Suite("The command")
struct CommandInterop {
    /// Runs the command to its end beside the files.
    private func run(
        _ arguments: [String], files: [String: String] = [:]
    ) async throws -> (code: Int32, lines: [String]) {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files { try Project.write(text, to: "\(folder)/\(name)") }
        let peer = try Peer(Project.lectern, arguments, folder: folder)
        let code = try await peer.exitCode()
        return (code, peer.lines)
    }

    @Test("A program prints, and ends with the code of ExitProgram")
    func exitProgram() async throws {
        let result = try await run(
            ["run", "main.lua"], files: ["main.lua": "print('hello')\nExitProgram(3)\nprint('last')"])
        #expect(result.code == 3)
        #expect(result.lines.count == 2)
        #expect(result.lines.first?.hasSuffix("INFO    hello") == true)
    }

    @Test("SIGINT and SIGTERM end a program in order, with exit code 0", arguments: [SIGINT, SIGTERM])
    func signals(_ number: Int32) async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write(
            """
            local s = EthernetServerInterfaceEx(0)
            s:StartListen()
            local c = EthernetClientInterface('127.0.0.1', s.IPPort)
            c:Connect(5)
            Timer(0.05, function() print('tick') end)
            """, to: "\(folder)/main.lua")
        let peer = try Peer(Project.lectern, ["run", "\(folder)/main.lua"])
        try await peer.line(containing: "tick", count: 2)
        peer.signal(number)
        #expect(try await peer.exitCode() == 0)
    }

    @Test(
        "Bad input gets one clear line, exit code 1, and nothing of the program runs",
        arguments: [
            (["run", "nix.lua"], "lectern: nix.lua: No such file or directory"),
            (["run", "."], "lectern: .: is no regular file"),
            (["run", "syntax.lua"], "lectern: syntax.lua:2: unexpected symbol near '='"),
            (["run", "binary.lua"], "lectern: binary.lua: this is a compiled chunk; only Lua source text is loaded"),
            (["run", "ok.lua", "--config", "nix.yaml"], "lectern: nix.yaml: No such file or directory"),
            (
                ["run", "ok.lua", "--config", "key.yaml"],
                "lectern: key.yaml:2: key 'memroy' is not known; did you mean 'memory'?"
            ),
            (
                ["run", "ok.lua", "--config", "value.yaml"],
                "lectern: value.yaml:1: 'profile' must be one of 'trusted', 'standard', 'strict'"
            ),
            (
                ["run", "ok.lua", "--config", "broken.yaml"],
                "lectern: broken.yaml:2: did not find expected ',' or ']'"
            ),
            (
                ["run", "ok.lua", "--port", "COM1"],
                "lectern: --port 'COM1': the form is Alias:PORT=/dev/path or Alias:PORT=tcp://host:port"
            ),
            (
                ["run", "ok.lua", "--log-level", "loud"],
                "lectern: --log-level 'loud': must be one of 'debug', 'info', 'warning', 'error'"
            ),
            (["check", "syntax.lua"], "syntax.lua:2: unexpected symbol near '='"),
            (
                ["check", "requires.lua"],
                "requires.lua:1: module 'nix' not found: neither nix.lua nor nix/init.lua is in the program's folder"
            ),
        ])
    func badInput(_ arguments: [String], _ expected: String) async throws {
        let result = try await run(
            arguments,
            files: [
                "ok.lua": "print('it ran')", "syntax.lua": "print('it ran')\nx = = 1", "binary.lua": "\u{1B}Lua",
                "requires.lua": "require('nix')", "key.yaml": "limits:\n  memroy: 3 MB\n",
                "value.yaml": "profile: loose\n",
                "broken.yaml": "devices: [1\n",
            ])
        #expect(result.code == 1)
        #expect(result.lines == [expected])
    }

    @Test(
        "An unknown option or a missing argument gets one line",
        arguments: [
            (
                ["run", "--confg", "x"],
                "lectern: Unknown option '--confg'. Did you mean '--config'?; see 'lectern --help'"
            ),
            (["run"], "lectern: Missing expected argument '<program>'; see 'lectern --help'"),
            (["run", "main.lua", "--config"], "lectern: Missing value for '--config <config>'; see 'lectern --help'"),
            (["run", "main.lua", "b", "c"], "lectern: 2 unexpected arguments: 'b', 'c'; see 'lectern --help'"),
            (["--stay", "run", "main.lua"], "lectern: Unknown option '--stay'; see 'lectern --help'"),
            (["frun"], "lectern: Unexpected argument 'frun'; see 'lectern --help'"),
        ])
    func badOptions(_ arguments: [String], _ expected: String) async throws {
        let result = try await run(arguments)
        #expect(result.code == 64)
        #expect(result.lines == [expected])
    }

    @Test("A start loads no SSH, and starts one thread for the program however many processors there are")
    func start() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write("print('ready')", to: "\(folder)/main.lua")
        let peer = try Peer(Project.lectern, ["run", "--stay", "\(folder)/main.lua"])
        try await peer.line(containing: "ready")
        let mappings = try peer.mappings()
        #expect(mappings.contains("liblua5.4"))
        #expect(!mappings.contains("libssh") && !mappings.contains("libcrypto"))
        #expect(try peer.threads().filter { $0 == "control loop" }.count == 1)
        await peer.kill()
    }

    @Test("A pipe in place of a program is refused at once")
    func pipe() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        mkfifo("\(folder)/main.lua", 0o600)
        let peer = try Peer(Project.lectern, ["run", "\(folder)/main.lua"])
        #expect(try await peer.exitCode() == 1)
        #expect(peer.lines == ["lectern: \(folder)/main.lua: is no regular file"])
    }

    @Test("Help goes to standard output with exit code 0")
    func help() async throws {
        let result = try await run(["run", "--help"])
        #expect(result.code == 0)
        #expect(result.lines.contains { $0.hasPrefix("USAGE: lectern run") })
    }

    @Test(
        "A question behind 'run' is answered as it is everywhere",
        arguments: [
            (["run", "--help"], ["help", "run"]), (["run", "main.lua", "-h"], ["help", "run"]),
            (["run", "--generate-completion-script", "bash"], ["--generate-completion-script", "bash"]),
        ])
    func questions(_ behind: [String], _ elsewhere: [String]) async throws {
        let answer = try await run(behind)
        #expect(answer.code == 0 && !answer.lines.isEmpty)
        #expect(answer.lines == (try await run(elsewhere)).lines)
    }

    @Test(
        "A program may be called as a command is", arguments: [["run", "run"], ["run", "help"], ["run", "--", "-h"]])
    func oddNames(_ arguments: [String]) async throws {
        let text = "print('it ran') ExitProgram()"
        let result = try await run(arguments, files: ["run": text, "help": text, "-h": text])
        #expect(result.code == 0)
        #expect(result.lines.count == 1 && result.lines.first?.hasSuffix("INFO    it ran") == true, "\(result.lines)")
    }

    @Test(
        "A mistake in the main chunk ends the command with exit code 1, file, line and message",
        arguments: [
            ("\nerror('no')", "lectern: main.lua:2: no"),
            (
                "EthernetClientInterface('h', 99999)",
                "lectern: main.lua:1: ValueError: argument 'IPPort' of EthernetClientInterface must be a whole number from 1 to 65535, got 99999"
            ),
            (
                "EthernetClientInterface(5)",
                "lectern: main.lua:1: TypeError: argument 'Hostname' of EthernetClientInterface must be a string, got a number"
            ),
            (
                "EthernetServerInterfaceEx(70000)",
                "lectern: main.lua:1: ValueError: argument 'IPPort' of EthernetServerInterfaceEx must be a whole number from 0 to 65535, got 70000"
            ),
            (
                "event(EthernetClientInterface('h', 1), 'Conected', print)",
                "lectern: main.lua:1: AttributeError: EthernetClientInterface has no event 'Conected'; did you mean 'Connected'?"
            ),
            (
                "GetConnectionHandler(EthernetClientInterface('h', 1))",
                "lectern: main.lua:1: ValueError: GetConnectionHandler: keepAliveQuery is missing: it must be a function that asks the device something, or the name of a command of a device module"
            ),
            (
                "GetConnectionHandler({}, print)",
                "lectern: main.lua:1: TypeError: GetConnectionHandler: no connection handler is for a table: it must be an interface, or a device module that is one or has one in its field Interface"
            ),
            (
                "Timer(0.001, print)",
                "lectern: main.lua:1: ValueError: argument 'Interval' is 0.001 s; it must be 0.01 s to "
            ),
            ("Clock({'25:00:00'}, nil, print)", "lectern: main.lua:1: ValueError: "),
            (
                "ProgramLog('x', 'fatal')",
                "lectern: main.lua:1: ValueError: argument 'Severity' of ProgramLog must be one of 'error', 'info', 'warning', got 'fatal'"
            ),
        ])
    func badPrograms(_ text: String, _ expected: String) async throws {
        let result = try await run(["run", "main.lua"], files: ["main.lua": text])
        #expect(result.code == 1)
        #expect(result.lines.first?.hasPrefix(expected) == true, "\(result.lines)")
    }

    @Test("The configuration beside the program is used, and options win over it")
    func configuration() async throws {
        let files = [
            "main.lua": "print(io.open) print(load) ExitProgram()",
            "lectern.yaml": "profile: strict\nlog: {format: json}\n",
        ]
        let strict = try await run(["run", "main.lua"], files: files)
        #expect(strict.code == 1)
        #expect(strict.lines.first?.contains("io is only there with 'profile: standard'") == true, "\(strict.lines)")
        let standard = try await run(
            ["run", "main.lua", "--profile", "standard", "--log-format", "text"], files: files)
        #expect(standard.code == 0)
        #expect(standard.lines.count == 2)
        #expect(standard.lines.allSatisfy { $0.contains("INFO    function") })
    }

    @Test("A program that floods its log is contained, and the log says how much was left out")
    func flood() async throws {
        // However the entries fall into seconds, fewer than a line for each may pass.
        let result = try await run(
            ["run", "main.lua"],
            files: [
                "main.lua": "for i = 1, 3000 do print('line', i) end ExitProgram()",
                "lectern.yaml": "limits: {warnAfter: 30, endAfter: 30}\n",
            ])
        #expect(result.code == 0)
        #expect(result.lines.count < 2600)
        #expect(result.lines.contains { $0.contains("left out") })
    }

    @Test(
        "A thousand clients in another process come and go, and the server's process has no descriptor more than before"
    )
    func descriptors() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = try Project.freePort()
        try Project.write(
            """
            local server, gone = EthernetServerInterfaceEx(\(port)), 0
            server.ReceiveData = function(client, data) client:Send(data:upper()) end
            server.Disconnected = function() gone = gone + 1 if gone % 1000 == 1 then print('gone', gone) end end
            print(server:StartListen())
            """, to: "\(folder)/server.lua")
        try Project.write(
            """
            local left, running = 1000, 50
            local function visit()
                local c = EthernetClientInterface('127.0.0.1', \(port))
                assert(c:Connect(10) == 'Connected')
                assert(c:SendAndWait('talk\\n', \(10 * Machine.slowness), {deliTag = '\\n'}) == 'TALK\\n')
                c:Disconnect()
            end
            for i = 1, running do
                Wait(0, function()
                    while left > 0 do left = left - 1 visit() end
                    running = running - 1
                    if running == 0 then ExitProgram() end
                end)
            end
            """, to: "\(folder)/crowd.lua")
        let server = try Peer(Project.lectern, ["run", "\(folder)/server.lua"])
        try await server.line(containing: "Listening")
        try Project.write(
            "EthernetClientInterface('127.0.0.1', \(port)):Connect(5) ExitProgram()", to: "\(folder)/one.lua")
        #expect(try await Peer(Project.lectern, ["run", "\(folder)/one.lua"]).exitCode() == 0)
        try await server.line(containing: "gone\t1")
        let before = try server.openDescriptors()
        #expect(try await Peer(Project.lectern, ["run", "\(folder)/crowd.lua"]).exitCode() == 0)
        try await server.line(containing: "gone\t1001")
        #expect(try server.openDescriptors() <= before)
        server.signal(SIGTERM)
        #expect(try await server.exitCode() == 0)
    }

    @Test("A log that nobody reads does not stop the program")
    func unreadLog() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = try Project.freePort()
        try Project.write(
            """
            local server = EthernetServerInterfaceEx(\(port))
            server.ReceiveData = function(client, data) client:Send('answered') end
            server:StartListen()
            Timer(0.01, function() print(('x'):rep(20000)) end)
            """, to: "\(folder)/main.lua")
        let peer = try Peer(
            "/usr/bin/env",
            [
                "python3", "-u", "-c",
                """
                import socket, subprocess, time
                p = subprocess.Popen(['\(Project.lectern)', 'run', '\(folder)/main.lua'], stdout=subprocess.PIPE)
                p.stdout.readline()            # it runs; from now on nobody reads, and the pipe fills up
                s = socket.create_connection(('127.0.0.1', \(port)))
                s.settimeout(5)
                for i in range(100):           # a second, in which more is printed than a pipe holds
                    s.sendall(b'x')
                    assert s.recv(100), 'closed'
                    time.sleep(0.01)
                p.terminate()
                print('answered to the end', p.wait(5))
                """,
            ])
        try await peer.line(containing: "answered to the end 0", within: 20)
    }

    @Test("check counts the files of a good program, and version names Lua's release")
    func checkAndVersion() async throws {
        let good = try await run(
            ["check", "main.lua"],
            files: [
                "main.lua": "local t = require 'tools'\nrequire('extronlib.system')\nerror('not run')",
                "tools.lua": "return {}",
            ])
        #expect(good.code == 0)
        #expect(good.lines == ["ok: 2 files"])
        let version = try await run(["version"])
        #expect(version.lines.count == 2)
        let line = try #require(version.lines.first)
        #expect(line.hasPrefix("lectern ") && line.contains("Lua 5.4"))
        #expect(version.lines.last?.hasPrefix("loop: ") == true)
    }

    @Test("check gives editors one array, with a problem in each line")
    func checkFormat() async throws {
        let files = ["main.lua": "local t = require 'tools'\n  Projecter:Connect()", "tools.lua": "x = = 1"]
        let found = try await run(["check", "main.lua", "--format", "json"], files: files)
        #expect(found.code == 1)
        #expect(
            found.lines == [
                "[",
                #"{"file": "main.lua", "line": 2, "column": 3, "severity": "error", "code": "undefined-global", "#
                    + #""text": "global 'Projecter' is not defined"},"#,
                #"{"file": "tools.lua", "line": 1, "column": 5, "severity": "error", "code": "syntax-error", "#
                    + #""text": "unexpected symbol near '='"}"#,
                "]",
            ])
        let good = try await run(["check", "main.lua", "--format", "json"], files: ["main.lua": "print(1)"])
        #expect(good.code == 0)
        #expect(good.lines == ["[]"])
        let wrong = try await run(["check", "main.lua", "--format", "xml"], files: ["main.lua": ""])
        #expect(wrong.lines == ["lectern: --format 'xml': must be one of 'text', 'json'"])
    }
}
