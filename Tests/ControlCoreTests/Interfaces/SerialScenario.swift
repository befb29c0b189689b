import Bytes
import ControlCore
import Polling

/// A controller and a device that are joined by a serial line, `/dev/ttyUSB0` at the controller and `/dev/ttyS0` at the
/// device.
final class SerialScenario {
    let world: SimulatedWorld
    let controller: SimulatedEnvironment
    let deviceHost: SimulatedEnvironment
    /// The controller's port.
    let port: SimulatedSerialPort
    let claims = SerialPortClaims()
    /// What the device has received.
    private(set) var heard = ""
    /// Gives the device's answer to what arrived; `nil`: silence.
    var answer: (String) -> String? = { _ in nil }
    private var device: SerialInterface?
    private(set) var log: [String] = []

    init(seed: UInt64 = 1) {
        world = SimulatedWorld(seed: seed)
        world.network.latency = .zero
        controller = world.environment(named: "controller", address: "10.0.0.1")
        deviceHost = world.environment(named: "device", address: "10.0.0.2")
        port = world.serialLine(from: controller, "/dev/ttyUSB0", to: deviceHost, "/dev/ttyS0").near
    }

    /// Starts the device.
    @discardableResult
    func startDevice(_ settings: SerialSettings = SerialSettings()) throws -> SerialInterface {
        let device = try SerialInterface(
            environment: deviceHost, name: "device", address: .device(path: "/dev/ttyS0"), settings: settings,
            claims: SerialPortClaims())
        device.onReceiveData = { [unowned self, unowned device] bytes in
            let text = String(buffer: bytes)
            heard += text
            // A device that is offline cannot have heard anything.
            if let answer = answer(text) { try? device.send(ByteBuffer(string: answer)) }
        }
        self.device = device
        return device
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

    func interface(
        _ settings: SerialSettings = SerialSettings(), address: SerialPortAddress = .device(path: "/dev/ttyUSB0")
    ) throws -> SerialInterface {
        let interface = try SerialInterface(
            environment: controller, name: "Main COM1", address: address, settings: settings, claims: claims)
        interface.onOnline = { self.note("Online") }
        interface.onOffline = { self.note("Offline") }
        interface.onReceiveData = { self.note("Data \(String(buffer: $0))") }
        interface.report.onLine = { level, text in
            if level == .warning { self.note("Problem \(text.prefix { $0 != ";" })") }
        }
        return interface
    }

    func run(_ seconds: Double) { world.run(for: .nanoseconds(Int64(seconds * 1e9))) }
}
