import Foundation
import Testing

/// The documented example programs, each in a process of its own, against their devices in another.
@Suite("Example programs against devices in other processes")
struct ExampleProgramsInterop {
    /// Copies an example's folder and gives it a free port, and other settings.
    private func stage(_ example: String, settings: [String: String] = [:]) throws -> (folder: String, port: Int) {
        let folder = try Project.temporaryFolder()
        let port = try Project.freePort()
        let source = "\(Project.root)/docs/examples/\(example)"
        for file in try FileManager.default.contentsOfDirectory(atPath: source) where file.hasSuffix(".lua") {
            try FileManager.default.copyItem(atPath: "\(source)/\(file)", toPath: "\(folder)/\(file)")
        }
        var text = try String(contentsOfFile: "\(folder)/settings.lua", encoding: .utf8)
        for (name, value) in settings.merging(["Port": "\(port)"], uniquingKeysWith: { $1 }) {
            text = text.replacing(try Regex("\(name) = [^,} ]+"), with: "\(name) = \(value)")
        }
        try Project.write(text, to: "\(folder)/settings.lua")
        return (folder, port)
    }

    private func run(_ file: String, in folder: String) throws -> Peer {
        try Peer(Project.lectern, ["run", "\(folder)/\(file)"])
    }

    @Test(
        "A device that is killed and restarted is reconnected within the retry time plus one second",
        arguments: ["asynchronous-tcp", "synchronous-tcp"])
    func reconnects(_ example: String) async throws {
        let (folder, _) = try stage(example)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let device = try run("device.lua", in: folder)
        try await device.line(containing: "Listening")
        let program = try run("main.lua", in: folder)
        try await program.line(containing: "Device is Connected")
        await device.kill()
        let lost = try await program.line(containing: "Device is Disconnected")
        let restarted = try run("device.lua", in: folder)
        try await restarted.line(containing: "Listening")
        let found = try await program.line(containing: "Device is Connected", count: 2)
        #expect(found.time - lost.time < 5 + 1, "reconnected after \(found.time - lost.time) s")
        program.signal(SIGTERM)
        #expect(try await program.exitCode() == 0)
        restarted.signal(SIGINT)
        #expect(try await restarted.exitCode() == 0)
    }

    @Test(
        "Each example works with its device in another process, and both end in order",
        arguments: ["asynchronous-tcp", "synchronous-tcp", "connect-failed", "auto-reconnect", "pause-polling"])
    func runs(_ example: String) async throws {
        let (folder, _) = try stage(example)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let device = try run("device.lua", in: folder)
        try await device.line(containing: "Listening")
        let program = try run("main.lua", in: folder)
        try await program.line(containing: "Connected")
        program.signal(SIGTERM)
        #expect(try await program.exitCode() == 0)
        device.signal(SIGTERM)
        #expect(try await device.exitCode() == 0)
        #expect((program.lines + device.lines).allSatisfy { !$0.contains(" ERROR ") && !$0.contains(" WARNING ") })
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
        // The fifth send is over the limit of four: it comes five intervals after the connection.
        #expect((0.9...3).contains(dropped.time - up.time), "dropped after \(dropped.time - up.time) s")
        try await silent.line(containing: "accepted 2")
        try await program.line(containing: "Disconnected", count: 2)
        program.signal(SIGINT)
        #expect(try await program.exitCode() == 0)
        await silent.kill()
    }

    @Test("A refused connection is reported with its reason, once per attempt")
    func connectFailed() async throws {
        let (folder, _) = try stage("connect-failed")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let program = try run("main.lua", in: folder)
        try await program.line(containing: "ConnectionRefused")
        let device = try run("device.lua", in: folder)
        try await device.line(containing: "Listening")
        try await program.line(containing: "Connected")
        program.signal(SIGTERM)
        #expect(try await program.exitCode() == 0)
        await device.kill()
    }

    @Test("The server of the example drops a client that is idle, and keeps one that talks")
    func idleClients() async throws {
        let (folder, port) = try stage("idle-client-server", settings: ["ServerTimeout": "2"])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try run("main.lua", in: folder)
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
