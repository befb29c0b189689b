import ControlCore
import Lectern
import Testing

/// What the module of the audio processor says to the device, and what it makes of the answers.
@Suite("Audio processor protocol")
struct AudioProcessorProtocolTests {
    /// Prints the lines that have come to the device after the first three seconds.
    private static let heard = """
        Wait(3, function() Device.Heard = {} end)
        Wait(5, function()
            for _, line in ipairs(Device.Heard) do
                if line ~= 'DEVICE get serialNumber' then print(line) end
            end
        end)
        """

    @Test(
        "A command is sent as it is published",
        arguments: [
            ("Set('LevelControl', -10, level(1))", "LEVEL1 set level 1 -10.0"),
            ("Set('LevelControl', -9.7, level(2))", "LEVEL1 set level 2 -9.7"),
            (
                "Set('LevelControl', 12, {InstanceTag = 'Ceiling Mics', Channel = 1})",
                "\"Ceiling Mics\" set level 1 12.0"
            ),
            ("Set('LevelStep', 1, level(1))", "LEVEL1 increment level 1 1.0"),
            ("Set('LevelStep', -2.5, level(1))", "LEVEL1 decrement level 1 2.5"),
            ("Set('MuteControl', 'On', level(1))", "LEVEL1 set mute 1 true"),
            ("Set('MuteControl', 'Off', level(1))", "LEVEL1 set mute 1 false"),
            ("Set('SourceSelection', 2, Source)", "SOURCE1 set sourceSelection 2"),
            ("Set('LogicState', 'On', Logic)", "LOGIC1 set state 2 true"),
            ("Set('PresetRecall', 1001)", "DEVICE recallPreset 1001"),
            ("Update('RouterInput', route(1))", "ROUTER1 get input 1"),
            ("Update('MinLevel', level(1))", "LEVEL1 get minLevel 1"),
            ("Update('MaxLevel', level(1))", "LEVEL1 get maxLevel 1"),
            ("Update('ActiveFault')", "DEVICE get activeFaultList"),
            ("Update('Firmware')", "DEVICE get version"),
            ("Update('LevelControl', level(1))", "LEVEL1 subscribe level 1 LevelControl.LEVEL1.1 200"),
            ("Update('Meter', Meter)", "METER1 subscribe level 1 Meter.METER1.1 500"),
            ("Update('SourceSelection', Source)", "SOURCE1 subscribe sourceSelection SourceSelection.SOURCE1.0 200"),
            (
                "Set('Subscription', 'On', {Command = 'MuteControl', InstanceTag = 'LEVEL1', Channel = 2})",
                "LEVEL1 subscribe mute 2 MuteControl.LEVEL1.2 200"
            ),
        ])
    func lines(call: String, line: String) throws {
        let audio = try AudioProcessorScene("at(3.5, function() Handler:\(call) end)", device: Self.heard)
        audio.run(6)
        #expect(audio.device.lines.last == line, "\(audio.device.lines)")
        #expect(audio.scene.warnings.isEmpty, "\(audio.scene.warnings)")
        audio.scene.expectNoErrors()
    }

    @Test(
        "An answer is understood as it is published",
        arguments: [
            ("MinLevel", "level(1)", "-12.000000", "-12.0"), ("MinLevel", "level(1)", "0.000000", "0.0"),
            ("MinLevel", "level(1)", "-0.000000", "0.0"), ("MinLevel", "level(1)", "-9.699999", "-9.7"),
            ("MaxLevel", "level(1)", "12.000000", "12.0"), ("RouterInput", "route(1)", "17", "17"),
            ("SerialNumber", "nil", "\"0002345\"", "0002345"), ("Firmware", "nil", "\"4.2.3.1\"", "4.2.3.1"),
            (
                "ActiveFault", "nil",
                "[{\"id\":INDICATOR_NONE_IN_DEVICE \"name\":\"No fault in device\" \"faults\":[] \"serialNumber\":\"1\"}]",
                "None"
            ),
            (
                "ActiveFault", "nil",
                """
                [{"id":INDICATOR_MAJOR_IN_DEVICE "name":"Major Fault in Device" "faults":[{"id":FAULT_A "name":"A"} \
                {"id":FAULT_B "name":"B [1]"}] "serialNumber":"1"} {"id":INDICATOR_MAJOR_IN_DEVICE "name":"Major" \
                "faults":[{"id":FAULT_C "name":"C"}] "serialNumber":"2"}]
                """, "A; B [1]; C"
            ),
        ])
    func answers(command: String, qualifier: String, value: String, status: String) throws {
        let audio = try AudioProcessorScene(
            """
            at(3.5, function()
                Handler:Update('\(command)', \(qualifier))
                Wait(0.5, function() print('is', Device:ReadStatus('\(command)', \(qualifier))) end)
            end)
            """, device: "Wait(3.4, function() Device.NextAnswer = '+OK \"value\":\(value)' end)")
        audio.run(5)
        #expect(audio.statuses == ["is\t\(status)"], "\(audio.scene.lines) \(audio.scene.warnings)")
        #expect(audio.scene.warnings.isEmpty, "\(audio.scene.warnings)")
    }

