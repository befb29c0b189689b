import ControlCore
import Lectern
import Testing

/// The module of docs/examples/modules/samsung_display_mdc.lua in a room, against its simulator.
@Suite("Display module")
struct DisplayModuleTests {
    static let ways: [ModuleScene.Way] = [.tcp, .serial, .serialOverEthernet]

    /// Begins the device, both of its displays on, and the room with a handler that prints what becomes of the
    /// connection.
    static func scene(
        over way: ModuleScene.Way, device: String = "", handler: String = "", _ room: String
    ) throws
        -> ModuleScene
    {
        let scene = try ModuleScene("samsung_display_mdc", over: way, port: 1515)
        try scene.serveGateways()
        try scene.startDevice(on + device)
        try scene.startRoom(
            """
            Handler = GetConnectionHandler(Device, 'Status', {ConnectedOn = 'Response'\(handler)})
            event(Handler, {'Connected', 'Disconnected'}, function(_, state) print(state) end)
            \(room)
            Handler:Connect()
            """)
        return scene
    }

    /// Both displays are on, as after a start long ago.
    static let on = "for _, display in pairs(Device.Displays) do display[0x11] = 1 end\n"

    @Test("The handler connects, and one query reads five statuses", arguments: ways)
    func connects(_ way: ModuleScene.Way) throws {
        let scene = try Self.scene(
            over: way,
            "report('ConnectionStatus', 'Status', 'Power', 'Volume', 'Mute', 'Input', 'AspectRatio')")
        scene.run(5)
        #expect(
            scene.lines.sorted() == [
                "AspectRatio 16:9 {ID=0}", "Connected", "ConnectionStatus Connected", "Input HDMI 1 {ID=0}",
                "Mute Off {ID=0}", "Power On {ID=0}", "Volume 20 {ID=0}",
            ], "\(scene.lines)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("Off and on: a display that warms up is deaf, then refuses, and then obeys", arguments: ways)
    func power(_ way: ModuleScene.Way) throws {
        let scene = try Self.scene(
            over: way,
            """
            report('Power', 'Volume')
            Wait(2, function() Device:Set('Power', 'Off') end)
            Wait(4, function() Device:Set('Volume', 10) end)
            Wait(6, function() Device:Set('Power', 'On') end)
            Wait(19.3, function() Device:Set('Volume', 30) end)
            Wait(25, function() Device:Set('Volume', 40) end)
            """)
        scene.run(30)
        #expect(
            scene.lines == [
                "Power On {ID=0}", "Volume 20 {ID=0}", "Connected", "Power Off {ID=0}", "Power On {ID=0}",
                "Volume 40 {ID=0}",
            ], "\(scene.lines)")
        let refusals = scene.warnings.filter {
            $0.hasSuffix("Volume {ID = 0}: display 0 refuses command 0x12, error 0x00")
        }
        #expect(refusals.count == 2, "\(scene.warnings)")
        #expect(scene.warnings.contains { $0.hasSuffix("Status {ID = 0}: display 0 refuses command 0x00, error 0x00") })
        scene.expectNoErrors()
    }

    /// Each command with a value, what is written into the simulated display behind the module's back, and the value
    /// that is.
    static let settings: [(name: String, value: String, code: Int, byte: Int, other: String)] = [
        ("AspectRatio", "'4:3'", 0x15, 0x31, "Wide Zoom"), ("AutoPower", "'On'", 0x33, 0, "Off"),
        ("Brightness", "100", 0x25, 0, "0"), ("Contrast", "0", 0x24, 100, "100"),
        ("EnergySaving", "'High'", 0x92, 4, "Picture Off"), ("Input", "'DisplayPort 1'", 0x14, 0x18, "DVI"),
        ("MaximumTemperature", "124", 0x85, 75, "75"), ("Mute", "'On'", 0x13, 0, "Off"),
        ("Panel", "'Off'", 0xF9, 0, "On"), ("PanelLock", "'On'", 0x5F, 0, "Off"),
        ("RemoteControl", "'Off'", 0x36, 1, "On"), ("SafetyLock", "'On'", 0x5D, 0, "Off"),
        ("ScreenMode", "'Zoom'", 0x18, 0x31, "Wide Zoom"), ("VideoWall", "'On'", 0x84, 0, "Off"),
        ("VideoWallMode", "'Full'", 0x5C, 0, "Natural"), ("Volume", "64", 0x12, 100, "100"),
    ]

