import ControlCore
import Lectern
import Testing

/// docs/examples/modules/pjlink_projector.lua with its simulator: what a room uses of a projector.
@Suite("The projector's module")
struct ProjectorModuleTests {
    /// The projector is on when the room connects.
    private static let on = "Device.Power = '1'\n"

    @Test("It is switched on and off, and tells of warming up and cooling down", arguments: [ModuleScene.Way.tcp])
    func power(_ way: ModuleScene.Way) throws {
        let scene = try ModuleScene.projector(
            over: way,
            """
            report('Power')
            Projector:Connect()
            Wait(1, function() Projector:Set('Power', 'On') end)
            Wait(3, function() Projector:Set('Power', 'Off') end)
            Wait(12, function() Projector:Set('Power', 'Off') end)
            """)
        scene.run(20)
        #expect(
            scene.lines == [
                "Connected", "Power Off", "Power Warming", "Power On", "Power Cooling", "Power Off",
            ], "\(scene.room.timeline)")
        // While it warms up it cannot be switched off.
        #expect(
            scene.warnings.contains("PJLink projector at device:4352: Power: the projector cannot do this now"),
            "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test(
        "Each command that can be set is sent as published, and the status behind it is asked for",
        arguments: [
            ("'Input', 'Digital 2'", ["%2INPT 32", "%2INPT ?"], ["Input Digital 2"]),
            ("'Input', 'Internal 1'", ["%2INPT 61", "%2INPT ?"], ["Input Internal 1"]),
            ("'Input', 'Digital A'", ["%2INPT 3A", "%2INPT ?"], ["Input Digital A"]),
            ("'VideoMute', 'On'", ["%1AVMT 11", "%1AVMT ?"], ["VideoMute On"]),
            ("'AudioMute', 'On'", ["%1AVMT 21", "%1AVMT ?"], ["AudioMute On"]),
            ("'AVMute', 'On'", ["%1AVMT 31", "%1AVMT ?"], ["VideoMute On", "AudioMute On", "AVMute On"]),
            ("'VideoMute', 'Off'", ["%1AVMT 10", "%1AVMT ?"], []),
            ("'AudioMute', 'Off'", ["%1AVMT 20", "%1AVMT ?"], []),
            ("'AVMute', 'Off'", ["%1AVMT 30", "%1AVMT ?"], []),
            ("'Freeze', 'On'", ["%2FREZ 1", "%2FREZ ?"], ["Freeze On"]),
            ("'Freeze', 'Off'", ["%2FREZ 0", "%2FREZ ?"], []),
            ("'SpeakerVolume', 'Up'", ["%2SVOL 1"], []),
            ("'SpeakerVolume', 'Down'", ["%2SVOL 0"], []),
            ("'MicrophoneVolume', 'Up'", ["%2MVOL 1"], []),
            ("'MicrophoneVolume', 'Down'", ["%2MVOL 0"], []),
        ])
    func sets(_ call: String, _ sent: [String], _ told: [String]) throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            report('Input', 'VideoMute', 'AudioMute', 'AVMute', 'Freeze')
            Projector:Connect()
            Wait(1.5, function() print('set') Projector:Set(\(call)) end)
            """, device: Self.on + ModuleScene.printedCommands)
        scene.run(1.4)
        let before = scene.deviceLines.count
        scene.run(0.4)
        #expect(Array(scene.deviceLines.dropFirst(before)) == sent, "\(scene.deviceLines)")
        #expect(Array(scene.lines.drop { $0 != "set" }.dropFirst()) == told, "\(scene.lines)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("Everything that can be asked for is told, with its qualifiers", arguments: [ModuleScene.Way.tcp])
    func queries(_ way: ModuleScene.Way) throws {
        let scene = try ModuleScene.projector(
            over: way,
            """
            for name in pairs(Device.Commands) do if name ~= 'ConnectionStatus' then report(name) end end
            Projector:Connect()
            Wait(1, function()
                Projector:Update('ErrorStatus', {Part = 'Fan'})
                Projector:Update('LampHours', {Lamp = 2})
                for _, input in ipairs({'RGB 1', 'Digital 1', 'Digital A'}) do
                    Projector:Update('InputName', {Input = input})
                end
            end)
            Wait(2, function() print('read', Projector:ReadStatus('InputName', {Input = 'RGB 1'})) end)
            """, device: Self.on + "Device.Errors = '012000'")
        scene.run(3)
        #expect(
            scene.lines.sorted() == [
                "AVMute Off", "AudioMute Off", "Class 2", "Connected", "DeviceName Lecture Hall",
                "ErrorStatus Error {Part=Temperature}", "ErrorStatus OK {Part=Cover}", "ErrorStatus OK {Part=Fan}",
                "ErrorStatus OK {Part=Filter}", "ErrorStatus OK {Part=Other}", "ErrorStatus Warning {Part=Lamp}",
                "FilterHours 312", "FilterModel FLT-9", "Freeze Off", "Input Digital 1",
                "InputList RGB 1, Video 1, Digital 1, Digital 2, Digital A, Network 1, Internal 1",
                "InputName COMPUTER {Input=RGB 1}", "InputName HDMI1 {Input=Digital 1}",
                "InputName SDI {Input=Digital A}",
                "InputResolution 1920x1080", "LampHours 1234 {Lamp=1}", "LampHours 567 {Lamp=2}", "LampModel LMP-9",
                "LampStatus On {Lamp=1}", "LampStatus On {Lamp=2}", "Manufacturer Acme", "OtherInformation Rev. 3",
                "Power On", "ProductName Beam 9000", "RecommendedResolution 1920x1200", "SerialNumber A1234567",
                "SoftwareVersion 1.05.2", "VideoMute Off", "read\tCOMPUTER",
            ], "\(scene.lines.sorted())")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("What cannot be told in standby is asked for when the projector is on")
    func afterStandby() throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            report('Input', 'AudioMute', 'Freeze', 'InputResolution')
            Projector:Connect()
            Wait(2, function() print('on') Projector:Set('Power', 'On') end)
            """)
        scene.run(1.5)
        #expect(scene.lines.sorted() == ["Connected", "InputResolution No signal"], "\(scene.lines)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.run(10)
        #expect(
            scene.lines.drop { $0 != "on" }.dropFirst().sorted() == [
                "AudioMute Off", "Freeze Off", "Input Digital 1", "InputResolution 1920x1080",
            ], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test("A projector of class 1 has the inputs and commands of class 1, and is asked in class 1")
    func classOne() throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            report('Power', 'Input', 'InputList', 'Class')
            print(select(2, pcall(Projector.Set, Projector, 'Input', 'Internal 1')).kind)
            print(select(2, pcall(Projector.Update, Projector, 'Freeze')).message)
            print(pcall(Device.ListenForNotifications, Device))
            Projector:Connect()
            Wait(1, function() Projector:Set('Input', 'RGB 1') end)
            """,
            device: Self.on + "Device.Class = 1\nDevice.Inputs = {'11', '31'}\n" + ModuleScene.printedCommands,
            model: "Class 1")
        scene.run(2)
        #expect(scene.lines.first == "ValueError")
        #expect(scene.lines[1].hasPrefix("PJLink projector has no command 'Freeze'"), "\(scene.lines)")
        #expect(scene.lines[2].hasSuffix("ValueError: projectors of class 1 send no notifications"), "\(scene.lines)")
        #expect(
            scene.lines.dropFirst(3).sorted() == [
                "Class 1", "Connected", "Input Digital 1", "Input RGB 1", "InputList RGB 1, Digital 1", "Power On",
            ], "\(scene.lines)")
        #expect(scene.deviceLines.contains("%1INPT 11") && scene.deviceLines.contains("%1INST ?"))
        #expect(!scene.deviceLines.contains { $0.hasPrefix("%2") }, "\(scene.deviceLines)")
        scene.expectNoErrors()
    }

    @Test("Subscriptions with and without qualifier are called once for each change, before and after a reconnect")
    func subscriptions() throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            local function note(word)
                return function(_, value, qualifier) print(word, value, qualifier and qualifier.Part) end
            end
            Device:SubscribeStatus('ErrorStatus', {Part = 'Filter'}, note('filter'))
            Device:SubscribeStatus('ErrorStatus', {Part = 'Filter'}, note('filter too'))
            Projector:SubscribeStatus('ErrorStatus', nil, note('any'))
            Projector:SubscribeStatus('Power', nil, note('power'))
            Projector:Connect()
            Wait(2, function() print('again') Projector:Update('ErrorStatus', {Part = 'Filter'}) end)
            """)
        scene.run(3)
        let first = [
            "power\tOff\tnil", "any\tOK\tFan", "any\tOK\tLamp", "any\tOK\tTemperature", "any\tOK\tCover",
            "filter\tOK\tFilter", "filter too\tOK\tFilter", "any\tOK\tFilter", "any\tOK\tOther",
        ]
        #expect(scene.lines.filter { $0 != "Connected" }.sorted() == (first + ["again"]).sorted(), "\(scene.lines)")
        let count = scene.lines.count
        scene.stopDevice()
        scene.run(4)
        try scene.startDevice("Device.Errors = '000010'")
        scene.run(5)
        #expect(
            Array(scene.lines.dropFirst(count)) == [
                "Disconnected", "Connected", "filter\tWarning\tFilter", "filter too\tWarning\tFilter",
                "any\tWarning\tFilter",
            ], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test("Notifications of class 2 are told at once, also before the next question", arguments: [true, false])
    func notifications(_ isListening: Bool) throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            report('Power', 'Input', 'ErrorStatus', 'MACAddress')
            if \(isListening) then print(Device:ListenForNotifications('10.0.0.2')) end
            Projector:Connect()
            Wait(1.5, function() Projector.PollTimer:Pause() end)
            """,
            device: Self.on + """
                Device.NotifyAddress = '10.0.0.1'
                Wait(2, function() Device:Select('32') end)
                Wait(3, function() Device:Break('100000') end)
                Wait(4, function() Device:Switch(false) end)
                Wait(12, function() Device:Switch(true) end)
                """)
        scene.run(20)
        let asked = ["Connected", "Power On", "Input Digital 1"]
        #expect(
            scene.lines
                == (isListening
                    ? ["Listening"] + asked + [
                        "MACAddress 02:00:5E:10:00:01", "Input Digital 2", "ErrorStatus Warning {Part=Fan}",
                        "ErrorStatus OK {Part=Lamp}", "ErrorStatus OK {Part=Temperature}",
                        "ErrorStatus OK {Part=Cover}",
                        "ErrorStatus OK {Part=Filter}", "ErrorStatus OK {Part=Other}", "Power Off", "Power On",
                    ] : asked),
            "\(scene.room.timeline)")
        scene.expectNoErrors()
    }

    @Test("While there is no connection, notifications change nothing; the address is told when there is one")
    func earlyNotifications() throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            report('Power', 'MACAddress', 'ConnectionStatus')
            print(Device:ListenForNotifications('10.0.0.2'))
            Wait(3, function() Projector:Connect() end)
            """, device: Self.on + "Device.NotifyAddress = '10.0.0.1'\nWait(2, function() Device:Enter('0') end)")
        scene.run(2.9)
        #expect(scene.lines == ["Listening"])
        scene.run(2)
        #expect(
            scene.lines.dropFirst().sorted() == [
                "Connected", "ConnectionStatus Connected", "MACAddress 02:00:5E:10:00:01", "Power Off",
            ], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test("Notifications of others, and those that mean nothing, change nothing")
    func strangeNotifications() throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            report('Power', 'Input', 'ErrorStatus')
            Device:ListenForNotifications('10.0.0.2')
            Projector:Connect()
            """,
            device: Self.on + """
                Device.NotifyAddress = '10.0.0.1'
                Wait(2, function() for _, text in ipairs({'POWR=7', 'INPT=99', 'ERST=00', 'ABCD=1'}) do Device:Notify(text) end end)
                """)
        scene.run(3)
        try scene.stage.start(
            "shell", "EthernetClientInterface('10.0.0.1', 4352, 'UDP'):Send('%2POWR=0\\r%2ERST=222222\\r')")
        scene.run(1)
        #expect(scene.lines == ["Connected", "Power On", "Input Digital 1"], "\(scene.lines)")
        #expect(
            scene.room.errors.map(\.text) == [
                "PJLink projector at device:4352: the notification POWR=7 is not understood",
                "PJLink projector at device:4352: the notification INPT=99 is not understood",
                "PJLink projector at device:4352: unexpected reply: ERST is '00'",
                "PJLink projector at device:4352: the notification ABCD=1 is not understood",
            ], "\(scene.room.errors.map(\.text))")
    }
}
