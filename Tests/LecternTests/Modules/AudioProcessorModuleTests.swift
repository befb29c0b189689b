import ControlCore
import Lectern
import Polling
import Testing

/// A room with an audio processor, as both test files of the module use it.
struct AudioProcessorScene {
    /// The ways that an audio processor has.
    static let ways: [ModuleScene.Way] = [.tcp, .ssh, .serial, .serialOverEthernet]

    let scene: ModuleScene
    let device: Stage.Actor

    /// `Handler` is the device's handler, `level(n)` and so on are qualifiers, and `at(seconds, f)` calls later.
    private static let room = """
        function level(channel) return {InstanceTag = 'LEVEL1', Channel = channel} end
        Source, Logic, Meter = {InstanceTag = 'SOURCE1'}, {InstanceTag = 'LOGIC1', Channel = 2}, {InstanceTag = 'METER1', Channel = 1}
        function route(output) return {InstanceTag = 'ROUTER1', Output = output} end
        at = Wait
        report('ConnectionStatus')
        Handler = GetConnectionHandler(Device, 'SerialNumber', {DisconnectLimit = 15, connectRetryTime = 2})
        event(Handler, {'Connected', 'Disconnected'}, function(_, state) print('handler', state) end)

        """

    init(
        over way: ModuleScene.Way = .tcp, _ text: String, device more: String = "", object: String? = nil
    ) throws {
        scene = try ModuleScene("tesira_audio_processor", over: way, port: 2024)
        scene.stage.world.network.latency = .zero
        try scene.serveGateways(serial: SerialSettings(baud: 115_200))
        // Behind SSH there is no telnet.
        device = try scene.startDevice((way == .ssh ? "Device.Negotiates = false\n" : "") + more)
        scene.run(0)
        try scene.startRoom(Self.room + text + "\nHandler:Connect()", device: object)
    }

    func run(_ seconds: Double) { scene.run(seconds) }

    /// What the room has printed about statuses.
    var statuses: [String] { scene.lines.filter { !$0.hasPrefix("handler") && !$0.hasPrefix("ConnectionStatus") } }

    /// What the room has printed about the connection.
    var connection: [String] { scene.lines.filter { $0.hasPrefix("handler") || $0.hasPrefix("ConnectionStatus") } }
}

