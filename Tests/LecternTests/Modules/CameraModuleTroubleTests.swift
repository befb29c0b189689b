import ControlCore
import Lectern
import Polling
import Testing

/// What the camera's module makes of silence, wrong answers, lost datagrams and cameras that start anew.
@Suite("VISCA camera module in trouble")
struct CameraModuleTroubleTests {
    @Test("A camera that falls silent is lost, and read again when it is back", arguments: CameraScene.ways)
    func silence(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            report('ConnectionStatus', 'Power', 'Zoom')
            Camera:Connect()
            """,
            device: """
                Device.Power = 'On'
                Wait(3, function() Device.IsSilent = true Device:MoveBy('Zoom', 300) end)
                Wait(15, function() Device.IsSilent = false end)
                """)
        scene.run(14)
        #expect(
            scene.lines.sorted() == [
                "ConnectionStatus Connected", "ConnectionStatus Disconnected", "Power On", "Zoom 0",
            ], "\(scene.lines)")
        #expect(scene.lines.last == "ConnectionStatus Disconnected", "\(scene.lines)")
        scene.run(10)
        let after = scene.lines.drop { $0 != "ConnectionStatus Disconnected" }.dropFirst()
        #expect(after.suffix(2) == ["ConnectionStatus Connected", "Zoom 300"], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test(
        "A camera that was without power is found again, and its statuses are read again", arguments: CameraScene.ways)
    func reconnect(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            report('ConnectionStatus', 'Power', 'Version')
            Device:SubscribeStatus('Tally', nil, print)
            Camera:Connect()
            """)
        scene.run(3)
        #expect(scene.lines.contains("Power On") && scene.lines.contains("Tally\tOff\tnil"), "\(scene.lines)")
        scene.stopDevice()
        scene.run(12)
        #expect(scene.lines.last == "ConnectionStatus Disconnected", "\(scene.lines)")
        let before = scene.lines.count
        try scene.startDevice("Device.Power = 'On' Device.Tally = 2")
        scene.run(10)
        let after = scene.lines.dropFirst(before)
        #expect(after == ["ConnectionStatus Connected", "Tally\tOn\tnil"], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test(
        "After a change of the network the camera gets its address again, and is read again",
        arguments: CameraScene.chains)
    func networkChange(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            report('ConnectionStatus', 'Power')
            Camera:Connect()
            """, device: "Device.Power, Device.Trace = 'On', true Wait(2.5, function() Device:Replug() end)")
        scene.run(2)
        #expect(
            scene.heard.prefix(4) == [
                "< 88 30 01 FF", "> 88 30 02 FF", "< 88 01 00 01 FF", "> 88 01 00 01 FF",
            ], "\(scene.heard)")
        let before = scene.heard.count
        scene.run(3)
        let after = scene.heard.dropFirst(before).drop { $0 != "< 88 30 01 FF" }
        #expect(
            after.prefix(5) == [
                "< 88 30 01 FF", "> 88 30 02 FF", "< 88 01 00 01 FF", "> 88 01 00 01 FF", "< 81 09 04 00 FF",
            ], "\(scene.heard)")
        #expect(scene.lines == ["ConnectionStatus Connected", "Power On", "Power Off"], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test(
        "Of the cameras in a chain each hears what is meant for it; one that is not there is an error",
        arguments: CameraScene.chains)
    func chain(_ way: ModuleScene.Way) throws {
        let second = """
            local hear = Device.Hear
            function Device:Hear(link, packet, answer)
                -- The camera before it in the chain takes the first address.
                if packet == '\\x88\\x30\\x01' then packet = '\\x88\\x30\\x02' end
                hear(self, link, packet, answer)
            end

            """
        let text = """
            Device.Address = 2
            report('Power', 'ConnectionStatus')
            Camera:Connect()
            """
        let scene = try CameraScene.make(way, text, device: second + "Device.Power, Device.Trace = 'On', true")
        scene.run(2)
        #expect(scene.lines == ["ConnectionStatus Connected", "Power On"], "\(scene.lines)")
        #expect(scene.heard.contains("< 82 09 04 00 FF") && scene.heard.contains("> A0 50 02 FF"), "\(scene.heard)")
        scene.expectNoErrors()
        let alone = try CameraScene.make(way, text)
        alone.run(2)
        #expect(!alone.lines.contains("Power On"), "\(alone.lines)")
        #expect(
            alone.warnings.first?.hasSuffix("the handshake failed: Address is 2, but the cameras are 1")
                == true,
            "\(alone.room.timeline)")
    }

    @Test(
        "Messages in single bytes, several in one, and beginnings of some are understood",
        arguments: CameraScene.streams)
    func frames(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            report('ConnectionStatus', 'Power', 'Zoom')
            Camera:Connect()
            Wait(2, function() Camera:Set('Zoom', 4096) end)
            """,
            device: """
                Device.Power = 'On'
                Wait(4.5, function() simulator.Tell(Device, '\\x90\\x41\\xFF\\x90\\x51\\xFF\\x90\\x50\\x03\\xFF\\x90') end)
                Wait(4.6, function() simulator.Tell(Device, '\\x51\\xFF\\xFF\\xFF') end)
                Wait(6.5, function() simulator.Tell(Device, '\\x90\\x50') end)
                """)
        scene.stage.world.network.inject(.split([1]))
        scene.run(9)
        #expect(
            scene.lines == ["ConnectionStatus Connected", "Power On", "Zoom 0", "Zoom 4096"], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test("Wrong answers are logged and change nothing", arguments: CameraScene.ways)
    func wrongAnswers(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            report('WhiteBalance', 'Power')
            Camera:Connect()
            Wait(2, function() Camera:Update('WhiteBalance') end)
            """,
            device: """
                Device.Power, Device.WhiteBalance = 'On', 9
                Wait(3.5, function() simulator.Tell(Device, 'noise\\xFF') end)
                Wait(4.5, function() Device.IsFaulty = true end)
                """)
        scene.run(6)
        #expect(scene.lines == ["Power On", "Power Fault"], "\(scene.lines)")
        let problems = scene.warnings.map { $0.split(separator: ": ").dropFirst().joined(separator: ": ") }
        #expect(problems.count == 2, "\(scene.warnings)")
        #expect(problems.contains("WhiteBalance: unexpected reply: '09' is no value"), "\(scene.warnings)")
        #expect(
            problems.contains(way == .udp ? "no VISCA over IP: 'noise\\xff'" : "no message: 'noise'"),
            "\(scene.warnings)")
        scene.expectNoErrors()
    }

    // MARK: VISCA over IP

    /// Has the camera switched to and fro forty times.
    private static let switching = """
        report('ConnectionStatus')
        Camera:Connect()
        Wait(1, function()
            for i = 1, 40 do Camera:Set('Backlight', i % 2 == 1 and 'On' or 'Off') end
        end)
        """
    private static let orders = (1...40).map { $0 % 2 == 1 ? "< 81 01 04 33 02 FF" : "< 81 01 04 33 03 FF" }

    @Test("What the network loses is sent again, and the camera does it once", arguments: [1, 2, 3] as [UInt64])
    func loss(_ share: UInt64) throws {
        let scene = try CameraScene.make(.udp, Self.switching, device: "Device.Power, Device.Trace = 'On', true")
        scene.run(0.5)
        scene.stage.world.network.inject(.lose(probability: 0.03 * Double(share)))
        scene.run(90)
        #expect(scene.heard.filter { $0.hasPrefix("< 81 01 04 33") } == Self.orders, "\(scene.heard)")
        #expect(scene.lines == ["ConnectionStatus Connected"], "\(scene.lines)")
        // What was lost three times is told.
        #expect(scene.warnings.allSatisfy { $0.contains(": no answer to '") }, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("Datagrams that come twice or late do no harm")
    func duplicates() throws {
        let scene = try CameraScene.make(.udp, Self.switching, device: "Device.Power, Device.Trace = 'On', true")
        scene.run(0.5)
        scene.stage.world.network.inject(.duplicate(probability: 0.5))
        scene.stage.world.network.inject(.reorder(by: .milliseconds(30), probability: 0.3))
        scene.run(30)
        #expect(scene.heard.filter { $0.hasPrefix("< 81 01 04 33") } == Self.orders, "\(scene.heard)")
        #expect(scene.lines == ["ConnectionStatus Connected"], "\(scene.lines)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("A camera that finds the numbers wrong is told to begin anew")
    func wrongNumber() throws {
        let scene = try CameraScene.make(
            .udp,
            """
            report('ConnectionStatus', 'Power')
            Camera:Connect()
            Wait(3.1, function() Camera:Set('Tally', 'On') end)
            Wait(5, function() print(Camera:ReadStatus('Tally')) end)
            """,
            device: """
                Device.Power = 'On'
                Wait(3, function() for _, link in pairs(Device.Links) do link.Last = 5000 end end)
                Wait(4, function() Device.Power = 'Off' end)
                """)
        scene.run(6)
        #expect(scene.lines == ["ConnectionStatus Connected", "Power On", "Power Off", "On"], "\(scene.lines)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("A camera that does not know a kind of message is reported with the command")
    func wrongKind() throws {
        let scene = try CameraScene.make(
            .udp,
            """
            Camera:Connect()
            Wait(2, function() Camera:Set('Tally', 'On') end)
            """,
            device: """
                Device.Power = 'On'
                local hear = Device.HearDatagram
                function Device:HearDatagram(link, datagram)
                    if not datagram:find('\\x01\\x7E\\x01\\x0A', 1, true) then return hear(self, link, datagram) end
                    link:Send('\\x02\\x01\\x00\\x02' .. datagram:sub(5, 8) .. '\\x0F\\x02')
                end
                """)
        scene.run(4)
        #expect(
            scene.warnings == [
                "VISCA camera at device:52381: Tally: the camera does not know this kind of message"
            ], "\(scene.warnings)")
        scene.expectNoErrors()
    }
}
