import ControlCore
import Lectern
import Testing

/// docs/examples/modules/pjlink_projector.lua with its simulator: PJLink itself, its passwords and its troubles.
@Suite("The projector's protocol")
struct ProjectorProtocolTests {
    private static let on = "Device.Power = '1'\n"

    @Test("The digest of the specification's example goes before the first command only")
    func publishedDigest() throws {
        let scene = try ModuleScene.projector(
            over: .tcp, "Projector:Connect()",
            device: """
                Device.Random = '498e4a67'
                local receive = Device.Receive
                function Device:Receive(link, data)
                    print((data:gsub('\\r', '|')))
                    receive(self, link, data)
                end
                """)
        scene.run(1.5)
        #expect(
            scene.deviceLines.dropFirst() == [
                "5d8409bc1c3fa39749434aa3a5c38682%1CLSS ?|", "%1POWR ?|", "%1POWR ?|",
            ], "\(scene.deviceLines)")
        #expect(scene.lines == ["Connected"])
        scene.expectNoErrors()
    }

    @Test(
        "The answers of the specification are understood",
        arguments: [
            ("%1POWR ?", "%1POWR=0", "'Power'", ["Power Off"]), ("%1POWR ?", "%1POWR=1", "'Power'", ["Power On"]),
            ("%1POWR ?", "%1POWR=2", "'Power'", ["Power Cooling"]),
            ("%1POWR ?", "%1POWR=3", "'Power'", ["Power Warming"]),
            ("%2INPT ?", "%2INPT=31", "'Input'", ["Input Digital 1"]),
            ("%2INPT ?", "%2INPT=6Z", "'Input'", ["Input Internal Z"]),
            ("%2INST ?", "%2INST=11 12 3A", "'InputList'", ["InputList RGB 1, RGB 2, Digital A"]),
            ("%2INNM ?31", "%2INNM=RGB1", "'InputName', {Input = 'Digital 1'}", ["InputName RGB1 {Input=Digital 1}"]),
            ("%1AVMT ?", "%1AVMT=11", "'AVMute'", ["VideoMute On", "AudioMute Off", "AVMute Off"]),
            ("%1AVMT ?", "%1AVMT=21", "'AVMute'", ["VideoMute Off", "AudioMute On", "AVMute Off"]),
            ("%1AVMT ?", "%1AVMT=31", "'AVMute'", ["VideoMute On", "AudioMute On", "AVMute On"]),
            ("%1AVMT ?", "%1AVMT=30", "'AVMute'", ["VideoMute Off", "AudioMute Off", "AVMute Off"]),
            (
                "%1ERST ?", "%1ERST=000120", "'ErrorStatus', {Part = 'Other'}",
                [
                    "ErrorStatus OK {Part=Fan}", "ErrorStatus OK {Part=Lamp}", "ErrorStatus OK {Part=Temperature}",
                    "ErrorStatus Warning {Part=Cover}", "ErrorStatus Error {Part=Filter}",
                    "ErrorStatus OK {Part=Other}",
                ]
            ),
            (
                "%1LAMP ?", "%1LAMP=12345 1 99999 0", "'LampStatus', {Lamp = 1}",
                [
                    "LampHours 12345 {Lamp=1}", "LampStatus On {Lamp=1}", "LampHours 99999 {Lamp=2}",
                    "LampStatus Off {Lamp=2}",
                ]
            ),
            ("%1NAME ?", "%1NAME=", "'DeviceName'", ["DeviceName "]),
            ("%1NAME ?", "%1NAME=Room=5", "'DeviceName'", ["DeviceName Room=5"]),
            ("%1INFO ?", "%1INFO=OK then", "'OtherInformation'", ["OtherInformation OK then"]),
            ("%2IRES ?", "%2IRES=-", "'InputResolution'", ["InputResolution No signal"]),
            ("%2IRES ?", "%2IRES=*", "'InputResolution'", ["InputResolution Unknown"]),
            ("%2RRES ?", "%2RRES=3840x2160", "'RecommendedResolution'", ["RecommendedResolution 3840x2160"]),
            ("%2FILT ?", "%2FILT=250", "'FilterHours'", ["FilterHours 250"]),
            ("%2RFIL ?", "%2RFIL=AB-1 AB-2", "'FilterModel'", ["FilterModel AB-1 AB-2"]),
            ("%2FREZ ?", "%2FREZ=1", "'Freeze'", ["Freeze On"]),
            // As some write it: small letters, zeros and a line feed in front.
            ("%1POWR ?", "\\0\\0\\n%1powr=2", "'Power'", ["Power Cooling"]),
        ])
    func answers(_ question: String, _ answer: String, _ update: String, _ told: [String]) throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            for _, name in ipairs({'Power', 'Input', 'InputList', 'InputName', 'VideoMute', 'AudioMute', 'AVMute',
                    'ErrorStatus', 'LampHours', 'LampStatus', 'DeviceName', 'OtherInformation', 'InputResolution',
                    'RecommendedResolution', 'FilterHours', 'FilterModel', 'Freeze'}) do
                Device:SubscribeStatus(name, nil, function(command, value, qualifier)
                    local _, of = next(qualifier or {})
                    if of then of = ' {' .. next(qualifier) .. '=' .. of .. '}' end
                    if command == '\(update.split(separator: "'")[0])' or qualifier or command:match('Mute$') then
                        print(command .. ' ' .. tostring(value) .. (of or ''))
                    end
                end)
            end
            Device:Connect(1)
            Wait(1, function() print('asked') Device:Update(\(update)) end)
            """,
            // Everything else is not told, so that only this answer is.
            device: """
                function Device:Reply(line)
                    if line == '\(question)' and self.IsAsked then return '\(answer)' end
                    return line:sub(1, 6) .. '=ERR3'
                end
                Wait(0.9, function() Device.IsAsked = true end)
                """)
        scene.run(1.5)
        #expect(Array(scene.lines.drop { $0 != "asked" }.dropFirst()) == told, "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test(
        "The projector's errors are told with the command, and the next command goes",
        arguments: [
            ("ERR1", "the projector does not know this"), ("ERR2", "the projector does not have this value"),
            ("ERR3", "the projector cannot do this now"), ("ERR4", "the projector has failed"),
        ])
    func errors(_ code: String, _ text: String) throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            report('Input', 'DeviceName')
            Projector:Connect()
            Wait(1.5, function()
                Projector:Set('Input', 'Digital 2')
                Projector:Update('DeviceName')
                Projector:Set('Freeze', 'On')
            end)
            """,
            device: Self.on + """
                Device.Replies = {['%2INPT 32'] = '%2INPT=\(code)', ['%1NAME ?'] = '%1NAME=\(code)'}
                """ + "\n" + ModuleScene.printedCommands)
        scene.run(1.8)
        #expect(scene.lines == ["Connected", "Input Digital 1"], "\(scene.lines)")
        #expect(
            scene.warnings == [
                "PJLink projector at device:4352: DeviceName: \(text)",
                "PJLink projector at device:4352: Input: \(text)",
            ], "\(scene.warnings)")
        #expect(
            scene.deviceLines.suffix(5) == ["%2INPT 32", "%2FREZ 1", "%1NAME ?", "%2INPT ?", "%2FREZ ?"],
            "\(scene.deviceLines)")
        scene.expectNoErrors()
    }

    @Test(
        "Wrong answers are told and change nothing",
        arguments: [
            ("%1POWR ?", "%1POWR=9", "'Power'", "Power: unexpected reply: '9' is no value"),
            ("%2INPT ?", "%2INPT=", "'Input'", "unexpected reply: INPT is ''"),
            ("%2FREZ ?", "%2FREZ=2", "'Freeze'", "unexpected reply: FREZ is '2'"),
            ("%1AVMT ?", "%1AVMT=41", "'AVMute'", "unexpected reply: AVMT is '41'"),
            ("%1ERST ?", "%1ERST=00000", "'ErrorStatus', {Part = 'Fan'}", "unexpected reply: ERST is '00000'"),
            ("%1LAMP ?", "%1LAMP=many", "'LampHours', {Lamp = 1}", "unexpected reply: LAMP is 'many'"),
            ("%2FILT ?", "%2FILT=new", "'FilterHours'", "FilterHours: unexpected reply: 'new' is no value"),
            ("%1NAME ?", "Good day", "'DeviceName'", "no answer of PJLink: 'Good day'"),
            ("%1NAME ?", "PJLINK ERRA", "'DeviceName'", "no answer of PJLink: 'PJLINK ERRA'"),
        ])
    func wrongAnswers(_ question: String, _ answer: String, _ update: String, _ problem: String) throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            Device:Connect(1)
            Wait(1, function() Device:Update(\(update)) end)
            Wait(2, function() print(Device:ReadStatus(\(update))) end)
            """, device: Self.on + "Device.Replies = {['\(question)'] = '\(answer)'}")
        scene.run(5)
        #expect(scene.lines.last == "nil", "\(scene.lines)")
        #expect(
            scene.room.entries.map(\.text).contains("PJLink projector at device:4352: \(problem)"),
            "\(scene.room.entries.map(\.text))")
    }

    @Test(
        "Single bytes, several messages at once, and more than a message may have are all taken",
        arguments: [true, false])
    func framing(_ isSplit: Bool) throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            report('Power', 'Input', 'Freeze')
            Projector:Connect()
            Wait(2, function() Projector:Set('Input', 'Digital 2') end)
            """,
            device: Self.on + """
                Wait(3.2, function() simulator.Tell(Device, '%2FREZ=1\\r%2INPT=11\\r%2FR') end)
                Wait(3.4, function() simulator.Tell(Device, 'EZ=0\\r') end)
                Wait(3.5, function() simulator.Tell(Device, ('x'):rep(600)) end)
                Wait(3.6, function() simulator.Tell(Device, '\\r%2INPT=21\\r') end)
                """)
        if isSplit { scene.stage.world.network.inject(.split([1])) }
        scene.run(3.8)
        #expect(
            scene.lines.prefix(4).sorted() == ["Connected", "Freeze Off", "Input Digital 1", "Power On"],
            "\(scene.lines)")
        #expect(
            scene.lines.dropFirst(4) == ["Input Digital 2", "Freeze On", "Input RGB 1", "Freeze Off", "Input Video 1"],
            "\(scene.lines)")
        #expect(
            scene.warnings.contains {
                $0.contains("more than 512 bytes came that are no message; they are dropped")
            }, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("A projector without a password wants none")
    func noPassword() throws {
        let scene = try ModuleScene.projector(
            over: .tcp, "Device.devicePassword = nil\nreport('Power')\nProjector:Connect()",
            device: "Device.Password = nil")
        scene.run(1.5)
        #expect(scene.lines == ["Connected", "Power Off"])
        scene.expectNoErrors()
    }

    @Test(
        "Without the right password nothing is asked; with it, the projector is there at the next attempt",
        arguments: [
            ("'guess'", "the password was refused: set devicePassword"),
            ("nil", "the projector asks for a password: set devicePassword"),
        ])
    func wrongPassword(_ password: String, _ problem: String) throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            Device.devicePassword = \(password)
            report('Power', 'ConnectionStatus')
            Projector:Connect()
            """, device: ModuleScene.printedCommands)
        scene.run(1.5)
        #expect(scene.lines == ["ConnectionStatus Disconnected", "Disconnected"], "\(scene.lines)")
        #expect(scene.warnings.first == "PJLink projector at device:4352: \(problem)")
        #expect(scene.deviceLines == ["TCP port 4352: Listening"], "\(scene.deviceLines)")
        scene.run(9)
        #expect(scene.warnings.count == 1, "once for all attempts: \(scene.room.timeline)")
        scene.stopDevice()
        scene.run(6)
        try scene.startDevice("Device.Password = nil")
        scene.run(8)
        #expect(scene.lines.suffix(3) == ["ConnectionStatus Connected", "Connected", "Power Off"], "\(scene.lines)")
    }

    @Test("Silence is a loss, and what follows a connection again", arguments: [ModuleScene.Way.tcp])
    func silence(_ way: ModuleScene.Way) throws {
        let scene = try ModuleScene.projector(
            over: way,
            """
            report('Power', 'DeviceName')
            Projector:Connect()
            """,
            device: Self.on + """
                Wait(2.5, function() Device.IsSilent = true Device.Texts.NAME = 'Foyer' Device.Power = '0' end)
                Wait(40.5, function() Device.IsSilent = false end)
                """)
        scene.run(40)
        let before = ["Connected", "Power On", "DeviceName Lecture Hall"]
        #expect(scene.lines == before + ["Disconnected"], "\(scene.room.timeline)")
        // More than four questions without an answer, one each second.
        let loss = try #require(scene.room.timeline.first { $0.hasSuffix(" Disconnected") })
        #expect(loss.hasPrefix("7."), "\(loss)")
        scene.run(15)
        #expect(
            scene.lines == before + ["Disconnected", "Connected", "Power Off", "DeviceName Foyer"],
            "\(scene.room.timeline)")
        scene.expectNoErrors()
    }

    @Test("After a power cut the statuses are read again, and only changes are told", arguments: [ModuleScene.Way.tcp])
    func reconnect(_ way: ModuleScene.Way) throws {
        let scene = try ModuleScene.projector(
            over: way,
            """
            report('Power', 'DeviceName', 'Manufacturer', 'LampHours')
            Projector:Connect()
            Wait(1, function() Projector:Update('LampHours', {Lamp = 1}) end)
            """, device: Self.on)
        scene.run(3)
        #expect(scene.lines.count == 6, "\(scene.lines)")
        scene.stopDevice()
        scene.run(5)
        try scene.startDevice("Device.Texts.NAME = 'Foyer' Device.Lamps[2].Hours = 1")
        scene.run(5)
        #expect(
            scene.lines.dropFirst(6).sorted() == [
                "Connected", "DeviceName Foyer", "Disconnected", "LampHours 1 {Lamp=2}", "Power Off",
            ], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test("Who asks nothing for 30 seconds is hung up on, and the handler connects again")
    func idle() throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            report('Power')
            Projector:Connect()
            Wait(1.5, function() Projector.PollTimer:Pause() end)
            Wait(34, function() Projector.PollTimer:Resume() end)
            """)
        scene.run(30)
        #expect(scene.lines == ["Connected", "Power Off"])
        scene.run(10)
        #expect(scene.lines == ["Connected", "Power Off", "Disconnected", "Connected"], "\(scene.room.timeline)")
        scene.expectNoErrors()
    }

    @Test("The simulator answers what is ill-formed as the specification says: not at all, or with an error")
    func illFormed() throws {
        let scene = try ModuleScene.projector(
            over: .tcp,
            """
            local raw = EthernetClientInterface('device', 4352)
            event(raw, 'ReceiveData', function(_, data) print((data:gsub('\\r', '|'))) end)
            raw:Connect(1)
            Wait(1, function()
                raw:Send('%1POWR ?\\r%1POWR\\r%3POWR ?\\r%1ABCD ?\\r%1POWR 5\\r%1POWR?\\r?\\r\\r%1INPT 31\\r%2INNM ?99\\r')
                raw:Send('%1NAME ' .. ('x'):rep(129) .. '\\r%1pow')
                Wait(0.1, function() raw:Send('r ?\\r') end)
            end)
            """, device: "Device.Password = nil")
        scene.run(2)
        #expect(
            scene.lines.joined() == "PJLINK 0|%1POWR=0|%3POWR=ERR1|%1ABCD=ERR1|%1POWR=ERR2|%1INPT=ERR3|%2INNM=ERR2|"
                + "%1POWR=0|", "\(scene.lines)")
        scene.expectNoErrors()
    }
}
