import Foundation
import LoopTesting
import Testing

/// The documented example programs, each in a process of its own, against their devices in another.
@Suite("Example programs against devices in other processes")
struct ExampleProgramsInterop {
    /// Copies the examples to a folder of their own, and gives them free ports and these settings.
    private func stage(settings: [String: String] = [:]) throws -> String {
        let folder = try Project.temporaryFolder()
        let source = "\(Project.root)/docs/examples/connection-handler"
        for file in try FileManager.default.contentsOfDirectory(atPath: source) where file.hasSuffix(".lua") {
            try FileManager.default.copyItem(atPath: "\(source)/\(file)", toPath: "\(folder)/\(file)")
        }
        var text = try String(contentsOfFile: "\(folder)/settings.lua", encoding: .utf8)
        let ports = ["Port": "\(try Project.freePort())", "ServerPort": "\(try Project.freePort())"]
        for (name, value) in settings.merging(ports, uniquingKeysWith: { given, _ in given }) {
            text = text.replacing(try Regex("\\b\(name) = [^,} ]+"), with: "\(name) = \(value)")
        }
        try Project.write(text, to: "\(folder)/settings.lua")
        return folder
    }

    private func run(_ file: String, in folder: String, cable: Cable? = nil) throws -> Peer {
        let ports = cable.map { ["--port", "MainProcessor:COM2=\($0.near)", "--port", "Device:COM1=\($0.far)"] }
        return try Peer(Project.lectern, ["run", "\(folder)/\(file)"] + (ports ?? []))
    }

    @Test(
        "A device that is killed and restarted is reconnected within the retry time plus one second",
        arguments: [
            "02-accepting-responses", "03-creating-a-handler", "06-synchronous-tcp", "09-asynchronous-tcp",
            "10-device-module-tcp", "16-interface-properties",
        ])
    func reconnects(_ example: String) async throws {
        let folder = try stage()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let device = try run("\(example)-device.lua", in: folder)
        try await device.line(containing: "Listening")
        let program = try run("\(example).lua", in: folder)
        try await program.line(containing: " Connected")
        await device.kill()
        let lost = try await program.line(containing: " Disconnected")
        let restarted = try run("\(example)-device.lua", in: folder)
        try await restarted.line(containing: "Listening")
        let found = try await program.line(containing: " Connected", count: 2)
        #expect(found.time - lost.time < 5 + Machine.slowness, "reconnected after \(found.time - lost.time) s")
        program.signal(SIGTERM)
        #expect(try await program.exitCode() == 0)
        restarted.signal(SIGINT)
        #expect(try await restarted.exitCode() == 0)
    }

    @Test("A UDP device that is killed is noticed after 15 missed answers, and found again when it is back")
    func datagrams() async throws {
        let example = "08-asynchronous-udp"
        let folder = try stage()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let device = try run("\(example)-device.lua", in: folder)
        try await device.line(containing: "Listening")
        let program = try run("\(example).lua", in: folder)
        try await program.line(containing: "Device is Connected")
        await device.kill()
        try await program.line(containing: "Device is Disconnected", within: 40)
        let restarted = try run("\(example)-device.lua", in: folder)
        try await program.line(containing: "Device is Connected", count: 2)
        for peer in [program, restarted] {
            peer.signal(SIGTERM)
            #expect(try await peer.exitCode() == 0)
        }
    }

    @Test("A cable that is pulled out is noticed after 15 missed answers, and the device found again at the new one")
    func cable() async throws {
        let example = "07-asynchronous-serial"
        let folder = try stage()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cable = try Cable()
        defer { cable.remove() }
        let socat = try await cable.plugIn()
        let device = try run("\(example)-device.lua", in: folder, cable: cable)
        let program = try run("\(example).lua", in: folder, cable: cable)
        try await program.line(containing: "Device is Connected")
        await cable.pullOut(socat)
        try await program.line(containing: "Device is Disconnected", within: 40)
        let another = try await cable.plugIn()
        try await program.line(containing: "Device is Connected", count: 2, within: 40)
        #expect(program.lines.allSatisfy { !$0.contains(" ERROR ") })
        for peer in [program, device] {
            peer.signal(SIGTERM)
            #expect(try await peer.exitCode() == 0)
        }
        await cable.pullOut(another)
    }

    /// Each example, and a line that it prints when it works.
    private static let programs: [(example: String, line: String, hasCable: Bool)] = [
        ("01-each-interface", "MLC 206 Connected", true),
        ("02-accepting-responses", "Power is ON", false),
        ("03-creating-a-handler", "Power is On", false),
        ("04-synchronous-serial", "Device is Connected", true),
        ("05-synchronous-udp", "Device is Connected", false),
        ("06-synchronous-tcp", "Power is On", false),
        ("07-asynchronous-serial", "Power is O", true),
        ("08-asynchronous-udp", "Power is O", false),
        ("09-asynchronous-tcp", "Power is O", false),
        ("10-device-module-tcp", "Freeze state: O", false),
        ("11-device-module-serial", "Freeze state: O", true),
        ("12-device-module-udp", "Freeze state: O", false),
        ("14-auto-reconnect", "Device is Connected", false),
        ("15-pause-polling", "Projector is Warming Up", false),
        ("16-interface-properties", "Video Mute state of 127.0.0.1: Off", false),
        ("17-tcp-extras", "Device is Connected", false),
    ]

