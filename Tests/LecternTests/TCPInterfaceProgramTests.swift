import ControlCore
import Lectern
import LuaRuntime
import Testing

/// `TCPInterface` as programs see it, in virtual time.
@Suite("TCPInterface in Lua")
struct TCPInterfaceProgramTests {
    /// An instrument that answers each line with its capitals; `quit` makes it hang up, `hush` is not answered.
    static let instrument = """
        server = EthernetServerInterfaceEx(501)
        server.ReceiveData = function(client, data)
            for line in data:gmatch('(%w+)\\n') do
                if line == 'quit' then client:Disconnect()
                elseif line ~= 'hush' then client:Send(line:upper() .. '\\n') end
            end
        end
        server:StartListen()
        """

    /// The device class of a ported driver.
    static let driver = """
        local TCPInterface = require('socs.tcp').TCPInterface
        Device = class('Device', TCPInterface)
        function Device:init(ip_address, port, timeout)
            TCPInterface.init(self, ip_address, port or 501, timeout or 2)
        end
        function Device:get_data(question)
            self:send((question or 'data') .. '\\n')
            return self:recv():strip()
        end
        function try(f, ...)
            local ok, e = pcall(f, ...)
            return ok and tostring(e) or e.kind .. ': ' .. e.message
        end

        """

    /// Runs a program beside the instrument.
    private func play(
        _ text: String, instrument: String = Self.instrument, seconds: Double = 100, on stage: Stage = Stage(),
        meanwhile: (Stage) throws -> Void = { _ in }
    ) throws -> Stage.Actor {
        try stage.start("instrument", instrument)
        let room = try stage.start("room", Self.driver + text)
        try meanwhile(stage)
        stage.run(seconds)
        return room
    }

