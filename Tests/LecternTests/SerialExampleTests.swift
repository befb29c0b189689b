import ControlCore
import Lectern
import NIOCore
import Testing

/// docs/examples/serial, with its own lectern.yaml, on a simulated line.
@Suite("Serial example")
struct SerialExampleTests {
    @Test("The serial device is asked and tells, and a pulled plug and a silent device are both noticed")
    func play() throws {
        let folder = "docs/examples/serial"
        let stage = Stage()
        var configuration = try ProgramConfiguration(
            yaml: try ProjectFiles.text(of: "\(folder)/lectern.yaml"), file: "lectern.yaml")
        configuration.limits = Stage.configuration().limits
        let hosts = try ["main", "device"].map { try stage.start($0, "").environment }
        let port = stage.world.serialLine(from: hosts[0], "/tmp/lectern-main", to: hosts[1], "/tmp/lectern-device").near
        func start(_ name: String) throws -> Stage.Actor {
            try stage.start(
                name, try ProjectFiles.text(of: "\(folder)/\(name).lua"),
                folder: "\(ProjectFiles.root)/\(folder)", configuration: configuration)
        }
        let device = try start("device")
        let main = try start("main")
        stage.run(12)
        #expect(
            main.lines == ["The port is Online", "Device is Connected", "Power is On", "Power is Off", "Power is On"],
            "\(main.timeline)")
        main.entries = []
        port.unplug()
        stage.run(3)
        port.replug()
        stage.run(6)
        stage.stop("device")
        stage.run(6)
        let lines = main.entries.filter { $0.severity != .warning }.map(\.text).filter { !$0.hasPrefix("Power") }
        #expect(
            lines == [
                "The port is Offline", "Device is Disconnected", "The port is Online", "Device is Connected",
                "Device is Disconnected",
            ], "\(main.timeline)")
        #expect(main.errors.isEmpty && device.errors.isEmpty)
    }
}
