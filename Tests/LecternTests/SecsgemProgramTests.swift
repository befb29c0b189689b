import ControlCore
import Lectern
import LuaRuntime
import Testing

/// `require 'secsgem'`: what programs see of HSMS, SECS-II and GEM.
@Suite("Programs that use HSMS")
struct SecsgemProgramTests {
    /// Runs programs on hosts `tool` and `host`, in this order, and returns the host's.
    @discardableResult
    private func play(
        tool: String = "", _ text: String, seconds: Double = 30, on stage: Stage = Stage()
    ) throws -> Stage.Actor {
        let prelude = "local secsgem = require 'secsgem' "
        for name in ["tool", "host"] { try stage.start(name, "") }
        let device = try stage.start("tool", prelude + tool)
        let host = try stage.start("host", prelude + text)
        stage.run(seconds)
        #expect(device.errors.isEmpty, "\(device.errors.map(\.text))")
        return host
    }

    /// Equipment that answers, on port 5000.
    private static let equipment = """
        equipment = secsgem.GemEquipmentHandler('host', 5000, false, 0, 'host', {initial_control_state = 'ONLINE'})
        equipment:add_status_variable(10, 'Pressure', 'Pa', 7)
        equipment:enable()
        """

    // MARK: - Modules

    @Test("The classes are found under the documented module names and as globals")
    func modules() throws {
        let host = try play(
            """
            print(require 'secsgem.hsms.connections'.HsmsActiveConnection == secsgem.HsmsActiveConnection)
            print(require 'secsgem.hsms.connectionmanager'.HsmsConnectionManager == HsmsConnectionManager)
            print(secsgem.hsms.protocol.HsmsProtocol == secsgem.hsms.handler.HsmsHandler)
            print(secsgem.secs.handler.SecsHandler == SecsHandler, secsgem.gem.handler.GemHandler == GemHandler)
            print(secsgem.hsms.HsmsPacket == HsmsPacket)
            """)
        #expect(host.lines == ["true", "true", "true", "true\ttrue", "true"])
    }

    // MARK: - Headers, packets, items

