import ControlCore
import Lectern
import LuaRuntime
import Testing

/// How the environment reads in Lua: the forms that programs are written in.
@Suite("Programs and the language")
struct LanguageProgramTests {
    private func lines(_ text: String, seconds: Double = 10, with device: String? = nil) throws -> [String] {
        let stage = Stage()
        if let device { try stage.start("device", device) }
        let room = try stage.start("room", text)
        stage.run(seconds)
        for error in room.errors { Issue.record("\(error)") }
        return room.lines
    }

    @Test("event takes one object or a list, one name or a list, at once or as a decorator, and returns the function")
    func eventForms() throws {
        #expect(
            try lines(
                """
                local a, b = EthernetClientInterface('device', 5000), EthernetClientInterface('device', 5000)
                local f = event({a, b}, {'Connected', 'Disconnected'}, function(o, s) print(o == a and 'a' or 'b', s) end)
                print(a.Connected == f, b.Disconnected == f, a.ReceiveData)
                print(event(a, 'ReceiveData')(print) == print)
                local mine = {}
                event(mine, 'Custom', f)
                print(mine.Custom == f)
                a:Connect() b:Connect() a:Disconnect()
                """, with: ProgramTests.device) == [
                    "true\ttrue\tnil", "true", "true", "a\tConnected", "b\tConnected", "a\tDisconnected",
                ])
    }

    @Test("Timer and Wait start in both forms, and behave as documented")
    func scheduling() throws {
        #expect(
            try lines(
                """
                local t = Timer(2)
                print(t.State, t.Count, t.Interval, t.Function)
                local f = t(function(timer, count) print('tick', count, timer == t) if count == 2 then timer:Stop() end end)
                print(t.Function == f, t.State)
                t.StateChanged = function(_, state) print(state) end
                local w = Wait(3)(function(...) print('wait', select('#', ...)) end)
                local second = Wait(1, function() print('never') end)
                second:Cancel()
                local third = Wait(5, function() print('third') end)
                third:Add(1) third:Change(7)
                print(third.Time)
                """) == [
                    "Stopped\t0\t2.0\tnil", "true\tRunning", "7.0", "tick\t1\ttrue", "wait\t0", "tick\t2\ttrue",
                    "Stopped", "third",
                ])
    }

    @Test("A timer whose function still waits skips ticks and does not stack them")
    func overrun() throws {
        #expect(
            try lines(
                """
                local c = EthernetClientInterface('device', 5000)
                c:Connect()
                Timer(1, function(_, count) print(count, #c:SendAndWait('quiet', 2.5)) end)
                """, with: ProgramTests.device) == ["1\t0", "2\t0", "3\t0"])
    }

    @Test("A clock calls at local times with the time as os.date gives it")
    func clock() throws {
        #expect(
            try lines(
                """
                local c = Clock({'00:00:05', '00:00:07'}, {'Thursday'}, function(clock, t)
                    print(t.hour, t.min, t.sec, t.wday == os.date('!*t').wday, t.isdst, clock.State)
                end)
                print(c.State, #c.Times, #c.Days, c.WEEKDAYS.Sunday)
                c:Enable()
                local all = Clock({'00:00:06'}, nil, print)
                print(#all.Days)
                all:Enable() all:Disable()
                """) == ["Disabled\t2\t1\t6", "0", "0\t0\t5\ttrue\tfalse\tEnabled", "0\t0\t7\ttrue\tfalse\tEnabled"])
    }

    @Test("The modules of the mimicked environment give the globals")
    func modules() throws {
        #expect(
            try lines(
                """
                local interface, system = require 'extronlib.interface', require 'extronlib.system'
                print(interface.EthernetClientInterface == EthernetClientInterface, system.Timer == Timer)
                print(require('extronlib').event == event, require('ConnectionHandler').GetConnectionHandler == GetConnectionHandler)
                print(require 'extronlib.device' ~= nil, type(ModuleVersion()))
                """) == ["true\ttrue", "true\ttrue", "true\tstring"])
    }

    @Test("A class derived from an interface goes through GetConnectionHandler, and its fields stay its own")
    func derived() throws {
        #expect(
            try lines(
                """
                Projector = class('Projector', EthernetClientInterface)
                function Projector:init(host) EthernetClientInterface.init(self, host, 5000) self.power = 'unknown' end
                function Projector:Ask() return self:SendAndWait('P\\r', 1, {deliTag = '\\r\\n'}) end
                local p = Projector('device')
                local h = GetConnectionHandler(p, function(handler)
                    if handler:Ask() == 'Pwr1\\r\\n' then handler.Interface.power = 'on' handler:ResponseAccepted() end
                end)
                event(h, 'Connected', function(handler) print(handler == h, handler.Interface == p, handler.power) end)
                h:Connect()
                Wait(2.5, function() print(h.power, h.IPPort, h.PollTimer.State, h.PollTimer.Count > 0) h.PollTimer:Pause() end)
                Wait(3, function() print(h.PollTimer.State) print(pcall(function() h.power = 'x' end)) end)
                """, with: ProgramTests.device
            ).prefix(3) == ["true\ttrue\tunknown", "on\t5000\tRunning\ttrue", "Paused"])
    }

    @Test("SendAndWait gives up to the delimiter; the rest, and what comes unasked, goes to ReceiveData")
    func delimiters() throws {
        let device = """
            local server = EthernetServerInterfaceEx(5000)
            server.ReceiveData = function(client, data) client:Send('one\\r\\ntwo\\r\\n') end
            server:StartListen()
            """
        #expect(
            try lines(
                """
                local c = EthernetClientInterface('device', 5000)
                c.ReceiveData = function(_, data) print('event', data:strip()) end
                c:Connect()
                print(c:SendAndWait('x', 1, {deliTag = '\\r\\n'}):strip())
                print(c:SendAndWait('x', 1, {deliLen = 3}))
                print(#c:SendAndWait('x', 1))
                print(c:SendAndWait('x', 1, {deliTag = 'never'}) == '')
                print(pcall(c.SendAndWait, c, 'x', 1, {deliTag = 'a', deliLen = 1}))
                """, with: device) == [
                    "one", "event\ttwo", "one", "event\ttwo", "10", "true",
                    "false\troom.lua:8: TypeError: SendAndWait takes one delimiter: deliLen, deliTag or deliRex",
                    "event\tone\r\ntwo",
                ])
    }

    @Test("pairs visits keys in a repeatable order in a simulation")
    func repeatablePairs() throws {
        #expect(
            try lines(
                """
                local t = {b = 1, a = 2, [10] = 3, [2] = 4, [1.5] = 5, c = 6}
                local seen = {}
                for k, v in pairs(t) do seen[#seen + 1] = k .. '=' .. v if k == 'a' then t.b = nil t.c = 7 end end
                print(table.concat(seen, ' '))
                print(select('#', pairs({})), pcall(pairs, nil))
                for k, v in pairs(setmetatable({}, {__pairs = function() return next, {x = 'y'}, nil end})) do print(k, v) end
                """
            ).prefix(1) == ["1.5=5 2=4 10=3 a=2 c=7"])
    }
}
