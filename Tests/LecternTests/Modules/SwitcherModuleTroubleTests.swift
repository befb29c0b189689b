import ControlCore
import Lectern
import Testing

/// docs/examples/modules/sis_matrix_switcher.lua: what goes wrong, and what comes back.
@Suite("Troubles of the matrix switcher module")
struct SwitcherModuleTroubleTests {
    @Test(
        "Errors of the device are told in words with their command, and nothing else stops",
        arguments: SwitcherScene.ways)
    func errors(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way, device: "Device.Inputs, Device.Outputs, Device.Presets = 4, 4, 16",
            """
            report('VideoMute', 'FrontPanelLock')
            Wait(3, function()
                Device:Set('Tie', 5, {Output = 1})
                Device:Set('AudioMute', 'On', {Output = 5})
                Device:Set('RecallPreset', 2)
                Device:Update('OutputName', {Output = 8})
                Device:Set('VideoMute', 'On', {Output = 4})
            end)
            """)
        switcher.run(6)
        let problems = switcher.scene.warnings.compactMap {
            $0.split(separator: ": ", maxSplits: 1).last.map(String.init)
        }
        #expect(
            problems == [
                "Tie {Output = 1, Type = 'All'}: there is no such input",
                "AudioMute {Output = 5}: there is no such output", "RecallPreset: there is no such preset",
                "OutputName {Output = 8}: there is no such output",
            ], "\(switcher.scene.warnings)")
        #expect(switcher.lines("VideoMute") == ["VideoMute On {Output=4}"])
        #expect(switcher.lines("Disconnected").isEmpty)
        switcher.scene.expectNoErrors()
    }

    @Test("A busy device gets the command again, a few times", arguments: SwitcherScene.ways)
    func busy(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way,
            device: """
                Wait(3, function() Device.BusyCount = 2 end)
                Wait(6, function() Device.BusyCount = 4 end)
                """,
            options: "DisconnectLimit = 3, pollFrequency = 60, ConnectedOn = 'Response'",
            """
            report('FrontPanelLock', 'AudioMute')
            Wait(1, function() Device:Update('Firmware') end)
            Wait(3.5, function()
                Device:Set('FrontPanelLock', 'All')
                Device:Set('AudioMute', 'On', {Output = 1})
            end)
            Wait(6.5, function()
                Device:Set('FrontPanelLock', 'Off')
                Device:Set('AudioMute', 'Off', {Output = 1})
            end)
            """)
        switcher.run(9)
        #expect(
            switcher.lines("Front", "Audio") == [
                "FrontPanelLock Off", "FrontPanelLock All", "AudioMute On {Output=1}", "AudioMute Off {Output=1}",
            ],
            "\(switcher.scene.lines)")
        let told = switcher.scene.warnings.map { $0.contains("FrontPanelLock: it is busy; it is sent again") }
        #expect(told == [true, true, false], "\(switcher.scene.warnings)")
        switcher.scene.expectNoErrors()
    }

    @Test("Answers that make no sense change nothing", arguments: SwitcherScene.ways)
    func wrongAnswers(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way,
            device: """
                local wrong = {
                    'Out9 In1 Vid', 'Out1 In99 All', 'Out1 In1 Xyz', 'Vmt1*7', 'Vmt9*1', 'Vmt', 'Amt12', 'Nmi77,x', 'Nmi',
                    'Exe9', '\\xff\\x00\\x80', '0*1*', '9 9 9 Vid', 'Qi', 'E', ('y'):rep(600),
                }
                Wait(3, function() simulator.Tell(Device, table.concat(wrong, '\\r\\n') .. '\\r\\n') end)
                Wait(4, function() Device:Press('VideoMute', 1) end)
                """,
            "report('ConnectionStatus', 'Tie', 'VideoMute', 'AudioMute', 'InputName', 'FrontPanelLock')")
        switcher.run(6)
        #expect(
            switcher.scene.lines.sorted() == [
                "Connected", "ConnectionStatus Connected", "FrontPanelLock Off", "VideoMute On {Output=1}",
            ],
            "\(switcher.scene.lines)")
        let told = switcher.scene.room.entries.filter { $0.severity != .info }.map(\.text)
        for part in [
            "input 1 at output 9", "input 99 at output 1", "input 9 at output 1",
            "VideoMute {Output = 1}: unexpected reply: '7'",
            "VideoMute: unexpected reply: Output is '9'", "InputName: unexpected reply: Input is '77'",
            "FrontPanelLock: unexpected reply: '9'",
        ] {
            #expect(told.contains { $0.contains(part) }, "\(part): \(told)")
        }
        #expect(!told.contains { $0.contains("traceback") }, "\(told)")
    }

    @Test("Messages that arrive byte by byte, or several at once, are taken one by one", arguments: SwitcherScene.ways)
    func frames(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way,
            device: """
                Wait(4, function() simulator.Tell(Device, 'Vmt1*1\\r\\nAmt2*1\\r\\n\\r\\nOut3 In4 Vid\\r\\nVm') end)
                Wait(4.5, function() simulator.Tell(Device, 't2*1\\r') end)
                Wait(5, function() simulator.Tell(Device, '\\nVmt3*1\\r\\n') end)
                """, options: "DisconnectLimit = 3, pollFrequency = 60, ConnectedOn = 'Response'",
            """
            report('Tie', 'VideoMute', 'AudioMute', 'OutputName')
            Wait(3, function()
                Device:Set('OutputName', 'Left wall', {Output = 1})
                Device:Set('Tie', 2, {Output = 1})
            end)
            """)
        switcher.scene.stage.world.network.inject(.split([1]))
        switcher.run(6)
        #expect(
            switcher.lines("Tie", "Video", "Audio", "Output") == [
                "OutputName Left wall {Output=1}", "Tie 2 {Output=1, Type=Video}", "Tie 2 {Output=1, Type=Audio}",
                "Tie 2 {Output=1, Type=All}", "VideoMute On {Output=1}", "AudioMute On {Output=2}",
                "Tie 4 {Output=3, Type=Video}", "VideoMute On {Output=2}", "VideoMute On {Output=3}",
            ], "\(switcher.scene.lines)")
        #expect(switcher.scene.warnings.isEmpty, "\(switcher.scene.warnings)")
        switcher.scene.expectNoErrors()
    }

    @Test("A silent device is lost after the limit, and found again", arguments: SwitcherScene.ways)
    func silence(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way,
            device: """
                Wait(5, function() Device.IsSilent = true end)
                Wait(20, function() Device.IsSilent = false end)
                """, "report('ConnectionStatus')")
        switcher.run(7)
        #expect(switcher.lines("Disconnected").isEmpty, "\(switcher.scene.lines)")
        switcher.run(12)
        #expect(switcher.lines("Disconnected") == ["Disconnected"], "\(switcher.scene.lines)")
        #expect(switcher.lines("ConnectionStatus").last == "ConnectionStatus Disconnected")
        switcher.run(11)
        #expect(switcher.lines("ConnectionStatus").last == "ConnectionStatus Connected", "\(switcher.scene.lines)")
        #expect(switcher.lines("Connected").count == 2, "\(switcher.scene.lines)")
        // However often the device is tried, what is wrong is said once.
        #expect(switcher.scene.room.errors.count <= 1, "\(switcher.scene.room.errors.map(\.text))")
    }

    @Test("After a loss of power the statuses are read again, and only changes are told", arguments: SwitcherScene.ways)
    func reconnect(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way, device: "Device.Video[1], Device.Audio[1], Device.OutputNames[1] = 2, 2, 'Wall'",
            """
            report('FrontPanelLock', 'OutputName')
            Device:SubscribeStatus('Tie', {Output = 1, Type = 'Video'}, function(_, input) print('Tie', input) end)
            Device:SubscribeStatus('OutputName', {Output = 1}, function(_, name) print('Name', name) end)
            Device:SubscribeStatus('AudioMute', {Output = 4}, function(_, value) print('Mute', value) end)
            """)
        switcher.run(5)
        #expect(
            switcher.lines("Tie", "Name", "Mute", "Front").sorted() == [
                "FrontPanelLock Off", "Mute\tOff", "Name\tWall", "Tie\t2",
            ], "\(switcher.scene.lines)")
        switcher.scene.stopDevice()
        switcher.run(10)
        #expect(switcher.lines("Disconnected") == ["Disconnected"])
        let before = switcher.scene.lines.count
        try switcher.start(
            """
            Device.Video[1], Device.OutputNames[1], Device.Lock = 5, 'Wall', 1
            """)
        switcher.run(12)
        #expect(
            switcher.scene.lines.dropFirst(before).sorted() == ["Connected", "FrontPanelLock All", "Tie\t5"],
            "\(switcher.scene.lines)")
        #expect(switcher.scene.room.errors.count <= 1, "\(switcher.scene.room.errors.map(\.text))")
    }

    @Test(
        "A switcher at a serial line that was switched on is told its mode again",
        arguments: [ModuleScene.Way.serial, .serialOverEthernet])
    func restart(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way,
            device: """
                Wait(5, function() Device.Lock = 2 Device:Restart() end)
                Wait(12, function() Device:Plug(1, 0) end)
                """, "report('FrontPanelLock', 'InputSignal')")
        switcher.run(13)
        #expect(
            switcher.lines("Front") == ["FrontPanelLock Off", "FrontPanelLock Advanced"], "\(switcher.scene.lines)")
        #expect(switcher.lines("InputSignal").contains("InputSignal Not Active {Input=1}"), "\(switcher.scene.lines)")
        #expect(switcher.lines("Connected").count == 2, "\(switcher.scene.lines)")
        switcher.scene.expectNoErrors()
    }

    @Test(
        "The password opens the device, and tells what it is good for",
        arguments: [("master", "Administrator", true), ("guest", "User", false)])
    func passwords(_ password: String, _ access: String, _ mayName: Bool) throws {
        let switcher = try SwitcherScene(
            over: .tcp, device: "Device.Password, Device.UserPassword = 'master', 'guest'",
            """
            Device.devicePassword = '\(password)'
            report('Access', 'InputName', 'Tie')
            Wait(2, function()
                Device:Set('InputName', 'Player', {Input = 1})
                Device:Set('Tie', 2, {Output = 1, Type = 'Audio'})
            end)
            """)
        switcher.run(4)
        #expect(switcher.lines("Access") == ["Access \(access)"])
        #expect(switcher.lines("InputName") == (mayName ? ["InputName Player {Input=1}"] : []))
        #expect(switcher.lines("Tie") == ["Tie 2 {Output=1, Type=Audio}"])
        #expect(
            switcher.scene.warnings
                == (mayName
                    ? []
                    : [
                        "SIS matrix switcher at device:2023: InputName {Input = 1}: the password does not give the right "
                            + "to do it"
                    ]),
            "\(switcher.scene.warnings)")
        switcher.scene.expectNoErrors()
    }

    @Test(
        "A wrong or missing password is told once, and nothing else is sent",
        arguments: [
            ("'guess'", "the password was refused: set devicePassword"),
            ("nil", "the device asks for a password: set devicePassword"),
        ])
    func wrongPassword(_ password: String, _ problem: String) throws {
        let switcher = try SwitcherScene(
            over: .tcp,
            device: """
                Device.Password = 'master'
                local receive = Device.Receive
                function Device:Receive(link, data)
                    print('received', hex.encode(data))
                    receive(self, link, data)
                end
                """,
            """
            Device.devicePassword = \(password)
            report('ConnectionStatus')
            Wait(3, function() print(pcall(Device.Set, Device, 'FrontPanelLock', 'All')) end)
            """)
        switcher.run(20)
        #expect(
            switcher.scene.warnings == ["SIS matrix switcher at device:2023: \(problem)"],
            "\(switcher.scene.room.entries.map(\.text))")
        #expect(!switcher.scene.lines.contains("ConnectionStatus Connected"), "\(switcher.scene.lines)")
        let device = try #require(switcher.scene.stage.actors["device"])
        let received = device.lines.filter { $0.hasPrefix("received") }
        #expect(Set(received) == (password == "nil" ? [] : ["received\t67756573730D"]), "\(received)")
    }

    @Test("SSH's wrong password is a failure to connect")
    func wrongShellPassword() throws {
        let switcher = try SwitcherScene(
            over: .ssh, password: "guess",
            """
            report('ConnectionStatus')
            event(Handler, 'ConnectFailed', function(_, reason) print(reason) end)
            """)
        switcher.run(5)
        #expect(switcher.scene.lines.contains { $0.contains("Auth") }, "\(switcher.scene.lines)")
        #expect(!switcher.scene.lines.contains("Connected"), "\(switcher.scene.lines)")
    }

    @Test(
        "Subscriptions: each qualifier's, all of a command's, several at once, changes only",
        arguments: SwitcherScene.ways)
    func subscriptions(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way,
            """
            local function tell(name)
                return function(command, value, qualifier) print(name, value, qualifier.Output, qualifier.Type) end
            end
            Device:SubscribeStatus('Tie', nil, tell('all'))
            Device:SubscribeStatus('Tie', {Output = 2, Type = 'Audio'}, tell('one'))
            Device:SubscribeStatus('Tie', {Output = 2, Type = 'Audio'}, tell('two'))
            Wait(3, function()
                Device:Set('Tie', 4, {Output = 2, Type = 'Audio'})
                Device:Set('Tie', 4, {Output = 2, Type = 'Audio'})
                Device:Set('Tie', 4, {Output = 3, Type = 'Audio'})
            end)
            """)
        switcher.run(4)
        #expect(
            switcher.lines("all", "one", "two") == [
                "one\t0\t2\tAudio", "two\t0\t2\tAudio", "all\t0\t2\tAudio", "one\t4\t2\tAudio", "two\t4\t2\tAudio",
                "all\t4\t2\tAudio", "all\t4\t3\tAudio",
            ], "\(switcher.scene.lines)")
        switcher.scene.expectNoErrors()
    }

    @Test("The simulator answers ill-formed input with errors, and goes on")
    func illFormed() throws {
        let switcher = try SwitcherScene(over: .tcp, "")
        let other = try switcher.scene.stage.start(
            "other",
            """
            local client = EthernetClientInterface('device', 2023)
            client:Connect()
            local function ask(text) print((client:SendAndWait(text, 1):gsub('\\r\\n', '|'))) end
            Wait(2, function()
                for _, text in ipairs({
                    'Y', '*!', '9*1!', '1*9!', '1*', '!', '9B', '1*3B', '33.', '5.', '1LS', '3X', '\\x1b9CV\\r', '\\x1b9,xNI\\r',
                    '\\x1bxyz\\r', ('1'):rep(70), '1*2!2!2%2$', '3*4&4&', 'q', '2*Q', 'W1NI|', '\\x1bCV\\r',
                }) do ask(text) end
            end)
            """)
        switcher.run(40)
        #expect(
            other.lines == [
                "E10|", "E10|", "E01|", "E12|", "", "In1 All|", "E12|", "E13|", "E11|", "E11|", "E13|", "E13|", "E13|",
                "E01|",
                "E10|", "E10|", "Out2 In1 All|1|1|1|", "Out4 In3 RGB|3|", "1.02|", "1.02|", "Input 1|", "0|",
            ], "\(other.lines)")
        switcher.scene.expectNoErrors()
    }
}
