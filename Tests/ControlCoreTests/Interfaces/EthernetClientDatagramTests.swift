import Bytes
import Polling
import Testing

@testable import ControlCore

/// UDP clients.
@Suite("Ethernet client over UDP")
struct EthernetClientDatagramTests {
    /// A controller at 10.0.0.1 and a UDP device at 10.0.0.2:5000 that answers by a rule, in a network without latency.
    final class Room: DatagramDelegate {
        let world = SimulatedWorld(seed: 9)
        let controller: SimulatedEnvironment
        let device: SimulatedEnvironment
        var answers: (String) -> [String] = { _ in [] }
        private(set) var heard: [String] = []
        private(set) var log: [String] = []
        private(set) var socket: (any DatagramTransport)?
        private(set) var lastSender: SocketAddress?

        init() {
            world.network.latency = .zero
            controller = world.environment(named: "controller", address: "10.0.0.1")
            device = world.environment(named: "device", address: "10.0.0.2")
            listen(on: device)
        }

        func listen(on environment: SimulatedEnvironment, port: Int = 5000) {
            environment.openDatagrams(DatagramOptions(port: port)) { [unowned self] result in
                socket = try? result.get()
                socket?.start(delegate: self)
            }
            world.run(for: .zero)
        }

        func client(
            _ host: String = "10.0.0.2", servicePort: Int = 0, bufferSize: Int = 4096
        ) throws -> EthernetClientInterface {
            let client = try EthernetClientInterface(
                environment: controller, hostname: host, port: 5000, protocol: .udp, servicePort: servicePort,
                bufferSize: bufferSize)
            client.onReceiveData = { [unowned self] in log.append("data \(String(buffer: $0))") }
            client.onFault = { [unowned self] in log.append("fault \($0)") }
            return client
        }

        func takeLog() -> [String] {
            defer { log = [] }
            return log
        }

        func note(_ text: String) { log.append(text) }

        func transport(_ transport: any DatagramTransport, didReceive bytes: ByteBuffer, from address: SocketAddress) {
            heard.append(String(buffer: bytes))
            lastSender = address
            for answer in answers(String(buffer: bytes)) { transport.send(ByteBuffer(string: answer), to: address) }
        }

        func transport(_ transport: any DatagramTransport, didFail failure: ConnectFailure) {}
        func transportDidDrain(_ transport: any DatagramTransport) {}
        func transportDidClose(_ transport: any DatagramTransport, reason: CloseReason) {}
    }

    private func bytes(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    @Test("Send works at once: what is sent while the name is resolved arrives in order, one datagram per event")
    func sendsAtOnce() throws {
        let room = Room()
        room.answers = { [$0 + "!", $0 + "?"] }
        let client = try room.client("device")
        #expect(client.localPort == nil)
        for text in ["a", "b", "c"] { try client.send(bytes(text)) }
        #expect(room.heard == [])
        room.world.run(for: .milliseconds(2))
        #expect(room.heard == ["a", "b", "c"])
        #expect(room.takeLog() == ["a!", "a?", "b!", "b?", "c!", "c?"].map { "data \($0)" })
        #expect(client.localPort == room.lastSender?.port)
        #expect(client.ipAddress == "10.0.0.2")
        #expect(!client.isConnected)
        client.close()
        #expect(client.localPort == nil)
        #expect(room.controller.openDatagramSockets == 0)
    }

    @Test("What waits for the name has a bound, also when it has no bytes, and all of it arrives")
    func waitsForTheName() throws {
        let room = Room()
        let client = try room.client("device")
        var sent = 0
        #expect(throws: IOFault.self) {
            while sent < 10_000 {
                try client.send(ByteBuffer())
                sent += 1
            }
        }
        // Each counts 256 bytes; the last is taken when the bound is just reached.
        #expect(sent == (1 << 20) / 256 + 1)
        room.world.run(for: .milliseconds(2))
        #expect(room.heard.count == sent)
        client.close()
    }

