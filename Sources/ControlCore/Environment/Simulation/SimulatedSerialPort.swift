/// A serial port of a simulated host: one end of a line that joins two hosts. ``SimulatedWorld`` makes lines.
public final class SimulatedSerialPort {
    /// So many bytes wait for a program that does not read; what comes then is lost, unless flow control holds it back.
    public static let receiveLimit = 4096

    /// The device's name on its host, such as `/dev/ttyUSB0`.
    public let path: String
    /// Whether the port is there.
    public private(set) var isPlugged = true
    /// What the port's driver cannot do: the fault for settings that it refuses, `nil` for all others.
    public var refusal: (SerialSettings) -> String? = { _ in nil }
    /// How many bytes were lost because nobody read them in time.
    public internal(set) var lostBytes = 0

    /// The other end. Its host owns it.
    private(set) weak var peer: SimulatedSerialPort?
    /// The stream of the program that has the port open.
    var transport: SimulatedSerialTransport?
    private let hostName: String
    private unowned let world: SimulatedWorld

    init(path: String, host: SimulatedHost, world: SimulatedWorld) {
        self.path = path
        hostName = host.name
        self.world = world
    }

    /// Joins two ports.
    static func join(_ first: SimulatedSerialPort, _ second: SimulatedSerialPort) {
        first.peer = second
        second.peer = first
    }

    /// The settings of the program that has the port open; `nil` while none has.
    public var settings: SerialSettings? { transport?.settings }

    /// Takes the port away, as a pulled plug does: the stream breaks, and the path is not there until ``replug()``.
    public func unplug() {
        guard isPlugged else { return }
        isPlugged = false
        record("unplug", "")
        transport?.portIsGone("the port was pulled out")
    }

    /// Puts the port back. It does not open by itself.
    public func replug() {
        guard !isPlugged else { return }
        isPlugged = true
        record("replug", "")
    }

    /// Opens the port for a program.
    func open(_ settings: SerialSettings) throws(SerialFailure) -> SimulatedSerialTransport {
        guard isPlugged else { throw .missing }
        guard transport == nil else { throw .inUse }
        if let refused = refusal(settings) { throw .unsupported(refused) }
        let opened = SimulatedSerialTransport(port: self, settings: settings, world: world)
        transport = opened
        record("open", "\(settings.baud)")
        return opened
    }

    func record(_ event: String, _ details: @autoclosure () -> String) {
        world.trace.record(world.now, hostName, "\(event) \(path) \(details())")
    }
}

extension SimulatedWorld {
    /// Joins ports of two hosts by a serial line. Bytes take the time that the sender's settings say; between ports of
    /// different settings they arrive as others.
    /// - Parameters:
    ///   - near: the host of one end.
    ///   - nearPath: a path that is free on the host `near`.
    ///   - far: the host of the other end, which may be the same.
    ///   - farPath: a path that is free on the host `far`.
    public func serialLine(
        from near: SimulatedEnvironment, _ nearPath: String, to far: SimulatedEnvironment, _ farPath: String
    ) -> (near: SimulatedSerialPort, far: SimulatedSerialPort) {
        let ports = (near.host.addSerialPort(nearPath, in: self), far.host.addSerialPort(farPath, in: self))
        SimulatedSerialPort.join(ports.0, ports.1)
        return ports
    }
}
