import ControlCore
import Lectern
import Polling
import Testing

/// The connections of declared modules: their classes, their framings, and what each of them has of its own.
@Suite("Connection kinds of declared modules")
struct DeviceModuleConnectionTests {
    /// A module for all kinds of connections with what a test says of them.
    private static func room(_ connections: String, changes: String = "", _ text: String) -> String {
        """
        local all = declaration()
        all.connections = {\(connections)}
        for field, value in pairs({\(changes)}) do all[field] = value end
        Acme = DeviceModule(all)
        \(text)
        """
    }

    /// Lines may come in pieces.
    private static let lines = """
        local take, rests = receive, {}
        function receive(client, data)
            local whole, rest = ((rests[client] or '') .. data):match('^(.-)([^\\r]*)$')
            rests[client] = rest
            if whole ~= '' then take(client, whole) end
        end

        """

    private static func scene(_ room: String, device: String = "") throws -> DeviceModuleScene {
        var configuration = Stage.configuration()
        try configuration.mapPort("Room:COM1=/dev/ttyUSB0")
        let scene = try DeviceModuleScene(
            "Wait(0.5, function()\n\(room)\nend)", device: Self.lines + device, configuration: configuration)
        let device = scene.device.environment
        // The device's shell and its serial port lead to what it has at port 23.
        let shell = SimulatedSSHService(hostKey: "SHA256:acme", accounts: ["admin": .init(password: "secret")])
        device.listenSSH(address: nil, port: 22, service: shell) { session in
            _ = StreamRelay(from: session) { completion in
                device.connectTCP(host: "10.0.0.2", port: 23, timeout: .seconds(1)) { completion(try? $0.get()) }
            }
        } completion: { _ in
        }
        _ = scene.stage.world.serialLine(from: scene.room.environment, "/dev/ttyUSB0", to: device, "/dev/ttyUSB0")
        device.openSerial(path: "/dev/ttyUSB0", settings: SerialSettings()) { opened in
            guard let port = try? opened.get() else { return }
            _ = StreamRelay(from: port) { completion in
                device.connectTCP(host: "10.0.0.2", port: 23, timeout: .seconds(1)) { completion(try? $0.get()) }
            }
        }
        return scene
    }