/// The module of the audio processor over all that it may be connected by, with its simulator.
@Suite("Audio processor module")
struct AudioProcessorModuleTests {
    @Test("Every command is set, and its status comes back", arguments: AudioProcessorScene.ways)
    func commands(way: ModuleScene.Way) throws {
        let audio = try AudioProcessorScene(
            over: way,
            """
            report('LevelControl', 'MuteControl', 'LogicState', 'SourceSelection', 'RouterInput', 'MinLevel', 'MaxLevel',
                'ActiveFault', 'SerialNumber', 'Firmware')
            at(2, function()
                for _, command in ipairs({'LevelControl', 'MuteControl', 'MinLevel', 'MaxLevel'}) do
                    Handler:Update(command, level(1))
                end
                Handler:Update('LogicState', Logic)
                Handler:Update('SourceSelection', Source)
                Handler:Update('RouterInput', route(1))
                Handler:Update('ActiveFault')
                Handler:Update('Firmware')
            end)
            at(4, function()
                print('-')
                Handler:Set('MuteControl', 'On', level(1))
                Handler:Set('LevelControl', -9.7, level(1))
                Handler:Set('LogicState', 'Off', Logic)
                Handler:Set('SourceSelection', 3, Source)
                Handler:Set('RouterInput', 3, route(1))
                Handler:Set('MinLevel', -60, level(1))
                Handler:Set('MaxLevel', 6.5, level(1))
            end)
            at(6, function()
                print('-')
                Handler:Set('LevelStep', 2.5, level(1))
                Handler:Set('LevelStep', 2.5, level(1))
                Handler:Set('LevelStep', -1, level(1))
                Handler:Set('MuteControl', 'Off', level(1))
            end)
            at(8, function() print('-') Handler:Set('PresetRecall', 1002) end)
            """)
        audio.run(10)
        #expect(audio.connection.contains("handler\tConnected"), "\(audio.scene.lines)")
        #expect(audio.connection.contains("ConnectionStatus Connected"), "\(audio.scene.lines)")
        let parts = audio.statuses.split(separator: "-", omittingEmptySubsequences: false).map(Set.init)
        try #require(parts.count == 4, "\(audio.scene.lines)")
        #expect(
            parts[0] == [
                "SerialNumber 01234567", "LevelControl -12.0 {Channel=1, InstanceTag=LEVEL1}",
                "MuteControl Off {Channel=1, InstanceTag=LEVEL1}", "MinLevel -100.0 {Channel=1, InstanceTag=LEVEL1}",
                "MaxLevel 12.0 {Channel=1, InstanceTag=LEVEL1}", "LogicState On {Channel=2, InstanceTag=LOGIC1}",
                "SourceSelection 1 {InstanceTag=SOURCE1}", "RouterInput 1 {InstanceTag=ROUTER1, Output=1}",
                "ActiveFault None", "Firmware 3.14.1.7",
            ], "\(audio.statuses)")
        #expect(
            parts[1] == [
                "MuteControl On {Channel=1, InstanceTag=LEVEL1}", "LevelControl -9.7 {Channel=1, InstanceTag=LEVEL1}",
                "LogicState Off {Channel=2, InstanceTag=LOGIC1}", "SourceSelection 3 {InstanceTag=SOURCE1}",
                "RouterInput 3 {InstanceTag=ROUTER1, Output=1}", "MinLevel -60.0 {Channel=1, InstanceTag=LEVEL1}",
                "MaxLevel 6.5 {Channel=1, InstanceTag=LEVEL1}",
            ], "\(audio.statuses)")
        // Two steps up and one down; what comes between depends on when the device tells.
        #expect(parts[2].contains("LevelControl -5.7 {Channel=1, InstanceTag=LEVEL1}"), "\(audio.statuses)")
        #expect(parts[2].contains("MuteControl Off {Channel=1, InstanceTag=LEVEL1}"), "\(audio.statuses)")
        #expect(
            parts[3] == [
                "LevelControl 0.0 {Channel=1, InstanceTag=LEVEL1}", "SourceSelection 2 {InstanceTag=SOURCE1}",
            ], "\(audio.statuses)")
        #expect(audio.scene.warnings.isEmpty, "\(audio.scene.warnings)")
        audio.scene.expectNoErrors()
    }

    @Test("What somebody else changes is told", arguments: AudioProcessorScene.ways)
    func unsolicited(way: ModuleScene.Way) throws {
        let audio = try AudioProcessorScene(
            over: way,
            """
            report('LevelControl', 'MuteControl', 'SourceSelection')
            at(2, function()
                Handler:Update('LevelControl', level(2))
                Handler:Update('MuteControl', level(2))
                Handler:Update('SourceSelection', Source)
            end)
            """,
            device: """
                Wait(4, function()
                    Device:Change('LEVEL1', 'level', 2, 3.25)
                    Device:Change('LEVEL1', 'mute', 2, true)
                    Device:Change('SOURCE1', 'sourceSelection', nil, 0)
                    Device:Change('LEVEL1', 'level', 1, -1) -- nobody asked for it
                end)
                """)
        audio.run(6)
        #expect(
            audio.statuses == [
                "LevelControl -20.0 {Channel=2, InstanceTag=LEVEL1}", "MuteControl Off {Channel=2, InstanceTag=LEVEL1}",
                "SourceSelection 1 {InstanceTag=SOURCE1}", "LevelControl 3.3 {Channel=2, InstanceTag=LEVEL1}",
                "MuteControl On {Channel=2, InstanceTag=LEVEL1}", "SourceSelection 0 {InstanceTag=SOURCE1}",
            ], "\(audio.statuses)")
        audio.scene.expectNoErrors()
    }

    @Test(
        "Answers in single bytes and several messages in one piece are understood", arguments: AudioProcessorScene.ways)
    func framing(way: ModuleScene.Way) throws {
        let audio = try AudioProcessorScene(
            over: way,
            """
            report('LevelControl', 'ActiveFault', 'SerialNumber')
            at(2, function() Handler:Update('LevelControl', level(1)) Handler:Update('ActiveFault') end)
            """,
            device: """
                Device.Faults = {{id = 'FAULT_DANTE_FLOW_INACTIVE', name = 'one or more Dante flows inactive'}}
                Wait(4.4, function()
                    local message = '! "publishToken":"LevelControl.LEVEL1.1" "value":%f\\r\\n'
                    for _, link in pairs(Device.Links) do
                        link:Send((message:rep(3)):format(-1, -2, -3) .. '! "publishToken":"LevelControl.LEVEL1.1" "va')
                    end
                end)
                Wait(4.5, function()
                    for _, link in pairs(Device.Links) do link:Send('lue":-4.000000\\r\\n') end
                end)
                """)
        audio.scene.stage.world.network.inject(.split([1]))
        audio.run(6)
        #expect(
            Set(audio.statuses.prefix(3)) == [
                "SerialNumber 01234567", "LevelControl -12.0 {Channel=1, InstanceTag=LEVEL1}",
                "ActiveFault one or more Dante flows inactive",
            ], "\(audio.statuses)")
        #expect(
            audio.statuses.dropFirst(3) == [
                "LevelControl -1.0 {Channel=1, InstanceTag=LEVEL1}",
                "LevelControl -2.0 {Channel=1, InstanceTag=LEVEL1}",
                "LevelControl -3.0 {Channel=1, InstanceTag=LEVEL1}",
                "LevelControl -4.0 {Channel=1, InstanceTag=LEVEL1}",
            ], "\(audio.statuses)")
        #expect(audio.scene.warnings.isEmpty, "\(audio.scene.warnings)")
        audio.scene.expectNoErrors()
    }

    @Test("A silent device is lost, and found again with what has changed", arguments: AudioProcessorScene.ways)
    func silence(way: ModuleScene.Way) throws {
        let audio = try AudioProcessorScene(
            over: way,
            """
            report('LevelControl')
            at(2, function() Handler:Update('LevelControl', level(1)) end)
            """,
            device: """
                Wait(4, function() Device.IsSilent = true end)
                Wait(12, function() Device:Change('LEVEL1', 'level', 1, -3) end)
                Wait(40, function() Device.IsSilent = false end)
                """)
        audio.run(18)
        #expect(!audio.connection.contains("ConnectionStatus Disconnected"), "\(audio.scene.lines)")
        audio.run(21)
        #expect(audio.connection.contains("handler\tDisconnected"), "\(audio.scene.lines)")
        #expect(audio.connection.contains("ConnectionStatus Disconnected"), "\(audio.scene.lines)")
        audio.run(21)
        #expect(audio.connection.suffix(2).contains("ConnectionStatus Connected"), "\(audio.scene.lines)")
        #expect(audio.connection.filter { $0.hasPrefix("handler") }.last == "handler\tConnected")
        #expect(
            audio.statuses == [
                "LevelControl -12.0 {Channel=1, InstanceTag=LEVEL1}",
                "LevelControl -3.0 {Channel=1, InstanceTag=LEVEL1}",
            ], "\(audio.scene.lines)")
    }

    @Test("After a power cycle statuses are read and subscribed to again", arguments: AudioProcessorScene.ways)
    func reconnect(way: ModuleScene.Way) throws {
        let audio = try AudioProcessorScene(
            over: way,
            """
            report('LevelControl', 'RouterInput', 'MuteControl')
            Device:SubscribeStatus('MuteControl', level(2), function(_, value) print('specific', value) end)
            at(2, function()
                Handler:Update('LevelControl', level(1))
                Handler:Update('RouterInput', route(2))
            end)
            """)
        audio.run(4)
        audio.scene.stopDevice()
        audio.run(25)
        #expect(audio.connection.contains("ConnectionStatus Disconnected"), "\(audio.scene.lines)")
        let before = audio.statuses.count
        try audio.scene.startDevice(
            (way == .ssh ? "Device.Negotiates = false\n" : "") + """
                Device.Blocks.LEVEL1.level[1] = 5
                Device.Blocks.LEVEL1.mute[2] = true
                Wait(15, function() Device:Change('LEVEL1', 'mute', 2, false) end)
                """)
        audio.run(20)
        #expect(audio.connection.filter { $0.hasPrefix("handler") }.last == "handler\tConnected")
        #expect(
            Set(audio.statuses.prefix(before)) == [
                "LevelControl -12.0 {Channel=1, InstanceTag=LEVEL1}", "RouterInput 2 {InstanceTag=ROUTER1, Output=2}",
                "MuteControl Off {Channel=2, InstanceTag=LEVEL1}", "specific\tOff",
            ], "\(audio.scene.lines)")
        // Only what has changed is told; the subscription in the device stands again.
        #expect(
            audio.statuses.dropFirst(before).sorted() == [
                "LevelControl 5.0 {Channel=1, InstanceTag=LEVEL1}", "MuteControl Off {Channel=2, InstanceTag=LEVEL1}",
                "MuteControl On {Channel=2, InstanceTag=LEVEL1}", "specific\tOff", "specific\tOn",
            ], "\(audio.scene.lines)")
    }
}
