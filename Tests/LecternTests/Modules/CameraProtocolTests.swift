import ControlCore
import Lectern
import Testing

/// The bytes of the camera's module, as the manuals of Sony's cameras list them.
@Suite("VISCA test vectors")
struct CameraProtocolTests {
    /// A call of the module and what it sends.
    private static let commands: [(call: String, bytes: String)] = [
        ("'Power', 'On'", "81 01 04 00 02 FF"),
        ("'Power', 'Off'", "81 01 04 00 03 FF"),
        ("'ZoomDrive', 'Stop'", "81 01 04 07 00 FF"),
        ("'ZoomDrive', 'Tele', {Speed = 7}", "81 01 04 07 27 FF"),
        ("'ZoomDrive', 'Wide', {Speed = 0}", "81 01 04 07 30 FF"),
        ("'Zoom', 0x4000", "81 01 04 47 04 00 00 00 FF"),
        ("'Zoom', 0x1234", "81 01 04 47 01 02 03 04 FF"),
        ("'FocusMode', 'Auto'", "81 01 04 38 02 FF"),
        ("'FocusMode', 'Manual'", "81 01 04 38 03 FF"),
        ("'FocusOnePush'", "81 01 04 18 01 FF"),
        ("'FocusDrive', 'Stop', {Speed = 5}", "81 01 04 08 00 FF"),
        ("'FocusDrive', 'Far', {Speed = 5}", "81 01 04 08 25 FF"),
        ("'FocusDrive', 'Near'", "81 01 04 08 33 FF"),
        ("'Focus', 0xF000", "81 01 04 48 0F 00 00 00 FF"),
        ("'PanTiltDrive', 'Up', {PanSpeed = 24, TiltSpeed = 20}", "81 01 06 01 18 14 03 01 FF"),
        ("'PanTiltDrive', 'Down'", "81 01 06 01 0C 0A 03 02 FF"),
        ("'PanTiltDrive', 'Left'", "81 01 06 01 0C 0A 01 03 FF"),
        ("'PanTiltDrive', 'Right'", "81 01 06 01 0C 0A 02 03 FF"),
        ("'PanTiltDrive', 'UpLeft'", "81 01 06 01 0C 0A 01 01 FF"),
        ("'PanTiltDrive', 'UpRight'", "81 01 06 01 0C 0A 02 01 FF"),
        ("'PanTiltDrive', 'DownLeft'", "81 01 06 01 0C 0A 01 02 FF"),
        ("'PanTiltDrive', 'DownRight'", "81 01 06 01 0C 0A 02 02 FF"),
        ("'PanTiltDrive', 'Stop'", "81 01 06 01 0C 0A 03 03 FF"),
        ("'PanTilt', '2267,-400'", "81 01 06 02 18 14 00 08 0D 0B 0F 0E 07 00 FF"),
        ("'PanTilt', '-2267,1200'", "81 01 06 02 18 14 0F 07 02 05 00 04 0B 00 FF"),
        ("'Home'", "81 01 06 04 FF"),
        ("'PanTiltReset'", "81 01 06 05 FF"),
        ("'PresetReset', nil, {Preset = 5}", "81 01 04 3F 00 05 FF"),
        ("'PresetSave', nil, {Preset = 127}", "81 01 04 3F 01 7F FF"),
        ("'Preset', 15", "81 01 04 3F 02 0F FF"),
        ("'WhiteBalance', 'Auto'", "81 01 04 35 00 FF"),
        ("'WhiteBalance', 'Tracing'", "81 01 04 35 04 FF"),
        ("'WhiteBalanceOnePush'", "81 01 04 10 05 FF"),
        ("'Exposure', 'ShutterPriority'", "81 01 04 39 0A FF"),
        ("'Exposure', 'Bright'", "81 01 04 39 0D FF"),
        ("'Iris', 17", "81 01 04 4B 00 00 01 01 FF"),
        ("'Gain', 15", "81 01 04 4C 00 00 00 0F FF"),
        ("'Backlight', 'On'", "81 01 04 33 02 FF"),
        ("'Freeze', 'Off'", "81 01 04 62 03 FF"),
        ("'Flip', 'On'", "81 01 04 66 02 FF"),
        ("'Mirror', 'Off'", "81 01 04 61 03 FF"),
        ("'Tally', 'On'", "81 01 7E 01 0A 00 02 FF"),
    ]

