import ControlCore
import Lectern
import Testing

/// The camera's module of docs/examples/modules at its simulator, through its handler.
@Suite("VISCA camera module")
struct CameraModuleTests {
    @Test("The camera wakes up and goes to sleep, which is told when it is done", arguments: CameraScene.ways)
    func power(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            report('ConnectionStatus', 'Power')
            Camera:Connect()
            Wait(1, function() Camera:Set('Power', 'On') end)
            Wait(3.5, function() print('waking') end)
            Wait(6, function() Camera:Set('Power', 'Off') end)
            """, device: "")
        scene.run(8)
        #expect(
            scene.lines == ["ConnectionStatus Connected", "Power Off", "waking", "Power On", "Power Off"],
            "\(scene.lines) \(scene.warnings)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("All that can be set is set and read again, at once and in order", arguments: CameraScene.ways)
    func commands(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            local sets = {
                {'FocusMode', 'Manual'}, {'Focus', 20000}, {'Zoom', 5000}, {'PanTilt', '500,-100'}, {'Exposure', 'Manual'},
                {'Iris', 5}, {'Gain', 3}, {'WhiteBalance', 'OnePush'}, {'WhiteBalanceOnePush'}, {'Backlight', 'On'},
                {'Freeze', 'On'}, {'Flip', 'On'}, {'Mirror', 'On'}, {'Tally', 'On'}, {'PresetSave', nil, {Preset = 7}},
            }
            Camera:Connect()
            Wait(1, function() for _, set in ipairs(sets) do Camera:Set(table.unpack(set, 1, 3)) end end)
            Wait(12, function()
                for _, set in ipairs(sets) do
                    if Device.Commands[set[1]] and not set[1]:find('Save') and not set[1]:find('Balance.') then
                        print(set[1] .. ' ' .. tostring(Camera:ReadStatus(set[1])))
                    end
                end
                print('Preset ' .. Camera:ReadStatus('Preset'))
                Device:SubscribeStatus('Version', nil, function(_, version) print(version) end)
                Camera:Update('Version')
            end)
            """)
        scene.run(14)
        #expect(
            scene.lines == [
                "FocusMode Manual", "Focus 20000", "Zoom 5000", "PanTilt 500,-100", "Exposure Manual", "Iris 5",
                "Gain 3",
                "WhiteBalance OnePush", "Backlight On", "Freeze On", "Flip On", "Mirror On", "Tally On", "Preset 7",
                "Vendor 0020, model 0402, ROM 0100",
            ], "\(scene.lines) \(scene.warnings)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("What the camera has been set to is asked for", arguments: CameraScene.ways)
    func queries(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            local names = {'Power', 'Zoom', 'Focus', 'FocusMode', 'PanTilt', 'Preset', 'WhiteBalance', 'Exposure', 'Iris',
                'Gain', 'Backlight', 'Freeze', 'Flip', 'Mirror', 'Tally'}
            report(table.unpack(names))
            Camera:Connect()
            Wait(1, function() for _, name in ipairs(names) do Camera:Update(name) end end)
            """,
            device: """
                Device.Power = 'On'
                Device.FocusMode, Device.WhiteBalance, Device.Exposure, Device.Iris, Device.Gain = 3, 5, 0x0A, 9, 12
                Device.Backlight, Device.Freeze, Device.Flip, Device.Mirror, Device.Tally, Device.Preset = 2, 3, 2, 3, 2, 100
                Device:MoveBy('Zoom', 0x1234) Device:MoveBy('Focus', 1) Device:MoveBy('Pan', -1) Device:MoveBy('Tilt', -399)
                """)
        scene.run(4)
        #expect(
            scene.lines.sorted() == [
                "Backlight On", "Exposure ShutterPriority", "Flip On", "Focus 4097", "FocusMode Manual", "Freeze Off",
                "Gain 12", "Iris 9", "Mirror Off", "PanTilt -1,-399", "Power On", "Preset 100", "Tally On",
                "WhiteBalance Manual", "Zoom 4660",
            ], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test("Drives go at the speed of their qualifiers until they are stopped", arguments: CameraScene.ways)
    func drives(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            Camera:Connect()
            Wait(1, function()
                Camera:Set('PanTiltDrive', 'UpRight', {PanSpeed = 20, TiltSpeed = 5})
                Camera:Set('ZoomDrive', 'Tele', {Speed = 1})
                Camera:Set('FocusMode', 'Manual')
                Camera:Set('FocusDrive', 'Near')
            end)
            Wait(2, function()
                for _, name in ipairs({'PanTiltDrive', 'ZoomDrive', 'FocusDrive'}) do Camera:Set(name, 'Stop') end
            end)
            Wait(4, function()
                local pan, tilt = Camera:ReadStatus('PanTilt'):match('(.+),(.+)')
                print(pan, tilt, Camera:ReadStatus('Zoom'), Camera:ReadStatus('Focus'))
                Camera:Set('PanTiltReset')
                print(select(2, pcall(Camera.Set, Camera, 'ZoomDrive', 'Tele', {Speed = 8})).message)
                print(select(2, pcall(Camera.Set, Camera, 'PanTiltDrive', 'Up', {Speed = 8})).message)
            end)
            Wait(9, function() print(Camera:ReadStatus('PanTilt')) end)
            """)
        scene.run(10)
        let lines = scene.lines
        // About 1 s at 20 and 5 times 60 steps a second, at 2 times 512, and at 4 times 2048 from 4096 on.
        let numbers = (lines.first ?? "").split(separator: "\t").compactMap { Int($0) }
        let expected = [1150...1250, 270...320, 900...1100, 11_500...12_500]
        #expect(numbers.count == 4 && zip(expected, numbers).allSatisfy { $0.contains($1) }, "\(lines)")
        #expect(
            lines.dropFirst() == [
                "ZoomDrive: the qualifier 'Speed' must be a whole number from 0 to 7, got '8'",
                "PanTiltDrive: it has no qualifier 'Speed'; there are 'PanSpeed', 'TiltSpeed'", "0,0",
            ], "\(lines)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("A preset is saved, and recalled over some time; one that was reset cannot be", arguments: CameraScene.ways)
    func presets(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            report('PanTilt', 'Preset')
            Camera:Connect()
            Wait(2, function() Camera:Set('PresetSave', nil, {Preset = 3}) end)
            Wait(3, function() Camera:Set('Home') end)
            Wait(4, function() Camera:Set('Preset', 3) end)
            Wait(4.5, function() print('on its way') end)
            Wait(8, function()
                Camera:Set('PresetReset', nil, {Preset = 3})
                Camera:Set('Preset', 3)
            end)
            """, device: "Device.Power = 'On' Device:MoveBy('Pan', 1000) Device:MoveBy('Tilt', -200)")
        scene.run(10)
        #expect(
            scene.lines == [
                "PanTilt 1000,-200", "Preset 0", "Preset 3", "PanTilt 0,0", "on its way", "PanTilt 1000,-200",
            ], "\(scene.lines)")
        #expect(scene.warnings.count == 1 && scene.warnings[0].hasSuffix("Preset: not executable now"))
        scene.expectNoErrors()
    }

    @Test("What the camera refuses is said in words, and it is not lost for that", arguments: CameraScene.ways)
    func refusals(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            report('ConnectionStatus', 'Power')
            Camera:Connect()
            Wait(2, function()
                Camera:Set('PanTilt', '30000,0')
                Camera:Set('Iris', 3)
            end)
            Wait(3, function()
                Camera:Set('Power', 'Off')
                Camera:Set('Zoom', 1)
                Camera:Update('WhiteBalance')
                print(select(2, pcall(Camera.Set, Camera, 'PanTilt', 'left')).message)
                print(select(2, pcall(Camera.Set, Camera, 'Power', 'Fault')).message)
            end)
            Wait(5, function() print(select(2, pcall(Camera.Set, Camera, 'Focus', 100)).message) end)
            """)
        scene.run(6)
        #expect(
            scene.lines == [
                "ConnectionStatus Connected", "Power On", "PanTilt: the value must be 'pan,tilt', got 'left'",
                "Power: the value must be one of 'On', 'Off', got 'Fault'", "Power Off",
                "Focus: the value must be a whole number from 4096 to 61440, got 100",
            ], "\(scene.lines)")
        let problems = scene.warnings.map { $0.split(separator: ": ").dropFirst().joined(separator: ": ") }
        #expect(
            problems == [
                "PanTilt: syntax error", "Iris: not executable now", "Zoom: not executable now",
                "WhiteBalance: not executable now",
            ], "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("A third command waits until one of the two sockets is free; queries do not", arguments: CameraScene.ways)
    func sockets(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            Camera:Connect()
            Wait(1, function()
                Camera:Set('Zoom', 16384)
                Camera:Set('PanTilt', '2160,0')
                Camera:Set('Backlight', 'On')
                Camera:Set('Freeze', 'On')
            end)
            """, device: "Device.Power = 'On' Device.Trace = true")
        scene.run(7)
        let heard = scene.heard
        let acknowledged = try #require(heard.firstIndex { $0.hasPrefix("> 90 42") })
        let done = try #require(heard[acknowledged...].firstIndex { $0.hasPrefix("> 90 52") })
        let third = try #require(heard.firstIndex { $0.hasPrefix("< 81 01 04 33 02") })
        #expect(done < third, "\(heard)")
        #expect(heard[acknowledged..<done].contains { $0.hasPrefix("< 81 09 04 00") }, "\(heard)")
        #expect(heard.firstIndex { $0.hasPrefix("< 81 01 04 62 02") }.map { $0 > third } == true, "\(heard)")
        #expect(!heard.contains { $0.hasPrefix("> 90 6") }, "\(heard)")
        scene.expectNoErrors()
    }

    @Test("What is under way is cancelled, and the place where it ended is read", arguments: CameraScene.ways)
    func cancel(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            report('Zoom')
            Camera:Connect()
            Wait(2, function() Camera:Set('Zoom', 16384) end)
            Wait(3, function() Camera:Set('Cancel') end)
            Wait(4, function() Camera:Set('Backlight', 'On') end)
            Wait(5, function() print(Camera:ReadStatus('Backlight')) end)
            """)
        scene.run(8)
        #expect(scene.lines.count == 4, "\(scene.lines)")
        #expect(scene.lines.first == "Zoom 0" && scene.lines.last == "On", "\(scene.lines)")
        #expect(scene.lines.contains { $0.hasSuffix("socket 1: the command was cancelled") }, "\(scene.lines)")
        let zoom = scene.lines.dropFirst().first { $0.hasPrefix("Zoom ") }.flatMap { Int($0.dropFirst(5)) }
        #expect(zoom.map { (3800...4300).contains($0) } == true, "\(scene.lines)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test(
        "Changes are told to all who subscribed, once each, and those at the camera with the next update",
        arguments: CameraScene.ways)
    func subscriptions(_ way: ModuleScene.Way) throws {
        let scene = try CameraScene.make(
            way,
            """
            report('Zoom', 'Backlight')
            Camera:SubscribeStatus('Zoom', nil, function(command, value, qualifier) print('also', value, qualifier) end)
            Timer(1, function()
                Camera:Update('Zoom')
                Camera:Update('Backlight')
            end)
            Camera:Connect()
            """,
            device: """
                Device.Power = 'On'
                Wait(2.5, function() Device:MoveBy('Zoom', 100) end)
                Wait(4.5, function() Device.Backlight = 2 end)
                """)
        scene.run(7)
        #expect(
            scene.lines.sorted() == [
                "Backlight Off", "Backlight On", "Zoom 0", "Zoom 100", "also\t0\tnil", "also\t100\tnil",
            ], "\(scene.lines)")
        scene.expectNoErrors()
    }
}
