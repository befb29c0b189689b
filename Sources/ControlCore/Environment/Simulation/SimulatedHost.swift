/// A host's place in the simulated network: its addresses, ports and what is open on it.
final class SimulatedHost {
    /// Distinguishes its deadlines in the world's queue; from 1.
    let id: Int
    let name: String
    let address: String
    /// The wall clock at the world's beginning, in nanoseconds since 1970-01-01 00:00:00 UTC.
    var wallClockAtZero = SimulatedEnvironment.defaultWallClock
    /// The authorities that the host trusts.
    var trustedIssuers: Set<String> = [SimulatedCertificate.commonAuthority]
    /// What is open, by serial number, so that it can be closed in the order in which it was opened.
    private(set) var transports: [Int: SimulatedTransport] = [:]
    private(set) var attempts: [Int: SimulatedConnectAttempt] = [:]
    private(set) var listeners: [Int: [SimulatedListener]] = [:]
    private(set) var serialPorts: [String: SimulatedSerialPort] = [:]
    /// The UDP sockets by their ports.
    private(set) var datagrams: [Int: SimulatedDatagramSocket] = [:]
    private var lastPort = 49151
    private var lastDatagramPort = 49151
    private var lastSerial = 0

    init(id: Int, name: String, address: String) {
        self.id = id
        self.name = name
        self.address = address
    }

    var openListeners: Int { listeners.values.reduce(0) { $0 + $1.count } }

    /// Notes an open end of a connection.
    /// - Returns: the serial number to forget it by.
    func add(_ transport: SimulatedTransport) -> Int {
        lastSerial += 1
        transports[lastSerial] = transport
        return lastSerial
    }

    /// Notes a connection that is being opened.
    /// - Returns: the serial number to forget it by.
    func add(_ attempt: SimulatedConnectAttempt) -> Int {
        lastSerial += 1
        attempts[lastSerial] = attempt
        return lastSerial
    }

    func forget(_ serial: Int) {
        transports[serial] = nil
        attempts[serial] = nil
    }

    /// Closes all there is, in a fixed order.
    func closeEverything() {
        for (_, attempt) in attempts.sorted(by: { $0.key < $1.key }) { attempt.cancel() }
        for (_, others) in listeners.sorted(by: { $0.key < $1.key }) {
            for listener in others { listener.close() }
        }
        for (_, socket) in datagrams.sorted(by: { $0.key < $1.key }) { socket.close() }
        for (_, transport) in transports.sorted(by: { $0.key < $1.key }) { transport.close() }
        for (_, port) in serialPorts.sorted(by: { $0.key < $1.key }) { port.transport?.close() }
    }

    var openSerialPorts: Int { serialPorts.values.count { $0.transport != nil } }

    func addSerialPort(_ path: String, in world: SimulatedWorld) -> SimulatedSerialPort {
        precondition(serialPorts[path] == nil, "two ports \(path) on \(name)")
        let port = SimulatedSerialPort(path: path, host: self, world: world)
        serialPorts[path] = port
        return port
    }

    /// Whether `address` is one at which this host can listen.
    func owns(_ address: String) -> Bool {
        address == self.address || Self.isLoopback(address)
    }

    static func isLoopback(_ address: String) -> Bool {
        address == "::1" || address.hasPrefix("127.")
    }

    /// The listener that gets connections to `address`.
    func listener(at address: String, port: Int) -> SimulatedListener? {
        listeners[port]?.first { $0.address == nil || $0.address == address }
    }

    func canListen(at address: String?, port: Int) -> Bool {
        guard let others = listeners[port] else { return true }
        return address != nil && others.allSatisfy { $0.address != nil && $0.address != address }
    }

    func add(_ listener: SimulatedListener) {
        listeners[listener.port, default: []].append(listener)
    }

    func remove(_ listener: SimulatedListener) {
        listeners[listener.port]?.removeAll { $0 === listener }
        if listeners[listener.port]?.isEmpty == true { listeners[listener.port] = nil }
    }

    func add(_ socket: SimulatedDatagramSocket) {
        datagrams[socket.port] = socket
    }

    func remove(_ socket: SimulatedDatagramSocket) {
        datagrams[socket.port] = nil
    }

    /// The next UDP port of the dynamic range that is free.
    func nextDatagramPort() -> Int {
        repeat {
            lastDatagramPort = lastDatagramPort == 65535 ? 49152 : lastDatagramPort + 1
        } while datagrams[lastDatagramPort] != nil
        return lastDatagramPort
    }

    /// The next port of the dynamic range on which nobody listens.
    func nextPort() -> Int {
        repeat {
            lastPort = lastPort == 65535 ? 49152 : lastPort + 1
        } while listeners[lastPort] != nil
        return lastPort
    }
}
