import Bytes
import ControlCore
import Foundation
import LoopTesting
import Polling
import Testing

/// SSH clients against OpenSSH's server.
@Suite("SSH against OpenSSH", .serialized, .enabled(if: SSHServerPeer.isPossible, "\(SSHServerPeer.reason)"))
struct SSHInterop {
    /// What became of a connection, in a form that tests can compare.
    private struct Visit: Sendable, Equatable {
        var result = ""
        var detail: String?
        /// The response to what was sent.
        var answer = ""
        /// How the connection ended, when it did so by itself.
        var end = ""
    }

    private func withServer(_ body: (SSHServerPeer) async throws -> Void) async throws {
        let server = try await SSHServerPeer()
        do {
            try await body(server)
        } catch {
            await server.remove()
            throw error
        }
        await server.remove()
    }

    private func settings(_ server: SSHServerPeer) -> SSHSettings {
        var settings = SSHSettings()
        settings.knownHosts = server.knownHosts
        return settings
    }

    /// Connects, sends a line and takes it back.
    private func visit(
        _ server: SSHServerPeer, password: String = "secret", _ settings: SSHSettings, send: String = "hello\r",
        timeout: TimeAmount = .seconds(60).here
    ) async throws -> Visit {
        let port = server.port
        return try await Self.onLoop { environment, done in
            var visit = Visit()
            let client: EthernetClientInterface
            do throws(ParameterError) {
                client = try EthernetClientInterface(
                    environment: environment, hostname: "127.0.0.1", port: port, protocol: .ssh,
                    credentials: Credentials(user: "lectern", password: password), ssh: settings)
            } catch {
                return done(Visit(result: "\(error)"))
            }
            client.connect(timeout: timeout) { outcome in
                visit.result = outcome.text
                visit.detail = outcome.detail
                guard outcome == .connected else { return done(visit) }
                client.awaitEcho { _ in }
                client.sendAndWait(
                    ByteBuffer(string: send), timeout: .seconds(60).here, delimiter: .suffix(ByteBuffer(string: "\r"))
                ) { outcome in
                    if case .response(let bytes) = outcome { visit.answer = String(buffer: bytes) }
                    client.disconnect()
                    done(visit)
                }
            }
        }
    }

