import Bytes
import Polling
import Testing

@testable import ControlCore

@Suite("EthernetClientInterface: SSH")
struct EthernetClientSSHTests {
    @Test("A good password opens the shell, and data goes as with TCP")
    func password() throws {
        let scenario = SSHScenario()
        let client = try scenario.client()
        _ = scenario.connect(client)
        scenario.world.run(for: .milliseconds(49))
        #expect(scenario.takeLog() == [])
        scenario.world.run(for: .milliseconds(1))
        #expect(scenario.takeLog() == ["0.05 Connected", "0.05 Connect: Connected", "0.05 Data > "])
        #expect(client.ipAddress == "10.0.0.2")
        try client.send(ByteBuffer(string: "power on\r"))
        scenario.world.run(for: .zero)
        #expect(scenario.takeLog() == ["0.05 Data power on\r"])
        client.sendAndWait(
            ByteBuffer(string: "power?\r\n"), timeout: .seconds(1), delimiter: .suffix(ByteBuffer(string: "\r\n"))
        ) { scenario.note(ControlScenario.text($0)) }
        scenario.world.run(for: .zero)
        #expect(scenario.takeLog() == ["0.05 response 'power?\r\n'"])
        client.disconnect()
        scenario.world.run(for: .seconds(2))
        #expect(scenario.takeLog() == ["0.05 Disconnected"])
        #expect(scenario.controller.openTransports + scenario.device.openTransports == 0)
        #expect(scenario.sessions.isEmpty)
    }

