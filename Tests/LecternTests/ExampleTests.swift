import ControlCore
import Lectern
import NIOCore
import Testing

/// The programs of docs/examples in the simulated world, where a night takes no time: main.lua on one host, device.lua
/// on the other.
@Suite("Examples")
struct ExampleTests {
    /// Runs an example for a while and returns what main.lua printed.
    func play(
        _ example: String, seconds: Double, listening host: String = "device", deviceAfter: Double = 0,
        startingAfterMidnight: TimeAmount = .zero
    ) throws -> (main: [String], device: [String], stage: Stage) {
        let folder = "docs/examples/\(example)"
        let stage = Stage()
        func start(_ name: String) throws -> Stage.Actor {
            let text = try ProjectFiles.text(of: "\(folder)/\(name).lua")
            return try stage.start(
                name, text.replacing("'127.0.0.1'", with: "'\(host)'"), folder: "\(ProjectFiles.root)/\(folder)")
        }
        // Hosts exist before programs do, or a name would not resolve.
        for name in ["main", "device"] {
            try stage.start(name, "").environment.jumpWallClock(by: startingAfterMidnight)
        }
        let main: Stage.Actor
        let device: Stage.Actor
        if host == "main" || deviceAfter > 0 {
            main = try start("main")
            stage.run(deviceAfter)
            device = try start("device")
        } else {
            device = try start("device")
            main = try start("main")
        }
        stage.run(seconds)
        #expect(main.errors.isEmpty, "\(main.errors.map(\.text))")
        #expect(device.errors.isEmpty, "\(device.errors.map(\.text))")
        return (main.lines, device.lines, stage)
    }

    @Test("The asynchronous device's answers are put together, and its changes are seen")
    func asynchronous() throws {
        let (lines, _, stage) = try play("asynchronous-tcp", seconds: 12)
        #expect(lines == ["Device is Connected", "Power is On", "Power is Off", "Power is On"], "\(lines)")
        stage.stop("device")
        stage.run(0.5)
        #expect(stage.actors["main"]?.lines.last == "Device is Disconnected")
    }

    @Test("The synchronous device is asked again and again, and one missed answer does no harm")
    func synchronous() throws {
        let (lines, _, _) = try play("synchronous-tcp", seconds: 15)
        #expect(lines.first == "Device is Connected")
        #expect(lines.filter { $0 == "No good answer" }.count == 1)
        #expect(lines.filter { $0 == "Power is On" }.count >= 10, "\(lines)")
        #expect(!lines.contains("Device is Disconnected"))
    }

    @Test("A failed connection is reported every five seconds, until the device is there")
    func connectFailed() throws {
        let (lines, _, _) = try play("connect-failed", seconds: 10, deviceAfter: 12)
        let failure = "Failed to connect to Device: ConnectionRefused"
        #expect(lines == [failure, failure, failure, "Device is Connected"], "\(lines)")
    }

    @Test("The rack is left alone at night and connected in the morning")
    func autoReconnect() throws {
        let (lines, device, _) = try play(
            "auto-reconnect", seconds: 12 * 3600, startingAfterMidnight: .hours(20) + .minutes(58))
        #expect(
            lines == [
                "Device is Connected", "Good night", "Device is Disconnected", "Good morning", "Device is Connected",
            ], "\(lines)")
        #expect(device.contains("The rack is powered down"))
    }

    @Test("Polling pauses while the projector hears nothing, and its silence is not taken for a loss")
    func pausePolling() throws {
        let (lines, device, _) = try play("pause-polling", seconds: 120)
        #expect(
            lines == [
                "Device is Connected", "Projector is Warming Up", "Projector is On", "Polling goes on",
                "Projector is Cooling Down", "Projector is Off", "Polling goes on",
            ], "\(lines)")
        #expect(!device.contains { $0.hasPrefix("Unheard") }, "\(device)")
    }

    @Test("The silent client is disconnected after 30 seconds, the talking one stays")
    func idleClient() throws {
        let (lines, device, stage) = try play("idle-client-server", seconds: 60, listening: "main")
        #expect(lines.filter { $0.hasPrefix("New connection") }.count == 2, "\(lines)")
        #expect(lines.filter { $0.hasSuffix("disconnected") }.count == 1, "\(lines)")
        #expect(lines.filter { $0.hasSuffix("Talker is still here") }.count == 5, "\(lines)")
        #expect(device == ["Talker is Connected", "Sleeper is Connected", "Sleeper is Disconnected"], "\(device)")
        _ = stage
    }

    @Test("The room loses its projector, regains it, and ends with exit code 0")
    func room() throws {
        let (lines, _, stage) = try play("room", seconds: 5)
        #expect(
            lines == [
                "The room opens", "The projector is connected", "The projector is off", "Switching the projector on",
                "The projector is warming up", "The projector is on",
            ], "\(lines)")
        stage.stop("device")
        stage.run(5)
        let text = try ProjectFiles.text(of: "docs/examples/room/device.lua")
        try stage.start("device", text, folder: "\(ProjectFiles.root)/docs/examples/room")
        stage.run(10)
        let main = try #require(stage.actors["main"])
        #expect(main.ending == .exited(code: 0))
        #expect(main.lines.last?.hasPrefix("Done: ") == true, "\(main.lines)")
        #expect(main.lines.filter { $0.hasPrefix("No connection (ConnectionRefused)") }.count >= 2, "\(main.lines)")
        #expect(main.errors.isEmpty)
    }
}