    /// Runs `body` in an environment on a loop of its own until it calls `done`, then closes everything.
    private static func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (LiveEnvironment, @escaping (Value) -> Void) -> Void
    ) async throws -> Value {
        try await onLiveLoop { loop, done in
            let environment = LiveEnvironment(loop: loop)
            body(environment) { value in
                environment.close {
                    #expect(environment.openTransports == 0)
                    done(value)
                }
            }
        }
    }

    @Test("Each way of logging in opens the session", arguments: ["password", "keyboard-interactive", "publickey"])
    func ways(_ way: String) async throws {
        try await withServer { server in
            try await server.start(ways: way)
            var settings = settings(server)
            if way == "publickey" { settings.keyFiles = ["\(server.folder)/user"] }
            let visit = try await visit(server, settings)
            #expect(visit == Visit(result: "Connected", answer: "hello\r"), "\(server.log)")
        }
    }

    @Test("Two ways in a row are gone, where the host wants both")
    func twoWays() async throws {
        try await withServer { server in
            try await server.start(more: "AuthenticationMethods publickey,password")
            var settings = settings(server)
            settings.keyFiles = ["\(server.folder)/user"]
            let visit = try await visit(server, settings)
            #expect(visit.result == "Connected", "\(visit)")
        }
    }

    @Test("A wrong password is AuthenticationFailed, and its details name no secret")
    func wrongPassword() async throws {
        try await withServer { server in
            try await server.start()
            var settings = settings(server)
            settings.keyFiles = ["\(server.folder)/locked", "\(server.folder)/none"]
            let visit = try await visit(server, password: "hunter2", settings)
            #expect(visit.result == "AuthenticationFailed")
            let detail = try #require(visit.detail)
            #expect(detail.contains("user 'lectern' was refused: tried keyboard-interactive, password"), "\(detail)")
            #expect(detail.contains("the key '\(server.folder)/locked' cannot be read, or needs a passphrase"))
            #expect(detail.contains("the key '\(server.folder)/none' cannot be read"))
            #expect(!detail.contains("hunter2"))
        }
    }

    @Test(
        "A host's key is noted, the same host is known again, and another key is refused until the old one is forgotten"
    )
    func changedKey() async throws {
        try await withServer { server in
            try await server.start()
            var strict = settings(server)
            strict.hostKeyPolicy = .strict
            #expect(try await visit(server, strict).result == "HostKeyUnknown")
            #expect(try await visit(server, settings(server)).result == "Connected")
            #expect(try await visit(server, strict).result == "Connected")
            let noted = try String(contentsOfFile: server.knownHosts, encoding: .utf8)
            #expect(noted.hasPrefix("[127.0.0.1]:\(server.port) ssh-ed25519 "), "\(noted)")
            await server.kill()
            try await server.changeHostKey()
            try await server.start()
            let refused = try await visit(server, settings(server))
            #expect(refused.result == "HostKeyChanged")
            let detail = try #require(refused.detail)
            let mend = "ssh-keygen -f '\(server.knownHosts)' -R '[127.0.0.1]:\(server.port)'"
            #expect(detail.contains("SHA256:") && detail.contains(mend), "\(detail)")
            let keygen = try Peer("/bin/sh", ["-c", mend])
            #expect(try await keygen.exitCode() == 0)
            #expect(try await visit(server, settings(server)).result == "Connected")
            // Another type of key is another key.
            await server.kill()
            try await server.start(hostKey: "rsa")
            #expect(try await visit(server, settings(server)).result == "HostKeyChanged")
        }
    }

    @Test("A host with old algorithms only is refused with a hint, and reached when they are allowed")
    func legacy() async throws {
        try await withServer { server in
            try await server.start(
                hostKey: "rsa",
                more: """
                    KexAlgorithms diffie-hellman-group14-sha1
                    HostKeyAlgorithms ssh-rsa
                    Ciphers aes128-cbc
                    MACs hmac-sha1
                    """)
            let refused = try await visit(server, settings(server))
            #expect(refused.result == "HandshakeFailed")
            #expect(refused.detail?.contains("legacy") == true, "\(String(describing: refused.detail))")
            var legacy = settings(server)
            legacy.allowsLegacyAlgorithms = true
            let visit = try await visit(server, legacy)
            #expect(visit == Visit(result: "Connected", answer: "hello\r"), "\(server.log)")
        }
    }

    @Test("A shell has a terminal of 80 columns and 24 lines, and its exit is the end of the connection")
    func shell() async throws {
        try await withServer { server in
            try await server.start(command: nil)
            let (port, settings) = (server.port, settings(server))
            let visit: Visit = try await Self.onLoop { environment, done in
                var visit = Visit()
                var output = ""
                guard
                    let client = try? EthernetClientInterface(
                        environment: environment, hostname: "localhost", port: port, protocol: .ssh,
                        credentials: Credentials(user: "lectern", password: "secret"), ssh: settings)
                else { return done(visit) }
                client.onReceiveData = { output += String(buffer: $0) }
                client.onDisconnected = {
                    visit.answer = output
                    visit.end = client.lastCloseReason.map { "\($0)" } ?? ""
                    done(visit)
                }
                client.connect(timeout: .seconds(60).here) { outcome in
                    visit.result = outcome.text
                    guard outcome == .connected else { return done(visit) }
                    do throws(IOFault) {
                        try client.send(ByteBuffer(string: "echo \"is $TERM\"; stty size; exit\r"))
                    } catch {
                        Issue.record("\(error)")
                    }
                }
            }
            #expect(visit.result == "Connected")
            #expect(visit.answer.contains("is vt100\r\n24 80\r\n"), "\(visit.answer)")
            #expect(visit.end == "peer")
        }
    }

    @Test("A server that is killed in the middle is noticed at once")
    func killed() async throws {
        try await withServer { server in
            try await server.start()
            try Project.write(
                """
                local d = EthernetClientInterface('127.0.0.1', \(server.port), 'SSH', {Credentials = {'lectern', 'secret'}})
                event(d, {'Connected', 'Disconnected'}, function(_, state) print('ssh', state) end)
                print('result', d:Connect(60))
                d:SendAndWait('', \(60 * Machine.slowness), {deliTag = '\(SSHServerPeer.ready)'})
                print('echo', (d:SendAndWait('hi!', \(60 * Machine.slowness), {deliLen = 3})))
                """, to: "\(server.folder)/main.lua")
            let program = try Peer(Project.lectern, ["run", "\(server.folder)/main.lua"])
            try await program.line(containing: "result\tConnected")
            try await program.line(containing: "echo\thi!")
            await server.kill()
            try await program.line(containing: "ssh\tDisconnected", within: 10)
            #expect(FileManager.default.fileExists(atPath: "\(server.folder)/.lectern/known_hosts"))
            program.signal(SIGTERM)
            #expect(try await program.exitCode() == 0)
        }
    }

    @Test("A server that accepts and then says nothing is TimedOut, and its thread ends")
    func stalled() async throws {
        let result: Visit = try await Self.onLoop { environment, done in
            var held: (any StreamTransport)?
            environment.listenTCP(address: "127.0.0.1", port: 0, accept: { held = $0 }) { result in
                guard let listener = try? result.get() else { return done(Visit()) }
                let login = SSHLogin(credentials: Credentials(user: "a", password: "b"))
                let begin = environment.now
                environment.connectSSH(
                    host: "127.0.0.1", port: listener.port, login: login, timeout: .milliseconds(300)
                ) { result in
                    guard case .failure(let failure) = result else { return done(Visit()) }
                    #expect(environment.now - begin < .seconds(5).here)
                    withExtendedLifetime(held) { done(Visit(result: failure.reason)) }
                }
            }
        }
        #expect(result.result == "TimedOut")
    }

    @Test("A megabyte comes back intact, with pauses on the way")
    func intact() async throws {
        try await withServer { server in
            try await server.start()
            let (port, settings) = (server.port, settings(server))
            let outcome: String = try await Self.onLoop { environment, done in
                let login = SSHLogin(
                    credentials: Credentials(user: "lectern", password: "secret"), settings: settings)
                environment.connectSSH(
                    host: "127.0.0.1", port: port, login: login, timeout: .seconds(60).here
                ) { result in
                    guard let transport = try? result.get() else { return done("\(result)") }
                    let echo = SSHEcho(environment: environment, transport: transport, done: done)
                    transport.start(delegate: echo)
                    echo.begin()
                }
            }
            #expect(outcome == "intact", "\(server.log)")
        }
    }

    @Test("50 sessions make 100 round trips each on one loop, which stays quick")
    func fiftySessions() async throws {
        try await withServer { server in
            try await server.start()
            let (port, settings) = (server.port, settings(server))
            let tally: SSHCrowd.Tally = try await Self.onLoop { environment, done in
                SSHCrowd(environment: environment, port: port, settings: settings, done: done).begin()
            }
            #expect(tally.connected == 50, "\(server.log)")
            #expect(tally.answers == 5000)
            #expect(tally.problems == [])
            // Keep-alives would hide a wake-up that got lost, after up to 15 s.
            #expect(tally.slowestTrip < min(.seconds(5).here, .seconds(14)), "\(tally)")
            // On a busy machine the loop waits for a processor now and then. It never waits for a session.
            #expect(tally.medianLag < .milliseconds(20).here, "\(tally.medianLag), at most \(tally.largestLag)")
            let keys = try String(contentsOfFile: server.knownHosts, encoding: .utf8).split(separator: "\n")
            #expect(keys.count == 1, "a new host is noted once")
        }
    }

    @Test("200 connections, one after the other, leave no thread and no descriptor behind")
    func cycles() async throws {
        try await withServer { server in
            try await server.start()
            try Project.write(
                """
                local function Cycle(count)
                    local lanes = 4
                    for lane = 1, lanes do
                        Wait(0, function()
                            local d = EthernetClientInterface(
                                '127.0.0.1', \(server.port), 'SSH', {Credentials = {'lectern', 'secret'}})
                            for i = 1, count / lanes do
                                local result, detail = d:Connect(60)
                                if result ~= 'Connected' then print('failed', result, detail) end
                                d:Send('x')
                                d:Disconnect()
                            end
                            lanes = lanes - 1
                            if lanes == 0 then Wait(1.5, function() print('done', count) end) end
                        end)
                    end
                end
                Cycle(8)
                Wait(0.1, function() end)
                local server = EthernetServerInterfaceEx(0)
                server:StartListen()
                print('port', server.IPPort)
                event(server, 'Connected', function() Cycle(200) end)
                """, to: "\(server.folder)/main.lua")
            let program = try Peer(Project.lectern, ["run", "\(server.folder)/main.lua"])
            try await program.line(containing: "done\t8", within: 60)
            let before = try (program.openDescriptors(), program.threads())
            let port = try await program.line(containing: "port\t").text.split(separator: "\t").last ?? ""
            let knock = try Peer("/bin/bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(port); sleep 0.2"])
            #expect(try await knock.exitCode() == 0)
            try await program.line(containing: "done\t200", within: 240)
            #expect(!program.lines.contains { $0.contains("failed") }, "\(program.lines)")
            let after = try (program.openDescriptors(), program.threads())
            // The one who knocked may still have its socket.
            #expect(after.0 <= before.0 + 1, "\(before) \(after)")
            #expect(after.1.filter { $0 == "ssh" } == [])
            #expect(after.1.count <= before.1.count, "\(before) \(after)")
            program.signal(SIGTERM)
            #expect(try await program.exitCode() == 0)
        }
    }
}
