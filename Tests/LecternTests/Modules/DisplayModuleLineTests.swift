import ControlCore
import Lectern
import Testing

/// The bytes between the display module and its device, and what may happen to them.
@Suite("The line of the display module")
struct DisplayModuleLineTests {
    private static let ways = DisplayModuleTests.ways

    /// Prints what the device gets, a frame a line.
    private static let echo = """
        local receive = Device.Receive
        function Device:Receive(link, data)
            print(hex.encode(data, ' '))
            receive(self, link, data)
        end

        """

    @Test(
        "Frames are those of the published protocol",
        arguments: [
            ("Device:Set('Power', 'On', {ID = 254})", "AA 11 FE 01 01 11"),
            ("Device:Set('Power', 'Off', {ID = 254})", "AA 11 FE 01 00 10"),
            ("Device:Set('Power', 'On')", "AA 11 00 01 01 13"),
            ("Device:Set('Reboot')", "AA 11 00 01 02 14"),
            ("Device:Set('Volume', 24)", "AA 12 00 01 18 2B"),
            ("Device:Set('Input', 'HDMI 1', {ID = 1})", "AA 14 01 01 21 37"),
            ("Device:Set('Panel', 'Off')", "AA F9 00 01 01 FB"),
            ("Device:Set('VolumeStep', 'Down')", "AA 62 00 01 01 64"),
            ("Device:Update('Panel')", "AA F9 00 00 F9"),
            ("Device:Update('Status')", "AA 00 00 00 00"),
            ("Device:Update('Power', {ID = 170})", "AA 11 AA 00 BB"),
            ("Device:Update('SerialNumber')", "AA 0B 00 00 0B"),
        ])
    func frames(_ call: String, _ frame: String) throws {
        let scene = try ModuleScene("samsung_display_mdc", over: .tcp, port: 1515)
        try scene.startDevice(Self.echo)
        try scene.startRoom("Device:Connect()\n\(call)")
        scene.run(1)
        #expect(scene.deviceLines.contains(frame))
        scene.expectNoErrors()
    }

    @Test(
        "Answers are those of the published protocol",
        arguments: [
            (
                "AA FF 00 09 41 00 00 06 00 14 00 00 00 63",
                [
                    "Power Off {ID=0}", "Volume 6 {ID=0}", "Mute Off {ID=0}", "Input PC {ID=0}",
                    "AspectRatio Auto Wide {ID=0}",
                ]
            ),
            ("AA FF 00 03 41 F9 00 3C", ["Panel On {ID=0}"]),
            ("AA FF 00 03 41 12 18 6D", ["Volume 24 {ID=0}"]),
            ("AA FF 01 03 41 14 21 79", ["Input HDMI 1 {ID=1}"]),
            ("AA FF FD 03 41 11 01 52", ["Power On {ID=253}"]),
            (
                "AA FF 00 08 41 0D 00 00 02 01 25 02 7F",
                [
                    "Lamp OK {ID=0}", "Cooling OK {ID=0}", "Signal Fault {ID=0}", "Temperature 37 {ID=0}",
                    "Fan None {ID=0}",
                ]
            ),
        ])
    func answers(_ frame: String, _ statuses: [String]) throws {
        let scene = try ModuleScene("samsung_display_mdc", over: .tcp, port: 1515)
        try scene.startDevice("Wait(0.5, function() Device:Say(hex.decode('\(frame)')) end)")
        try scene.startRoom("for name in pairs(Device.Commands) do report(name) end\nDevice:Connect()")
        scene.run(1)
        #expect(scene.lines == ["ConnectionStatus Connected"] + statuses, "\(scene.lines)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("Answers in single bytes, several in one piece, and noise between them are told apart", arguments: ways)
    func pieces(_ way: ModuleScene.Way) throws {
        let scene = try DisplayModuleTests.scene(
            over: way,
            device: """
                Wait(3, function() Device:Say(hex.decode('AAFF00034112075CAAFF00034114237AAAFF000341130157')) end)
                Wait(5, function() Device.Noise = '\\xFF\\xAA\\x41\\x00\\xAA' Device.Displays[0][0x12] = 9 end)
                Wait(6, function()
                    Device:Say(hex.decode('AAFF0003411208'))
                    Wait(0.2, function() Device:Say(hex.decode('5D')) end)
                end)
                """,
            """
            report('Volume', 'Input', 'Mute')
            Wait(2.5, function() Handler.PollTimer:Pause() end)
            Wait(5.5, function() Device:Update('Volume') end)
            """)
        scene.stage.world.network.inject(.split([1]))
        scene.run(8)
        #expect(
            scene.lines.filter { $0 != "Connected" } == [
                "Volume 20 {ID=0}", "Mute Off {ID=0}", "Input HDMI 1 {ID=0}",
                "Volume 7 {ID=0}", "Input HDMI 2 {ID=0}", "Mute On {ID=0}", "Volume 9 {ID=0}", "Volume 8 {ID=0}",
            ], "\(scene.lines)")
        // Noise is mentioned, a beginning that waits for its end is not.
        #expect(scene.warnings.allSatisfy { $0.contains("that begin no message are left out") }, "\(scene.warnings)")
        #expect(!scene.warnings.isEmpty)
        scene.expectNoErrors()
    }

