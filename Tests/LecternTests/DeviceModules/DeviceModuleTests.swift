import Lectern
import Testing

/// What a device of a declared module does for a program.
@Suite("Devices of declared modules")
struct DeviceModuleTests {
    @Test("Update asks, the reply becomes a status, and Set sends the value's code")
    func basics() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({}).EthernetClass('10.0.0.2')
            report(dev, 'ConnectionStatus', 'Power', 'Volume')
            print(dev:ReadStatus('Power'), dev:ReadStatus('ConnectionStatus'), dev.ConnectionType, dev.connectionCounter)
            print(dev:Connect(1))
            dev:Update('Power')
            Wait(1, function()
                print(dev:ReadStatus('Power'), dev:ReadStatus('ConnectionStatus'))
                dev:Set('Power', 'On')
                dev:Set('Volume', -30)
                dev:Update('Volume')
            end)
            """)
        scene.run(2)
        #expect(
            scene.room.timeline == [
                "0.0 nil\tnil\tEthernet\t15", "0.0 Connected", "0.0 ConnectionStatus\tConnected\tnil",
                "0.0 Power\tOff\tnil", "0.0 Volume\t-20\tnil", "1.0 Off\tConnected", "1.0 Power\tOn\tnil",
                "1.0 Volume\t-30\tnil",
            ], "\(scene.room.timeline)")
        #expect(scene.device.lines == ["P?", "V?", "P?", "P1", "V-30", "V?"], "\(scene.device.lines)")
    }

    @Test("A specific subscription and the one of all are both called, each once for a change, several side by side")
    func subscriptions() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({}).EthernetClass('10.0.0.2')
            local function note(word)
                return function(command, value, qualifier) print(word, command, value, qualifier.Output) end
            end
            local twice = note('second')
            dev:SubscribeStatus('Input', {Output = 2}, note('first'))
            dev:SubscribeStatus('Input', {Output = '2'}, twice)
            dev:SubscribeStatus('Input', {Output = 2}, twice)
            dev:SubscribeStatus('Input', nil, note('all'))
            dev:SubscribeStatus('Input', {}, note('all too'))
            dev:Connect(1)
            Wait(1, function() dev:Update('Input', {Output = 3}) end)
            Wait(2, function() dev:Set('Input', 'VGA', {Output = 2}) dev:Update('Input', {Output = 2}) end)
            Wait(3, function() dev:Update('Input', {Output = 2}) end)
            Wait(4, function() print(dev:ReadStatus('Input', {Output = '2'}), dev:ReadStatus('Input', {Output = 4})) end)
            """)
        scene.run(5)
        #expect(
            scene.room.timeline == [
                "0.0 first\tInput\tHDMI\t2", "0.0 second\tInput\tHDMI\t2", "0.0 all\tInput\tHDMI\t2",
                "0.0 all too\tInput\tHDMI\t2",
                "1.0 all\tInput\tHDMI\t3", "1.0 all too\tInput\tHDMI\t3",
                "2.0 first\tInput\tVGA\t2", "2.0 second\tInput\tVGA\t2", "2.0 all\tInput\tVGA\t2",
                "2.0 all too\tInput\tVGA\t2", "4.0 VGA\tnil",
            ], "\(scene.room.timeline)")
    }

    @Test("A callback that fails is logged, and the others are called")
    func failingCallback() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({}).EthernetClass('10.0.0.2')
            dev:SubscribeStatus('Power', nil, function() error('not today') end)
            report(dev, 'Power')
            dev:Connect(1)
            """)
        scene.run(1)
        #expect(scene.room.lines.last == "Power\tOff\tnil")
        #expect(scene.room.errors.count == 1)
        #expect(scene.room.errors.first?.text.contains("Acme at 10.0.0.2:23: Power: room.lua:") == true)
        #expect(scene.room.errors.first?.text.contains("not today") == true)
    }

    @Test(
        "A wrong value, qualifier or command is an error that says what is allowed",
        arguments: [
            ("dev:Set('Power', 'on')", "ValueError: Power: the value must be one of 'Off', 'On', got 'on'"),
            ("dev:Set('Volume', 13)", "ValueError: Volume: the value must be a whole number from -100 to 12, got 13"),
            ("dev:Set('Volume', 1.5)", "ValueError: Volume: the value must be a whole number from -100 to 12, got 1.5"),
            ("dev:Set('Volume', '3')", "ValueError: Volume: the value must be a whole number from -100 to 12, got '3'"),
            ("dev:Set('Fail', 1)", "ValueError: Fail: the value must be nil, for it is a trigger, got 1"),
            ("dev:Update('Powr')", "KeyError: Acme has no command 'Powr'; did you mean 'Power'?"),
            ("dev:Update('Fail')", "AttributeError: Acme: 'Fail' cannot be asked for"),
            ("dev:Set('ConnectionStatus', 1)", "AttributeError: Acme: 'ConnectionStatus' cannot be set"),
            (
                "dev:Update('Input')",
                "ValueError: Input: the qualifier 'Output' is missing; it is a whole number from 1 to 4"
            ),
            (
                "dev:Set('Input', 'VGA', {Output = 5})",
                "ValueError: Input: the qualifier 'Output' must be a whole number from 1 to 4, got '5'"
            ),
            (
                "dev:Update('Input', {Output = 1, Otput = 2})",
                "ValueError: Input: it has no qualifier 'Otput'; did you mean 'Output'?"
            ),
            ("dev:ReadStatus('Power', {Output = 1})", "ValueError: Power: it has no qualifier 'Output'; there is none"),
            (
                "dev:SubscribeStatus('Input', {Output = 0}, print)",
                "ValueError: Input: the qualifier 'Output' must be a whole number from 1 to 4, got '0'"
            ),
            ("dev:SubscribeStatus('Power', nil, 1)", "TypeError: Power: the callback must be a function, got a number"),
            (
                "dev:WriteStatus('ConnectionStatus', 'Up')",
                "ValueError: ConnectionStatus is 'Connected' or 'Disconnected', not 'Up'"
            ),
            ("dev:Update('Power')", "IOError: "),
        ])
    func mistakes(_ call: String, _ message: String) throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({}).EthernetClass('10.0.0.2')
            print(select(2, pcall(function() \(call) end)))
            """)
        let line = try #require(scene.room.lines.first)
        #expect(line.hasPrefix("room.lua:") && line.contains(": \(message)"), "\(line)")
    }

    @Test("An error of the device is logged with module, host and command, and counts as an answer")
    func deviceErrors() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            dev.counter = 9
            dev:Set('Fail')
            Wait(1, function() print(dev.counter, dev:ReadStatus('ConnectionStatus')) end)
            """)
        scene.run(2)
        #expect(scene.room.lines == ["Acme at 10.0.0.2:23: Fail: the device says 7", "0\tConnected"])
        #expect(scene.room.entries.first?.severity == .warning)
    }

    @Test("Messages that are cut, merged or empty are taken one by one; what is too long is dropped, and told")
    func framing() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            report(dev, 'Power', 'Volume', 'Input')
            """,
            device: """
                Wait(1, function() say('P') end)
                Wait(2, function() say('1\\rV5') end)
                Wait(3, function() say('\\rI1=2\\r\\r\\rI2=1\\rV') end)
                Wait(4, function() say('6\\r') end)
                Wait(5, function() say(('x'):rep(17)) end)
                Wait(6, function() say('V7\\r') end)
                """)
        scene.run(7)
        #expect(
            scene.room.timeline == [
                "2.0 Power\tOn\tnil", "3.0 Volume\t5\tnil", "3.0 Input\tVGA\t1", "3.0 Input\tHDMI\t2",
                "4.0 Volume\t6\tnil",
                "5.0 Acme at 10.0.0.2:23: more than 16 bytes came that are no message; they are dropped: "
                    + "'xxxxxxxxxxxxxxxxx' (17 bytes; declared at room.lua:19)",
                "6.0 Volume\t7\tnil",
            ], "\(scene.room.timeline)")
    }

    @Test("Frames of a declared length are found again behind bytes that belong to none")
    func lengths() throws {
        let scene = try DeviceModuleScene(
            """
            local function length(bytes)
                if bytes:byte(1) ~= 0xAA then return false end
                if #bytes < 2 then return nil end
                return bytes:byte(2)
            end
            dev = with({
                framing = {length = length},
                unwrap = function(self, frame)
                    if checksum.xor(frame) ~= 0 then return nil, 'wrong checksum' end
                    return frame:sub(3, -2)
                end,
            }).EthernetClass('10.0.0.2')
            dev:Connect(1)
            report(dev, 'Power', 'Volume')
            """,
            device: """
                local function frame(body)
                    local text = string.char(0xAA, #body + 3) .. body
                    return text .. string.char(checksum.xor(text))
                end
                Wait(1, function() say('zz' .. frame('P1') .. frame('V3'):sub(1, 3)) end)
                Wait(2, function() say(frame('V3'):sub(4)) end)
                Wait(3, function() say(frame('P0'):sub(1, -2) .. 'x' .. frame('V4')) end)
                """)
        scene.run(4)
        #expect(
            scene.room.timeline == [
                "1.0 Power\tOn\tnil",
                "1.0 Acme at 10.0.0.2:23: 2 bytes that begin no message are left out: 'zz' (declared at room.lua:19)",
                "2.0 Volume\t3\tnil", "3.0 Acme at 10.0.0.2:23: wrong checksum: '\\xaa\\x05P0x'", "3.0 Volume\t4\tnil",
            ], "\(scene.room.timeline)")
    }

    @Test("Models have commands of their own; a model that there is not is named beside those that there are")
    func models() throws {
        let scene = try DeviceModuleScene(
            """
            local Acme = with({models = {
                X1 = {}, X2 = {commands = {Volume = false, Power = {query = 'P?\\r\\r'}, Fail = {set = 'Y\\r'}}},
            }})
            print(select(2, pcall(Acme.EthernetClass, '10.0.0.2')))
            print(select(2, pcall(Acme.EthernetClass, '10.0.0.2', {Model = 'X3'})))
            print(select(2, pcall(Acme.EthernetClass, '10.0.0.2', {Modl = 'X2'})))
            dev = Acme.EthernetClass('10.0.0.2', 23, {Model = 'X2'})
            print(dev.Models.X1, dev.Models.X3, dev.Commands.Volume, dev.Commands.Input.Parameters[1])
            dev:Connect(1)
            dev:Set('Fail')
            print(select(2, pcall(dev.Update, dev, 'Volume')))
            """)
        scene.run(1)
        let lines = scene.room.lines.map { $0.replacing(#/^room\.lua:\d+: /#, with: "") }
        #expect(
            lines.prefix(5) == [
                "ValueError: Acme: Model is missing; it is one of 'X1', 'X2'",
                "ValueError: Acme: there is no model 'X3'; it is one of 'X1', 'X2'",
                "TypeError: EthernetClass has no parameter 'Modl'; did you mean 'Model'?",
                "true\tnil\tnil\tOutput",
                "KeyError: Acme has no command 'Volume'; there are 'ConnectionStatus', 'Fail', 'Input', 'Power'",
            ], "\(lines)")
        #expect(scene.device.lines == ["Y"])
    }

    @Test("Own matches get the Match and their tag; the same pattern again replaces the callback")
    func matchStrings() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({messages = {{lua = '^Tick(%d)$', function(self, digit) print('tick', digit) end}}})
                .EthernetClass('10.0.0.2')
            dev:AddMatchString(re.compile('^Tock(.)'), function() print('never') end)
            dev:AddMatchString(re.compile('^Tock(.)'), function(match, tag) print(match:group(1), tag) end, 'tag')
            dev:Connect(1)
            """, device: "Wait(1, function() say('Tick1\\rTock2\\rTuck3\\r') end)")
        scene.run(2)
        #expect(scene.room.lines.prefix(2) == ["tick\t1", "2\ttag"], "\(scene.room.lines)")
        #expect(scene.room.lines.last?.contains("nothing matches 'Tuck3'") == true, "\(scene.room.lines)")
    }

    @Test(
        "A device that is Unidirectional is never asked, and its commands wait for no reply",
        arguments: ["true", "'True'"])
    func unidirectional(_ word: String) throws {
        let scene = try DeviceModuleScene(
            """
            local Acme = with({timeout = 1, ack = '^OK$'})
            dev = Acme.EthernetClass('10.0.0.2')
            dev.Unidirectional = \(word)
            report(dev, 'Volume')
            dev:Connect(1)
            dev:Update('Power')
            dev:Update('Power')
            dev:Set('Volume', 1)
            dev:Set('Volume', 2)
            """, device: "function reply(line) end")
        scene.run(1)
        #expect(scene.room.lines == ["Acme at 10.0.0.2:23: Power: is not asked for: the device is Unidirectional"])
        #expect(scene.device.lines == ["V1", "V2"])
    }
}