    @Test("A driver is derived with class, connects when it is made, and asks")
    func derived() throws {
        let room = try play(
            """
            local d = Device('instrument')
            print(isinstance(d, require('socs.tcp').TCPInterface), d.ip_address, d.port, d.timeout, d.resend)
            print(d.comm:getpeername())
            print(d:get_data(), d:query('more\\n', 2), d:recv(100, true))
            d.units = 'K'
            print(d, d.units, d.comm == d.comm)
            d:close()
            print(d.comm, d:get_data('again'))
            """)
        #expect(
            room.lines == [
                "true\tinstrument\t501\t2.0\ttrue", "10.0.0.1\t501", "DATA\tMO\tRE\n",
                "<TCPInterface instrument:501>\tK\ttrue", "nil\tAGAIN",
            ], "\(room.lines)")
    }

    @Test("The constructor waits for its one attempt; a failure is a warning in the log, and comm is nil")
    func constructor() throws {
        let stage = Stage()
        let room = try play(
            """
            local ticks = 0
            Timer(0.1, function() ticks = ticks + 1 end)
            local d = Device('instrument')
            print(d.comm, ticks)
            print(try(d.recv, d))
            print(try(d.send, d, 'x\\n'), ticks)
            """, on: stage, meanwhile: { _ in stage.world.network.inject(.drop) })
        #expect(
            room.lines == [
                "nil\t19",
                "ConnectionError: no connection to instrument:501: TimedOut",
                "ConnectionError: no connection to instrument:501: TimedOut\t39",
            ], "\(room.lines)")
        #expect(room.connections.map(\.severity) == [.warning])
        #expect(room.connections.first?.text.contains("instrument:501: TimedOut. Is the device on") == true)
    }

    @Test("A driver may talk in its constructor, and one whose constructor raises is no harm")
    func talksInConstructor() throws {
        let room = try play(
            """
            local Talker = class('Talker', Device)
            function Talker:init(port)
                Device.init(self, 'instrument', port)
                self.id = self:get_data('id')
            end
            print(Talker().id)
            print(try(Talker, 502))
            """)
        #expect(
            room.lines == [
                "ID",
                "ConnectionError: no connection to instrument:502: ConnectionRefused",
            ], "\(room.lines)")
    }

    @Test("A device that hangs up is an error of recv, not an empty answer, and the next send loses nothing")
    func closes() throws {
        let room = try play(
            """
            local d = Device('instrument')
            print(try(d.get_data, d, 'quit'))
            print(d.comm, try(d.recv, d))
            for i = 1, 3 do print(try(d.get_data, d, 'n' .. i)) d:send('quit\\n') require('time').sleep(1) end
            """)
        #expect(
            room.lines == [
                "ConnectionError: instrument:501 has closed the connection",
                "nil\tConnectionError: instrument:501 has closed the connection", "N1", "N2", "N3",
            ], "\(room.lines)")
    }

    @Test("A silent device costs the timeout; a late answer stays unless recv is asked to reset")
    func silent() throws {
        let slow = """
            local server = EthernetServerInterfaceEx(501)
            server.ReceiveData = function(client, data)
                Wait(3, function() if client.IPAddress then pcall(client.Send, client, data:upper()) end end)
            end
            server:StartListen()
            """
        let room = try play(
            """
            local sleep = require('time').sleep
            local d = Device('instrument')
            print(try(d.get_data, d, 'one'))
            sleep(2)
            print(d.comm:readable(), d:get_data('two'))
            d:close()
            d:send('three\\n')
            print(try(d.recv, d, {reset_on_error = true}))
            sleep(2)
            print(d.comm:readable(), d.comm ~= nil, d.comm:readable(0.2))
            """, instrument: slow)
        #expect(
            room.lines == [
                "ConnectionError: instrument:501 sent nothing for 2.0 s", "true\tONE",
                "ConnectionError: instrument:501 sent nothing for 2.0 s", "false\ttrue\tfalse",
            ], "\(room.lines)")
    }

    @Test("While one task waits for a silent device, timers tick and other devices are answered")
    func suspendsItsTaskOnly() throws {
        let room = try play(
            """
            local silent, lively = Device('instrument'), Device('instrument')
            local answers = 0
            Timer(0.1, function(timer, count)
                if lively:get_data('t' .. count) == 'T' .. count then answers = answers + 1 end
                if count == 19 then timer:Stop() end
            end)
            print(try(silent.get_data, silent, 'hush'), answers)
            """)
        #expect(room.lines == ["ConnectionError: instrument:501 sent nothing for 2.0 s\t19"], "\(room.lines)")
    }

    @Test("Queries of several tasks get their own answers")
    func queries() throws {
        let room = try play(
            """
            local d = Device('instrument')
            local good = 0
            for i = 1, 20 do
                Wait(0, function()
                    for n = 1, 5 do
                        local q = ('q%dn%d'):format(i, n)
                        if d:query(q .. '\\n') == q:upper() .. '\\n' then good = good + 1 end
                    end
                end)
            end
            require('time').sleep(10)
            print(good)
            """)
        #expect(room.lines == ["100"], "\(room.lines)")
    }

    @Test("Mistakes are errors that leave the connection alone")
    func mistakes() throws {
        let room = try play(
            """
            local d = Device('instrument')
            local comm = d.comm
            print(try(d.send, d, 12))
            print(try(d.recv, d, -1))
            print(try(d.recv, d, {reset_on_eror = true}))
            print(try(function() d.comm = nil end))
            print(try(function() d.timeout = 0 end))
            print(try(function() d.port = 'x' end))
            print(try(function() d.ip_adress = 'x' end))
            print(try(function() table.sort({2, 1}, function() d:recv() end) end))
            print(try(Device, 'instrument', 70000))
            print(d.comm == comm, d:get_data())
            d.timeout, d.port, d.ip_address, d.resend = 0.5, 502, 'nobody', false
            print(d.timeout, d.port, d.ip_address, d.resend)
            """)
        let expected = [
            "TypeError: argument 'msg' of send must be a string, got a number",
            "ValueError: argument 'bufsize' of recv must be a whole number from 1 to 1073741824, got -1",
            "TypeError: recv has no parameter 'reset_on_eror'; did you mean 'reset_on_error'?",
            "AttributeError: ", "ValueError: ", "TypeError: ",
            "AttributeError: TCPInterface has no 'ip_adress'; did you mean ip_address?",
            "RuntimeError: recv cannot wait here: ", "ValueError: argument 'port' of TCPInterface must be ",
            "true\tDATA", "0.5\t502\tnobody\tfalse",
        ]
        #expect(room.lines.count == expected.count, "\(room.lines)")
        for (line, beginning) in zip(room.lines, expected) { #expect(line.hasPrefix(beginning), "\(line)") }
    }

    @Test("A device that a program forgets is collected, and its connection closed")
    func forgotten() throws {
        let stage = Stage()
        let room = try play(
            """
            local d = Device('instrument')
            print(d:get_data())
            d = nil
            collectgarbage() collectgarbage()
            """, seconds: 5, on: stage)
        #expect(room.lines == ["DATA"])
        #expect(room.environment.openTransports == 0)
        #expect(room.program.runtime.instanceCount == 0)
    }

    @Test("A program that ends closes what it has, calls under way included")
    func ended() throws {
        let stage = Stage()
        let room = try play("Device('instrument'):get_data('hush')", seconds: 1, on: stage)
        #expect(room.environment.openTransports == 1)
        stage.stop("room")
        stage.run(3)
        #expect(room.environment.openTransports == 0)
        #expect(room.errors.isEmpty)
    }

    @Test("time.sleep suspends its task only, and time.time is the wall clock")
    func sleep() throws {
        let room = try play(
            """
            local time = require 'time'
            local before, ticks = time.time(), 0
            Timer(1, function() ticks = ticks + 1 end)
            time.sleep(2.5)
            print(time.time() - before, ticks, math.type(before), os.time() - before // 1)
            """)
        #expect(room.lines == ["2.5\t2\tfloat\t2.0"], "\(room.lines)")
    }
}
