import ControlCore
import Lectern
import Testing

/// Devices that negotiate telnet's options amid what they say.
@Suite("Telnet of declared modules")
struct DeviceModuleTelnetTests {
    /// The device greets with options; `heard` is what it gets that is no line, in hexadecimal digits.
    private static let device = """
        heard = ''
        event(tcp, 'Connected', function(client)
            client:Send('\\xFF\\xFB\\x01\\xFF\\xFD\\x18\\xFF\\xFC\\x03\\xFF\\xFE\\x05\\xFF\\xF1')
        end)
        local open = receive
        function receive(client, data)
            heard = heard .. data:gsub('[^\\xFB-\\xFF\\x00-\\x1F]', ''):gsub('\\r', '')
            open(client, (data:gsub('\\xFF..', '')))
        end
        """

    private static let room = """
        dev = with({
            connections = {Ethernet = {port = 23, telnet = true}},
            commands = {Volume = {range = {min = -100, max = 12}, reply = '^V(-?[0-9]+)$'}},
        }).EthernetClass('10.0.0.2')
        report(dev, 'ConnectionStatus', 'Volume')
        dev:Connect(1)
        """

    @Test("What a device offers and asks for is refused; what it refuses, and commands, are not answered")
    func refusals() throws {
        let scene = try DeviceModuleScene(
            Self.room,
            device: Self.device + """

                Wait(0.5, function() print(hex.encode(heard, ' ')) end)
                Wait(1, function() say('V1\\r') end)
                """)
        scene.run(2)
        #expect(scene.device.lines == ["FF FE 01 FF FC 18"], "\(scene.device.lines)")
        // Options alone are no sign of the device behind them.
        #expect(
            scene.room.timeline == ["1.0 ConnectionStatus\tConnected\tnil", "1.0 Volume\t1\tnil"],
            "\(scene.room.timeline)")
    }

    @Test("Options are left out of the messages, wherever the pieces end", arguments: [false, true])
    func pieces(areSingleBytes: Bool) throws {
        let scene = try DeviceModuleScene(
            Self.room,
            device: Self.device + """

                Wait(0.5, function()
                    say('V\\xFF\\xFB\\x031\\xFF\\xFA\\x18\\x00V9\\rV8\\r\\xFF\\xFFV7\\r\\xFF\\xF0')
                    say('2\\xFF\\xF1\\xFF\\xFD\\x1F\\r')
                end)
                Wait(1, function() print(hex.encode(heard, ' ')) end)
                """)
        if areSingleBytes { scene.stage.world.network.inject(.split([1])) }
        scene.run(2)
        #expect(
            scene.room.lines == ["ConnectionStatus\tConnected\tnil", "Volume\t12\tnil"], "\(scene.room.timeline)")
        #expect(scene.device.lines == ["FF FE 01 FF FC 18 FF FE 03 FF FC 1F"], "\(scene.device.lines)")
    }

    @Test("A byte of the data that looks like a command is told twice and taken once")
    func doubled() throws {
        let scene = try DeviceModuleScene(
            Self.room + "\ndev:AddMatchString('T(.*)', function(match) print(hex.encode(match:group(1))) end)",
            device: Self.device + "\nWait(0.5, function() say('T\\xFF\\xFFx\\r') end)")
        scene.run(1)
        #expect(scene.room.lines.last == "FF78", "\(scene.room.timeline)")
    }

    @Test("An option that was not told whole does not reach into the next connection")
    func reconnect() throws {
        let scene = try DeviceModuleScene(
            Self.room + """

                Wait(1, function() dev:Disconnect() dev:Connect(1) end)
                """,
            device: Self.device + """

                Wait(0.5, function() say('\\xFF\\xFA\\x18') end)
                Wait(1.5, function() say('V4\\r') end)
                """)
        scene.run(2)
        #expect(scene.room.lines.last == "Volume\t4\tnil", "\(scene.room.timeline)")
    }
}
