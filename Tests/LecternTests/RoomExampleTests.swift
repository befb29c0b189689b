import ControlCore
import Lectern
import Polling
import Testing

/// The room of docs/examples/room with simulators of its five devices, each on a host of its own.
@Suite("The room of the examples")
struct RoomExampleTests {
    /// The simulators by the names that the room has for the devices.
    private static let simulators = [
        "Projector": "pjlink_projector", "Switcher": "sis_matrix_switcher", "Display": "samsung_display_mdc",
        "Camera": "visca_camera", "Audio": "tesira_audio_processor",
    ]

    private final class Scene {
        let stage = Stage()
        private let room: SimulatedEnvironment
        private var panels = 0

        /// - Parameter time: the time of day at which it begins.
        init(at time: TimeAmount = .hours(12)) throws {
            room = try stage.start("room", "").environment
            room.jumpWallClock(by: time)
            for name in RoomExampleTests.simulators.keys.sorted() { try startDevice(name) }
        }

        func startDevice(_ name: String, _ more: String = "") throws {
            try stage.startSimulator(
                of: RoomExampleTests.simulators[name] ?? name, on: name.lowercased(), more)
        }

        /// Starts the room, and calls `body` while its files are there.
        func play(_ body: () throws -> Void) throws {
            let source = "docs/examples/room"
            var files: [String: String] = [:]
            for name in try ProjectFiles.names(in: source) where name.hasSuffix(".lua") {
                files[name] = try ProjectFiles.text(of: "\(source)/\(name)")
            }
            // Here each device is a host.
            for name in RoomExampleTests.simulators.keys {
                files["settings.lua"] = files["settings.lua"]?.replacing(
                    "\(name) = {Hostname = '127.0.0.1'", with: "\(name) = {Hostname = '\(name.lowercased())'")
            }
            try ProjectFiles.withFolder(of: files) { folder in
                var configuration = Stage.configuration()
                configuration.moduleFolders = ["\(ProjectFiles.root)/docs/examples/modules"]
                try stage.start("room", files["main.lua"] ?? "", folder: folder, configuration: configuration)
                stage.run(5)
                try body()
            }
        }

        /// A panel that connects, shows what it hears, and says `lines`.
        func panel(_ lines: String = "") throws -> Stage.Actor {
            panels += 1
            let actor = try stage.start(
                "panel\(panels)",
                """
                panel = EthernetClientInterface('room', 9100)
                local buffer = ''
                event(panel, 'ReceiveData', function(_, data)
                    buffer = buffer .. data
                    for line in buffer:gmatch('([^\\r\\n]*)\\r\\n') do print(line) end
                    buffer = buffer:match('[^\\n]*$')
                end)
                assert(panel:Connect(5) == 'Connected')
                panel:Send('\(lines)')
                """)
            stage.run(0.5)
            return actor
        }

        var log: [String] { stage.actors["room"]?.lines ?? [] }

        /// What a device has logged.
        func device(_ name: String) -> Stage.Actor? { stage.actors[name.lowercased()] }

        func expectNoErrors(sourceLocation: SourceLocation = #_sourceLocation) {
            stage.expectNoErrors(sourceLocation: sourceLocation)
        }
    }