    @Test("Every setting is set, and asked for", arguments: ways)
    func settings(_ way: ModuleScene.Way) throws {
        let names = Self.settings.map { "'\($0.name)'" }.joined(separator: ", ")
        let scene = try Self.scene(
            over: way,
            device: """
                Wait(10, function()
                    local display = Device.Displays[1]
                \(Self.settings.map { "    display[\($0.code)] = \($0.byte)" }.joined(separator: "\n"))
                end)
                """,
            """
            local names = {\(names)}
            Wait(2, function()
            \(Self.settings.map { "    Device:Set('\($0.name)', \($0.value), {ID = 1})" }.joined(separator: "\n"))
            end)
            Wait(9, function()
                report(table.unpack(names))
                for _, name in ipairs(names) do print(name, Device:ReadStatus(name, {ID = 1})) end
            end)
            Wait(11, function()
                for _, name in ipairs(names) do Device:Update(name, {ID = 1}) end
            end)
            """)
        scene.run(20)
        let told = Self.settings.map { "\($0.name)\t\($0.value.replacing("'", with: ""))" }
        let asked = Self.settings.map { "\($0.name) \($0.other) {ID=1}" }
        #expect(scene.lines.filter { $0.contains("\t") } == told, "\(scene.lines)")
        #expect(Set(scene.lines.filter { $0.hasSuffix("{ID=1}") }) == Set(asked), "\(scene.lines)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("Steps, keys and a reboot are acknowledged; after a step the volume is asked for", arguments: ways)
    func orders(_ way: ModuleScene.Way) throws {
        let scene = try Self.scene(
            over: way,
            device: "Wait(7.5, function() print(Device.Displays[1].WarmUntil > GetSystemUpTime()) end)\n",
            """
            Wait(2, function()
                report('Volume', 'ModelName')
                Device:Set('VolumeStep', 'Up')
                Device:Set('VolumeStep', 'Up')
                Device:Set('VolumeStep', 'Down', {ID = 1})
                Device:Set('Key', 'Menu')
            end)
            Wait(5, function() Device:Set('Reboot', nil, {ID = 1}) end)
            Wait(6, function() Device:Update('ModelName', {ID = 1}) end)
            """)
        scene.run(8)
        // Sets go before queries, so the first step is not asked for by itself.
        #expect(
            scene.lines.filter { $0 != "Connected" } == ["Volume 22 {ID=0}", "Volume 19 {ID=1}"], "\(scene.lines)")
        #expect(scene.deviceLines.last == "true")
        // A display that starts anew does not answer.
        #expect(
            scene.warnings.count == 1 && scene.warnings[0].contains(": ModelName {ID = 1}: no answer to '"),
            "\(scene.warnings)")
        scene.expectNoErrors()
    }

