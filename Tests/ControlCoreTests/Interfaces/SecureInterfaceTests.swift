import Bytes
import Polling
import Testing

@testable import ControlCore

/// TLS of clients and servers, in virtual time.
@Suite("TLS of the interfaces")
struct SecureInterfaceTests {
    /// A device at 10.0.0.2:443 that speaks TLS on `terms`, or, without them, never answers.
    private final class SecureDevice {
        let scenario = ControlScenario(deviceListens: false)
        var terms: TLSTerms?
        var streams: [any TLSCapableTransport] = []
        let recorder = StreamRecorder()

        init(_ certificate: SimulatedCertificate?) {
            terms = certificate.map { TLSTerms(role: .server, verification: .none, identity: $0.identity) }
            scenario.device.environment.listenTCP(address: nil, port: 443) { [unowned self] transport in
                guard let transport = transport as? any TLSCapableTransport else { return }
                streams.append(transport)
                guard let terms else { return }
                transport.startTLS(terms, timeout: nil) { outcome in
                    if (try? outcome.get()) != nil { transport.start(delegate: StreamRecorder()) }
                }
            } completion: { _ in
            }
            scenario.world.run(for: .zero)
        }

        func client(_ terms: TLSTerms = TLSTerms(role: .client)) throws -> EthernetClientInterface {
            let client = try scenario.client(port: 443)
            client.onFault = { [unowned scenario] in scenario.note("Fault \($0.text)") }
            client.report.onLine = { [unowned scenario, unowned client] level, text in
                guard level == .warning, text.saysMoreThanReason else { return }
                scenario.note("Fault \(client.peer): \(text.withoutAdvice)")
            }
            try client.useTLS(terms)
            return client
        }

        func connect(_ client: EthernetClientInterface, timeout: TimeAmount? = .seconds(3)) -> ConnectOutcome? {
            var outcome: ConnectOutcome?
            client.connect(timeout: timeout) { outcome = $0 }
            scenario.world.run(for: .seconds(60))
            return outcome
        }
    }

    private let good = SimulatedCertificate(names: ["10.0.0.2"])

    @Test("Connect succeeds when the handshake stands, and then only")
    func connect() throws {
        let device = SecureDevice(good)
        device.scenario.world.network.latency = .milliseconds(100)
        let client = try device.client()
        client.connect(timeout: .seconds(3)) { device.scenario.note($0.text) }
        device.scenario.world.run(for: .milliseconds(250))
        #expect(!client.isConnected && client.isActive)
        device.scenario.world.run(for: .seconds(1))
        // Two trips for TCP, two for TLS.
        #expect(device.scenario.takeLog() == ["0.4 Connected", "0.4 Connected"])
        #expect(device.streams.first?.tlsSession?.version == .tls13)
    }

    @Test("A handshake that stalls is TimedOut by the time-out of Connect, and leaves nothing")
    func stall() throws {
        let device = SecureDevice(nil)
        let client = try device.client()
        client.connect(timeout: .seconds(3)) { device.scenario.note($0.text) }
        device.scenario.world.run(for: .seconds(10))
        #expect(device.scenario.takeLog() == ["3.0 TimedOut"])
        #expect(device.scenario.controller.openTransports == 0)
        #expect(!client.isActive)
        client.connect(timeout: nil) { device.scenario.note($0.text) }
        device.scenario.world.run(for: .seconds(100))
        #expect(device.scenario.takeLog() == ["40.0 TimedOut"], "without a time-out the limit is 30 s")
    }

    @Test("Disconnect during the handshake calls it off")
    func disconnect() throws {
        let device = SecureDevice(nil)
        let client = try device.client()
        client.connect(timeout: .seconds(3)) { device.scenario.note($0.text) }
        device.scenario.world.run(for: .seconds(1))
        client.disconnect()
        device.scenario.world.run(for: .seconds(10))
        #expect(device.scenario.takeLog() == ["1.0 Disconnected"])
        #expect(device.scenario.controller.openTransports == 0)
    }

