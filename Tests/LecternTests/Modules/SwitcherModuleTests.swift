import ControlCore
import Lectern
import Testing

/// docs/examples/modules/sis_matrix_switcher.lua: what it sets, asks and is told.
@Suite("Matrix switcher module")
struct SwitcherModuleTests {
    @Test("The device is found, and its handler says so", arguments: SwitcherScene.ways)
    func connect(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(over: way, "report('ConnectionStatus', 'Firmware')")
        switcher.run(5)
        #expect(
            switcher.scene.lines.sorted() == ["Connected", "ConnectionStatus Connected", "Firmware 1.02"],
            "\(switcher.scene.lines)")
        #expect(switcher.scene.warnings.isEmpty, "\(switcher.scene.warnings)")
        switcher.scene.expectNoErrors()
    }

    @Test("Every command is set, and the device tells what it did", arguments: SwitcherScene.ways)
    func sets(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way,
            """
            report('Tie', 'VideoMute', 'AudioMute', 'InputName', 'OutputName', 'RecallPreset', 'SavePreset',
                'FrontPanelLock')
            Wait(3, function()
                Device:Set('Tie', 1, {Output = 2})
                Device:Set('Tie', 3, {Output = 2, Type = 'Audio'})
                Device:Set('Tie', 3, {Output = 2, Type = 'Video'})
                Device:Set('Tie', 0, {Output = 2, Type = 'All'})
                Device:Set('VideoMute', 'On', {Output = 1})
                Device:Set('VideoMute', 'Off', {Output = 1})
                Device:Set('VideoMute', 'Sync', {Output = 8})
                Device:Set('AudioMute', 'On', {Output = 3})
                Device:Set('AudioMute', 'Off', {Output = 3})
                Device:Set('InputName', 'Lectern', {Input = 4})
                Device:Set('OutputName', 'Left wall', {Output = 5})
                Device:Set('SavePreset', 7)
                Device:Set('RecallPreset', 7)
                Device:Set('FrontPanelLock', 'Advanced')
                Device:Set('FrontPanelLock', 'Off')
            end)
            """)
        switcher.run(6)
        let all = switcher.lines("Tie", "VideoMute", "AudioMute", "InputName", "OutputName", "Re", "Save", "Front")
        #expect(
            all.filter { !$0.hasPrefix("Tie") || $0.contains("Output=2") } == [
                "FrontPanelLock Off",
                "Tie 1 {Output=2, Type=Video}", "Tie 1 {Output=2, Type=Audio}", "Tie 1 {Output=2, Type=All}",
                "Tie 3 {Output=2, Type=Audio}", "Tie 0 {Output=2, Type=All}",
                "Tie 3 {Output=2, Type=Video}", "Tie 3 {Output=2, Type=All}",
                "Tie 0 {Output=2, Type=Video}", "Tie 0 {Output=2, Type=Audio}", "Tie 0 {Output=2, Type=All}",
                "VideoMute On {Output=1}", "VideoMute Off {Output=1}", "VideoMute Sync {Output=8}",
                "AudioMute On {Output=3}", "AudioMute Off {Output=3}", "InputName Lectern {Input=4}",
                "OutputName Left wall {Output=5}", "SavePreset 7", "RecallPreset 7", "FrontPanelLock Advanced",
                "FrontPanelLock Off",
            ], "\(all)")
        #expect(switcher.scene.warnings.isEmpty, "\(switcher.scene.warnings)")
        switcher.scene.expectNoErrors()
    }

    @Test("What concerns all outputs changes each of them", arguments: SwitcherScene.ways)
    func all(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way, model: "4x4",
            """
            local function outputs(command, type)
                local values = {}
                for output = 1, 4 do
                    values[output] = tostring(Device:ReadStatus(command, {Output = output, Type = type}))
                end
                print(command, table.concat(values, ' '))
            end
            Wait(3, function()
                Device:Set('TieAll', 2)
                Device:Set('TieAll', 4, {Type = 'Audio'})
                Device:Set('TieAll', 3, {Type = 'Video'})
                Device:Set('VideoMuteAll', 'Sync')
                Device:Set('AudioMuteAll', 'On')
                Device:Set('AudioMute', 'Off', {Output = 2})
            end)
            Wait(4, function()
                outputs('Tie', 'Video')
                outputs('Tie', 'Audio')
                outputs('Tie', 'All')
                outputs('VideoMute')
                outputs('AudioMute')
                Device:Set('VideoMuteAll', 'Off')
            end)
            Wait(5, function() outputs('VideoMute') end)
            """)
        switcher.run(6)
        #expect(
            switcher.lines("Tie", "VideoMute", "AudioMute") == [
                "Tie\t3 3 3 3", "Tie\t4 4 4 4", "Tie\t0 0 0 0", "VideoMute\tSync Sync Sync Sync",
                "AudioMute\tOn Off On On", "VideoMute\tOff Off Off Off",
            ], "\(switcher.scene.lines)")
        switcher.scene.expectNoErrors()
    }

    @Test("Everything that has a state is asked for", arguments: SwitcherScene.ways)
    func queries(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way,
            device: """
                Device.Video[3], Device.Audio[3], Device.Video[4], Device.Audio[4], Device.Lock = 5, 6, 8, 8, 1
                Device.VideoMutes[8], Device.AudioMutes[1] = 2, 1
                Device.InputNames[1], Device.OutputNames[8] = 'Player 1', 'Rear wall'
                """,
            """
            report('Tie', 'VideoMute', 'AudioMute', 'InputSignal', 'InputName', 'OutputName')
            Wait(3, function()
                Device:Update('Tie', {Output = 3, Type = 'Video'})
                Device:Update('Tie', {Output = 3, Type = 'Audio'})
                Device:Update('Tie', {Output = 4})
            end)
            Wait(4, function()
                Device:Update('VideoMute', {Output = 8})
                Device:Update('AudioMute', {Output = 1})
                Device:Update('InputSignal', {Input = 1})
            end)
            Wait(5, function()
                Device:Update('InputName', {Input = 1})
                Device:Update('OutputName', {Output = 8})
            end)
            Wait(6, function()
                report('FrontPanelLock', 'PartNumber', 'Information')
                Device:Update('FrontPanelLock')
                Device:Update('PartNumber')
                Device:Update('Information')
            end)
            """)
        switcher.run(7)
        #expect(
            switcher.scene.lines.filter { $0 != "Connected" } == [
                "Tie 5 {Output=3, Type=Video}", "Tie 6 {Output=3, Type=Audio}", "Tie 0 {Output=3, Type=All}",
                "Tie 8 {Output=4, Type=Video}", "Tie 8 {Output=4, Type=Audio}", "Tie 8 {Output=4, Type=All}",
                "VideoMute Sync {Output=8}", "AudioMute On {Output=1}", "InputSignal Active {Input=1}",
                "InputSignal Active {Input=2}", "InputSignal Not Active {Input=3}", "InputSignal Not Active {Input=4}",
                "InputSignal Not Active {Input=5}", "InputSignal Not Active {Input=6}",
                "InputSignal Not Active {Input=7}",
                "InputSignal Not Active {Input=8}", "InputName Player 1 {Input=1}", "OutputName Rear wall {Output=8}",
                "FrontPanelLock All", "PartNumber 60-0088-01", "Information V8X8 A8X8",
            ], "\(switcher.scene.lines)")
        #expect(switcher.scene.warnings.isEmpty, "\(switcher.scene.warnings)")
        switcher.scene.expectNoErrors()
    }

    @Test("What the front panel and other controllers do is told unasked", arguments: SwitcherScene.ways)
    func unsolicited(_ way: ModuleScene.Way) throws {
        let switcher = try SwitcherScene(
            over: way,
            device: """
                Wait(3, function() Device:Press('Tie', 6, 1) end)
                Wait(4, function()
                    Device:Press('VideoMute', 2)
                    Device:Plug(3, 1)
                end)
                Wait(5, function()
                    Device.Saved[4] = {Video = {7, 7, 7, 7, 7, 7, 7, 7}, Audio = {1, 7, 7, 7, 7, 7, 7, 7}}
                    Device:Press('Recall', 4)
                end)
                Wait(6, function()
                    Device:Press('Lock', 1)
                    Device:Press('VideoMute', 2)
                end)
                """,
            """
            report('VideoMute', 'RecallPreset', 'FrontPanelLock')
            local function tell(command, value, qualifier) print(command, value, qualifier.Type) end
            for _, one in ipairs({'Video', 'Audio', 'All'}) do
                Device:SubscribeStatus('Tie', {Output = 1, Type = one}, tell)
            end
            Device:SubscribeStatus('InputSignal', {Input = 3}, function(_, value) print('Signal', value) end)
            """)
        try switcher.scene.stage.start(
            "other",
            """
            local client = EthernetClientInterface('device', 2023)
            client:Connect()
            Wait(7, function() client:Send('6*2B2*1!') end)
            """)
        switcher.run(8)
        let lines = switcher.scene.lines
        #expect(
            lines.prefix(6).sorted() == [
                "Connected", "FrontPanelLock Off", "Signal\tNot Active", "Tie\t0\tAll", "Tie\t0\tAudio",
                "Tie\t0\tVideo",
            ], "\(lines)")
        #expect(
            lines.dropFirst(6) == [
                "Tie\t6\tVideo", "Tie\t6\tAudio", "Tie\t6\tAll", "VideoMute On {Output=2}", "Signal\tActive",
                "RecallPreset 4", "Tie\t7\tVideo", "Tie\t0\tAll", "Tie\t1\tAudio", "FrontPanelLock All",
                "VideoMute Sync {Output=6}", "Tie\t2\tVideo", "Tie\t2\tAudio", "Tie\t2\tAll",
            ], "\(lines)")
        #expect(switcher.scene.warnings.isEmpty, "\(switcher.scene.warnings)")
        switcher.scene.expectNoErrors()
    }

    /// A call, what is sent for it, what the published tables give as the answer, and the status that it means.
    static let examples: [(call: String, sent: String, reply: String, status: String)] = [
        ("Set('Tie', 1, {Output = 3})", "1*3!", "Out03 In01 All", "Tie 1 {Output=3, Type=All}"),
        ("Set('Tie', 1, {Output = 3})", "1*3!", "Out003 In001 All", "Tie 1 {Output=3, Type=All}"),
        ("Set('Tie', 7, {Output = 5, Type = 'Video'})", "7*5%", "Out05 In07 Vid", "Tie 7 {Output=5, Type=Video}"),
        ("Set('Tie', 7, {Output = 5, Type = 'Video'})", "7*5%", "Out05 In07 RGB", "Tie 7 {Output=5, Type=Video}"),
        ("Set('Tie', 8, {Output = 8, Type = 'Audio'})", "8*8$", "Out08 In08 Aud", "Tie 8 {Output=8, Type=Audio}"),
        ("Set('TieAll', 5)", "5*!", "In05 All", "Tie 5 {Output=8, Type=All}"),
        ("Set('VideoMute', 'On', {Output = 1})", "1*1B", "Vmt01*1", "VideoMute On {Output=1}"),
        ("Set('VideoMuteAll', 'On')", "1*B", "Vmt1", "VideoMute On {Output=8}"),
        ("Set('AudioMute', 'On', {Output = 1})", "1*1Z", "Amt1*1", "AudioMute On {Output=1}"),
        ("Set('AudioMuteAll', 'Off')", "0*Z", "Amt0", "AudioMute Off {Output=8}"),
        (
            "Set('InputName', 'Podium cam', {Input = 1})", "\\x1b1,Podium camNI\\r", "Nmi01,Podium cam",
            "InputName Podium cam {Input=1}"
        ),
        (
            "Set('OutputName', 'Main PJ1', {Output = 1})", "\\x1b1,Main PJ1NO\\r", "Nmo01,Main PJ1",
            "OutputName Main PJ1 {Output=1}"
        ),
        ("Set('RecallPreset', 3)", "3.", "Rpr03", "RecallPreset 3"),
        ("Set('SavePreset', 3)", "3,", "Spr03", "SavePreset 3"),
        ("Set('FrontPanelLock', 'All')", "1X", "Exe1", "FrontPanelLock All"),
        ("Update('InputSignal', {Input = 2})", "0LS", "0*1*0*1", "InputSignal Active {Input=2}"),
        ("Update('InputSignal', {Input = 2})", "0LS", "Sig0*1*0*1", "InputSignal Active {Input=2}"),
        ("Update('PartNumber')", "N", "60-840-01", "PartNumber 60-840-01"),
        (
            "Update('Ties', {Type = 'Video'})", "\\x1b0*1*1VC\\r", "8 8 2 8 8 7 7 0 - - - - - - - - Vid",
            "Tie 2 {Output=3, Type=Video}"
        ),
    ]

    @Test("The published examples are sent and understood so", arguments: SwitcherModuleTests.examples.indices)
    func published(_ index: Int) throws {
        let example = Self.examples[index]
        let switcher = try SwitcherScene(
            over: .tcp,
            device: """
                function Device:Receive(link, data)
                    if data == '\\x1b3CV\\r' then return link:Send('Vrb3\\r\\n') end
                    if data == 'Q' then return link:Send('1.02\\r\\n') end
                    if data == '\(example.sent)' then link:Send('\(example.reply)\\r\\n') end
                end
                """,
            """
            report('Tie', 'VideoMute', 'AudioMute', 'InputSignal', 'InputName', 'OutputName', 'RecallPreset', 'SavePreset',
                'FrontPanelLock', 'PartNumber')
            Wait(3, function() Device:\(example.call) end)
            """)
        switcher.run(3.5)
        #expect(switcher.scene.lines.contains(example.status), "\(switcher.scene.lines)")
        switcher.scene.expectNoErrors()
    }

    @Test("Models have limits of their own, and names must be possible")
    func limits() throws {
        let switcher = try SwitcherScene(
            over: .tcp, model: "4x4",
            """
            print(select(2, pcall(Module.EthernetClass, 'device')))
            local function try(method, ...) print(select(2, pcall(Device[method], Device, ...))) end
            try('Set', 'Tie', 5, {Output = 1})
            try('Set', 'Tie', 4, {Output = 5})
            try('Set', 'Tie', 4, {Output = 1, Type = 'Vid'})
            try('Update', 'InputSignal', {Input = 5})
            try('Set', 'SavePreset', 17)
            try('Set', 'InputName', 'a|b', {Input = 1})
            try('Set', 'InputName', 'seventeen letters', {Input = 1})
            try('Update', 'TieAll')
            try('Set', 'Firmware', '1.03')
            Big = Module.EthernetClass('device', {Model = '8x8'})
            print(pcall(Big.Update, Big, 'InputSignal', {Input = 9}))
            """)
        switcher.run(1.05)
        let said = [
            "ValueError: SIS matrix switcher: Model is missing; it is one of '4x4', '8x8'",
            "ValueError: Tie {Output = 1, Type = 'All'}: the value must be a whole number from 0 to 4, got 5",
            "ValueError: Tie: the qualifier 'Output' must be a whole number from 1 to 4, got '5'",
            "ValueError: Tie: the qualifier 'Type' must be one of 'All', 'Audio', 'Video', got 'Vid'",
            "ValueError: InputSignal: the qualifier 'Input' must be a whole number from 1 to 4, got '5'",
            "ValueError: SavePreset: the value must be a whole number from 1 to 16, got 17",
            "ValueError: a name must not have ~,@='\"[]{}<>`;:|\\? in it, got 'a|b'",
            "ValueError: InputName {Input = 1}: the value must be a string of at most 16 bytes, got 'seventeen letters'",
            "AttributeError: SIS matrix switcher: 'TieAll' cannot be asked for",
            "AttributeError: SIS matrix switcher: 'Firmware' cannot be set",
            "ValueError: InputSignal: the qualifier 'Input' must be a whole number from 1 to 8, got '9'",
        ]
        let lines = switcher.scene.lines
        for (line, expected) in zip(lines, said) { #expect(line.hasSuffix(expected), "\(line)") }
        #expect(lines.count >= said.count, "\(lines)")
    }
}