    @Test("A service port is the local port, and others than the device are heard there")
    func servicePort() throws {
        let room = Room()
        let client = try room.client(servicePort: 4000)
        try client.send(bytes("hello"))
        room.world.run(for: .zero)
        #expect(client.localPort == 4000)
        #expect(room.lastSender?.port == 4000)
        let other = room.world.environment(named: "other", address: "10.0.0.3")
        let target = try SocketAddress(ipAddress: "10.0.0.1", port: 4000)
        other.openDatagrams(DatagramOptions()) { (try? $0.get())?.send(ByteBuffer(string: "notice"), to: target) }
        room.world.run(for: .zero)
        #expect(room.takeLog() == ["data notice"])
        let second = try room.client(servicePort: 4000)
        try second.send(bytes("mine"))
        room.world.run(for: .zero)
        #expect(room.takeLog() == ["fault 10.0.0.2:5000: PortUnavailable; datagrams that are lost: 1"])
        client.close()
        try second.send(bytes("mine now"))
        room.world.run(for: .zero)
        #expect(room.heard == ["hello", "mine now"])
        second.close()
    }

    @Test("A broadcast is answered by everybody")
    func broadcast() throws {
        let room = Room()
        room.answers = { _ in ["two"] }
        let other = room.world.environment(named: "other", address: "10.0.0.3")
        room.listen(on: other)
        let client = try room.client("255.255.255.255")
        try client.send(bytes("who"))
        room.world.run(for: .zero)
        #expect(room.takeLog() == ["data two", "data two"])
        client.close()
    }

    @Test("A datagram longer than bufferSize is cut, and SetBufferSize changes that")
    func bufferSize() throws {
        let room = Room()
        room.answers = { _ in ["0123456789"] }
        let client = try room.client(bufferSize: 4)
        try client.send(bytes("x"))
        room.world.run(for: .zero)
        try client.setBufferSize(6)
        try client.send(bytes("x"))
        room.world.run(for: .zero)
        #expect(room.takeLog() == ["data 0123", "data 012345"])
        #expect(throws: ParameterError.self) { try client.setBufferSize(0) }
        client.close()
    }

