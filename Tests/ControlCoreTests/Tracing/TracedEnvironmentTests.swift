import Bytes
import Polling
import Testing

@testable import ControlCore

/// What a trace tells of each kind of wire, in a simulation.
@Suite("Traced environment")
struct TracedEnvironmentTests {
    private let world = SimulatedWorld(seed: 1)
    private let recorder = WireRecorder()
    private let host: SimulatedEnvironment
    private let device: SimulatedEnvironment

    init() {
        host = world.environment(named: "room", address: "10.0.0.1")
        device = world.environment(named: "projector", address: "10.0.0.2")
    }

    private func traced(
        _ terms: [String] = ["all"], aliases: [SerialPortAddress: [String]] = [:]
    ) throws -> TracedEnvironment {
        TracedEnvironment(host, filter: try WireFilter(terms), aliases: aliases, sink: recorder)
    }

    /// Lets the device answer what comes with the same, in capital letters.
    private func serve(port: Int, greeting: String = "") {
        device.listenTCP(address: nil, port: port) { stream in
            let echo = StreamRecorder()
            echo.onReceive = { stream, bytes in stream.send(String(buffer: bytes).uppercased()) }
            stream.start(delegate: echo)
            if !greeting.isEmpty { stream.send(greeting) }
        } completion: { _ in
        }
        world.run(for: .seconds(1))
    }

    private func connect(_ environment: TracedEnvironment, _ name: String, _ port: Int) throws -> any StreamTransport {
        var stream: (any StreamTransport)?
        environment.connectTCP(host: name, port: port, timeout: .seconds(5)) { stream = try? $0.get() }
        world.run(for: .seconds(1))
        return try #require(stream)
    }

    @Test("A TCP connection: opened, each piece, and who closed it; the delegate hears of the wrapped stream alone")
    func tcp() throws {
        serve(port: 23)
        let environment = try traced()
        let stream = try connect(environment, "projector", 23)
        let side = StreamRecorder()
        side.onReceive = { transport, _ in #expect(transport === stream) }
        stream.start(delegate: side)
        stream.send("pwr?")
        world.run(for: .seconds(1))
        stream.close()
        world.run(for: .seconds(3))
        stream.send("too late")
        #expect(
            recorder.lines == [
                "projector:23 opened", "projector:23 > pwr?", "projector:23 < PWR?", "projector:23 closed: local",
            ])
        #expect(side.text == "PWR?" && side.closes == [.local])
        let wire = try #require(recorder.events.first?.wire)
        #expect(wire.kind == .tcp && wire.number == 1 && !wire.isIncoming && wire.target == "projector")
        #expect(wire.remoteAddress?.ipAddress == "10.0.0.2" && wire.localAddress?.ipAddress == "10.0.0.1")
        #expect(recorder.events[1].time >= SimulatedEnvironment.defaultWallClock)
    }

    @Test("What an object opens has its owner's names; a name that comes later counts for what is opened then")
    func owners() throws {
        serve(port: 23)
        let root = try traced(["Projector", "Handler"])
        let projector = root.owned(by: ["Projector"])
        let screen = root.owned(by: ["Screen", "Devices.Screen"])
        _ = try connect(projector, "10.0.0.2", 23)
        _ = try connect(screen, "10.0.0.2", 23)
        screen.add(["Handler"])
        _ = try connect(screen, "10.0.0.2", 23)
        let opened = recorder.events.filter { $0.content == .opened }.map(\.wire)
        #expect(opened.map(\.fullName) == ["Projector 10.0.0.2:23", "Screen 10.0.0.2:23"])
        #expect(opened.map(\.number) == [1, 2])
        #expect(root.knownWires == ["Projector 10.0.0.2:23", "Screen 10.0.0.2:23"])
        #expect(root.knownNames == ["Projector", "Screen", "Devices.Screen", "Handler"])
        #expect(root.unmatchedTerms.isEmpty)
        #expect(root.owned(by: ["Inner"]).owned(by: ["Innermost"]).knownNames.contains("Inner"))
    }

    @Test("A server's clients have its names, and one whose address has names of its own has those first")
    func ownersOfServers() throws {
        let root = try traced(["Etcher", "Panels"])
        let panels = root.owned(by: ["Panels"])
        let peers = root.owned(by: ["Peers"])
        peers.add(["Etcher"], ofPeer: "10.0.0.2")
        for (environment, port) in [(panels, 9000), (peers, 5000)] {
            environment.listenTCP(address: nil, port: port) {
                $0.start(delegate: StreamRecorder())
            } completion: { _ in
            }
        }
        world.run(for: .seconds(1))
        let other = world.environment(named: "other", address: "10.0.0.3")
        for (client, port) in [(device, 9000), (device, 5000), (other, 5000)] {
            client.connectTCP(host: "10.0.0.1", port: port, timeout: .seconds(1)) { _ in }
            world.run(for: .seconds(1))
        }
        let opened = recorder.events.filter { $0.content == .opened }.map(\.wire)
        #expect(opened.map(\.owner) == ["Panels", "Panels", "Etcher"])
        #expect(opened.map(\.isIncoming) == [false, true, true])
        #expect(opened.last?.fullName.hasPrefix("Etcher :5000 10.0.0.2:") == true)
    }