    @Test(
        "Every class sets, asks and tells what kind of connection it has",
        arguments: [
            ("EthernetClass('10.0.0.2')", "Ethernet"), ("UDPClass('10.0.0.2')", "Ethernet"),
            ("EthernetClass('10.0.0.2', {Protocol = 'UDP'})", "Ethernet"),
            ("SSHClass('10.0.0.2', {Credentials = {'admin', 'secret'}})", "Ethernet"),
            ("SerialClass(ProcessorDevice('Room'), 'COM1')", "Serial"),
            ("SerialOverEthernetClass('10.0.0.2', 23)", "Serial"),
            ("SerialOverEthernetClass('10.0.0.2', {IPPort = 23, Protocol = 'UDP'})", "Serial"),
        ])
    func classes(_ device: String, _ type: String) throws {
        let scene = try Self.scene(
            Self.room(
                "Ethernet = {port = 23}, UDP = {port = 23}, SSH = {port = 22}, Serial = {}",
                """
                dev = Acme.\(device)
                print(dev.ConnectionType)
                report(dev, 'ConnectionStatus', 'Power', 'Input')
                if dev.Connect and dev.Protocol ~= 'UDP' then print(dev:Connect(1)) end
                dev:Update('Power')
                dev:Set('Input', 'VGA', {Output = 2})
                dev:Update('Input', {Output = 2})
                """))
        scene.run(2)
        #expect(
            scene.room.lines.filter { $0 != "Connected" } == [
                type, "ConnectionStatus\tConnected\tnil", "Power\tOff\tnil", "Input\tVGA\t2",
            ], "\(scene.room.lines)")
        #expect(scene.device.lines.filter { $0 == "I2=2" }.count == 1)
        #expect(Set(scene.device.lines) == ["P?", "I2=2", "I2?"], "\(scene.device.lines)")
    }

    @Test("What a class needs is asked for: credentials, a port, a model, a known protocol")
    func missing() throws {
        let scene = try Self.scene(
            Self.room(
                "Ethernet = {port = 23}, SSH = {port = 22}, Serial = {}",
                """
                print(select(2, pcall(Acme.SSHClass, '10.0.0.2')))
                print(select(2, pcall(Acme.SerialOverEthernetClass, '10.0.0.2')))
                print(select(2, pcall(Acme.EthernetClass, '10.0.0.2', 23, 'UDP')))
                print(select(2, pcall(Acme.SerialClass, ProcessorDevice('Room'), 'COM1', {Baude = 9600})))
                print(Acme.UDPClass)
                """))
        scene.run(1)
        let lines = scene.room.lines.map { $0.replacing(#/^room\.lua:\d+: /#, with: "") }
        #expect(
            lines == [
                "ValueError: SSHClass: Credentials are missing: give {user, password}",
                "TypeError: SerialOverEthernetClass: IPPort is missing, and the module knows none",
                "ValueError: EthernetClass: Protocol must be one of 'TCP', got 'UDP'",
                "TypeError: SerialClass has no parameter 'Baude'; did you mean 'Baud'?", "nil",
            ], "\(lines)")
    }

    @Test("Messages end where a pattern does; what is in front of a match is left out")
    func pattern() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({framing = {pattern = '[PV]-?\\\\d+(?=;)', limit = 12}}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            report(dev, 'Power', 'Volume')
            """,
            device: """
                Wait(1, function() say('noise P1;V-3') end)
                Wait(2, function() say('0;V5;;P') end)
                Wait(3, function() say('0;') end)
                Wait(4, function() say(('z'):rep(13)) end)
                Wait(5, function() say('P1;') end)
                """)
        scene.run(6)
        #expect(
            scene.room.timeline == [
                "1.0 Power\tOn\tnil",
                "1.0 Acme at 10.0.0.2:23: 6 bytes that begin no message are left out: 'noise ' (declared at room.lua:19)",
                "2.0 Volume\t-30\tnil", "2.0 Volume\t5\tnil", "3.0 Power\tOff\tnil",
                "4.0 Acme at 10.0.0.2:23: more than 12 bytes came that are no message; they are dropped: "
                    + "';zzzzzzzzzzzzz' (14 bytes; declared at room.lua:19)",
                "5.0 Power\tOn\tnil",
            ], "\(scene.room.timeline)")
    }

    @Test("Of several delimiters the first ends a message, and of two at one place the longer one, even when it is cut")
    func delimiters() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({framing = {delimiter = {'\\r', '\\r\\n', '>', '>>'}, limit = 16}}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            report(dev, 'Power', 'Volume')
            dev:AddMatchString(re.compile('^\\\\s'), function(match) print('rest', #match.string) end)
            """,
            device: """
                Wait(1, function() say('P1\\r\\nV1>V2>>V3\\rV4') end)
                Wait(2, function() say('>') end)
                Wait(3, function() say('>P0\\r') end)
                Wait(4, function() say(('z'):rep(17)) end)
                Wait(5, function() say('V9>>') end)
                Wait(6, function() say('P1\\r') end)
                Wait(7, function() say('\\nV8\\r\\n') end)
                """)
        scene.run(8)
        #expect(
            scene.room.timeline == [
                "1.0 Power\tOn\tnil", "1.0 Volume\t1\tnil", "1.0 Volume\t2\tnil", "1.0 Volume\t3\tnil",
                "2.0 Volume\t4\tnil", "3.0 Power\tOff\tnil",
                "4.0 Acme at 10.0.0.2:23: more than 16 bytes came that are no message; they are dropped: "
                    + "'zzzzzzzzzzzzzzzzz' (17 bytes; declared at room.lua:19)",
                "5.0 Volume\t9\tnil", "6.0 Power\tOn\tnil", "7.0 Volume\t8\tnil",
            ], "\(scene.room.timeline)")
    }

    @Test("A length that no message can have is like none; a device that sends only such is told of once")
    func wrongLengths() throws {
        let scene = try DeviceModuleScene(
            """
            local lengths = {[('a'):byte()] = 3, [('z'):byte()] = 0, [('y'):byte()] = 99, [('x'):byte()] = 1.5}
            dev = with({
                framing = {limit = 16, length = function(bytes) return lengths[bytes:byte()] or false end},
                unwrap = function(_, frame) return frame:sub(2) end,
            }).EthernetClass('10.0.0.2')
            dev:Connect(1)
            report(dev, 'Power', 'Volume')
            """,
            device: """
                Wait(1, function() say('zyxaP1aV') end)
                Wait(2, function() say('3') end)
                """)
        scene.run(3)
        #expect(
            scene.room.timeline == [
                "1.0 Power\tOn\tnil",
                "1.0 Acme at 10.0.0.2:23: 3 bytes that begin no message are left out: 'zyx' (declared at room.lua:19)",
                "2.0 Volume\t3\tnil",
            ], "\(scene.room.timeline)")
    }

    @Test("A connection has framing, wrap, unwrap, gap and time-out of its own; the others keep the module's")
    func overrides() throws {
        let scene = try Self.scene(
            Self.room(
                """
                Ethernet = {port = 23}, SSH = {
                    port = 22, framing = {delimiter = {';', '\\r'}}, gap = 0.25, timeout = 1,
                    wrap = function(_, body) return '<' .. body end,
                    unwrap = function(_, message) return message:match('^<(.*)$'), 'no bracket' end,
                }
                """,
                """
                for _, dev in ipairs({Acme.EthernetClass('10.0.0.2'), Acme.SSHClass('10.0.0.2', {Credentials = {'admin', 'secret'}})}) do
                    dev:Connect(1)
                    report(dev, 'Power', 'Volume')
                    dev:Update('Power')
                    dev:Update('Volume')
                    dev:Update('Input', {Output = 1})
                end
                """),
            device: """
                function reply(line)
                    if line == 'P?' then return 'P1' end
                    if line == 'V?' then return 'V7' end
                    if line == '<P?' then return '<P0;P1;' end
                    if line == '<V?' then return '<V8;' end
                end
                """)
        scene.run(4)
        let sent = scene.device.timeline
        #expect(Array(sent.prefix(4)) == ["0.5 P?", "0.5 V?", "0.5 I1?", "0.55 <P?"], "\(sent)")
        // The answer comes at once, so the gap counts; the last one has no answer.
        #expect(Array(sent.dropFirst(4)) == ["0.8 <V?", "1.05 <I1?"], "\(sent)")
        #expect(
            scene.room.timeline == [
                "0.5 Power\tOn\tnil", "0.5 Volume\t7\tnil", "0.55 Power\tOff\tnil",
                "0.55 Acme at 10.0.0.2:22: no bracket: 'P1'",
                "0.8 Volume\t8\tnil",
                "2.049 Acme at 10.0.0.2:22: Input {Output = 1}: no answer to '<I1?\\r' within 1 s; awaited: '^I(\\d)=(\\d)$'",
            ], "\(scene.room.timeline)")
    }

    @Test("A connection has a login and a handshake of its own")
    func login() throws {
        let scene = try Self.scene(
            Self.room(
                """
                Ethernet = {port = 23, login = {{prompt = 'Password:', send = 'password'}}}, UDP = {port = 23},
                SSH = {port = 22, handshake = function(self) print('handshake', self:SendAndWait('V?\\r', 1, {deliTag = '\\r'})) end}
                """, changes: "devicePassword = 'open'",
                """
                for _, dev in ipairs({
                    Acme.EthernetClass('10.0.0.2'), Acme.UDPClass('10.0.0.2'),
                    Acme.SSHClass('10.0.0.2', {Credentials = {'admin', 'secret'}}),
                }) do
                    if dev.Protocol ~= 'UDP' then dev:Connect(1) end
                    report(dev, 'Power')
                    dev:Update('Power')
                    time.sleep(1)
                end
                """),
            device: """
                local asked = 0
                event(tcp, 'Connected', function(client)
                    asked = asked + 1
                    if asked == 2 then client:Send('Password:') end
                end)
                """)
        scene.run(5)
        #expect(
            scene.device.timeline.map { $0.replacing(#/^\S+ /#, with: "") } == ["open", "P?", "P?", "P?", "V?", "P?"])
        #expect(scene.room.lines.filter { $0.hasPrefix("Power") }.count == 3, "\(scene.room.timeline)")
        #expect(scene.room.lines.contains { $0.hasPrefix("handshake\tV-20") }, "\(scene.room.lines)")
        #expect(scene.room.errors.isEmpty)
    }

    @Test("Functions added to DeviceClass are methods of all devices; a derived class replaces the kit's")
    func methods() throws {
        let scene = try Self.scene(
            Self.room(
                "Ethernet = {port = 23}, UDP = {port = 23}",
                """
                function Acme.DeviceClass:PowerToggle()
                    self:Set('Power', self:ReadStatus('Power') == 'On' and 'Off' or 'On')
                end
                local Mine = class('Mine', Acme.UDPClass)
                function Mine:Set(command, value, qualifier)
                    print('Set', command, value)
                    Acme.UDPClass.Set(self, command, value, qualifier)
                end
                function Mine:Update(command, qualifier)
                    print('Update', command)
                    Acme.UDPClass.Update(self, command, qualifier)
                end
                dev = Mine('10.0.0.2')
                report(dev, 'Power')
                dev:Update('Power')
                Wait(1, function() dev:PowerToggle() end)
                """))
        scene.run(2)
        #expect(
            scene.room.lines == ["Update\tPower", "Power\tOff\tnil", "Set\tPower\tOn", "Power\tOn\tnil"],
            "\(scene.room.lines)")
    }

    @Test("Through its handler a Unidirectional device is commanded, never asked, and not found")
    func unidirectional() throws {
        let scene = try Self.scene(
            Self.room(
                "Serial = {}", changes: "timeout = 1, handshake = function(self) print('hello') end",
                """
                dev = Acme.SerialClass(ProcessorDevice('Room'), 'COM1')
                dev.Unidirectional = true
                handler = GetConnectionHandler(dev, 'Power', {DisconnectLimit = 2})
                event(handler, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
                handler:Connect()
                handler:Set('Volume', 1)
                handler:Set('Power', 'On')
                """), device: "function reply(line) end")
        scene.run(8)
        #expect(scene.device.lines == ["V1", "P1"], "\(scene.device.lines)")
        #expect(
            scene.room.lines == [
                "Acme at Room COM1: Power: is not asked for: the device is Unidirectional", "Disconnected",
            ],
            "\(scene.room.lines)")
    }

    @Test("Models differ in values, ranges, framing and time-outs, over each connection")
    func models() throws {
        let scene = try Self.scene(
            Self.room(
                "Ethernet = {port = 23}, UDP = {port = 23}",
                changes: """
                        models = {
                        Small = {},
                        Large = {framing = {delimiter = '!'}, commands = {
                            Input = {qualifiers = {{name = 'Output', min = 1, max = 9}}, values = {HDMI = 1, SDI = 3}},
                            Volume = {range = {min = 0, max = 200}},
                        }},
                    }
                    """,
                """
                for _, class in ipairs({'EthernetClass', 'UDPClass'}) do
                    local small = Acme[class]('10.0.0.2', {Model = 'Small'})
                    local large = Acme[class]('10.0.0.2', {Model = 'Large'})
                    print(pcall(small.Set, small, 'Volume', 150) or pcall(large.Set, large, 'Volume', -1))
                    for _, dev in ipairs({small, large}) do
                        if class == 'EthernetClass' then dev:Connect(1) end
                        report(dev, 'Input')
                        dev:Update('Input', {Output = 3})
                    end
                    large:Set('Input', 'SDI', {Output = 9})
                    print(select(2, pcall(small.Set, small, 'Input', 'SDI', {Output = 1})))
                    time.sleep(1)
                end
                """),
            device: """
                local answer = reply
                function reply(line)
                    if line == 'I3?' then return 'I3=1!\\rI3=1' end
                    return answer(line)
                end
                """)
        scene.run(4)
        let lines = scene.room.lines
        #expect(lines.filter { $0 == "false" }.count == 2, "\(lines)")
        #expect(lines.filter { $0 == "Input\tHDMI\t3" }.count == 4, "\(lines)")
        let refused = "ValueError: Input {Output = 1}: the value must be one of 'HDMI', 'VGA', got 'SDI'"
        #expect(lines.filter { $0.hasSuffix(refused) }.count == 2)
        #expect(scene.device.lines.filter { $0 == "I9=3" }.count == 2, "\(scene.device.lines)")
        #expect(scene.room.errors.isEmpty)
    }

    @Test("A busy device gets the open request again, before those that wait, and at most three times")
    func again() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({timeout = 1, ack = '^OK$', errors = {{'^E7$', 'busy', again = 0.5}}}).EthernetClass('10.0.0.2')
            report(dev, 'Power', 'Volume')
            dev:Connect(1)
            dev:Update('Power')
            dev:Update('Volume')
            Wait(4, function() dev:Set('Fail') end)
            """,
            device: """
                local answer, busy = reply, 2
                function reply(line)
                    if busy == 0 then return answer(line) end
                    busy = busy - 1
                    return 'E7'
                end
                """)
        scene.run(8)
        #expect(
            scene.device.timeline == [
                "0.0 P?", "0.5 P?", "1.0 P?", "1.0 V?", "4.0 X", "4.5 X", "5.0 X", "5.5 X",
            ], "\(scene.device.timeline)")
        func busy(_ time: String, _ command: String) -> String { "\(time) Acme at 10.0.0.2:23: \(command): busy" }
        let isRepeated = "; it is sent again"
        #expect(
            scene.room.timeline == [
                busy("0.0", "Power") + isRepeated, "1.0 Power\tOff\tnil", "1.0 Volume\t-20\tnil",
                busy("4.0", "Fail") + isRepeated, busy("5.5", "Fail"),
            ], "\(scene.room.timeline)")
    }

    @Test("What keeps a device from being ready is told once, until it is ready")
    func refusalOnce() throws {
        let scene = try DeviceModuleScene(
            """
            local fine = false
            dev = with({handshake = function() if not fine then return 'wrong digest' end end}).UDPClass('10.0.0.2')
            report(dev, 'Power')
            Timer(1, function() pcall(dev.Update, dev, 'Power') end)
            Wait(3.5, function() fine = true end)
            Wait(5.5, function() fine = false dev:OnDisconnected() end)
            """)
        scene.run(10)
        #expect(
            scene.room.warnings
                == ["", "; it came 2 times more since it was told last"].map {
                    "Acme at 10.0.0.2:23: the handshake failed: wrong digest" + $0
                },
            "\(scene.room.timeline)")
        #expect(scene.room.lines.contains("Power\tOff\tnil"))
    }
}