    @Test("Each example works with its device in another process, and both end in order", arguments: programs)
    func runs(_ example: String, _ line: String, _ hasCable: Bool) async throws {
        let folder = try stage()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let cable = hasCable ? try Cable() : nil
        defer { cable?.remove() }
        let socat = try await cable?.plugIn()
        let device = try run("\(example)-device.lua", in: folder, cable: cable)
        try await device.line(containing: hasCable ? " is Online" : "Listening")
        let program = try run("\(example).lua", in: folder, cable: cable)
        try await program.line(containing: line)
        for peer in [program, device] {
            peer.signal(SIGTERM)
            #expect(try await peer.exitCode() == 0)
        }
        if let socat { await cable?.pullOut(socat) }
        #expect((program.lines + device.lines).filter { $0.contains(" ERROR ") || $0.contains(" WARNING ") } == [])
    }

    @Test("A peer that accepts and stays silent is dropped after DisconnectLimit and tried again")
    func silentPeer() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let port = try Project.freePort()
        let silent = try Peer(
            "/usr/bin/env",
            [
                "python3", "-u", "-c",
                """
                import socket
                s = socket.create_server(('127.0.0.1', \(port)))
                print('listening')
                held = []
                while True:
                    c, _ = s.accept()
                    held.append(c)
                    print('accepted', len(held))
                """,
            ])
        try await silent.line(containing: "listening")
        try Project.write(
            """
            local h = GetConnectionHandler(EthernetClientInterface('127.0.0.1', \(port)),
                function(i) print('poll') i:Send('P') end,
                {DisconnectLimit = 4, pollFrequency = 0.2, connectRetryTime = 1})
            event(h, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
            h:Connect(2)
            """, to: "\(folder)/main.lua")
        let program = try run("main.lua", in: folder)
        let up = try await program.line(containing: "Connected")
        let dropped = try await program.line(containing: "Disconnected")
        let before = program.lines.prefix { !$0.hasSuffix("Disconnected") }
        #expect(before.filter { $0.hasSuffix("poll") }.count == 5)
        // The fifth send is over the limit of four: it comes five intervals after the connection, whose line may be
        // read late.
        let seconds = dropped.time - up.time
        #expect((0.5...3 * Machine.slowness).contains(seconds), "dropped after \(seconds) s")
        try await silent.line(containing: "accepted 2")
        try await program.line(containing: "Disconnected", count: 2)
        program.signal(SIGINT)
        #expect(try await program.exitCode() == 0)
        await silent.kill()
    }

    @Test("A refused connection is reported with its reason, once per attempt")
    func connectFailed() async throws {
        let folder = try stage()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let program = try run("17-tcp-extras.lua", in: folder)
        try await program.line(containing: "ConnectionRefused")
        let device = try run("17-tcp-extras-device.lua", in: folder)
        try await device.line(containing: "Listening")
        try await program.line(containing: "Connected")
        program.signal(SIGTERM)
        #expect(try await program.exitCode() == 0)
        await device.kill()
    }

    @Test("The server of the example drops a client that is idle, and keeps one that talks")
    func idleClients() async throws {
        let port = try Project.freePort()
        let folder = try stage(settings: ["ServerTimeout": "2", "ServerPort": "\(port)"])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try run("13-idle-clients.lua", in: folder)
        let client = try Peer(
            "/usr/bin/env",
            [
                "python3", "-u", "-c",
                """
                import socket, time
                while True:  # until the server listens
                    try:
                        talking = socket.create_connection(('127.0.0.1', \(port)))
                        break
                    except ConnectionRefusedError:
                        time.sleep(0.02)
                idle = socket.create_connection(('127.0.0.1', \(port)))
                idle.settimeout(0.5)
                start = time.time()
                while True:
                    talking.sendall(b'hello\\r\\n')
                    try:
                        if idle.recv(100) == b'':
                            break
                    except TimeoutError:
                        pass
                print('idle one dropped after %.1f' % (time.time() - start))
                talking.sendall(b'still here\\r\\n')
                print('done')
                """,
            ])
        let dropped = try await client.line(containing: "idle one dropped after", within: 45)
        let seconds = try #require(Double(dropped.text.split(separator: " ").last ?? ""))
        #expect(seconds > 1.9)
        try await server.line(containing: "still here")
        #expect(try await client.exitCode() == 0)
        server.signal(SIGTERM)
        #expect(try await server.exitCode() == 0)
    }
}
