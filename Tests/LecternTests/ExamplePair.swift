import ControlCore
import Lectern
import Polling
import Testing

/// An example of docs/examples/connection-handler and what it talks to, each on a host of its own in one simulated
/// world, with the cable that the folder's lectern.yaml names between them.
final class ExamplePair {
    static let folder = "docs/examples/connection-handler"

    /// The names of all examples, in the document's order.
    static func all() throws -> [String] {
        try ProjectFiles.names(in: folder).filter { $0.first?.isNumber == true }
            .map { String($0.dropLast(".lua".count)) }.filter { !$0.hasSuffix("-device") }
    }

    let example: String
    let stage = Stage()
    private(set) var cable: SimulatedSerialPort!
    private var configuration: ProgramConfiguration

    /// - Parameter time: the time of day at which it begins.
    init(_ example: String, at time: TimeAmount = .hours(12)) throws {
        self.example = example
        configuration = try ProgramConfiguration(
            yaml: try ProjectFiles.text(of: "\(Self.folder)/lectern.yaml"), file: "lectern.yaml")
        configuration.limits = Stage.configuration().limits
        // Hosts exist before programs do, or a name would not resolve.
        let hosts = try ["main", "device"].map { try stage.start($0, "").environment }
        for host in hosts { host.jumpWallClock(by: time) }
        cable = stage.world.serialLine(from: hosts[0], "/tmp/lectern-main", to: hosts[1], "/tmp/lectern-device").near
    }

    func startMain() throws { try start("main", "\(example).lua", peer: "device") }

    func startDevice() throws { try start("device", "\(example)-device.lua", peer: "main") }

    /// The device loses its power.
    func stopDevice() { stage.stop("device") }

    private func start(_ host: String, _ file: String, peer: String) throws {
        let text = try ProjectFiles.text(of: "\(Self.folder)/\(file)")
        try stage.start(
            host, text.replacing("'127.0.0.1'", with: "'\(peer)'"), file: file,
            folder: "\(ProjectFiles.root)/\(Self.folder)", configuration: configuration)
    }

    /// Starts the device, then the program, and runs both.
    func play(seconds: Double) throws {
        try startDevice()
        try startMain()
        stage.run(seconds)
    }

    /// What the program has printed, and what was logged of it, without warnings.
    var lines: [String] { shown("main") }

    /// What the device has printed.
    var deviceLines: [String] { shown("device") }

    private func shown(_ host: String) -> [String] {
        (stage.actors[host]?.entries ?? []).filter { $0.severity != .warning }.map(\.text)
    }

    /// What the program has printed of its connection: lines that end in 'Connected' or 'Disconnected'.
    var changes: [String] {
        lines.filter { $0.hasSuffix("onnected") }
    }

    /// When the program printed a line, in seconds since the beginning.
    var timeline: [String] { stage.actors["main"]?.timeline ?? [] }

    /// Expects that neither program has failed anywhere.
    func expectNoErrors(sourceLocation: SourceLocation = #_sourceLocation) {
        stage.expectNoErrors(sourceLocation: sourceLocation)
    }
}
