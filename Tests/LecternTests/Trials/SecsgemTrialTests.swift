import Bytes
import ControlCore
import HSMS
import Lectern
import LuaRuntime
import Testing

/// Programs that GEM, HSMS and SECS-II once failed: this file only grows.
@Suite("Trials of HSMS, SECS-II and GEM in Lua")
struct SecsgemTrialTests {
    /// A peer that answers Select.req, Linktest.req and S1F13, and hands everything to the test.
    private final class Tool: StreamDelegate {
        private var transport: (any StreamTransport)?
        private var decoder = HsmsFrameDecoder(maximumLength: 64 << 20)
        private var listener: (any Listener)?
        var received: [HsmsPacket] = []
        /// What follows S1F14, in the same piece.
        var behindEstablish: [HsmsPacket] = []
        var answers = true
        /// Whether it answers S1F1.
        var isThere = true

        init(_ environment: SimulatedEnvironment, port: Int = 5_000) {
            environment.listenTCP(address: nil, port: port) { [unowned self] in
                transport = $0
                $0.start(delegate: self)
            } completion: { [unowned self] in
                listener = try? $0.get()
            }
        }

        func send(_ packets: [HsmsPacket]) {
            var bytes = ByteBuffer()
            for packet in packets { bytes.writeImmutableBuffer(packet.encoded()) }
            transport?.send(bytes)
        }

        func send(
            _ stream: UInt8, _ function: UInt8, _ item: SecsItem? = nil, system: UInt32, wantsReply: Bool = true
        ) throws {
            send([try Tool.packet(stream, function, item, system: system, wantsReply: wantsReply)])
        }

        static func packet(
            _ stream: UInt8, _ function: UInt8, _ item: SecsItem? = nil, system: UInt32, wantsReply: Bool = true
        ) throws -> HsmsPacket {
            HsmsPacket(
                .data(session: 0, stream: stream, function: function, requireResponse: wantsReply, system: system),
                data: try item?.encoded() ?? ByteBuffer())
        }

        func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
            decoder.feed(bytes)
            while let packet = try? decoder.next() {
                received.append(packet)
                if answers { answer(packet.header) }
            }
        }

        private func answer(_ header: HsmsHeader) {
            switch (header.messageType, header.stream, header.function) {
            case (.selectRequest?, _, _): send([HsmsPacket(.selectResponse(system: header.system))])
            case (.linktestRequest?, _, _): send([HsmsPacket(.linktestResponse(system: header.system))])
            case (.data?, 1, 13):
                guard
                    let reply = try? Tool.packet(
                        1, 14, [.binary(0), ["Aq", "1"]], system: header.system, wantsReply: false)
                else { return }
                send([reply] + behindEstablish)
            case (.data?, 1, 1) where isThere:
                try? send(1, 2, ["Aq", "1"], system: header.system, wantsReply: false)
            default: break
            }
        }

