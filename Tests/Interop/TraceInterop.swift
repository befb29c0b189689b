import Foundation
import LoopTesting
import Testing

/// Traces of the command, read by people and by Wireshark's `tshark`.
@Suite("Traces")
struct TraceInterop {
    /// What echoes, and talks to itself.
    private static let echo = """
        local server = EthernetServerInterfaceEx(0)
        server.ReceiveData = function(client, data) client:Send(data) end
        server:StartListen()
        local dev = EthernetClientInterface('127.0.0.1', server.IPPort)
        dev:Connect(5)
        dev:SendAndWait('PWR ON\\r\\n', \(5 * Machine.slowness), {deliTag = '\\r\\n'})
        ExitProgram(0)
        """

    /// On a busy machine a program would be warned of for what the machine does.
    private static let limit = "limits: {endAfter: 60, warnAfter: 0}\n"

    private func inFolder(_ body: (String) async throws -> Void) async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Project.write(Self.limit, to: "\(folder)/lectern.yaml")
        try await body(folder)
    }

    /// Runs the command to its end.
    private func run(_ arguments: [String], in folder: String) async throws -> (code: Int32, lines: [String]) {
        let peer = try Peer(Project.lectern, ["run", "main.lua"] + arguments, folder: folder)
        let code = try await peer.exitCode()
        return (code, peer.lines)
    }

    /// No port stands for a protocol: the system chooses ports that may well be those of one, and tshark would complain
    /// that what the program sends is none of its messages.
    private static let plainPorts = ["-d", "tcp.port==1-65535,data", "-d", "udp.port==1-65535,data"]

    /// What tshark makes of a capture: its standard output, line by line. Ends the test as skipped without tshark.
    private func tshark(_ arguments: [String]) async throws -> [String] {
        let places = ["/usr/bin/tshark", "/usr/local/bin/tshark"]
        guard let path = places.first(where: FileManager.default.isExecutableFile) else {
            try Test.cancel("tshark is not installed: run scripts/setup")
        }
        let peer = try Peer(path, Self.plainPorts + arguments)
        let code = try await peer.exitCode()
        let lines = peer.lines.filter { !$0.contains("Running as user") }
        #expect(code == 0, "\(lines.joined(separator: "\n"))")
        return lines
    }

    @Test("A trace is on standard error beside the log, and costs nobody the exit code")
    func standardError() async throws {
        try await inFolder { folder in
            try Project.write(Self.echo, to: "\(folder)/main.lua")
            let result = try await run(["--trace", "dev"], in: folder)
            #expect(result.code == 0 && !result.lines.contains { $0.contains("server :") })
            #expect(
                result.lines.contains {
                    $0.contains(/^\d\d:\d\d:\d\d\.\d{3} dev 127\.0\.0\.1:\d+ +> "PWR ON\\r\\n"  8$/)
                })
            #expect(result.lines.contains { $0.contains(#/ dev 127\.0\.0\.1:\d+ +< "PWR ON\\r\\n"  8$/#) })
        }
    }

    @Test("The configuration turns a trace on, and options win over it")
    func configuration() async throws {
        try await inFolder { folder in
            try Project.write(Self.echo, to: "\(folder)/main.lua")
            try Project.write(
                Self.limit + "log: {connections: off}\ntrace: {to: t.log, as: text, only: [nix]}\n",
                to: "\(folder)/lectern.yaml")
            let first = try await run([], in: folder)
            #expect(first.code == 0 && first.lines.count == 1, "\(first.lines)")
            #expect(first.lines.first?.contains("WARNING the trace has nothing of 'nix': there were ") == true)
            let second = try await run(["--trace", "all", "--trace-as", "hex"], in: folder)
            #expect(second.code == 0 && second.lines.isEmpty, "\(second.lines)")
            let text = try String(contentsOfFile: "\(folder)/t.log", encoding: .utf8)
            #expect(text.contains("> 50 57 52 20 4f 4e 0d 0a  hex 8\n"), "\(text)")
        }
    }

    @Test(
        "A wrong option gets one line",
        arguments: [
            (
                ["--trace", "a b"],
                "lectern: --trace 'a b': it must be one of all, a host, host:port, :port of this machine, COM1, "
                    + "Alias:COM1, a path such as /dev/ttyUSB0, or a variable of the program"
            ),
            (["--trace-as", "dump"], "lectern: --trace-as 'dump': must be one of 'auto', 'text', 'hex'"),
            (
                ["--trace-to", "/nowhere/t"],
                "lectern: the trace cannot be written: /nowhere/t: No such file or directory"
            ),
        ])
    func mistakes(_ arguments: [String], _ expected: String) async throws {
        try await inFolder { folder in
            try Project.write("print('it ran')", to: "\(folder)/main.lua")
            let result = try await run(arguments, in: folder)
            #expect(result.code == 1 && result.lines == [expected])
        }
    }

    @Test("tshark reads a capture of every kind of wire without a warning, and finds what was said")
    func wireshark() async throws {
        try await inFolder { folder in
            let cable = try Cable()
            let socat = try await cable.plugIn()
            defer { cable.remove() }
            try Project.write(
                Self.echo.replacingOccurrences(of: "ExitProgram(0)", with: "")
                    + """

                    local long = ('x'):rep(200000)
                    dev:SendAndWait(long, \(10 * Machine.slowness), {deliLen = #long})
                    local udp = EthernetServerInterfaceEx(0, 'UDP')
                    udp.ReceiveData = function(client, data) client:Send('pong') end
                    udp:StartListen()
                    local pinger = EthernetClientInterface('127.0.0.1', udp.IPPort, 'UDP')
                    pinger:SendAndWait('ping', \(5 * Machine.slowness), {deliTag = 'pong'})
                    local closed = EthernetClientInterface('127.0.0.1', 1)
                    print(closed:Connect(2))
                    local six = EthernetClientInterface('::1', 1)
                    six:Connect(2)
                    local port = SerialInterface(ProcessorDevice('Main'), 'COM1')
                    port:Send('serial')
                    Wait(0.5, function() ExitProgram(0) end)
                    """, to: "\(folder)/main.lua")
            let result = try await run(
                ["--trace-file", "x.pcapng", "--port", "Main:COM1=\(cable.near)"], in: folder)
            await cable.pullOut(socat)
            let printed = result.lines.count { $0.hasSuffix("INFO    ConnectionRefused") }
            #expect(result.code == 0 && printed == 1, "\(result.lines)")
            let file = "\(folder)/x.pcapng"
            let checked = [
                "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
            ]
            // Above 'note': the connection that is refused is a reset, which is a warning of its own.
            let experts = try await tshark(
                ["-r", file] + checked + ["-Y", "_ws.expert.severity >= 0x600000 and not tcp.flags.reset == 1"])
            #expect(experts.isEmpty, "\(experts.joined(separator: "\n"))")
            let lost = try await tshark(["-r", file, "-Y", "tcp.analysis.flags and not tcp.analysis.keep_alive"])
            #expect(lost.isEmpty, "\(lost.joined(separator: "\n"))")
            let text = try await tshark(["-r", file, "-q", "-z", "follow,tcp,ascii,0"])
            #expect(text.contains { $0.contains("PWR ON") }, "\(text.prefix(20).joined(separator: "\n"))")
            let comments = try await tshark(["-r", file, "-T", "fields", "-e", "frame.comment"])
            // Both ends of the connection are here: whichever is told first names it.
            let names = [/TCP dev 127\.0\.0\.1:\d+$/, /TCP server :\d+ 127\.0\.0\.1:\d+$/]
            #expect(comments.contains { comment in names.contains { comment.firstMatch(of: $0) != nil } })
            #expect(comments.contains("port Main:COM1"))
            let serial = try await tshark([
                "-r", file, "-N", "n", "-Y", "udp contains \"serial\"", "-T", "fields", "-e", "ip.dst_host",
            ])
            #expect(serial == ["Main:COM1"])
            let datagrams = try await tshark(["-r", file, "-Y", "udp contains \"pong\""])
            #expect(datagrams.count == 2, "both ends are there")
        }
    }

    @Test("tshark shows the conversations of the room's program with its devices")
    func room() async throws {
        try await inFolder { folder in
            for source in ["modules", "room"] {
                let from = "\(Project.root)/docs/examples/\(source)"
                for name in try FileManager.default.contentsOfDirectory(atPath: from) where name.hasSuffix(".lua") {
                    try FileManager.default.copyItem(atPath: "\(from)/\(name)", toPath: "\(folder)/\(name)")
                }
            }
            let ports = try ["Projector", "Switcher", "Display", "Camera", "Audio"].map { ($0, try Project.freePort()) }
            let table = ports.map { "\($0.0) = {TCP = \($0.1), UDP = \($0.1)}" }.joined(separator: ", ")
            try Project.write("return {\(table)}", to: "\(folder)/ports.lua")
            let settings = try String(contentsOfFile: "\(folder)/settings.lua", encoding: .utf8)
            try Project.write(
                settings.replacing(/PanelPort = \d+/, with: "PanelPort = \(try Project.freePort())"),
                to: "\(folder)/settings.lua")
            let port = try #require(ports.first?.1)
            let projector = try Peer(Project.lectern, ["run", "\(folder)/pjlink_projector_simulator.lua"])
            let room = try Peer(
                Project.lectern,
                [
                    "run", "\(folder)/main.lua", "--trace", "127.0.0.1:\(port)", "--trace-to", "-", "--trace-file",
                    "\(folder)/room.pcapng",
                ])
            // The projector's greeting, or more.
            try await room.line(containing: " projector 127.0.0.1:\(port) < ", within: 120)
            room.signal(SIGTERM)
            #expect(try await room.exitCode() == 0)
            await projector.kill()
            let conversations = try await tshark(["-r", "\(folder)/room.pcapng", "-q", "-z", "conv,tcp"])
            #expect(
                conversations.contains { $0.contains("127.0.0.1:\(port) ") }, "\(conversations.joined(separator: "\n"))"
            )
        }
    }
}