    /// A status, what asks for it, what the camera says, and what that means.
    private static let inquiries: [(name: String, asks: String, says: String, value: String)] = [
        ("Power", "81 09 04 00 FF", "90 50 02 FF", "On"),
        ("Power", "81 09 04 00 FF", "90 50 03 FF", "Off"),
        ("Power", "81 09 04 00 FF", "90 50 04 FF", "Fault"),
        ("Zoom", "81 09 04 47 FF", "90 50 04 00 00 00 FF", "16384"),
        ("Focus", "81 09 04 48 FF", "90 50 01 00 0A 0F FF", "4271"),
        ("FocusMode", "81 09 04 38 FF", "90 50 03 FF", "Manual"),
        ("PanTilt", "81 09 06 12 FF", "90 50 0F 07 02 05 00 04 0B 00 FF", "-2267,1200"),
        ("PanTilt", "81 09 06 12 FF", "90 50 00 08 0D 0B 0F 0E 07 00 FF", "2267,-400"),
        ("Preset", "81 09 04 3F FF", "90 50 05 FF", "5"),
        ("WhiteBalance", "81 09 04 35 FF", "90 50 02 FF", "Outdoor"),
        ("Exposure", "81 09 04 39 FF", "90 50 0B FF", "IrisPriority"),
        ("Iris", "81 09 04 4B FF", "90 50 00 00 01 01 FF", "17"),
        ("Gain", "81 09 04 4C FF", "90 50 00 00 00 0C FF", "12"),
        ("Backlight", "81 09 04 33 FF", "90 50 02 FF", "On"),
        ("Freeze", "81 09 04 62 FF", "90 50 03 FF", "Off"),
        ("Flip", "81 09 04 66 FF", "90 50 02 FF", "On"),
        ("Mirror", "81 09 04 61 FF", "90 50 03 FF", "Off"),
        ("Tally", "81 09 7E 01 0A 00 FF", "90 50 02 FF", "On"),
        ("Version", "81 09 00 02 FF", "90 50 00 20 04 67 01 10 02 FF", "Vendor 0020, model 0467, ROM 0110"),
    ]

    /// Starts the module at a device that says what a table has for what it hears, and else acknowledges.
    private func scene(_ way: ModuleScene.Way, answers: [String: String], _ room: String) throws -> ModuleScene {
        let table = answers.map { "['\($0.key)'] = '\($0.value)'" }.joined(separator: ", ")
        return try CameraScene.make(
            way, room,
            device: """
                local answers = {\(table)}
                function Device:Hear(link, packet, answer)
                    local text = hex.encode(packet, ' ') .. ' FF'
                    print('< ' .. text)
                    if packet == '\\x88\\x30\\x01' then return answer('\\x88\\x30\\x02\\xFF') end
                    if answers[text] then return answer(hex.decode(answers[text])) end
                    answer(packet:byte(2) == 9 and '\\x90\\x60\\x02\\xFF' or '\\x90\\x41\\xFF\\x90\\x51\\xFF')
                end
                """)
    }

    @Test("The module sends what the manuals list for each command", arguments: [ModuleScene.Way.tcp, .serial])
    func sends(_ way: ModuleScene.Way) throws {
        let calls = Self.commands.map { "Device:Set(\($0.call)) time.sleep(0.3)" }.joined(separator: "\n")
        let scene = try scene(
            way, answers: [:],
            """
            Device.Connect = Device.Connect or function() end
            if Device.Hostname then Device:Connect(1) end
            Wait(1, function()
                \(calls)
            end)
            """)
        scene.run(60)
        let sent = scene.heard.filter { $0.hasPrefix("< 81 01") && $0 != "< 81 01 00 01 FF" }.map {
            String($0.dropFirst(2))
        }
        #expect(sent == Self.commands.map(\.bytes), "\(sent)")
        scene.expectNoErrors()
    }