        func transportDidDrain(_ transport: any StreamTransport) {}
        func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {}
    }

    private func start(
        _ program: String, on stage: Stage, prepare: (Tool) throws -> Void = { _ in }
    ) throws -> (Tool, Stage.Actor) {
        let environment = stage.world.environment(named: "tool", address: "10.0.0.9")
        let tool = Tool(environment)
        try prepare(tool)
        let host = try stage.start("host", "local secsgem = require 'secsgem' " + program)
        return (tool, host)
    }

    private func report(_ ceid: UInt64) -> SecsItem { [.u4(1), .unsigned(ceid), []] }

    /// Runs a program without a peer and returns what it printed.
    private func run(_ program: String) throws -> [String] {
        let stage = Stage()
        let actor = try stage.start(
            "host", "local secsgem = require 'secsgem' local SecsItem = secsgem.SecsItem " + program)
        stage.run(1)
        #expect(actor.errors.isEmpty, "\(actor.errors.map(\.text))")
        return actor.lines
    }

    // MARK: - Back-pressure

    @Test("A request in an event handler is answered at once, however many messages came behind the event")
    func requestInEvent() throws {
        for (asked, expected) in [(true, "answered\ttrue\tAq"), (false, "answered\ttrue\tnil")] {
            let stage = Stage()
            let (tool, host) = try start(
                """
                local host = secsgem.GemHostHandler('tool', 5000, true, 0, 'eq', {T3 = 1, T5 = 1, linktest_interval = 1})
                host.handler_communicating = function()
                    local begin = time.time()
                    local ok, answer = pcall(host.are_you_there, host)
                    print('answered', ok, answer and answer.MDLN)
                    print(time.time() - begin < \(asked ? "0.5" : "1.5"))
                end
                host:enable()
                """, on: stage
            ) { tool in
                tool.behindEstablish = try (0..<200).map { try Tool.packet(1, 1, system: UInt32(500 + $0)) }
                tool.answers = true
            }
            if !asked {
                tool.isThere = false  // it selects and establishes, and answers no question after that
            }
            stage.run(5)
            #expect(host.lines == [expected, "true"], "\(host.lines)")
            #expect(tool.received.filter { $0.header.stream == 1 && $0.header.function == 2 }.count == 200)
        }
    }

    @Test("Each of many events may ask the equipment something in its handler")
    func requestInEachEvent() throws {
        let stage = Stage()
        let (tool, host) = try start(
            """
            local host = secsgem.GemHostHandler('tool', 5000, true, 0, 'eq', {T3 = 1})
            local count = 0
            host.collection_event_received = function(self, event)
                if self:are_you_there() then count = count + 1 end
            end
            host:enable()
            Wait(5, function() print(count) end)
            """, on: stage)
        stage.run(1)
        tool.send(try (0..<100).map { try Tool.packet(6, 11, report(UInt64($0)), system: UInt32(500 + $0)) })
        stage.run(5)
        #expect(host.lines == ["100"], "\(host.lines)")
        // Each report was taken, and in the order of the handlers none was lost.
        #expect(tool.received.filter { $0.header.stream == 6 && $0.header.function == 12 }.count == 100)
    }

    @Test("A handler that waits does not keep the peer from its linktest, nor from S1F13 and S1F1")
    func slowHandler() throws {
        let stage = Stage()
        let (tool, host) = try start(
            """
            local host = secsgem.GemHostHandler('tool', 5000, true, 0, 'eq', {T3 = 1})
            host.collection_event_received = function(_, event)
                if event.ceid == 100 then time.sleep(60) end
                print(event.ceid)
            end
            host:enable()
            """, on: stage)
        stage.run(1)
        tool.send(try (0..<300).map { try Tool.packet(6, 11, report(UInt64(100 + $0)), system: UInt32(500 + $0)) })
        stage.run(0.5)
        tool.received = []
        tool.send([HsmsPacket(.linktestRequest(system: 4711))])
        try tool.send(1, 13, [], system: 4712)
        try tool.send(1, 1, system: 4713)
        stage.run(0.1)
        #expect(tool.received.map(\.header.system) == [4711, 4712, 4713])
        stage.run(60)
        #expect(host.lines == (100..<400).map(String.init), "\(host.lines.suffix(3))")
    }

    @Test("Messages that a slow handler has no room for are refused with SxF0, and the log says so once")
    func overload() throws {
        let stage = Stage()
        let (tool, host) = try start(
            """
            local host = secsgem.GemHostHandler('tool', 5000, true, 0, 'eq', {T3 = 1})
            host.collection_event_received = function(_, event)
                if event.ceid == 100 then time.sleep(60) end
            end
            host:enable()
            """, on: stage)
        stage.run(1)
        tool.send(try (0..<3_000).map { try Tool.packet(6, 11, report(UInt64(100 + $0)), system: UInt32(500 + $0)) })
        stage.run(2)
        let refused = tool.received.filter { $0.header.stream == 6 && $0.header.function == 0 }.count
        #expect((1_900...2_100).contains(refused), "\(refused)")
        let warnings = host.entries.filter { $0.severity == .warning }.map(\.text)
        #expect(warnings.count == 1 && warnings[0].contains("refused with SxF0"), "\(warnings)")
    }

    // MARK: - Bytes

    @Test("Texts of equipment, host and program keep their bytes in both directions")
    func bytes() throws {
        let stage = Stage()
        for name in ["eq", "host"] { try stage.start(name, "") }
        let equipment = try stage.start(
            "eq",
            """
            local secsgem = require 'secsgem'
            eq = secsgem.GemEquipmentHandler('host', 5000, false, 0, 'h', {initial_control_state = 'ONLINE'})
            eq.MDLN, eq.SOFTREV = 'M\\xe9', '1\\xb2'
            eq:add_status_variable(10, 'Temp\\xe9rature', '\\xb0C', 'v\\xff')
            eq:add_status_variable('id\\xfc', 'n', '', 1)
            eq:add_equipment_constant(30, 'K\\xf6', '\\xb5m', 5)
            eq:add_collection_event(100, 'E\\xe9')
            eq:add_alarm(7, 'hei\\xdf', 2)
            eq:add_remote_command('START\\xe9', {'LOT\\xe9'}, function(_, command)
                print('command', command.name:hex(), command.params['LOT\\xe9']:hex())
                return 0
            end)
            eq:add_remote_command('START\\xe8', {}, function() return 4 end)
            eq.terminal_received = function(_, data) print('terminal', data.text:hex(), data.lines[1]:hex()) end
            eq:enable()
            Wait(3, function()
                eq:set_alarm(7)
                eq:trigger_collection_events({100})
                eq:send_host_terminal(0, '\\xc4')
            end)
            """)
        let host = try stage.start(
            "host",
            """
            local secsgem = require 'secsgem'
            local host = secsgem.GemHostHandler('eq', 5000, true, 0, 'eq', {T3 = 2})
            host.alarm_received = function(_, a) print('alarm', a.text:hex()) end
            host.terminal_received = function(_, t) print('terminal', t.text:hex()) end
            host.collection_event_received = function(_, e) print('event', e.reports[1].values[1].value:hex()) end
            host:enable()
            host:waitfor_communicating()
            print(host.peer_identity.MDLN:hex(), host:are_you_there().SOFTREV:hex())
            local r = host:list_svs({10})
            print(r[1].name:hex(), r[1].units:hex(), host:request_sv(10):hex(), host:request_sv('id\\xfc'))
            print(host:list_ecs({30})[1].name:hex(), host:list_ecs({30})[1].units:hex())
            print(host:send_equipment_terminal(0, 'gr\\xfc\\xdf'))
            print(host:send_remote_command('START\\xe9', {{'LOT\\xe9', 'L\\xff'}}))
            print(host:send_remote_command('START\\xe8'), host:send_remote_command('START\\xea'))
            local code, faults = host:send_remote_command('START\\xe9', {['X\\xe9'] = 1})
            print(code, next(faults):hex())
            print(host:enable_alarm(), host:list_alarms({7})[1].text:hex())
            print(host:subscribe_collection_event(100, {10}))
            print(host:send_process_program('P\\xe9', 'b\\xff'), host:request_process_program('P\\xe9'):hex())
            print(host:get_process_program_list()[1]:hex(), host:delete_process_programs({'P\\xe9'}))
            """)
        stage.run(10)
        #expect(host.errors.isEmpty && equipment.errors.isEmpty, "\(host.errors.map(\.text))")
        #expect(
            host.lines == [
                "4de9\t31b2", "54656d70e9726174757265\tb043\t76ff\t1", "4bf6\tb56d", "0", "0", "4\t1", "3\t58e9",
                "0\t686569df", "0", "0\t62ff", "50e9\t0", "alarm\t686569df", "event\t76ff", "terminal\tc4",
            ], "\(host.lines)")
        #expect(
            equipment.lines == ["terminal\t6772fcdf\t6772fcdf", "command\t5354415254e9\t4cff"], "\(equipment.lines)")
    }

    @Test("On the wire stand the bytes that the program has given, and what comes is given as it came")
    func wireBytes() throws {
        let stage = Stage()
        let (tool, host) = try start(
            """
            local host = secsgem.GemHostHandler('tool', 5000, true, 0, 'eq', {T3 = 1})
            host.alarm_received = function(_, a) print('alarm', a.text:hex()) end
            host.terminal_received = function(_, t) print('terminal', t.text:hex()) end
            host.collection_event_received = function(_, e)
                print('event', e.ceid:hex(), e.reports[1].values[1].value:hex())
            end
            host:enable()
            host:waitfor_communicating()
            host:send_equipment_terminal(0, 'gr\\xfc\\xdf')
            """, on: stage)
        stage.run(3)
        let text = try #require(tool.received.first { $0.header.stream == 10 && $0.header.function == 3 }).data
        #expect(try SecsItem.decode(text) == [.binary(0), .ascii([0x67, 0x72, 0xFC, 0xDF])])
        let strange: SecsItem = .ascii([0xE9, 0xFF] as [UInt8])
        try tool.send(5, 1, [.binary(0x81), .u4(1), strange], system: 600)
        try tool.send(10, 1, [.binary(0), strange], system: 601)
        try tool.send(6, 11, [.u4(1), strange, [[.u4(1), [strange]]]], system: 602)
        stage.run(1)
        #expect(tool.received.suffix(3).map(\.header.function) == [2, 2, 12])
        #expect(host.lines == ["alarm\te9ff", "terminal\te9ff", "event\te9ff\te9ff"], "\(host.lines)")
    }

    // MARK: - Depth and size

    @Test("Building an item stops at the depth that encoding has")
    func depth() throws {
        let lines = try run(
            """
            local item, depth = SecsItem.L({}), 1
            local ok, problem = pcall(function()
                for _ = 1, 200000 do item = SecsItem.L({item}) depth = depth + 1 end
            end)
            print(ok, problem.kind, problem.message, depth)
            print(#item:encode(), item:equals(item), #tostring(item) > 0, type(item.value))
            local again = SecsItem.sml(tostring(item))
            print(again:equals(item), pcall(SecsItem.L, {item}), pcall(SecsItem, {item}), pcall(secsgem.SecsMessage, 1, 1, {item}))
            item, again = nil, nil
            collectgarbage()
            """)
        #expect(lines.first == "false\tValueError\tSECS-II: lists nested over 256 deep\t256", "\(lines)")
        #expect(lines.dropFirst().first == "512\ttrue\ttrue\ttable", "\(lines)")
        #expect(lines.last?.hasPrefix("true\tfalse") == true, "\(lines)")
    }

    @Test("An item that is too large is one clear error, whatever is asked of it, and goes at once", .needsMemory)
    func shared() throws {
        let lines = try run(
            """
            local item, other = SecsItem.A('x'), SecsItem.A('x')
            for _ = 1, 40 do item, other = SecsItem.L({item, item}), SecsItem.L({other, other}) end
            for _, f in ipairs({
                function() return item:encode() end, function() return tostring(item) end,
                function() return item.value end, function() return item:equals(other) end,
                function() return item:equals(1) end,
                function() return SecsItem(item, 'A') end, function() return SecsItem.U4({item}) end,
                function() return secsgem.SecsMessage(1, 1, item).value end,
                function() return tostring(secsgem.SecsMessage(1, 1, item)) end,
            }) do
                local ok, problem = pcall(f)
                print(ok, problem.kind, problem.message:find('over the limit', 1, true) ~= nil)
            end
            print(item.count, item:item(1).count, #item.items, item.format)
            local eq = secsgem.GemEquipmentHandler('tool', 5000, false)
            eq:add_status_variable(11, 'a', '', item)
            eq:add_equipment_constant(12, 'b', '', item)
            eq:set_value(11, other)
            eq:set_value(12, other)
            print(select(2, pcall(eq.get_value, eq, 11)).kind)
            item, other = nil, nil
            collectgarbage()
            """)
        #expect(lines.prefix(9).allSatisfy { $0 == "false\tValueError\ttrue" }, "\(lines)")
        #expect(lines.suffix(2) == ["2\t2\t2\tL", "ValueError"], "\(lines)")
    }

    @Test("Tables that hold one another many times are read up to a bound")
    func tables() throws {
        let lines = try run(
            """
            local t = {1}
            for _ = 1, 40 do t = {t, t} end
            local ok, problem = pcall(SecsItem, t)
            print(ok, problem.kind, problem.message)
            local long = ('x'):rep(1 << 20)
            local many = {}
            for i = 1, 100 do many[i] = long end
            ok, problem = pcall(SecsItem, many)
            print(ok, problem.kind, problem.message)
            """)
        #expect(
            lines == [
                "false\tValueError\ttables hold more than 1000000 values",
                "false\tValueError\ttables hold strings of more than 67108864 bytes",
            ], "\(lines)")
    }

    @Test("Many numbers of a peer stay an item, and many asked for are an error")
    func manyNumbers() throws {
        let stage = Stage()
        let (tool, host) = try start(
            """
            local host = secsgem.GemHostHandler('tool', 5000, true, 0, 'eq', {T3 = 1})
            host.collection_event_received = function(_, e)
                local value = e.reports[1].values[1].value
                print(value.format, value.count)
                local _, problem = pcall(function() return value.value end)
                print(problem.kind, #value:encode())
            end
            host:enable()
            """, on: stage)
        stage.run(1)
        let numbers = SecsItem.u1([UInt8](repeating: 7, count: 1_000_001))
        try tool.send(6, 11, [.u4(1), .u4(1), [[.u4(1), [numbers]]]], system: 9)
        stage.run(2)
        #expect(host.lines == ["U1\t1000001", "ValueError\t1000005"], "\(host.lines)")
    }
}