    @Test("A second waiter whose time is longer gets a handshake of its own")
    func waitsItsTime() throws {
        let device = SecureDevice(nil)
        let client = try device.client()
        client.connect(timeout: .seconds(1)) { device.scenario.note("first \($0.text)") }
        client.connect(timeout: .seconds(5)) { device.scenario.note("second \($0.text)") }
        device.scenario.world.schedule(at: .uptimeNanoseconds(500_000_000)) {
            device.terms = TLSTerms(role: .server, verification: .none, identity: good.identity)
        }
        device.scenario.world.run(for: .seconds(10))
        #expect(device.scenario.takeLog() == ["1.0 first TimedOut", "1.0 Connected", "1.0 second Connected"])
    }

    @Test("What is wrong with a certificate is the second result, and told once until it changes")
    func certificateError() throws {
        let device = SecureDevice(SimulatedCertificate(names: ["10.0.0.9"]))
        let client = try device.client()
        let expected = "name '10.0.0.2' is not among 10.0.0.9"
        for _ in 0..<3 {
            let outcome = try #require(device.connect(client))
            #expect(outcome.text == "CertificateError")
            #expect(outcome.detail == expected)
        }
        #expect(device.scenario.takeLog() == ["0.0 Fault 10.0.0.2:443: CertificateError: \(expected)"])
        device.terms?.identity = SimulatedCertificate(names: [], issuer: nil).identity
        #expect(device.connect(client)?.detail == "self-signed")
        #expect(device.scenario.takeLog() == ["180.0 Fault 10.0.0.2:443: CertificateError: self-signed"])
    }

    @Test("A connection that nobody verifies is told of, every time")
    func unverified() throws {
        let device = SecureDevice(SimulatedCertificate(names: [], issuer: nil, notAfter: 1_000_000_000))
        let client = try device.client(TLSTerms(role: .client, verification: .none))
        for _ in 0..<2 {
            #expect(device.connect(client) == .connected)
            client.disconnect()
            device.scenario.world.run(for: .seconds(1))
        }
        let told = device.scenario.takeLog().filter { $0.contains("is not verified, as 'CERT_NONE' asks for: TLS 1.3") }
        #expect(told.count == 2)
    }

