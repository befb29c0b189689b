import ControlCore
import Lectern
import Polling
import ProgramFuzzing
import Testing

@Suite("A simulated day")
struct SimulatedDayTests {
    static let room = """
        local online, polls = 0, 0
        local h = GetConnectionHandler(EthernetClientInterface('device', 5000), function(interface)
            polls = polls + 1
            if interface:SendAndWait('P\\r', 0.3, {deliTag = '\\r\\n'}):startswith('Pwr') then
                interface:ResponseAccepted()
            end
        end, {pollFrequency = 5, DisconnectLimit = 3})
        event(h, {'Connected', 'Disconnected'}, function(_, state) online = online + 1 print(os.date('!%H:%M:%S'), state) end)
        Clock({'06:00:00', '18:00:00'}, nil, function(_, t) print('clock', t.hour, polls > 100) end):Enable()
        -- The order of string keys must not depend on Lua's seed, or these would be sent in another order in each run.
        local sources = {HDMI1 = 1, HDMI2 = 2, VGA = 3, SDI = 4, USB = 5, [7] = 6, [1] = 7}
        Timer(600, function()
            for name in pairs(sources) do if h.ConnectionStatus == 'Connected' then h.Interface:Send('Q' .. name .. '\\r') end end
        end)
        h:Connect(3)
        """

    /// Runs a day in which the device is lost and regained, and the network jitters.
    func day(seed: UInt64) throws -> (trace: String, lines: [String]) {
        let stage = Stage(seed: seed)
        stage.world.network.jitter = .milliseconds(3)
        stage.world.trace.isEnabled = true
        var text = ""
        stage.world.trace.sink = { text += $0 + "\n" }
        try stage.start("device", ProgramTests.device)
        let room = try stage.start("room", Self.room)
        for hour in stride(from: 2, to: 24, by: 4) {
            stage.world.schedule(at: .uptimeNanoseconds(UInt64(hour) * 3_600_000_000_000)) { stage.stop("device") }
            stage.world.schedule(at: .uptimeNanoseconds(UInt64(hour) * 3_600_000_000_000 + 90_000_000_000)) {
                _ = try? stage.start("device", ProgramTests.device)
            }
        }
        stage.run(86_400)
        #expect(room.errors.isEmpty)
        return (text, room.timeline)
    }

    @Test("A day of polling, losing and regaining a device takes seconds, and one seed gives one trace")
    func repeatable() throws {
        let began = ProcessMemory.threadSeconds
        let first = try day(seed: 7)
        let elapsed = ProcessMemory.threadSeconds - began
        let second = try day(seed: 7)
        #expect(first.trace == second.trace)
        #expect(first.lines == second.lines)
        #expect(first.trace.utf8.count > 1_000_000)
        #expect(first.lines.filter { $0.hasSuffix("Disconnected") }.count == 6, "\(first.lines)")
        #expect(first.lines.filter { $0.hasSuffix("Connected") }.count == 7)
        #expect(first.lines.filter { $0.contains("clock") }.count == 2)
        // An order of magnitude above what it takes, so that a slow machine does not matter.
        #expect(elapsed < 60)
        print("a simulated day took \(elapsed) s of the processor's time")
        let other = try day(seed: 8)
        #expect(other.trace != first.trace)
    }
}
