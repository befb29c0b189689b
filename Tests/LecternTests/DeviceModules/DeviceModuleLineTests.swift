import ControlCore
import Lectern
import Testing

/// When a device of a declared module sends, and what happens to its connection.
@Suite("Connections of declared modules")
struct DeviceModuleLineTests {
    @Test("Between two sends there is the declared gap; sets come first, of a level only the last")
    func gap() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({gap = 0.25}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            dev:Update('Power')
            dev:Update('Volume')
            dev:Update('Volume')
            dev:Update('Input', {Output = 1})
            dev:Set('Power', 'On')
            dev:Set('Volume', 1)
            dev:Set('Volume', 2)
            dev:Set('Input', 'VGA', {Output = 1})
            """)
        scene.run(3)
        #expect(
            scene.device.timeline == [
                "0.0 P?", "0.25 P1", "0.5 V2", "0.75 I1=2", "1.0 V?", "1.25 I1?",
            ], "\(scene.device.timeline)")
    }

    @Test("Of a number that says how far, each one that waits is sent")
    func eachNumber() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({gap = 0.25, commands = {
                Step = {range = {min = -9, max = 9, each = true}, set = 'S{value}\\r'},
                Level = {range = {min = -9, max = 9}, set = 'L{value}\\r'},
            }}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            for _ = 1, 3 do
                dev:Set('Step', 1)
                dev:Set('Level', 1)
            end
            """)
        scene.run(3)
        #expect(scene.device.lines == ["S1", "L1", "S1", "S1"], "\(scene.device.timeline)")
    }

    @Test("With a time-out one request is open at a time; without a reply the next one follows when it is over")
    func oneAtATime() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({timeout = 1}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            report(dev, 'Volume', 'Power')
            dev:Update('Power')
            dev:Update('Volume')
            """,
            device: """
                local answered = reply
                function reply(line)
                    if line == 'V?' then return answered(line) end
                end
                Wait(0.5, function() say('V3\\r') end)
                """)
        scene.run(3)
        #expect(scene.device.timeline == ["0.0 P?", "1.0 V?"], "\(scene.device.timeline)")
        #expect(
            scene.room.timeline == [
                "0.5 Volume\t3\tnil",
                "1.0 Acme at 10.0.0.2:23: Power: no answer to 'P?\\r' within 1 s; awaited: '^P(\\d)$'",
                "1.0 Volume\t-20\tnil",
            ], "\(scene.room.timeline)")
    }

    @Test("A reply that does not say what it answers is that of the open request")
    func pairing() throws {
        let scene = try DeviceModuleScene(
            """
            local digit = '^=(\\\\d)$'
            dev = with({timeout = 1, commands = {
                A = {values = {Zero = 0, One = 1}, query = 'a\\r', reply = digit},
                B = {range = {min = 0, max = 9}, query = 'b\\r', reply = digit},
                C = {qualifiers = {{name = 'Output', min = 1, max = 4}}, range = {min = 0, max = 9}, query = 'c{Output}\\r',
                    reply = digit},
            }}).EthernetClass('10.0.0.2')
            report(dev, 'A', 'B', 'C')
            dev:Connect(1)
            dev:Update('A')
            dev:Update('B')
            dev:Update('C', {Output = 4})
            dev:Update('C', {Output = 2})
            """, device: "function reply(line) return '=' .. #line end")
        scene.run(1)
        #expect(
            scene.room.lines == ["A\tOne\tnil", "B\t1\tnil", "C\t2\t4", "C\t2\t2"], "\(scene.room.lines)")
    }

    @Test("What a device tells of another qualifier meanwhile is a status, but does not answer the open request")
    func unaskedMeanwhile() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({timeout = 1}).EthernetClass('10.0.0.2')
            report(dev, 'Input')
            dev:Connect(1)
            dev:Update('Input', {Output = 1})
            dev:Update('Input', {Output = 2})
            """,
            device: """
                function reply(line)
                    if line == 'I2?' then return 'I2=1' end
                    Wait(0.1, function() say('I4=2\\r') end)
                    Wait(0.3, function() say('I1=2\\r') end)
                end
                """)
        scene.run(1)
        #expect(
            scene.room.timeline == ["0.1 Input\tVGA\t4", "0.3 Input\tVGA\t1", "0.3 Input\tHDMI\t2"],
            "\(scene.room.timeline)")
        #expect(scene.device.timeline == ["0.0 I1?", "0.3 I2?"], "\(scene.device.timeline)")
    }

    @Test("An acknowledged set lets the next request go, and is confirmed when the module says so")
    func acknowledged() throws {
        let scene = try DeviceModuleScene(
            """
            local all = declaration()
            all.timeout = 1
            all.commands.Volume.ack = '^OK$'
            all.commands.Volume.confirm = true
            all.commands.Power.ack = true
            dev = DeviceModule(all).EthernetClass('10.0.0.2')
            dev:Connect(1)
            report(dev, 'Volume', 'Power')
            dev:Set('Volume', 7)
            dev:Set('Power', 'On')
            """)
        scene.run(0.5)
        #expect(scene.room.timeline == ["0.0 Power\tOn\tnil", "0.0 Volume\t7\tnil"], "\(scene.room.timeline)")
        #expect(scene.device.timeline == ["0.0 V7", "0.0 P1", "0.0 V?"], "\(scene.device.timeline)")
    }

    @Test("A full queue refuses the next command")
    func fullQueue() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({gap = 1, queue = 2}).EthernetClass('10.0.0.2')
            dev:Connect(1)
            for _ = 1, 3 do dev:Set('Power', 'On') end
            print(select(2, pcall(dev.Set, dev, 'Power', 'On')))
            """)
        scene.run(0.5)
        #expect(scene.room.lines.last?.contains("IOError: Power: 2 commands wait to be sent already") == true)
    }

    @Test("Unanswered updates are counted; the next answer brings the device back, and its statuses are read again")
    func silence() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({}).UDPClass('10.0.0.2')
            dev.connectionCounter = 2
            report(dev, 'ConnectionStatus', 'Power', 'Volume')
            dev:Update('Volume')
            Timer(1, function() dev:Update('Power') end)
            """,
            device: """
                Wait(1.5, function() awake = false power = '1' level = 5 end)
                Wait(5.5, function() awake = true end)
                """)
        scene.run(7)
        #expect(
            scene.room.timeline == [
                "0.0 ConnectionStatus\tConnected\tnil", "0.0 Volume\t-20\tnil", "0.0 Power\tOff\tnil",
                "4.0 ConnectionStatus\tDisconnected\tnil", "6.0 ConnectionStatus\tConnected\tnil", "6.0 Power\tOn\tnil",
                "6.0 Volume\t5\tnil",
            ], "\(scene.room.timeline)")
    }

    @Test(
        "Many updates at once are no silence: those that wait behind others are not counted",
        arguments: ["timeout = 1", "gap = 0.1"])
    func manyUpdates(_ pacing: String) throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({\(pacing)}).EthernetClass('10.0.0.2')
            dev.connectionCounter = 2
            report(dev, 'ConnectionStatus', 'Input')
            dev:Connect(1)
            Wait(1, function()
                dev:Update('Power')
                dev:Update('Volume')
                for output = 1, 4 do dev:Update('Input', {Output = output}) end
            end)
            Wait(3, function() print(dev.counter) end)
            """)
        scene.run(4)
        #expect(
            scene.room.lines.sorted() == [
                "0", "ConnectionStatus\tConnected\tnil", "Input\tHDMI\t1", "Input\tHDMI\t2", "Input\tHDMI\t3",
                "Input\tHDMI\t4",
            ], "\(scene.room.timeline)")
    }

    @Test("A query that waits behind others counts when it is asked for again")
    func askedAgain() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({timeout = 10}).EthernetClass('10.0.0.2')
            dev.connectionCounter = 2
            report(dev, 'ConnectionStatus')
            dev:Connect(1)
            dev:Update('Volume')
            Timer(1, function() dev:Update('Power') end)
            """, device: "function reply(line) end")
        scene.run(5)
        #expect(scene.room.timeline == ["3.0 ConnectionStatus\tDisconnected\tnil"], "\(scene.room.timeline)")
    }

    @Test("Through its handler a device is found again after a loss, and its statuses are read again")
    func handler() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({}).EthernetClass('10.0.0.2')
            handler = GetConnectionHandler(dev, 'Power', {DisconnectLimit = 3, connectRetryTime = 2})
            print(handler, dev.connectionCounter)
            report(handler, 'ConnectionStatus', 'Power', 'Volume')
            report(dev, 'Input')
            dev:SubscribeStatus('Input', {Output = 3}, function() end)
            handler:Connect()
            """,
            device: """
                Wait(2.5, function() for _, client in ipairs(tcp.Clients) do client:Disconnect() end inputs['3'] = '2' end)
                """)
        scene.run(7)
        #expect(
            scene.room.timeline == [
                "0.0 <ModuleTcpHandler 10.0.0.2:23>\t3", "0.0 Power\tOff\tnil",
                "0.0 ConnectionStatus\tConnected\tnil", "0.0 Volume\t-20\tnil", "0.0 Input\tHDMI\t3",
                "2.5 ConnectionStatus\tDisconnected\tnil", "4.5 ConnectionStatus\tConnected\tnil",
                "4.5 Input\tVGA\t3",
            ], "\(scene.room.timeline)")
        #expect(scene.room.errors.isEmpty)
    }

    @Test("A handler is refused a query that the module does not have")
    func unknownQuery() throws {
        let scene = try DeviceModuleScene(
            """
            print(select(2, pcall(GetConnectionHandler, with({}).EthernetClass('10.0.0.2'), 'Powr')))
            """)
        #expect(
            scene.room.lines.first?.contains("ValueError: GetConnectionHandler: ") == true, "\(scene.room.lines)")
        #expect(scene.room.lines.first?.contains("Power") == true, "\(scene.room.lines)")
    }

    @Test("A handshake holds the commands back until it is done")
    func handshake() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({handshake = function(self)
                print('greeting', self:SendAndWait('P?\\r', 1, {deliTag = '\\r'}) == 'P0\\r')
                time.sleep(0.5)
            end}).EthernetClass('10.0.0.2')
            report(dev, 'Power')
            dev:Connect(1)
            dev:Update('Power')
            """)
        scene.run(1)
        #expect(scene.room.timeline == ["0.0 greeting\ttrue", "0.5 Power\tOff\tnil"], "\(scene.room.timeline)")
        #expect(scene.device.timeline == ["0.0 P?", "0.5 P?"])
    }

    @Test(
        "A handshake that fails is logged, and nothing is sent", arguments: ["return 'wrong digest'", "error('oops')"])
    func failedHandshake(_ ending: String) throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({handshake = function(self) \(ending) end}).EthernetClass('10.0.0.2')
            report(dev, 'ConnectionStatus')
            dev:Connect(1)
            dev:Update('Power')
            Wait(1, function() print(pcall(dev.Set, dev, 'Power', 'On')) end)
            """)
        scene.run(2)
        #expect(scene.room.warnings.last?.hasPrefix("Acme at 10.0.0.2:23: the handshake failed") == true)
        #expect(scene.room.lines.contains("ConnectionStatus\tDisconnected\tnil"))
        #expect(scene.room.lines.last?.contains("IOError: Power: the handshake failed") == true)
        #expect(scene.device.lines.isEmpty)
    }
}