    /// What a panel knows in the end, by name.
    private func known(_ panel: Stage.Actor) -> [String: String] {
        var known: [String: String] = [:]
        for line in panel.lines {
            guard let equals = line.firstIndex(of: "=") else { continue }
            known[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        return known
    }

    @Test("All devices are connected, and a panel that comes learns all that is known")
    func opens() throws {
        let scene = try Scene()
        try scene.play {
            let known = known(try scene.panel())
            for name in Self.simulators.keys { #expect(known["\(name).Connection"] == "Connected", "\(name)") }
            #expect(known["Room.Power"] == "Off" && known["Room.Source"] == "laptop" && known["Room.Volume"] == "50")
            #expect(known["Projector.Power"] == "Off" && known["Display.Power"] == "Off")
            scene.expectNoErrors()
        }
    }

    @Test("Switched on, it is warming until its screens are on; then they show the source, at the first volume")
    func on() throws {
        let scene = try Scene()
        try scene.play {
            let panel = try scene.panel("on\\r\\n")
            #expect(known(panel)["Room.Power"] == "Warming")
            scene.stage.run(80)
            let now = known(panel)
            #expect(
                now["Room.Power"] == "On" && now["Projector.Power"] == "On" && now["Display.Power"] == "On", "\(now)")
            #expect(now["Projector.Input"] == "Digital 1" && now["Display.Input"] == "HDMI 1", "\(now)")
            #expect(now["Switcher.Output1"] == "1" && now["Switcher.Output2"] == "1", "\(now)")
            #expect(now["Audio.Level"] == "-30.0" && now["Audio.Mute"] == "Off", "\(now)")
            #expect(now["Camera.Power"] == "On", "\(now)")
            scene.expectNoErrors()
        }
    }

    @Test("Sources, volume, mute and presets follow the panel; a source switches the room on")
    func commands() throws {
        let scene = try Scene()
        try scene.play {
            let panel = try scene.panel("source player\\r\\n")
            scene.stage.run(80)
            var now = known(panel)
            #expect(now["Room.Power"] == "On" && now["Switcher.Output2"] == "3", "\(now)")
            let other = try scene.panel(
                "volume 100\\r\\nvolume down\\r\\nmute on\\r\\ncamera lectern\\r\\nsource pc\\r\\n")
            scene.stage.run(10)
            now = known(panel)
            #expect(now["Room.Volume"] == "95" && now["Audio.Level"] == "-3.0" && now["Audio.Mute"] == "On", "\(now)")
            #expect(now["Switcher.Output1"] == "4" && now["Room.Preset"] == "lectern", "\(now)")
            #expect(other.lines.filter { $0 == "OK" }.count == 5, "\(other.lines)")
            scene.expectNoErrors()
        }
    }

    @Test("What a panel says wrong is answered with what is right; lines may come in pieces")
    func mistakes() throws {
        let scene = try Scene()
        try scene.play {
            let pieces = scene.stage.world.network.inject(.split([1]))
            let panel = try scene.panel("source tape\\r\\nvolume 101\\r\\n\\r\\nmute\\r\\ncamera\\r\\ndance\\r\\n")
            scene.stage.world.network.liftAllFaults()
            _ = pieces
            #expect(
                panel.lines.filter { !$0.contains("=") } == [
                    "ERROR the sources are camera, laptop, pc, player", "ERROR the volume is 0 to 100, up or down",
                    "ERROR mute is on or off", "ERROR the presets are audience, lectern, wide",
                    "ERROR the commands are camera, mute, off, on, source, status, volume",
                ], "\(panel.lines)")
            scene.expectNoErrors()
        }
    }

    @Test("A projector that loses its power is switched on again when it is back; the rest goes on")
    func projectorReturns() throws {
        let scene = try Scene()
        try scene.play {
            let panel = try scene.panel("on\\r\\n")
            scene.stage.run(80)
            scene.stage.stop("projector")
            scene.stage.run(10)
            var now = known(panel)
            #expect(now["Projector.Connection"] == "Disconnected" && now["Room.Power"] == "On", "\(now)")
            #expect(now["Display.Connection"] == "Connected", "\(now)")
            try scene.startDevice("Projector")
            scene.stage.run(80)
            now = known(panel)
            #expect(now["Projector.Connection"] == "Connected" && now["Projector.Power"] == "On", "\(now)")
            #expect(now["Projector.Input"] == "Digital 1", "\(now)")
            scene.expectNoErrors()
        }
    }

    @Test("At night the room goes off by its clock")
    func night() throws {
        let scene = try Scene(at: .hours(22) + .minutes(57))
        try scene.play {
            let panel = try scene.panel("on\\r\\n")
            scene.stage.run(150)
            #expect(known(panel)["Room.Power"] == "On")
            scene.stage.run(150)
            let now = known(panel)
            #expect(now["Room.Power"] == "Off" && now["Projector.Power"] == "Off", "\(now)")
            #expect(now["Display.Power"] == "Off" && now["Audio.Mute"] == "On", "\(now)")
            #expect(scene.log.contains("It is 23:00: the room goes off"), "\(scene.log)")
            scene.expectNoErrors()
        }
    }

    @Test("A display that does not come on holds the room up for a while only")
    func waitsItsTime() throws {
        let scene = try Scene()
        try scene.play {
            let panel = try scene.panel()
            scene.stage.stop("display")
            scene.stage.run(0.05)
            try scene.startDevice("Display", "Device.IsSilent = true")
            panel.program.stop()
            let second = try scene.panel("on\\r\\n")
            scene.stage.run(100)
            #expect(known(second)["Room.Power"] == "On")
        }
    }
}