    @Test("A datagram that is too long is refused, and nothing is sent")
    func tooLong() throws {
        let room = Room()
        let client = try room.client()
        let error = #expect(throws: IOFault.self) {
            try client.send(ByteBuffer(repeating: 0, count: DatagramOptions.sizeLimit + 1))
        }
        #expect(error?.text == "a datagram to 10.0.0.2:5000 has 65508 bytes; the limit is 65507")
        room.world.run(for: .zero)
        #expect(room.heard == [])
    }

    @Test("SendAndWait gathers datagrams up to the delimiter and gives the rest back as the datagrams that it came in")
    func sendAndWait() throws {
        let room = Room()
        room.answers = { $0 == "ask" ? ["an", "swer\r+", "more", ""] : [] }
        let client = try room.client()
        client.sendAndWait(bytes("ask"), timeout: .seconds(1), delimiter: .suffix(Array("\r".utf8))) {
            room.note("response \(String(buffer: $0.bytes))")
        }
        room.world.run(for: .zero)
        #expect(room.takeLog() == ["response answer\r", "data +", "data more", "data "])
        room.answers = { _ in ["one", "two", "three"] }
        client.sendAndWait(bytes("again"), timeout: .seconds(1), delimiter: .suffix(Array("\r".utf8))) {
            room.note("response '\(String(buffer: $0.bytes))'")
        }
        room.world.run(for: .seconds(1))
        #expect(room.takeLog() == ["response ''", "data one", "data two", "data three"])
        client.close()
    }

    @Test("A pause keeps what comes, up to what a system keeps for a socket, and delivers it afterwards")
    func pause() throws {
        let room = Room()
        room.answers = { _ in (0..<2000).map { "\($0)" } }
        let client = try room.client()
        client.setReceiving(false)
        try client.send(bytes("flood"))
        room.world.run(for: .seconds(1))
        #expect(room.takeLog() == [])
        client.setReceiving(true)
        room.world.run(for: .zero)
        let log = room.takeLog()
        #expect((700..<900).contains(log.count))
        #expect(log == log.indices.map { "data \($0)" })
        client.close()
    }

    @Test("A name that is not resolved costs the datagrams, and is told; the next one tries again")
    func unresolved() throws {
        let room = Room()
        let client = try room.client("projector")
        try client.send(bytes("a"))
        try client.send(bytes("b"))
        room.world.run(for: .seconds(1))
        #expect(room.takeLog() == ["fault projector:5000: HostError; datagrams that are lost: 2"])
        #expect(!client.isActive)
        room.world.network.names["projector"] = ["10.0.0.2"]
        try client.send(bytes("c"))
        room.world.run(for: .seconds(1))
        #expect(room.heard == ["c"])
        client.close()
    }

    @Test("A peer that has stopped answering is looked for again, by name, and found where it has moved")
    func movedPeer() throws {
        let room = Room()
        room.answers = { [$0] }
        room.world.network.names["projector"] = ["10.0.0.2"]
        let client = try room.client("projector")
        try client.send(bytes("0"))
        room.world.run(for: .seconds(10))
        room.socket?.close()
        let newHome = room.world.environment(named: "moved", address: "10.0.0.9")
        room.world.network.names["projector"] = ["10.0.0.9"]
        room.listen(on: newHome)
        for number in 1...5 {
            try client.send(bytes("\(number)"))
            room.world.run(for: .seconds(10))
        }
        // The look-up ended at 1 ms, so it is 30 s old with the send at 40 s, which still goes to the old address.
        #expect(room.heard == ["0", "5"])
        #expect(client.ipAddress == "10.0.0.9")
        #expect(
            room.takeLog() == [
                "data 0", "fault projector:5000: ConnectionRefused", "data 5",
            ])
        #expect(room.controller.openDatagramSockets == 1)
        client.close()
    }

    @Test("Refusals are told once until the device answers again")
    func refusals() throws {
        let room = Room()
        room.answers = { [$0] }
        let client = try room.client()
        room.socket?.close()
        for _ in 0..<5 {
            try client.send(bytes("x"))
            room.world.run(for: .milliseconds(10))
        }
        #expect(room.takeLog() == ["fault 10.0.0.2:5000: ConnectionRefused"])
        room.listen(on: room.device)
        try client.send(bytes("y"))
        room.world.run(for: .milliseconds(10))
        #expect(room.takeLog() == ["data y"])
        client.close()
    }

    @Test("Keep-alive data goes out at each interval without any Connect")
    func keepAlive() throws {
        let room = Room()
        let client = try room.client()
        try client.startKeepAlive(interval: .seconds(1), data: bytes("k"))
        room.world.run(for: .milliseconds(3500))
        #expect(room.heard == ["k", "k", "k"])
        client.stopKeepAlive()
        room.world.run(for: .seconds(5))
        #expect(room.heard.count == 3)
        client.close()
    }

    @Test(
        "An interface whose socket has been idle for 5 minutes is not kept alive any more, and its socket goes with it")
    func idleness() throws {
        let room = Room()
        weak var released: EthernetClientInterface?
        do {
            let client = try room.client()
            released = client
            try client.send(bytes("x"))
        }
        room.world.run(for: .seconds(299))
        #expect(released?.isActive == true)
        room.world.run(for: .seconds(2))
        #expect(released == nil)
        #expect(room.controller.openDatagramSockets == 0)
    }

    @Test("Connect fails at once")
    func connect() throws {
        let room = Room()
        let client = try room.client()
        client.connect(timeout: nil) { room.note($0.text) }
        client.disconnect()
        room.world.run(for: .zero)
        #expect(room.takeLog() == ["UDP has no connection"])
    }
}