    @Test(
        "An error and a wrong answer are told with the command, and nothing is taken from them",
        arguments: [
            (
                "-ERR address not found: {\"deviceId\":0 \"classCode\":0 \"instanceNum\":0}",
                "address not found: {\"deviceId\":0 \"classCode\":0 \"instanceNum\":0}"
            ),
            (
                "-ERR Parse error at 22: not enough parameters supplied",
                "Parse error at 22: not enough parameters supplied"
            ),
            ("-CANNOT_DELIVER", "CANNOT_DELIVER"), ("-GENERAL_FAILURE", "GENERAL_FAILURE"),
            ("-GENERAL_FAILURE: out of memory", "out of memory"),
            ("+OK \"value\":loud", "unexpected reply: +OK \"value\":loud"), ("+OK", "unexpected reply: +OK"),
            ("+OK \"val", "unexpected reply: +OK \"val"), ("+OK -12.0", "unexpected reply: +OK -12.0"),
        ])
    func errors(answer: String, text: String) throws {
        let audio = try AudioProcessorScene(
            """
            report('MinLevel')
            at(3.5, function() Handler:Update('MinLevel', level(1)) Handler:Update('MinLevel', level(2)) end)
            """, device: "Wait(3.4, function() Device.NextAnswer = '\(answer)' end)")
        audio.run(5)
        #expect(
            audio.scene.warnings == ["Tesira at device:2024: MinLevel {InstanceTag = 'LEVEL1', Channel = 1}: \(text)"],
            "\(audio.scene.warnings)")
        #expect(audio.statuses == ["MinLevel -100.0 {Channel=2, InstanceTag=LEVEL1}"], "\(audio.scene.lines)")
        #expect(audio.connection.last?.hasSuffix("Connected") == true)
        audio.scene.expectNoErrors()
    }

    @Test("A block that is not there is an error of each command")
    func unknownBlock() throws {
        let audio = try AudioProcessorScene(
            """
            at(2, function()
                Handler:Update('LevelControl', {InstanceTag = 'Level1', Channel = 1})
                Handler:Set('MuteControl', 'On', {InstanceTag = 'LEVEL1', Channel = 9})
            end)
            """)
        audio.run(4)
        #expect(
            audio.scene.warnings.sorted()
                == [
                    "Tesira at device:2024: LevelControl {InstanceTag = 'Level1', Channel = 1}: "
                        + "address not found: {\"deviceId\":0 \"classCode\":0 \"instanceNum\":0}",
                    "Tesira at device:2024: MuteControl {InstanceTag = 'LEVEL1', Channel = 9}: INVALID_PARAMETER Invalid index 9",
                ], "\(audio.scene.warnings)")
    }

    @Test(
        "What cannot be sent is an error of the program",
        arguments: [
            ("Set('LevelControl', 12.1, level(1))", "Channel = 1}: the value must be a number from -100 to 12"),
            ("Set('LevelControl', -10.05, level(1))", "in steps of 0.1"),
            ("Set('LevelControl', -10, {Channel = 1})", "LevelControl: the qualifier 'InstanceTag' is missing"),
            ("Set('LevelControl', -10, level(0))", "LevelControl: the qualifier 'Channel' must be a whole number"),
            (
                "Set('MuteControl', 'on', level(1))",
                "MuteControl {InstanceTag = 'LEVEL1', Channel = 1}: the value must be one of 'Off'"
            ),
            (
                "Set('MuteControl', 'On', {InstanceTag = 'A\"\\n', Channel = 1})",
                "InstanceTag must be the name of a block"
            ),
            ("Set('Meter', 1, Meter)", "'Meter' cannot be set"),
            ("Update('LevelStep', level(1))", "cannot be asked for"),
            ("Set('PresetRecall', 1)", "PresetRecall: the value must be a whole number from 1001 to 9999"),
            (
                "Set('Subscription', 'On', {Command = 'RouterInput', InstanceTag = 'R'})",
                "Subscription: the qualifier 'Command' must be one of 'LevelControl'"
            ),
        ])
    func mistakes(call: String, problem: String) throws {
        let audio = try AudioProcessorScene(
            "at(2, function() print('problem', select(2, pcall(function() Device:\(call) end))) end)")
        audio.run(3)
        #expect(audio.statuses.first?.contains(problem) == true, "\(audio.statuses)")
    }

    @Test("Each tenth of a decibel comes back as it was set")
    func tenths() throws {
        let audio = try AudioProcessorScene(
            """
            at(2, function()
                local wrong = 0
                for tenths = -1000, 120, 7 do
                    Device:Set('LevelControl', tenths / 10, level(1))
                    Device:Update('MinLevel', level(1))
                    time.sleep(0.3)
                    Device:Update('LevelControl', level(1))
                    time.sleep(0.1)
                    local value = Device:ReadStatus('LevelControl', level(1))
                    if tostring(value) ~= ('%.1f'):format(tenths / 10) then
                        wrong = wrong + 1
                        print('wrong', tenths, value)
                    end
                end
                print('done', wrong)
            end)
            """)
        audio.run(80)
        #expect(audio.statuses == ["done\t0"], "\(audio.statuses)")
    }

    @Test("Options of telnet are refused, also when they come in pieces", arguments: [false, true])
    func telnet(areSingleBytes: Bool) throws {
        let audio = try AudioProcessorScene(
            "report('SerialNumber')",
            device: """
                Wait(2, function() print(hex.encode(table.concat(Device.Refused), ' ')) end)
                """)
        if areSingleBytes { audio.scene.stage.world.network.inject(.split([1])) }
        audio.run(3)
        #expect(audio.device.lines.last == "FE 01 FE 03 FC 18", "\(audio.device.lines)")
        #expect(audio.statuses == ["SerialNumber 01234567"])
        audio.scene.expectNoErrors()
    }

    @Test("A protected system gets the user and the password")
    func login() throws {
        let audio = try AudioProcessorScene(
            "report('SerialNumber') Device.deviceUsername, Device.devicePassword = 'admin', 'secret'",
            device: "Device.IsProtected = true")
        audio.run(3)
        #expect(audio.statuses == ["SerialNumber 01234567"], "\(audio.scene.lines)")
        audio.scene.expectNoErrors()
    }

    @Test("A wrong password is told, and no command is sent")
    func wrongPassword() throws {
        let audio = try AudioProcessorScene(
            "Device.deviceUsername, Device.devicePassword = 'admin', 'guess'",
            device: "Device.IsProtected = true Wait(2.5, function() print(#Device.Heard) end)")
        audio.run(3)
        let problems = audio.scene.warnings
        #expect(
            problems.first
                == "Tesira at device:2024: the password was refused: set devicePassword (deviceUsername is 'admin')",
            "\(problems)")
        #expect(audio.device.lines.last == "0", "\(audio.device.lines)")
        #expect(!audio.connection.contains("ConnectionStatus Connected"))
        #expect(audio.connection.contains("ConnectionStatus Disconnected"), "\(audio.connection)")
    }

    @Test("A wrong password of SSH is told, and nothing is connected")
    func wrongCredentials() throws {
        let audio = try AudioProcessorScene(
            over: .ssh, "", object: "Module.SSHClass('shell', 22, {Credentials = {'admin', 'guess'}})")
        audio.run(4)
        #expect(!audio.scene.lines.contains("handler\tConnected"), "\(audio.scene.lines)")
        let told = audio.scene.room.connections.filter { $0.severity != .info }.map(\.text)
        #expect(told.contains { $0.contains("password") }, "\(told)")
    }

    @Test("A session that cannot be set up is told, and tried again with the next connection")
    func session() throws {
        let audio = try AudioProcessorScene(
            "report('SerialNumber')", device: "Device.NextAnswer = '-GENERAL_FAILURE'")
        // The handler gives a connection up when so many polls went unanswered.
        audio.run(25)
        #expect(
            audio.scene.warnings == [
                "Tesira at device:2024: the handshake failed: SESSION set verbose true is not answered with +OK"
            ])
        #expect(audio.statuses == ["SerialNumber 01234567"], "\(audio.scene.lines)")
        #expect(audio.connection.suffix(2).sorted() == ["ConnectionStatus Connected", "handler\tConnected"])
    }

    @Test("A subscription tells changes at most each 200 ms, and the last one always")
    func period() throws {
        let audio = try AudioProcessorScene(
            """
            report('LevelControl')
            at(2, function() Handler:Update('LevelControl', level(1)) end)
            """,
            device: """
                Wait(3, function()
                    for step = 1, 50 do
                        Device:Change('LEVEL1', 'level', 1, -step)
                        time.sleep(0.01)
                    end
                end)
                """)
        audio.run(5)
        let levels = audio.statuses.filter { $0.hasPrefix("LevelControl") }
        #expect((4...5).contains(levels.count), "\(levels)")
        #expect(levels.last == "LevelControl -50.0 {Channel=1, InstanceTag=LEVEL1}", "\(levels)")
    }

    @Test("Those with a qualifier and those without are called at changes only, several at once")
    func subscriptions() throws {
        let audio = try AudioProcessorScene(
            """
            at(2, function()
                local function tell(name)
                    return function(command, value, qualifier) print(name, command, value, qualifier.Channel) end
                end
                Device:SubscribeStatus('MuteControl', nil, tell('all'))
                Device:SubscribeStatus('MuteControl', level(1), tell('first'))
                Device:SubscribeStatus('MuteControl', level(1), tell('second'))
                Device:SubscribeStatus('MuteControl', level(2), tell('other'))
                Device:SubscribeStatus('LevelControl', nil, tell('level'))
            end)
            at(3, function() Handler:Update('MuteControl', level(1)) end)
            at(3.5, function() print('-') end)
            """,
            device: """
                Wait(4, function() Device:Change('LEVEL1', 'mute', 1, true) Device:Change('LEVEL1', 'level', 1, 1) end)
                """)
        audio.run(5)
        let parts = audio.statuses.split(separator: "-").map(Array.init)
        // To subscribe is enough to have the device tell; without qualifier nobody knows what.
        #expect(
            parts == [
                [
                    "first\tMuteControl\tOff\t1", "second\tMuteControl\tOff\t1", "all\tMuteControl\tOff\t1",
                    "other\tMuteControl\tOff\t2", "all\tMuteControl\tOff\t2",
                ],
                ["first\tMuteControl\tOn\t1", "second\tMuteControl\tOn\t1", "all\tMuteControl\tOn\t1"],
            ], "\(audio.statuses)")
        audio.scene.expectNoErrors()
    }

    @Test("What the device does not let us subscribe to is asked for")
    func polling() throws {
        let audio = try AudioProcessorScene(
            """
            report('MuteControl')
            at(3.5, function() Handler:Update('MuteControl', level(1)) end)
            at(4, function() Handler:Update('MuteControl', level(1)) end)
            """, device: "Device.SubscribesTo.mute = false\n" + Self.heard)
        audio.run(6)
        #expect(
            audio.device.lines.suffix(3) == [
                "LEVEL1 subscribe mute 1 MuteControl.LEVEL1.1 200", "LEVEL1 get mute 1", "LEVEL1 get mute 1",
            ], "\(audio.device.lines)")
        #expect(
            audio.scene.warnings == [
                "Tesira at device:2024: MuteControl {InstanceTag = 'LEVEL1', Channel = 1}: "
                    + "'mute' does not support subscriptions"
            ])
        #expect(audio.statuses == ["MuteControl Off {Channel=1, InstanceTag=LEVEL1}"], "\(audio.statuses)")
    }

    @Test("A subscription in the device is given up, and taken again")
    func givenUp() throws {
        let audio = try AudioProcessorScene(
            """
            local q = {Command = 'Meter', InstanceTag = 'METER1', Channel = 1}
            report('Meter')
            at(2, function() Handler:Update('Meter', Meter) end)
            at(4, function() Handler:Set('Subscription', 'Off', q) end)
            at(6, function() Handler:Update('Meter', Meter) end)
            at(8, function() Handler:Set('Subscription', 'On', q) end)
            """,
            device: """
                Device.IsPlaying = false
                for second = 3, 9 do
                    Wait(second, function() Device:Change('METER1', 'level', 1, -second) end)
                end
                """)
        audio.run(10)
        let suffix = " {Channel=1, InstanceTag=METER1}"
        #expect(
            audio.statuses == [-40, -3, -4, -6, -8, -9].map { "Meter \($0).0\(suffix)" }, "\(audio.statuses)")
        #expect(audio.scene.warnings.isEmpty, "\(audio.scene.warnings)")
        audio.scene.expectNoErrors()
    }

    @Test("An answer that comes too late is not taken for that to the next command")
    func lateAnswer() throws {
        let audio = try AudioProcessorScene(
            """
            report('MinLevel')
            at(3.5, function() Handler:Update('MinLevel', level(1)) Handler:Update('MinLevel', level(2)) end)
            """,
            device: """
                Device.Blocks.LEVEL1.minLevel = {-11, -22}
                Wait(3.4, function() Device.Delay = 3.5 end)
                Wait(3.6, function()
                    local receive = Device.Receive
                    -- The next line is held back until the late answer is out.
                    function Device:Receive(link, data)
                        Wait(0.6, function() Device.Delay = 0.01 receive(self, link, data) end)
                    end
                end)
                """)
        audio.run(9)
        #expect(audio.statuses == ["MinLevel -22.0 {Channel=2, InstanceTag=LEVEL1}"], "\(audio.scene.lines)")
        #expect(
            audio.scene.warnings == [
                "Tesira at device:2024: MinLevel {InstanceTag = 'LEVEL1', Channel = 1}: no answer to "
                    + "'LEVEL1 get minLevel 1\\n' within 3 s; awaited: '^%+OK(.*)$'"
            ])
    }
}