    @Test("What a display is and how it feels is asked for", arguments: ways)
    func reports(_ way: ModuleScene.Way) throws {
        let scene = try Self.scene(
            over: way,
            device: """
                local display = Device.Displays[1]
                display.Degrees, display.Lamp, display.Fan, display.Heat, display.Sync = 61, 1, 2, 1, 2
                """,
            """
            report('Temperature', 'Lamp', 'Cooling', 'Fan', 'Signal', 'SerialNumber', 'SoftwareVersion', 'ModelName')
            for _, name in ipairs({'Temperature', 'SerialNumber', 'SoftwareVersion', 'ModelName'}) do
                Wait(1, function() Device:Update(name, {ID = 1}) end)
            end
            for _, name in ipairs({'Lamp', 'Cooling', 'Fan', 'Signal'}) do
                Wait(3, function() Device:Update(name) end)
            end
            """)
        scene.run(6)
        #expect(
            scene.lines.filter { $0 != "Connected" }.sorted() == [
                "Cooling Fault {ID=1}", "Cooling OK {ID=0}", "Fan None {ID=1}", "Fan OK {ID=0}", "Lamp Fault {ID=1}",
                "Lamp OK {ID=0}", "ModelName QM55R {ID=1}", "SerialNumber 0A1ZH4ZR100001 {ID=1}", "Signal None {ID=1}",
                "Signal OK {ID=0}", "SoftwareVersion S-MDC7AKUC-1021 {ID=1}", "Temperature 38 {ID=0}",
                "Temperature 61 {ID=1}",
            ], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test("What the remote does is told to those who subscribed to that display, and to those of all", arguments: ways)
    func subscriptions(_ way: ModuleScene.Way) throws {
        let scene = try Self.scene(
            over: way,
            device: """
                Wait(4, function() Device:Press('Mute') end)
                Wait(5, function() Device:Press('Mute', 1) end)
                Wait(6, function() Device:Press('HDMI 2', 1) end)
                Wait(7, function() Device:Press('HDMI 2', 1) Device:Press('Volume Up', 1) end)
                Wait(8, function() Device:Press('Power', 1) end)
                """,
            """
            Wait(3, function()
                local function note(word)
                    return function(command, value, qualifier) print(word, command, value, qualifier.ID) end
                end
                Device:SubscribeStatus('Mute', {ID = 1}, note('first'))
                Device:SubscribeStatus('Mute', {ID = '1'}, note('second'))
                for _, name in ipairs({'Mute', 'Input', 'Volume', 'Power'}) do
                    Device:SubscribeStatus(name, nil, note('all'))
                end
            end)
            """)
        scene.run(10)
        #expect(
            scene.lines.filter { $0 != "Connected" } == [
                "all\tMute\tOn\t0", "first\tMute\tOn\t1", "second\tMute\tOn\t1", "all\tMute\tOn\t1",
                "all\tInput\tHDMI 2\t1", "all\tVolume\t21\t1", "all\tPower\tOff\t1",
            ], "\(scene.lines)")
        scene.expectNoErrors()
    }

    @Test(
        "All displays obey ID 254 and nobody answers, which is no reason to wait or to complain",
        arguments: ways)
    func everybody(_ way: ModuleScene.Way) throws {
        let scene = try Self.scene(
            over: way,
            device: "Wait(3, function() print(Device.Displays[0][0x14], Device.Displays[1][0x14]) end)\n",
            """
            Wait(2, function()
                report('Input', 'Volume')
                Device:Set('Input', 'DVI', {ID = 254})
                Device:Set('Volume', 5, {ID = 1})
                Device:Update('Input', {ID = 1})
            end)
            Wait(5, function() Device:Update('Input', {ID = 254}) end)
            """)
        scene.run(6)
        #expect(scene.deviceLines.last == "24\t24")
        #expect(
            Set(scene.lines) == ["Connected", "Volume 5 {ID=1}", "Input DVI {ID=0}", "Input DVI {ID=1}"],
            "\(scene.lines)")
        let errors = scene.room.errors.map(\.text)
        #expect(errors.count == 1 && errors[0].hasSuffix("ID 254 is for Set only: nobody answers to it"), "\(errors)")
        #expect(scene.warnings.isEmpty, "\(scene.warnings)")
    }

    @Test(
        "A wrong value or ID is an error that says what is allowed",
        arguments: [
            ("Device:Set('Volume', 101)", "Volume {ID = 0}: the value must be a whole number from 0 to 100, got 101"),
            ("Device:Set('Panel', true)", "Panel {ID = 0}: the value must be one of 'Off', 'On', got true"),
            (
                "Device:Set('Mute', 'On', {ID = 255})",
                "Mute: the qualifier 'ID' must be a whole number from 0 to 254, got '255'"
            ),
            ("Device:Update('Mute', {Id = 1})", "Mute: it has no qualifier 'Id'; did you mean 'ID'?"),
            ("Device:Update('Key')", "Samsung MDC display: 'Key' cannot be asked for"),
            ("Device:Set('Lamp', 'OK')", "Samsung MDC display: 'Lamp' cannot be set"),
        ])
    func mistakes(_ call: String, _ message: String) throws {
        let scene = try Self.scene(over: .tcp, "print(select(2, pcall(function() \(call) end)))")
        #expect(scene.lines.contains { $0.hasSuffix("Error: " + message) }, "\(scene.lines)")
    }
}