    @Test("A wrong password or user is AuthenticationFailed, with what was tried and without a secret")
    func wrongPassword() throws {
        let scenario = SSHScenario()
        for (user, password) in [("admin", "hunter2"), ("nobody", "secret"), ("robot", "secret")] {
            let client = try scenario.client(user: user, password: password)
            var details: [String?] = []
            client.connect(timeout: nil) { outcome in
                scenario.note(outcome.text)
                details.append(outcome.detail)
            }
            scenario.world.run(for: .seconds(1))
            let detail = "user '\(user)' was refused: tried password"
            #expect(details == [detail])
            #expect(
                scenario.takeLog().map { $0.split(separator: " ", maxSplits: 1).last.map(String.init) } == [
                    "Fault 10.0.0.2:22: AuthenticationFailed: \(detail)", "AuthenticationFailed",
                ])
        }
        #expect(!scenario.world.trace.text.contains("hunter2"))
        #expect(!scenario.world.trace.text.contains("secret"))
        #expect(scenario.controller.openTransports == 0)
    }

    @Test("What is told of a failure is told once, and again after a connection stood")
    func repeatedFault() throws {
        let scenario = SSHScenario()
        scenario.service.accounts = [:]
        let client = try scenario.client()
        for _ in 0..<3 {
            _ = scenario.connect(client)
            scenario.world.run(for: .seconds(1))
        }
        #expect(scenario.takeLog().filter { $0.contains("Fault") }.count == 1)
        scenario.service.accounts["admin"] = .init(password: "secret")
        _ = scenario.connect(client)
        scenario.world.run(for: .seconds(1))
        client.disconnect()
        scenario.service.accounts = [:]
        _ = scenario.connect(client)
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog().filter { $0.contains("Fault") }.count == 1)
    }

    @Test("Keys are tried before the password, in their order")
    func keys() throws {
        let scenario = SSHScenario()
        var settings = SSHSettings()
        settings.keyFiles = ["keys/other", "keys/good"]
        _ = scenario.connect(try scenario.client(user: "robot", password: "", settings: settings))
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.1 Connected", "0.1 Connect: Connected", "0.1 Data > "])
        let refused = try scenario.client(user: "admin", password: "", settings: settings)
        var detail: String?
        refused.connect(timeout: nil) { detail = $0.detail }
        scenario.world.run(for: .seconds(1))
        #expect(
            detail == "user 'admin' was refused: tried the key 'keys/other', the key 'keys/good', password")
    }

    @Test("A new host's key is noted, and another key is refused with the file and the way to mend it")
    func changedKey() throws {
        let scenario = SSHScenario()
        var settings = SSHSettings()
        settings.knownHosts = "site/known_hosts"
        let client = try scenario.client(settings: settings)
        _ = scenario.connect(client)
        scenario.world.run(for: .seconds(1))
        #expect(scenario.controller.knownHosts == ["site/known_hosts": ["10.0.0.2": "key-1"]])
        client.disconnect()
        scenario.world.run(for: .seconds(2))
        _ = scenario.takeLog()
        scenario.service.hostKey = "key-2"
        var outcome: ConnectOutcome?
        client.connect(timeout: nil) { outcome = $0 }
        scenario.world.run(for: .seconds(1))
        #expect(outcome?.text == "HostKeyChanged")
        let detail = try #require(outcome?.detail)
        #expect(detail.contains("key-2") && detail.contains("ssh-keygen -f 'site/known_hosts' -R '10.0.0.2'"))
        #expect(scenario.controller.knownHosts["site/known_hosts"]?["10.0.0.2"] == "key-1")
        #expect(!scenario.world.trace.text.suffix(400).contains("offer"), "nothing is offered to a host in disguise")
    }

    @Test("The strict policy takes no new host")
    func strict() throws {
        let scenario = SSHScenario()
        var settings = SSHSettings()
        settings.hostKeyPolicy = .strict
        let client = try scenario.client(settings: settings)
        var outcomes: [ConnectOutcome] = []
        client.connect(timeout: nil) { outcomes.append($0) }
        scenario.world.run(for: .seconds(1))
        scenario.controller.knownHosts[settings.knownHosts] = ["10.0.0.2": "key-1"]
        client.connect(timeout: nil) { outcomes.append($0) }
        scenario.world.run(for: .seconds(1))
        #expect(outcomes.map(\.text) == ["HostKeyUnknown", "Connected"])
        #expect(ConnectFailure.knownHostName("Device", port: 2222) == "[device]:2222")
    }

    @Test("A host that stalls is TimedOut: at the time-out, or after two minutes")
    func stall() throws {
        let scenario = SSHScenario()
        scenario.service.isStalled = true
        let client = try scenario.client()
        _ = scenario.connect(client, timeout: .seconds(3))
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog() == ["3.0 Connect: TimedOut"])
        _ = scenario.connect(client)
        scenario.world.run(for: .seconds(200))
        #expect(scenario.takeLog() == ["130.0 Connect: TimedOut"])
        scenario.world.run(for: .seconds(2))
        #expect(scenario.controller.openTransports == 0)
    }

    @Test("Refusal, silence and an unknown name are told as with TCP")
    func unreachable() throws {
        let scenario = SSHScenario()
        _ = scenario.connect(try scenario.client(port: 23))
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 Connect: ConnectionRefused"])
        scenario.world.network.inject(.drop)
        _ = scenario.connect(try scenario.client(), timeout: .seconds(3))
        scenario.world.run(for: .seconds(9))
        #expect(scenario.takeLog() == ["4.0 Connect: TimedOut"])
    }

    @Test("A host that speaks something else is HandshakeFailed")
    func otherProtocol() throws {
        let scenario = SSHScenario()
        scenario.device.listenTCP(address: nil, port: 23) { transport in
            transport.start(delegate: StreamRecorder())
            transport.send("login:\n")
        } completion: { _ in
        }
        scenario.device.listenTCP(address: nil, port: 24) {
            $0.close()
        } completion: { _ in
        }
        for port in [23, 24] {
            let client = try scenario.client(port: port)
            var outcome: ConnectOutcome?
            client.connect(timeout: .seconds(5)) { outcome = $0 }
            scenario.world.run(for: .seconds(6))
            #expect(outcome?.text == "HandshakeFailed")
            #expect(outcome?.detail?.isEmpty == false)
        }
    }

    @Test("A connection that breaks in the middle is Disconnected once, and a handler brings it back")
    func killed() throws {
        let scenario = SSHScenario()
        let client = try scenario.client()
        let handler = try RawTcpHandler(
            interface: client, options: HandlerOptions(connectRetryTime: .seconds(5))
        ) { handler, finished in finished() }
        handler.connect(timeout: .seconds(3)) { _ in }
        scenario.world.run(for: .seconds(1))
        _ = scenario.takeLog()
        scenario.world.network.reset(.everything)
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["1.0 Disconnected"])
        #expect(client.lastCloseReason == .failed("Connection reset by peer"))
        scenario.world.run(for: .seconds(10))
        #expect(scenario.takeLog().map { String($0.drop { $0 != " " }) } == [" Connected", " Data > "])
        scenario.sessions.first?.close()
        scenario.world.run(for: .zero)
        #expect(client.lastCloseReason == .peer)
        handler.close()
        client.close()
    }

    @Test("A login that nobody waits for any more is called off, and leaves nothing open")
    func cancelled() throws {
        let scenario = SSHScenario()
        let client = try scenario.client()
        let attempt = scenario.connect(client)
        scenario.world.run(for: .milliseconds(20))
        attempt.cancel()
        scenario.world.run(for: .seconds(3))
        #expect(scenario.takeLog() == [])
        #expect(!client.isActive)
        #expect(scenario.sessions.isEmpty)
        #expect(scenario.controller.openTransports + scenario.device.openTransports == 0)
    }

    @Test("A login whose lines come in pieces succeeds, and equal seeds give equal traces")
    func split() throws {
        func trace() throws -> String {
            let scenario = SSHScenario(seed: 7)
            scenario.world.network.inject(.split([1, 3, 2]))
            _ = scenario.connect(try scenario.client())
            scenario.world.run(for: .seconds(1))
            let log = scenario.takeLog()
            #expect(log.contains { $0.hasSuffix("Connect: Connected") }, "\(log)")
            return scenario.world.trace.text
        }
        #expect(try trace() == trace())
    }

    @Test("While the program takes no data the host is held back, and nothing is lost")
    func backPressure() throws {
        let scenario = SSHScenario()
        let client = try scenario.client()
        var received = ByteBuffer()
        _ = scenario.connect(client)
        scenario.world.run(for: .seconds(1))
        client.onReceiveData = { received.writeImmutableBuffer($0) }
        client.setReceiving(false)
        let data = ByteBuffer(repeating: 7, count: 1 << 20)
        let session = try #require(scenario.sessions.first)
        session.send(data)
        scenario.world.run(for: .seconds(10))
        #expect(received.readableBytes == 0)
        #expect(session.queuedBytes > 800_000)
        client.setReceiving(true)
        scenario.world.run(for: .seconds(10))
        #expect(received == data)
    }

    @Test("Credentials that are missing or cannot be sent are refused by name")
    func credentials() {
        let environment = SimulatedEnvironment(seed: 1)
        for credentials in [
            nil, Credentials(user: "", password: "x"), Credentials(user: "a\0b", password: ""),
            Credentials(user: "a", password: "\0"),
        ] {
            let error = #expect(throws: ParameterError.self) {
                try EthernetClientInterface(
                    environment: environment, hostname: "a", port: 22, protocol: .ssh, credentials: credentials)
            }
            #expect(error?.parameter == "Credentials")
        }
        let login = SSHLogin(credentials: Credentials(user: "admin", password: "hunter2"))
        #expect(!"\(login)".contains("hunter2"))
    }
}