    @Test("A wrong checksum is logged and no status; the next answer counts", arguments: ways)
    func checksum(_ way: ModuleScene.Way) throws {
        let scene = try DisplayModuleTests.scene(
            over: way, device: "Wait(3, function() Device.Spoil = 1 end)\n",
            """
            Wait(2.5, function()
                Handler.PollTimer:Pause()
                report('Volume')
            end)
            Wait(3.5, function() Device:Set('Volume', 4) end)
            Wait(4, function() print(Device:ReadStatus('Volume')) end)
            Wait(6, function() Device:Update('Volume') end)
            """)
        scene.run(8)
        #expect(scene.lines.filter { $0 != "Connected" } == ["20", "Volume 4 {ID=0}"], "\(scene.lines)")
        #expect(
            scene.warnings.count == 2 && scene.warnings[1].contains(": Volume {ID = 0}: no answer to '")
                && scene.warnings[0].hasSuffix(
                    "wrong checksum: expected 0x79, got 0x59: '\\xaa\\xff\\x00\\x03A\\x12$Y'"),
            "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("An answer that breaks off costs no more than the next one", arguments: ways)
    func truncated(_ way: ModuleScene.Way) throws {
        let scene = try DisplayModuleTests.scene(
            over: way, device: "Wait(3, function() Device:Say(hex.decode('AAFF00094100')) end)\n",
            """
            Wait(2.5, function()
                Handler.PollTimer:Pause()
                report('Volume')
            end)
            Wait(4, function() Device:Set('Volume', 7) end)
            Wait(6, function() Device:Set('Volume', 8) end)
            Wait(8, function() Device:Set('Volume', 9) end)
            """)
        scene.run(10)
        #expect(scene.lines.suffix(1) == ["Volume 9 {ID=0}"], "\(scene.lines)")
        #expect(scene.lines.contains("Volume 8 {ID=0}"), "\(scene.lines)")
        #expect(scene.warnings.contains { $0.contains("wrong checksum: ") }, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test(
        "A wrong answer is logged, and changes nothing",
        arguments: [
            ("AA FF 00 03 41 12 65 BA", "unexpected reply: 'e' is no value"),
            ("AA FF 00 03 41 14 99 F0", "unexpected reply: '\\x99' is no value"),
            ("AA FF FF 03 41 12 07 5B", "unexpected reply: ID is '\\xff', but must be a whole number from 0 to 254"),
            ("AA FF 00 09 41 00 01 14 00 99 01 00 00 F8", "unexpected reply: 0x99 is no value of Input"),
            ("AA FF 00 09 41 00 01 65 00 21 01 00 00 D1", "unexpected reply: 0x65 is no value of Volume"),
            ("AA FF 00 03 4E 14 05 69", "display 0 refuses command 0x14, error 0x05"),
        ])
    func wrongAnswers(_ frame: String, _ problem: String) throws {
        let scene = try DisplayModuleTests.scene(
            over: .tcp, device: "Wait(3, function() Device:Say(hex.decode('\(frame)')) end)\n",
            "Wait(2.5, function() Handler.PollTimer:Pause() report('Power', 'Volume', 'Mute', 'Input', 'AspectRatio') end)"
        )
        scene.run(5)
        #expect(scene.lines == ["Connected"], "\(scene.lines)")
        let problems = scene.room.entries.filter { $0.severity != .info }.map(\.text)
        #expect(problems.count == 1 && problems[0].hasSuffix(problem), "\(problems)")
    }

    @Test("A frame that the line spoils is ignored by the display; after a second the next one goes", arguments: ways)
    func spoiltCommand(_ way: ModuleScene.Way) throws {
        let scene = try DisplayModuleTests.scene(
            over: way,
            device: """
                local receive = Device.Receive
                function Device:Receive(link, data)
                    if Device.IsGarbled then data = data:gsub('\\x12', '\\x16') end
                    receive(self, link, data)
                end
                Wait(2.5, function() Device.IsGarbled = true end)
                """,
            """
            Wait(2.8, function() Handler.PollTimer:Pause() end)
            Wait(3, function()
                report('Volume', 'Mute')
                Device:Set('Volume', 50)
                Device:Set('Mute', 'On')
            end)
            """)
        scene.run(6)
        #expect(scene.lines.filter { $0 != "Connected" } == ["Mute On {ID=0}"], "\(scene.lines)")
        let told = try #require(scene.room.timeline.first { $0.hasSuffix("Mute On {ID=0}") })
        #expect(told.hasPrefix("4."), "\(told)")
        #expect(
            scene.warnings.count == 1 && scene.warnings[0].contains(": Volume {ID = 0}: no answer to '"),
            "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("Silence disconnects, the first answer connects, and statuses are read again", arguments: ways)
    func silence(_ way: ModuleScene.Way) throws {
        let scene = try DisplayModuleTests.scene(
            over: way,
            device: """
                Wait(3.5, function() Device.IsSilent = true end)
                Wait(13.5, function()
                    Device.IsSilent = false
                    Device.Displays[1][0x25] = 99
                    Device.Displays[0][0x12] = 60
                end)
                """, handler: ", DisconnectLimit = 3, connectRetryTime = 2",
            """
            report('ConnectionStatus', 'Volume')
            Device:SubscribeStatus('Brightness', {ID = 1}, function(_, value) print('Brightness', value) end)
            """)
        scene.run(20)
        let expected = [
            "ConnectionStatus Connected", "Volume 20 {ID=0}", "Brightness\t45",
            "ConnectionStatus Disconnected", "ConnectionStatus Connected", "Volume 60 {ID=0}", "Brightness\t99",
        ]
        let changes = scene.lines.filter { !["Connected", "Disconnected"].contains($0) }
        #expect(changes.count == expected.count && Set(changes) == Set(expected), "\(scene.lines)")
        #expect(
            scene.lines.filter { ["Connected", "Disconnected"].contains($0) } == [
                "Connected", "Disconnected", "Connected",
            ], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test("After a power cut the display is found again, its statuses are read, only changes are told", arguments: ways)
    func reconnect(_ way: ModuleScene.Way) throws {
        let scene = try DisplayModuleTests.scene(
            over: way, handler: ", DisconnectLimit = 3, connectRetryTime = 2",
            """
            report('Volume', 'Mute', 'Contrast')
            for _, id in ipairs({0, 1}) do Device:SubscribeStatus('Contrast', {ID = id}, function() end) end
            """)
        scene.run(4)
        let before = scene.lines
        #expect(Set(before.filter { $0.hasPrefix("Contrast") }) == ["Contrast 70 {ID=0}", "Contrast 70 {ID=1}"])
        scene.stopDevice()
        scene.run(8)
        try scene.startDevice(DisplayModuleTests.on + "Device.Displays[0][0x12] = 33 Device.Displays[1][0x24] = 50")
        scene.run(8)
        let after = scene.lines.dropFirst(before.count)
        #expect(
            Set(after) == ["Disconnected", "Connected", "Volume 33 {ID=0}", "Contrast 50 {ID=1}"]
                && after.count == 4, "\(after)")
        scene.expectNoErrors()
    }

    @Test("A pulled cable is noticed at once, and the display is found when the cable is back")
    func cable() throws {
        let scene = try DisplayModuleTests.scene(over: .serial, "report('Volume')")
        scene.run(3)
        scene.cable.unplug()
        scene.run(0.1)
        #expect(scene.lines == ["Volume 20 {ID=0}", "Connected", "Disconnected"], "\(scene.lines)")
        scene.cable.replug()
        scene.run(10)
        #expect(scene.lines.last == "Connected" && scene.lines.count == 4, "\(scene.lines)")
        scene.expectNoErrors()
    }
}