    @Test(
        "The module asks with what the manuals list, and understands what they say is answered",
        arguments: inquiries.indices)
    func understands(_ index: Int) throws {
        let vector = Self.inquiries[index]
        for way in [ModuleScene.Way.tcp, .udp, .serial] {
            let scene = try scene(
                way, answers: [vector.asks: vector.says],
                """
                report('\(vector.name)')
                if Device.Hostname and not Device.Number then pcall(Device.Connect, Device, 1) end
                Device:Update('\(vector.name)')
                """)
            scene.run(2)
            #expect(scene.heard.contains("< " + vector.asks), "\(way) \(scene.heard)")
            #expect(scene.lines == ["\(vector.name) \(vector.value)"], "\(way) \(scene.lines) \(scene.warnings)")
            scene.expectNoErrors()
        }
    }

    @Test("Each error of the manuals has its words")
    func errors() throws {
        let texts = [
            ("60 01", "the message is too long"), ("60 02", "syntax error"), ("60 03", "the command buffer is full"),
            ("61 41", "not executable now"), ("60 7E", "error 7E"),
        ]
        for (code, text) in texts {
            let scene = try scene(
                .tcp, answers: ["81 01 06 04 FF": "90 \(code) FF"],
                """
                Device:Connect(1)
                Device:Set('Home')
                """)
            scene.run(1)
            #expect(scene.warnings == ["VISCA camera at device:5678: Home: \(text)"], "\(scene.warnings)")
            scene.expectNoErrors()
        }
    }

    @Test("A failure after the acknowledgement, a wrong socket and a cancellation have their words as well")
    func lateErrors() throws {
        let scene = try scene(
            .tcp,
            answers: [
                "81 01 06 04 FF": "90 41 FF 90 61 41 FF", "81 01 06 05 FF": "90 42 FF 90 62 04 FF",
                "81 01 04 33 02 FF": "90 41 FF 90 61 05 FF 90 51 FF",
            ],
            """
            Device:Connect(1)
            Device:Set('Home')
            Device:Set('PanTiltReset')
            Device:Set('Backlight', 'On')
            """)
        scene.run(2)
        #expect(
            scene.warnings.filter { $0.contains("socket") }.map {
                $0.split(separator: ": ").suffix(2).joined(separator: ": ")
            } == [
                "socket 1: not executable now", "socket 1: there is no such socket",
            ], "\(scene.warnings)")
        #expect(
            scene.lines.map { $0.split(separator: ": ").suffix(2).joined(separator: ": ") } == [
                "socket 2: the command was cancelled"
            ], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test("VISCA over IP has its header before each message, and begins with a reset of the numbers")
    func header() throws {
        let scene = try CameraScene.make(
            .udp,
            """
            report('Power')
            Device:Update('Power')
            Wait(1, function() Device:Set('Power', 'On') end)
            """,
            device: """
                Device.Power = 'On'
                local hear = Device.HearDatagram
                function Device:HearDatagram(link, datagram)
                    print('< ' .. hex.encode(datagram, ' '))
                    hear(self, link, datagram)
                end
                """)
        scene.run(2)
        #expect(
            scene.heard == [
                "< 02 00 00 01 00 00 00 00 01", "< 01 10 00 05 00 00 00 01 81 09 04 00 FF",
                "< 01 00 00 06 00 00 00 02 81 01 04 00 02 FF", "< 01 10 00 05 00 00 00 03 81 09 04 00 FF",
            ], "\(scene.heard)")
        #expect(scene.lines == ["Power On"])
        scene.expectNoErrors()
    }
}