    @Test("A header's fields are read and written in both spellings")
    func header() throws {
        let host = try play(
            """
            local header = secsgem.HsmsStreamFunctionHeader(13, 1, 3, true, 5)
            print(header.session_id, header.sessionID, header.p_type, header.pType, header.s_type, header.sType)
            print(header.require_response, header.requireResponse, header.stream, header['function'], header.func)
            header.sessionID, header.requireResponse, header.sType = 6, false, 9
            print(header)
            print(header:text('sessionID'))
            print(secsgem.HsmsRejectReqHeader(1, 5, 3).stream, header.type_name)
            """)
        #expect(
            host.lines == [
                "5\t5\t0\t0\t0\t0", "true\ttrue\t1\t3\t3",
                "{session_id:0x0006, stream:01, function:03, p_type:0x00, s_type:0x09, system:0x0000000d, "
                    + "require_response:0}",
                "{sessionID:0x0006, stream:01, function:03, pType:0x00, sType:0x09, system:0x0000000d, "
                    + "requireResponse:0}", "5\tSeparate.req",
            ], "\(host.lines)")
    }

    @Test("Packets go to bytes and back, and bytes that are none raise ValueError")
    func packet() throws {
        let host = try play(
            """
            local bytes = '\\0\\0\\0\\x1c\\0\\0\\x01\\x02\\0\\0\\x03\\x86\\x19\\x67\\x01\\x02\\x41\\x07secsgem\\x41\\x050.1.0'
            local packet = secsgem.HsmsPacket.decode(bytes)
            print(packet.header.system == 0x03861967, packet:encode() == bytes)
            local message = packet:message()
            print(message.name, message.value[1], message.value[2])
            print(pcall(secsgem.HsmsPacket.decode, bytes:sub(1, -2)))
            local linktest = secsgem.HsmsPacket(secsgem.HsmsLinktestReqHeader(1))
            print(select(2, pcall(linktest.message, linktest)).kind)
            """)
        #expect(host.lines.prefix(2) == ["true\ttrue", "S1F2\tsecsgem\t0.1.0"], "\(host.lines)")
        #expect(host.lines.count == 4 && host.lines[2].contains("ValueError"), "\(host.lines)")
        #expect(host.lines.last == "ValueError")
    }

    @Test("Values of Lua become items and come back")
    func items() throws {
        let host = try play(
            """
            local I = secsgem.SecsItem
            print(I('text'), I(300), I(-1), I(1.5), I(true), I({}))
            print(I.U4(7), I.U2({1, 2}), I.B('\\0\\1'), I.F4(), I.A('x'))
            local item = I.L({'a', I.U8(5), {true, -3}})
            print(item.format, item.count, item.value[1], item.value[2], item.value[3][1], item.value[3][2])
            print(item:item(2).format, item:item(2), item:item(4))
            print(I.decode(item:encode()):equals(item), item:equals({'a', 5, {true, -3}}))
            print(I.sml('<L [2] <A "x"> <U1 1 2>>').value[2][2])
            """)
        #expect(
            host.lines == [
                "<A \"text\">\t<U2 300>\t<I1 -1>\t<F8 1.5>\t<BOOLEAN T>\t<L>",
                "<U4 7>\t<U2 1 2>\t<B 0x00 0x01>\t<F4>\t<A \"x\">", "L\t3\ta\t5\ttrue\t-3", "U8\t<U8 5>\tnil",
                "true\tfalse", "2",
            ], "\(host.lines)")
    }

    @Test("What has no place in SECS-II is an error that says so")
    func itemErrors() throws {
        let host = try play(
            """
            local I = secsgem.SecsItem
            local loop = {}
            loop[1] = loop
            for _, make in ipairs({
                function() I.U1(300) end, function() I({a = 1}) end, function() I(print) end, function() I(loop) end,
                function() I(1, 'U3') end, function() I.sml('<U1 1') end, function() I.decode('\\x41\\x05ab') end,
            }) do
                local _, problem = pcall(make)
                print(problem.kind, problem.message)
            end
            """)
        #expect(
            host.lines.prefix(5) == [
                "ValueError\tSECS-II: 300 does not fit U1",
                "TypeError\tSECS-II has no place for a table that is no list: its keys have gaps",
                "TypeError\tSECS-II has no place for a function",
                "ValueError\ttables are nested deeper than 64; does one contain itself?",
                "ValueError\targument 'format' of SecsItem must be a format of SECS-II, got 'U3'",
            ], "\(host.lines)")
        #expect(host.lines.dropFirst(5).allSatisfy { $0.hasPrefix("ValueError") } && host.lines.count == 7)
    }

    // MARK: - Connections

    @Test("A delegate may have any of the callbacks, and an error in one is logged and leaves the connection")
    func partialDelegate() throws {
        let host = try play(
            tool: "secsgem.HsmsPassiveConnection('host', 5000, 0):enable()",
            """
            local connection = secsgem.HsmsActiveConnection('tool', 5000, 0, {
                on_connection_established = function(self, connection)
                    print('established', connection.connected, connection.peer ~= nil)
                    error('a mistake')
                end,
                on_connection_closed = function(self, connection, reason) print('closed', reason) end,
            })
            connection:enable()
            Wait(1, function()
                print(connection.connected)
                connection:disable()
                print(connection.connected, connection.enabled)
                print(connection:send_packet(secsgem.HsmsPacket()))
            end)
            """)
        #expect(host.errors.count == 1 && host.errors[0].text.contains("a mistake"), "\(host.errors.map(\.text))")
        let lines = host.entries.filter { $0.severity != .error }.map(\.text)
        #expect(
            lines == [
                "established\ttrue\ttrue", "true", "closed\tclosed by this side", "false\tfalse",
                "false\tthe HSMS connection to tool:5000 is not established",
            ], "\(lines)")
    }

    @Test("A callback that waits delays the next ones of its connection, and nothing else")
    func slowDelegate() throws {
        let host = try play(
            tool: """
                local c
                c = secsgem.HsmsPassiveConnection('host', 5000, 0, {on_connection_established = function()
                    for i = 1, 3 do c:send_packet(secsgem.HsmsPacket(secsgem.HsmsLinktestReqHeader(i))) end
                end})
                c:enable()
                """,
            """
            local connection = secsgem.HsmsActiveConnection('tool', 5000, 0, {
                on_connection_packet_received = function(self, connection, packet)
                    print('begin ' .. packet.header.system)
                    time.sleep(1)
                    print('end ' .. packet.header.system)
                end,
            })
            connection:enable()
            Timer(1, function(timer, count)
                if count == 2 then timer:Stop() end
                print('tick')
            end)
            """, seconds: 10)
        #expect(host.lines.filter { $0 != "tick" } == ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"])
        #expect(host.lines.firstIndex(of: "tick") ?? .max < 5, "\(host.lines)")
    }

    @Test("A delegate that is no table is refused")
    func delegateType() throws {
        let host = try play("print(select(2, pcall(secsgem.HsmsActiveConnection, 'tool', 5000, 0, 'me')).message)")
        #expect(host.lines.first?.contains("argument 'delegate' must be a table") == true, "\(host.lines)")
    }

    @Test("A wrong option is named with its range, and a misspelt one with the right spelling")
    func options() throws {
        let host = try play(
            """
            print(select(2, pcall(secsgem.HsmsActiveConnection, 'tool', 5000, 0, nil, {T5 = 0})).message)
            print(select(2, pcall(secsgem.HsmsActiveConnection, 'tool', 5000, 0, nil, {conformence = 'strict'})).message)
            """)
        #expect(
            host.lines.count == 2 && host.lines[0].contains("T5") && host.lines[0].contains("0.001"), "\(host.lines)")
        #expect(host.lines.last?.contains("did you mean 'conformance'?") == true, "\(host.lines)")
    }

    @Test("A port that nobody listens at is said once in the log, however often it is tried")
    func refused() throws {
        let host = try play("secsgem.HsmsActiveConnection('tool', 5000, 0, {}, {T5 = 1}):enable()")
        #expect(host.connections.map(\.severity) == [.warning], "\(host.connectionTimeline)")
        #expect(
            host.connections.first?.text.contains("HSMS tool:5000: ConnectionRefused; again every 1 s (T5)") == true,
            "\(host.connectionTimeline)")
    }

    // MARK: - Handlers

    @Test("A request that waits suspends only its task, and tells why there is no answer")
    func requests() throws {
        let host = try play(
            tool: "p = secsgem.HsmsPassiveConnection('host', 5000, 0) p:enable()",
            """
            local handler = secsgem.HsmsProtocol('tool', 5000, true, 0, 'tool', {T6 = 2, T5 = 100, T7 = 50})
            print(handler:send_linktest_req())
            handler.hsms_connected = function(self, data)
                print('connected', data.connection == handler, handler.connection_state)
                Wait(0.5, function() print('meanwhile') end)
                print(handler:send_linktest_req())
            end
            handler:enable()
            print(handler:waitfor_selected(1))
            """, seconds: 20)
        #expect(
            host.lines == [
                "nil\tNotConnected", "connected\ttrue\tCONNECTED_NOT-SELECTED", "meanwhile", "false", "nil\tTimedOut",
            ], "\(host.lines)")
    }

    @Test("Messages go both ways, callbacks reply by what they return, and an error in one aborts")
    func streamFunctions() throws {
        let stage = Stage()
        let host = try play(
            tool: """
                handler = secsgem.SecsHandler('host', 5000, false, 0, 'host', {role = 'equipment'})
                handler:register_stream_function(1, 1, function(self, request)
                    return {'etcher', request.header.session_id}
                end)
                handler:register_stream_function(1, 3, function(self, request)
                    Wait(1, function() request:reply(secsgem.secs.U4(request.value)) end)
                end)
                handler:enable()
                """,
            """
            local handler = secsgem.SecsHandler(secsgem.HsmsProtocol('tool', 5000, true, 0, 'tool'))
            handler:enable()
            print(handler:waitfor_selected(5), handler.protocol.selected)
            local function ask(stream, func, item)
                return handler:send(secsgem.SecsMessage(stream, func, item, true))
            end
            print(ask(1, 1))
            print(ask(1, 3, 9).value)
            print(ask(1, 5))
            print(handler:send_and_waitfor_response(secsgem.SecsMessage(1, 1)).header.func)
            print(handler:send_stream_function(secsgem.SecsMessage(1, 1)))
            print(select(2, pcall(handler.register_stream_function, handler, 1, 2, print)).kind)
            """, on: stage)
        #expect(
            host.lines == [
                "true\ttrue", "S1F2\n<L [2]\n  <A \"etcher\">\n  <U1 0>\n>\n.", "9", "nil\tErrorReported\tS9F5", "2",
                "true",
                "ValueError",
            ], "\(host.lines)")
    }

    @Test("An error in a callback is logged and aborts the transaction")
    func failingCallback() throws {
        let stage = Stage()
        for name in ["tool", "host"] { try stage.start(name, "") }
        let tool = try stage.start(
            "tool",
            """
            local secsgem = require 'secsgem'
            handler = secsgem.SecsHandler('host', 5000, false, 0, 'host', {role = 'equipment'})
            handler:register_stream_function(1, 1, function() error('a mistake') end)
            handler:register_stream_function(1, 3, function() return print end)
            handler:enable()
            """)
        let host = try stage.start(
            "host",
            """
            local secsgem = require 'secsgem'
            local handler = secsgem.SecsHandler('tool', 5000, true, 0, 'tool')
            handler:enable()
            handler:waitfor_selected()
            for func = 1, 3, 2 do print(handler:send(secsgem.SecsMessage(1, func, nil, true))) end
            """)
        stage.run(10)
        #expect(host.lines == ["nil\tAborted", "nil\tAborted"], "\(host.lines)")
        #expect(tool.errors.count == 2 && tool.errors[0].text.contains("a mistake"), "\(tool.errors.map(\.text))")
    }

    @Test("A manager has handlers of the class that is asked for, finds them by name and removes them")
    func manager() throws {
        let host = try play(
            tool: Self.equipment,
            """
            local Etcher = class('Etcher', secsgem.GemHostHandler)
            function Etcher:pressure() return self:request_sv(10) end
            local manager = secsgem.HsmsConnectionManager({T5 = 1})
            manager.hsms_selected = function(_, data) print('selected', data.connection.name) end
            local etcher = manager:add_peer('etcher', 'tool', 5000, true, 0, Etcher)
            local other = manager:add_peer('other', 'nowhere', 5001, false, 0)
            print(manager:has_connection_to('etcher') == etcher, manager:has_connection_to('none'))
            print(isinstance(etcher, secsgem.GemHostHandler), isinstance(other, secsgem.HsmsProtocol))
            print(etcher:waitfor_communicating(10), etcher:pressure())
            print(manager:remove_peer('other'), manager:remove_peer('other'))
            print(pcall(manager.add_peer, manager, 'x', 'tool', 5000, true, 0, print) == false)
            manager:stop()
            print(etcher.connected, next(manager.handlers))
            """)
        #expect(
            host.lines == [
                "true\tnil", "true\ttrue", "selected\tetcher", "true\t7", "true\tfalse", "true", "false\tnil",
            ], "\(host.lines)")
    }

    @Test("A handler is told when communication begins and ends, and is kept alive while it is enabled")
    func communicating() throws {
        let stage = Stage()
        let host = try play(
            tool: Self.equipment,
            """
            local host = secsgem.GemHostHandler('tool', 5000, true, 0, 'tool', {T5 = 2})
            host.handler_communicating = function(self, data)
                print('up', data.handler == self, self:are_you_there().MDLN, self.communication_state)
            end
            host.handler_not_communicating = function(self) print('down', self.communicating) end
            host:enable()
            """, seconds: 3, on: stage)
        let up = "up\ttrue\tlectern\tCOMMUNICATING"
        #expect(host.lines == [up], "\(host.lines)")
        host.program.runtime.collectGarbage()
        host.program.runtime.collectGarbage()
        stage.stop("tool")
        stage.run(5)
        #expect(host.lines == [up, "down\tfalse"], "\(host.lines)")
        try stage.start("tool", "local secsgem = require 'secsgem' " + Self.equipment)
        stage.run(10)
        #expect(host.lines == [up, "down\tfalse", up], "\(host.lines)")
        #expect(host.errors.isEmpty)
    }

    @Test("GEM requests that cannot be made return nil and the reason")
    func notCommunicating() throws {
        let host = try play(
            """
            local host = secsgem.GemHostHandler('tool', 5000, true, 0, 'tool')
            print(host:request_svs(), host.communication_state)
            print(host:request_svs())
            print(host:send_remote_command('START', {{'LOT', 1}}))
            print(select(2, pcall(secsgem.GemEquipmentHandler, host.protocol)).kind)
            """)
        #expect(
            host.lines == ["nil\tDISABLED", "nil\tNotSelected", "nil\tNotSelected", "ValueError"], "\(host.lines)")
    }

    // MARK: - Lifetime

    @Test("A program that ends closes every connection and leaves nothing behind")
    func ending() throws {
        let stage = Stage()
        let host = try play(
            tool: Self.equipment,
            """
            local host = secsgem.GemHostHandler('tool', 5000, true, 0, 'tool')
            host:enable()
            host:waitfor_communicating()
            local server = secsgem.HsmsMultiPassiveServer(5002)
            server:create_connection('tool'):enable()
            print(server:start())
            secsgem.HsmsConnectionManager():add_peer('x', 'tool', 5003, false, 0)
            host:send(secsgem.SecsMessage(64, 1, nil, true))
            print(host:waitfor_communicating(), host:request_sv(10))
            time.sleep(1000)
            """, seconds: 5, on: stage)
        #expect(host.lines == ["Listening", "true\t7"], "\(host.lines)")
        stage.stop("host")
        stage.run(5)
        #expect(host.environment.openTransports == 0)
        #expect(host.errors.isEmpty)
    }

    @Test("What is dropped while it is not enabled is collected, with its delegate and callbacks")
    func collection() throws {
        let host = try play(
            """
            for i = 1, 50 do
                local delegate = {}
                delegate.connection = secsgem.HsmsActiveConnection('tool', 5000, 0, delegate)
                local handler = secsgem.GemHostHandler('tool', 5000, true, 0, 'tool')
                handler:register_stream_function(64, 1, function() return handler end)
                handler.handler_communicating = function() print(handler) end
            end
            """)
        host.program.runtime.collectGarbage()
        host.program.runtime.collectGarbage()
        #expect(host.program.runtime.instanceCount == 0)
    }
}
