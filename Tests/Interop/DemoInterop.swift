import Glibc
import Testing

/// `scripts/demo`, as somebody runs it whose output is no terminal.
@Suite("The demo")
struct DemoInterop {
    private func start() throws -> Peer {
        try Peer("/usr/bin/env", ["bash", "\(Project.root)/scripts/demo"], environment: ["LECTERN": Project.lectern])
    }

    @Test("The room goes on, loses its projector, regains it, and goes off at night; it ends with exit code 0")
    func story() async throws {
        let demo = try start()
        let code = try await demo.exitCode(within: 200)
        let lines = demo.lines
        #expect(code == 0, "\(lines.joined(separator: "\n"))")
        // What is told, in this order; the time of day is before it.
        var rest = lines[...]
        for expected in [
            "panel: on", "Room.Power is Warming", "Room.Power is On", "panel: source camera", "panel: volume 80",
            "Projector loses its power", "Projector.Connection is Disconnected", "Projector has power again",
            "Projector.Connection is Connected", "Projector.Power is On", "Room.Power is Cooling", "Room.Power is Off",
            "==> Done.",
        ] {
            guard let index = rest.firstIndex(where: { $0.contains(expected) }) else {
                Issue.record("'\(expected)' is missing or comes too early:\n\(lines.joined(separator: "\n"))")
                break
            }
            rest = rest[(index + 1)...]
        }
        // Lines only: nothing of a terminal's.
        #expect(!lines.contains { $0.contains("\u{1B}") })
    }

    @Test("A signal in the middle ends the demo, and all that it has started")
    func interrupted() async throws {
        let demo = try start()
        try await demo.line(containing: "panel: on", within: 180)
        let before = try demo.children()
        #expect(before.count >= 6)
        demo.signal(SIGTERM)
        #expect(try await demo.exitCode() == 130)
        for child in before { #expect(Glibc.kill(child, 0) != 0, "process \(child) is left") }
    }
}