    @Test("A connection that is refused or not answered is told with the reason")
    func refused() throws {
        let environment = try traced()
        environment.connectTCP(host: "projector", port: 24, timeout: .seconds(2)) { _ in }
        environment.connectTCP(host: "nobody", port: 24, timeout: .seconds(2)) { _ in }
        world.run(for: .seconds(10))
        #expect(
            Set(recorder.lines) == ["projector:24 refused: ConnectionRefused", "nobody:24 refused: HostError"])
    }

    @Test("A stream that is closed before anybody reads is told as closed, once")
    func unstarted() throws {
        serve(port: 23)
        let stream = try connect(try traced(), "projector", 23)
        stream.close()
        stream.close()
        world.run(for: .seconds(3))
        #expect(recorder.lines == ["projector:23 opened", "projector:23 closed: local"])
    }

    @Test("A listening port and what it accepts")
    func listening() throws {
        let environment = try traced([":9000"])
        let echo = StreamRecorder()
        echo.onReceive = { stream, bytes in stream.send(bytes) }
        var listener: (any Listener)?
        environment.listenTCP(address: nil, port: 9000) {
            $0.start(delegate: echo)
        } completion: {
            listener = try? $0.get()
        }
        world.run(for: .seconds(1))
        environment.listenTCP(address: nil, port: 9000) { _ in
        } completion: { _ in
        }
        device.connectTCP(host: "10.0.0.1", port: 9000, timeout: nil) { result in
            let stream = try? result.get()
            stream?.start(delegate: StreamRecorder())
            stream?.send("hello")
            stream?.close()
        }
        world.run(for: .seconds(3))
        listener?.close()
        listener?.close()
        #expect(recorder.lines[0...1] == [":9000 opened", ":9000 refused: PortUnavailable"])
        let connection = recorder.lines[2...].filter { $0.hasPrefix(":9000 10.0.0.2:") }
        #expect(
            connection.map { $0.drop { $0 != " " }.dropFirst().drop { $0 != " " } } == [
                " opened", " < hello", " > hello", " closed: peer",
            ])
        #expect(recorder.lines.last == ":9000 closed: local")
    }

    @Test("Of TLS what it carries is seen, not what it sends")
    func tls() throws {
        let certificates = try TLSCertificates(.simulated)
        let server = StreamRecorder()
        server.onReceive = { stream, _ in stream.send("Ver 1.0") }
        device.listenTCP(address: nil, port: 443) { stream in
            guard let capable = stream as? any TLSCapableTransport else { return }
            capable.startTLS(certificates.server(), timeout: nil) { _ in capable.start(delegate: server) }
        } completion: { _ in
        }
        world.run(for: .seconds(1))
        let stream = try connect(try traced(), "10.0.0.2", 443)
        let capable = try #require(stream as? any TLSCapableTransport)
        capable.startTLS(certificates.client(), timeout: nil) { _ in }
        world.run(for: .seconds(1))
        #expect(capable.tlsSession?.version == .tls13)
        capable.start(delegate: StreamRecorder())
        capable.send("V")
        world.run(for: .seconds(1))
        #expect(
            recorder.lines == [
                "10.0.0.2:443 opened", "10.0.0.2:443 TLS 1.3", "10.0.0.2:443 > V", "10.0.0.2:443 < Ver 1.0",
            ])
    }

    @Test("A handshake of TLS that fails ends the stream, and is told once")
    func tlsFails() throws {
        serve(port: 443, greeting: "I do not speak TLS")
        let stream = try connect(try traced(), "10.0.0.2", 443)
        let capable = try #require(stream as? any TLSCapableTransport)
        capable.startTLS(try TLSCertificates(.simulated).client(), timeout: .seconds(2)) { _ in }
        world.run(for: .seconds(5))
        #expect(recorder.lines.count == 2, "\(recorder.lines)")
        #expect(recorder.lines.last?.hasPrefix("10.0.0.2:443 insecure: ") == true, "\(recorder.lines)")
    }

    @Test("Of SSH what the session carries is seen; its password is nowhere")
    func ssh() throws {
        let service = SimulatedSSHService(hostKey: "key", accounts: ["admin": .init(password: "hunter2")])
        let shell = StreamRecorder()
        shell.onReceive = { stream, bytes in stream.send(bytes) }
        device.listenSSH(address: nil, port: 22, service: service) {
            $0.start(delegate: shell)
        } completion: { _ in
        }
        world.run(for: .seconds(1))
        let login = SSHLogin(credentials: Credentials(user: "admin", password: "hunter2"))
        var stream: (any StreamTransport)?
        try traced().connectSSH(host: "projector", port: 22, login: login, timeout: nil) { stream = try? $0.get() }
        world.run(for: .seconds(5))
        let side = StreamRecorder()
        stream?.start(delegate: side)
        stream?.send("sudo hunter2\r")
        world.run(for: .seconds(5))
        #expect(recorder.lines.first == "projector:22 opened" && recorder.events.first?.wire.kind == .ssh)
        #expect(recorder.lines.contains("projector:22 > sudo *******\r"), "\(recorder.lines)")
        #expect(!recorder.lines.contains { $0.contains("hunter2") })
        // What the program sends and gets is as it was.
        #expect(side.text.contains("hunter2"))
    }

    @Test("A serial port goes by its alias, and its settings can change as before")
    func serial() throws {
        let line = world.serialLine(from: host, "/dev/ttyS0", to: device, "/dev/ttyS1")
        let settings = try SerialSettings(baud: 9600)
        device.openSerial(path: "/dev/ttyS1", settings: settings) { result in
            let echo = StreamRecorder()
            echo.onReceive = { stream, bytes in stream.send(bytes) }
            (try? result.get())?.start(delegate: echo)
        }
        let environment = try traced(["Main:COM1", "/dev/none"], aliases: [.device(path: "/dev/ttyS0"): ["Main:COM1"]])
        var port: (any SerialTransport)?
        environment.openSerial(path: "/dev/ttyS0", settings: settings) { port = try? $0.get() }
        environment.openSerial(path: "/dev/none", settings: settings) { _ in }
        world.run(for: .seconds(1))
        let opened = try #require(port)
        opened.start(delegate: StreamRecorder())
        opened.send("ping")
        opened.reconfigure(settings)
        world.run(for: .seconds(1))
        line.near.unplug()
        world.run(for: .seconds(1))
        let lines = recorder.lines.filter { !$0.contains(" < ") }
        #expect(
            lines == [
                "Main:COM1 opened", "/dev/none refused: is not there", "Main:COM1 > ping",
                "Main:COM1 closed: failed(\"the port was pulled out\")",
            ])
        let received = recorder.lines.filter { $0.contains(" < ") }.map { $0.dropFirst("Main:COM1 < ".count) }
        #expect(received.joined() == "ping")
    }

    @Test("A UDP socket is seen as a whole, or with the peers alone that a term names", arguments: [false, true])
    func udp(_ isFiltered: Bool) throws {
        let environment = try traced(isFiltered ? ["10.0.0.2", "10.0.0.9"] : ["all"])
        let other = world.environment(named: "other", address: "10.0.0.3")
        var socket: (any DatagramTransport)?
        environment.openDatagrams(DatagramOptions(port: 6000)) { socket = try? $0.get() }
        world.run(for: .seconds(1))
        socket?.start(delegate: DatagramRecorder())
        for (peer, text) in [(other, "from the other"), (device, "from the device")] {
            peer.openDatagrams(DatagramOptions(port: 7000)) { result in
                guard let to = try? SocketAddress(ipAddress: "10.0.0.1", port: 6000) else { return }
                (try? result.get())?.send(ByteBuffer(string: text), to: to)
            }
        }
        world.run(for: .seconds(1))
        socket?.send(ByteBuffer(string: "hello"), to: try SocketAddress(ipAddress: "10.0.0.3", port: 7000))
        socket?.close()
        world.run(for: .seconds(1))
        let all = [
            "udp :6000 opened", "udp :6000 < from the other", "udp :6000 < from the device", "udp :6000 > hello",
            "udp :6000 closed: local",
        ]
        #expect(recorder.lines == (isFiltered ? [all[0], all[2], all[4]] : all))
        #expect(recorder.events.first { $0.content != .opened }?.peer?.port == 7000)
        if isFiltered { #expect(environment.unmatchedTerms == ["10.0.0.9"]) }
    }

    @Test("What no term names is handed through as it is, and terms that named nothing are known")
    func unnamed() throws {
        serve(port: 23)
        let environment = try traced(["projector:24", "projector:23"])
        let named = try connect(environment, "projector", 23)
        let unnamed = try connect(environment, "10.0.0.2", 23)
        #expect(named is TracedStream && unnamed is SimulatedTransport)
        #expect(environment.unmatchedTerms == ["projector:24"])
        #expect(environment.knownWires == ["projector:23", "10.0.0.2:23"])
    }

    @Test("A traced stream lives no longer than it is open")
    func lifetime() throws {
        serve(port: 23)
        let environment = try traced()
        weak var stream: (any StreamTransport)?
        do {
            let opened = try connect(environment, "projector", 23)
            opened.start(delegate: StreamRecorder())
            stream = opened
        }
        #expect(stream != nil)
        stream?.close()
        world.run(for: .seconds(3))
        #expect(stream == nil)
    }

    @Test("All else is that of the environment which is watched")
    func passedThrough() throws {
        let environment = try traced()
        #expect(environment.isRepeatable && environment.now == host.now && environment.wallClock == host.wallClock)
        #expect(environment.machine == host.machine)
        var fired: [String] = []
        environment.execute { fired.append("at once") }
        environment.schedule(after: .seconds(1)) { fired.append("later") }.cancel()
        var echo: Result<TimeAmount, EchoFailure>?
        environment.echo(try SocketAddress(ipAddress: "10.0.0.2", port: 0), timeout: .seconds(1)) { echo = $0 }
        world.run(for: .seconds(2))
        #expect(fired == ["at once"] && (try? echo?.get()) != nil)
    }
}
