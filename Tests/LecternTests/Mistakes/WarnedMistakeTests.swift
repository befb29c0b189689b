import Lectern
import Testing

/// What works, with a word in the log about what was meant.
@Suite("Mistakes that are warned of")
struct WarnedMistakeTests {
    @Test("An interval of 0 is the shortest one, and each line that gives it is warned of once")
    func shortestInterval() throws {
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            local function ticking() return Timer(0, function(timer, count) if count == 3 then timer:Stop() end end) end
            local first, second = ticking(), ticking()
            print(first.Interval)
            first:Change(0)
            for _, interval in ipairs({-1, 0 / 0, 0.001}) do print(select(2, pcall(Timer, interval, print)).kind) end
            Wait(0.035, function() print(first.State) end)
            """)
        stage.run(1)
        let instead =
            "it is taken as 0.01 s, the shortest one; Wait(0, f) calls f once, as soon as everything else had its turn"
        #expect(
            room.lines == [
                "room.lua:1: Timer got an interval of 0: \(instead)", "0.01",
                "room.lua:4: Change got an interval of 0: \(instead)", "ValueError", "ValueError", "ValueError",
                "Stopped",
            ], "\(room.lines)")
        #expect(room.entries.filter { $0.severity == .warning }.count == 2)
    }

    @Test("A server on an interface that the configuration does not know is warned of, with what to write there")
    func unknownInterface() throws {
        let stage = Stage()
        let program = """
            local one = EthernetServerInterfaceEx(2000, 'TCP', 'LAN')
            local two = EthernetServerInterface(2001, 'TCP', 'LAN')
            EthernetServerInterfaceEx(2002)
            print(one:StartListen())
            """
        let room = try stage.start("room", program)
        stage.run(1)
        #expect(room.lines.count == 2, "\(room.lines)")
        #expect(
            room.lines.first?.hasPrefix(
                "no server can listen on the interface 'LAN': lectern.yaml does not say which address of this machine that is. "
                    + "Write  servers: {LAN: ") == true, "\(room.lines)")
        #expect(room.lines.last == "InterfaceUnavailable: LAN")
        var configuration = Stage.configuration()
        configuration.interfaceAddresses = ["LAN": "10.0.0.9"]
        let other = try stage.start("other", address: "10.0.0.9", program, configuration: configuration)
        stage.run(1)
        #expect(other.lines == ["Listening"], "\(other.lines)")
    }
}
