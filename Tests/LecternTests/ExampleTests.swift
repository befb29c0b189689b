import Lectern
import Testing

/// The room of docs/examples in the simulated world: main.lua on one host, device.lua on the other.
@Suite("Examples")
struct ExampleTests {
    private func start(_ name: String, on stage: Stage) throws -> Stage.Actor {
        let folder = "docs/examples/room"
        let text = try ProjectFiles.text(of: "\(folder)/\(name).lua")
        return try stage.start(
            name, text.replacing("'127.0.0.1'", with: "'device'"), folder: "\(ProjectFiles.root)/\(folder)")
    }

    @Test("The room loses its projector, regains it, and ends with exit code 0")
    func room() throws {
        let stage = Stage()
        _ = try start("device", on: stage)
        let main = try start("main", on: stage)
        stage.run(5)
        #expect(
            main.lines == [
                "The room opens", "The projector is connected", "The projector is off", "Switching the projector on",
                "The projector is warming up", "The projector is on",
            ], "\(main.lines)")
        stage.stop("device")
        stage.run(5)
        let device = try start("device", on: stage)
        stage.run(10)
        #expect(main.ending == .exited(code: 0))
        #expect(main.lines.last?.hasPrefix("Done: ") == true, "\(main.lines)")
        #expect(main.lines.filter { $0.hasPrefix("No connection (ConnectionRefused)") }.count >= 2, "\(main.lines)")
        #expect(main.errors.isEmpty && device.errors.isEmpty)
    }
}