    @Test("TLS over an open connection holds for that connection only, and a failure ends it")
    func midStream() throws {
        let scenario = ControlScenario()
        let client = try scenario.connectedClient()
        var outcomes: [Result<TLSSession, ConnectFailure>] = []
        try client.startTLS(TLSTerms(role: .client), timeout: .seconds(2)) { outcomes.append($0) }
        scenario.world.run(for: .seconds(5))
        #expect(outcomes == [.failure(.timedOut)])
        #expect(scenario.takeLog() == ["2.0 Disconnected"])
        #expect(client.lastCloseReason == .failed("TimedOut"))
        #expect(throws: IOFault("10.0.0.2:23 is not connected")) {
            try client.startTLS(TLSTerms(role: .client), timeout: nil) { _ in }
        }
        client.connect(timeout: nil) { scenario.note($0.text) }
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["5.0 Connected", "5.0 Connected"], "the next connection is plain")
    }

    @Test("What a response left over before TLS is not given to the program behind the handshake")
    func injectedRest() throws {
        let scenario = ControlScenario(deviceListens: false)
        let recorder = StreamRecorder()
        recorder.onReceive = { [unowned recorder] transport, _ in
            guard recorder.text == "STARTTLS", let transport = transport as? any TLSCapableTransport else { return }
            transport.send("ready\rinjected")
            let certificate = SimulatedCertificate(names: ["10.0.0.2"])
            let terms = TLSTerms(role: .server, verification: .none, identity: certificate.identity)
            transport.startTLS(terms, timeout: nil) { _ in transport.send("by TLS") }
        }
        scenario.device.environment.listenTCP(address: nil, port: 23) { transport in
            transport.start(delegate: recorder)
        } completion: { _ in
        }
        scenario.world.run(for: .zero)
        let client = try scenario.connectedClient()
        client.setReceiving(false)
        client.sendAndWait(ByteBuffer(string: "STARTTLS"), timeout: .seconds(1), delimiter: .suffix([13])) {
            scenario.note(ControlScenario.text($0))
        }
        scenario.world.run(for: .zero)
        try client.startTLS(TLSTerms(role: .client), timeout: nil) { outcome in
            #expect((try? outcome.get()) != nil, "\(outcome)")
            client.setReceiving(true)
        }
        scenario.world.run(for: .seconds(1))
        #expect(scenario.takeLog() == ["0.0 response 'ready\r'", "0.0 Data by TLS"])
    }

    @Test("UDP has no TLS")
    func datagrams() throws {
        let scenario = ControlScenario()
        let client = try EthernetClientInterface(
            environment: scenario.controller, hostname: "10.0.0.2", port: 5, protocol: .udp)
        let server = try EthernetServerInterfaceEx(environment: scenario.controller, port: 5, protocol: .udp)
        let expected = ParameterError(parameter: "Protocol", problem: "is 'UDP'", allowed: "'TCP' for TLS")
        #expect(throws: expected) { try client.useTLS(TLSTerms(role: .client)) }
        #expect(throws: expected) { try server.useTLS(TLSTerms(role: .server)) }
    }

    // MARK: Servers

    private func server(_ scenario: ServerScenario, maxClients: Int? = nil) throws -> EthernetServerInterfaceEx {
        let server = try scenario.server(maxClients: maxClients)
        server.onFault = { [unowned scenario] in scenario.note("Fault \($0.text)") }
        let certificate = SimulatedCertificate(names: ["10.0.0.1"])
        try server.useTLS(TLSTerms(role: .server, verification: .none, identity: certificate.identity))
        server.startListen(timeout: nil) { _ in }
        scenario.world.run(for: .zero)
        return server
    }

    private func secureVisitor(_ scenario: ServerScenario) throws -> EthernetClientInterface {
        let visitor = try EthernetClientInterface(environment: scenario.visitors, hostname: "10.0.0.1", port: 9_000)
        try visitor.useTLS(TLSTerms(role: .client))
        visitor.connect(timeout: .seconds(3)) { scenario.note("visitor \($0.text)") }
        scenario.world.run(for: .zero)
        return visitor
    }

    @Test("A client is one when its handshake stands; its data and its end come after")
    func clients() throws {
        let scenario = ServerScenario()
        let server = try server(scenario)
        let visitor = try secureVisitor(scenario)
        try visitor.send(ByteBuffer(string: "hello"))
        scenario.world.run(for: .zero)
        #expect(server.clientCount == 1)
        visitor.disconnect()
        scenario.world.run(for: .seconds(2))
        #expect(
            scenario.takeLog() == [
                "0.0 visitor Connected", "0.0 Connected 1", "0.0 Data 1 hello", "0.0 Disconnected 1",
            ])
    }

    @Test(
        "A visitor without TLS is no client: after 10 seconds of silence, or at once when it talks",
        arguments: [true, false])
    func strangers(_ talks: Bool) throws {
        let scenario = ServerScenario()
        let server = try server(scenario)
        let visitor = try scenario.visitor()
        if talks { try visitor.send(ByteBuffer(string: "GET /\r\n\r\n")) }
        scenario.world.run(for: .seconds(20))
        let log = scenario.takeLog()
        #expect(log.count == 1)
        #expect(log.first?.hasPrefix("\(talks ? "0.0" : "10.0") Fault port 9000: 10.0.0.2:") == true, "\(log)")
        #expect(log.first?.hasSuffix(talks ? "TLS: the peer does not speak TLS" : "TimedOut") == true, "\(log)")
        #expect(server.clientCount == 0 && !visitor.isConnected)
        #expect(scenario.host.openTransports == 0)
    }

    @Test("Handshakes count for MaxClients")
    func maxClients() throws {
        let scenario = ServerScenario()
        _ = try server(scenario, maxClients: 1)
        let silent = try scenario.visitor()
        let second = try scenario.visitor()
        scenario.world.run(for: .seconds(1))
        #expect(silent.isConnected && !second.isConnected)
    }

    @Test("StopListen ends handshakes that are under way, without an event")
    func stopListen() throws {
        let scenario = ServerScenario()
        let server = try server(scenario)
        let visitor = try scenario.visitor()
        server.stopListen()
        scenario.world.run(for: .seconds(2))
        #expect(!visitor.isConnected)
        #expect(scenario.takeLog() == [])
        #expect(scenario.host.openTransports == 0)
        #expect(!server.isActive)
    }
}
