import ControlCore
import Lectern
import Testing

/// What a declared module does about devices that miss requests, are busy, or start anew.
@Suite("Declared modules of hasty, deaf and forgetful devices")
struct DeviceModuleRetryTests {
    @Test("A request that nobody answers is sent again so often as declared, and wrap is told which time it is")
    func retries() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({timeout = 0.5, retries = 2, wrap = function(self, body, attempt)
                return attempt .. body
            end}).EthernetClass('10.0.0.2')
            report(dev, 'Volume')
            dev:Connect(1)
            dev:Update('Volume')
            dev:Update('Power')
            """,
            device: """
                function reply(line)
                    if line == '3V?' then return 'V7' end
                end
                """)
        scene.run(4)
        #expect(
            scene.device.timeline == [
                "0.0 1V?", "0.5 2V?", "1.0 3V?", "1.0 1P?", "1.5 2P?", "2.0 3P?",
            ], "\(scene.device.timeline)")
        #expect(
            scene.room.timeline == [
                "1.0 Volume\t7\tnil",
                "2.5 Acme at 10.0.0.2:23: Power: no answer to '3P?\\r', sent 3 times, within 0.5 s; awaited: '^P(\\d)$'",
            ], "\(scene.room.timeline)")
    }

    @Test("Requests are sent again only when there is a time in which they must be answered")
    func retriesWithoutTimeout() throws {
        let scene = try DeviceModuleScene("print(select(2, pcall(with, {retries = 2})).message)")
        #expect(
            scene.room.lines == [
                "DeviceModule 'Acme': field 'retries': what is not answered in time is sent again; there is no 'timeout'"
            ], "\(scene.room.lines)")
    }

    @Test("While the device is busy sets wait and queries do not; a message may end it")
    func busy() throws {
        let scene = try DeviceModuleScene(
            """
            free = true
            dev = with({
                busy = function(self) return not free end,
                messages = {{'^free$', function(self) free = true end}},
            }).EthernetClass('10.0.0.2')
            dev:Connect(1)
            dev:Set('Power', 'On')
            free = false
            dev:Set('Input', 'VGA', {Output = 1})
            dev:Set('Input', 'VGA', {Output = 2})
            dev:Update('Volume')
            """, device: "Wait(2, function() say('free\\r') end)")
        scene.run(3)
        #expect(
            scene.device.timeline == ["0.0 P1", "0.0 V?", "2.0 I1=2", "2.0 I2=2"], "\(scene.device.timeline)")
    }

    @Test(
        "A device that has started anew gets its handshake again, and everything is asked for",
        arguments: ["Ethernet", "UDP"])
    func restarted(_ kind: String) throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({
                handshake = function(self) self:Send('hello\\r') time.sleep(0.5) end,
                messages = {{'^new$', function(self) self:OnRestarted() end}},
            }).\(kind)Class('10.0.0.2')
            report(dev, 'ConnectionStatus', 'Power', 'Volume')
            if '\(kind)' == 'Ethernet' then dev:Connect(1) end
            dev:Update('Power')
            """,
            device: """
                local answered = reply
                function reply(line)
                    if line == 'hello' then return 'hello' end
                    return answered(line)
                end
                function receive(client, data)
                    peer = client
                    for line in data:gmatch('([^\\r]*)\\r') do
                        print(line)
                        client:Send(reply(line) .. '\\r')
                    end
                end
                Wait(2, function() power = '1' peer:Send('new\\rV9\\r') end)
                """)
        scene.run(4)
        let words = scene.device.timeline
        #expect(words.first == "0.0 hello" && words.contains("2.0 hello"), "\(words)")
        #expect(words.contains("2.5 P?") && words.contains("2.5 V?"), "\(words)")
        #expect(
            scene.room.timeline.filter { $0.hasPrefix("2.") } == [
                "2.0 Volume\t9\tnil", "2.5 Power\tOn\tnil", "2.5 Volume\t-20\tnil",
            ], "\(scene.room.timeline)")
        #expect(scene.room.lines.count { $0.hasPrefix("ConnectionStatus") } == 1, "\(scene.room.timeline)")
    }

    @Test(
        "A handshake in which the device answers is followed by all that was subscribed to, without connections as well"
    )
    func answeredHandshake() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({
                handshake = function(self) self:Send('P?\\r') time.sleep(0.5) end,
            }).UDPClass('10.0.0.2')
            report(dev, 'Volume')
            dev:Update('Power')
            """)
        scene.run(1)
        #expect(scene.room.timeline == ["0.5 Volume\t-20\tnil"], "\(scene.room.timeline)")
    }

    @Test("A handshake that is slower than the polls is not begun again while it goes on")
    func slowHandshake() throws {
        let scene = try DeviceModuleScene(
            """
            dev = with({
                handshake = function(self) self:Send('hello\\r') time.sleep(2.5) end,
            }).UDPClass('10.0.0.2')
            dev.connectionCounter = 1
            report(dev, 'Power')
            dev:Update('Power')
            Timer(1, function() dev:Update('Power') end)
            """)
        scene.run(3)
        #expect(scene.device.timeline.filter { $0.hasSuffix("hello") } == ["0.0 hello"], "\(scene.device.timeline)")
        #expect(
            scene.room.timeline.filter { $0.contains("Power") } == ["2.5 Power\tOff\tnil"], "\(scene.room.timeline)")
    }
}
