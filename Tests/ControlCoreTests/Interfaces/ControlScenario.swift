import Bytes
import ControlCore
import Polling

/// A controller at 10.0.0.1 and a device at 10.0.0.2:23 in a network without latency, so that virtual times are exact.
final class ControlScenario {
    let world: SimulatedWorld
    let controller: SimulatedEnvironment
    let device: FakeDevice
    private(set) var log: [String] = []

    init(seed: UInt64 = 1, deviceListens: Bool = true) {
        world = SimulatedWorld(seed: seed)
        world.network.latency = .zero
        controller = world.environment(named: "controller", address: "10.0.0.1")
        device = FakeDevice(environment: world.environment(named: "device", address: "10.0.0.2"))
        if deviceListens { device.listen() }
        world.run(for: .zero)
    }

    /// Notes what happened, with the virtual time in seconds.
    func note(_ text: String) {
        let milliseconds = controller.now.uptimeNanoseconds / 1_000_000
        log.append("\(Double(milliseconds) / 1000) \(text)")
    }

    /// Takes out what was noted.
    func takeLog() -> [String] {
        defer { log = [] }
        return log
    }

    func client(port: Int = 23) throws -> EthernetClientInterface {
        let client = try EthernetClientInterface(environment: controller, hostname: "10.0.0.2", port: port)
        client.onConnected = { self.note("Connected") }
        client.onDisconnected = { self.note("Disconnected") }
        client.onReceiveData = { self.note("Data \(String(buffer: $0))") }
        return client
    }

    func connectedClient() throws -> EthernetClientInterface {
        let client = try client()
        client.connect(timeout: nil) { _ in }
        world.run(for: .zero)
        log = []
        return client
    }

    /// How a `sendAndWait` ended, as text.
    static func text(_ outcome: SendAndWaitOutcome) -> String {
        switch outcome {
        case .response(let bytes): "response '\(String(buffer: bytes))'"
        case .cut(let bytes): "cut after \(bytes.readableBytes) bytes"
        case .unmet(let reason): "unmet \(reason)"
        case .failed(let error): "failed \(error)"
        }
    }
}

/// A device that takes connections and answers by a rule.
final class FakeDevice: StreamDelegate {
    let environment: SimulatedEnvironment
    /// Gives the answer to what arrived; `nil`: silence.
    var answer: (String) -> String? = { _ in nil }
    private(set) var received = ""
    private(set) var connections: [any StreamTransport] = []
    private(set) var accepted = 0
    private var listener: (any Listener)?

    init(environment: SimulatedEnvironment) {
        self.environment = environment
    }

    func listen(port: Int = 23) {
        environment.listenTCP(address: nil, port: port) { transport in
            self.accepted += 1
            self.connections.append(transport)
            transport.start(delegate: self)
        } completion: { result in
            self.listener = try? result.get()
        }
    }

    func stopListening() {
        listener?.close()
        listener = nil
    }

    func say(_ text: String) {
        for connection in connections { connection.send(ByteBuffer(string: text)) }
    }

    func hangUp() {
        for connection in connections { connection.close() }
    }

    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        let text = String(buffer: bytes)
        received += text
        if let answer = answer(text) { transport.send(ByteBuffer(string: answer)) }
    }

    func transportDidDrain(_ transport: any StreamTransport) {}

    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        connections.removeAll { $0 === transport }
    }
}
