import Bytes
import ControlCore
import Lectern
import LuaRuntime
import Polling
import Testing

/// MESet, WakeOnLan and GetSystemUpTime.
@Suite("System functions")
struct SystemFunctionTests {
    private func lines(_ text: String) throws -> [String] {
        let stage = Stage()
        let room = try stage.start("room", text)
        stage.run(60)
        return room.lines
    }

    private static let buttons = """
        local function button(name)
            return {name = name, SetState = function(self, state) print(self.name, state) end}
        end
        local a, b, c = button('a'), button('b'), button('c')
        local set = MESet({a, b, c})

        """

    @Test("An MESet switches the others off, then the chosen one on, by object or by number")
    func exclusive() throws {
        #expect(
            try lines(
                Self.buttons + """
                    print(set:GetCurrent(), #set.Objects)
                    set:SetCurrent(b)
                    print(set:GetCurrent() == b)
                    set:SetCurrent(3)
                    print(set:GetCurrent() == c)
                    set:SetCurrent(nil)
                    print(set:GetCurrent())
                    """) == [
                    "nil\t3", "a\t0", "c\t0", "b\t1", "true", "a\t0", "b\t0", "c\t1", "true", "a\t0", "b\t0", "c\t0",
                    "nil",
                ])
    }

    @Test("Members of an MESet come and go, and may have states of their own")
    func members() throws {
        #expect(
            try lines(
                Self.buttons + """
                    set:SetStates(a, 4, 5)
                    set:SetCurrent(a)
                    set:Remove(a)
                    print(set:GetCurrent(), #set.Objects)
                    set:Remove(2)
                    set:Append(a)
                    table.remove(set.Objects)
                    print(#set.Objects, set.Objects[1] == b, set.Objects[2] == a)
                    set:SetCurrent(b)
                    set:SetCurrent(a)
                    """) == [
                    "b\t0", "c\t0", "a\t5", "nil\t2", "2\ttrue\ttrue", "a\t0", "b\t1", "b\t0", "a\t1",
                ])
    }

    @Test(
        "What is no member, or cannot be one, is an error at the program's line",
        arguments: [
            ("set:SetCurrent({})", "ValueError: the object is no member of the MESet"),
            ("set:SetCurrent(0)", "ValueError: the MESet has no member 0; it has 3"),
            ("set:Remove(4)", "ValueError: the MESet has no member 4; it has 3"),
            ("set:Append(a)", "ValueError: the object is a member of the MESet already"),
            (
                "set:Append(5)",
                "TypeError: a member of an MESet must be an object with a method SetState, got a number"
            ),
            ("MESet({{}})", "TypeError: a member of an MESet must be an object with a method SetState, got a table"),
            ("MESet(5)", "TypeError: argument 'Objects' of MESet must be a table, got a number"),
        ])
    func mistakes(_ call: String, _ message: String) throws {
        let lines = try lines(Self.buttons + "print(select(2, pcall(function() \(call) end)))")
        #expect(lines.count == 1 && lines[0].hasSuffix(message), "\(lines)")
    }

    @Test("A SetState that waits suspends the task that switches, and an MESet that nobody keeps is collected")
    func waiting() throws {
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            local slow = {SetState = function() Ready = EthernetClientInterface('10.0.0.7', 1):Connect(2) end}
            Wait(0, function() MESet({slow}):SetCurrent(1) print('switched', Ready) end)
            Wait(1, function() print('meanwhile') end)
            """)
        stage.run(10)
        #expect(room.lines == ["meanwhile", "switched\tTimedOut"])
        room.program.runtime.collectGarbage()
        room.program.runtime.collectGarbage()
        #expect(room.program.runtime.instanceCount <= 2)
    }

    @Test("WakeOnLan broadcasts the magic datagram, and refuses what is no hardware address")
    func wakeOnLan() throws {
        let stage = Stage()
        var heard: [ByteBuffer] = []
        let sleeper = stage.world.environment(named: "sleeper", address: "10.0.0.200")
        let recorder = Recorder { heard.append($0) }
        for port in [7, 9] {
            sleeper.openDatagrams(DatagramOptions(port: port)) { (try? $0.get())?.start(delegate: recorder) }
        }
        let room = try stage.start(
            "room",
            """
            WakeOnLan('01-23-45-67-ab-CD')
            WakeOnLan('01:23:45:67:ab:cd', 7)
            for _, wrong in ipairs({'', '01-23-45-67-ab', '01-23-45-67-ab-cg', '1-23-45-67-ab-cdd'}) do
                print(select(2, pcall(WakeOnLan, wrong)).kind)
            end
            """)
        stage.run(1)
        #expect(room.lines == ["ValueError", "ValueError", "ValueError", "ValueError"])
        var magic = ByteBuffer(repeating: 0xFF, count: 6)
        for _ in 0..<16 { magic.writeBytes([0x01, 0x23, 0x45, 0x67, 0xAB, 0xCD]) }
        #expect(heard == [magic, magic])
        #expect(room.environment.openDatagramSockets == 0)
        sleeper.close()
    }

    @Test("GetSystemUpTime runs with the monotonic time")
    func upTime() throws {
        #expect(
            try lines(
                """
                local started = GetSystemUpTime()
                Wait(2.5, function() print(GetSystemUpTime() - started) end)
                """) == ["2.5"])
    }

    @Test("A processor tells what it is, and that it is online once to a handler when that is set")
    func processor() throws {
        let stage = Stage()
        var configuration = Stage.configuration()
        configuration.interfaceAddresses["LAN"] = "10.0.0.1"
        let room = try stage.start(
            "room",
            """
            local p = ProcessorDevice('Main', '60-1912-01')
            print(p.DeviceAlias, p.PartNumber, p.ModelName, p.FirmwareVersion == Version(), p.IPAddress)
            event(p, {'Online', 'Offline'}, function(device, state) print(device == p, state) end)
            print('set')
            p.Online = nil
            p.Online = function(_, state) print('again', state) end
            """, configuration: configuration)
        stage.run(5)
        #expect(room.lines == ["Main\t60-1912-01\tLectern\ttrue\t10.0.0.1", "set", "again\tOnline"])
    }

    private final class Recorder: DatagramDelegate {
        private let take: (ByteBuffer) -> Void
        init(_ take: @escaping (ByteBuffer) -> Void) { self.take = take }
        func transport(_ transport: any DatagramTransport, didReceive bytes: ByteBuffer, from address: SocketAddress) {
            take(bytes)
        }
        func transport(_ transport: any DatagramTransport, didFail failure: ConnectFailure) {}
        func transportDidDrain(_ transport: any DatagramTransport) {}
        func transportDidClose(_ transport: any DatagramTransport, reason: CloseReason) {}
    }
}
