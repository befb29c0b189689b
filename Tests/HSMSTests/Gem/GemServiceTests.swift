import ControlCore
import Polling
import Testing

@testable import HSMS

/// Commands, terminals, clock, traces, limits, spool and process programs, over HSMS.
@Suite("GEM services")
struct GemServiceTests {
    @Test("A command is run with its parameters, at once or later, and what is wrong is told")
    func commands() throws {
        var later: GemRemoteCommands.Call?
        let pair = try GemPair { equipment in
            try equipment.commands.add(
                GemRemoteCommands.Command("START", parameters: ["LOT", "SPEED"]) { call in
                    guard call["SPEED"]?.signedInteger.map({ $0 < 10 }) != false else {
                        return call.reply(.invalidParameter, faults: [("SPEED", .illegalValue)])
                    }
                    call.reply(call["LOT"]?.text == "L1" ? .done : .willBeDone)
                })
            try equipment.commands.add(GemRemoteCommands.Command("STOP") { later = $0 })
        }
        let host = pair.host
        func code(_ name: SecsText, _ parameters: [(name: SecsText, value: SecsItem)] = []) throws -> UInt8 {
            try pair.answer { host.command(name, parameters: parameters, completion: $0) }.code
        }
        #expect(try code("START", [("LOT", "L1"), ("SPEED", .u1(3))]) == 0)
        #expect(try code("start", [("LOT", "L2")]) == 4)
        #expect(try code("FLY") == 1)
        let wrong = try pair.answer { host.command("START", parameters: [("SPEED", .u1(10))], completion: $0) }
        #expect(wrong == .init(code: 3, faults: [.init(name: "SPEED", code: 2)]))
        let unknown = try pair.answer {
            host.command("START", parameters: [("X", .u1(1)), ("LOT", ""), ("A", [])], completion: $0)
        }
        #expect(unknown.faults == [.init(name: "X", code: 1), .init(name: "A", code: 1)])
        var stopped: SecsResult<GemHostHandler.CommandReply>?
        host.command("STOP") { stopped = $0 }
        pair.run(5)
        #expect(stopped == nil)
        later?.reply(.done)
        later?.reply(.cannotNow)
        pair.run(1)
        #expect(try stopped?.get().code == 0)
        #expect(try pair.answer { host.plainCommand("START", completion: $0) } == 0)
        #expect(try pair.answer { host.plainCommand("FLY", completion: $0) } == 1)
        #expect(throws: GemDeclarationError.self) {
            try pair.equipment.commands.add(GemRemoteCommands.Command("start") { $0.reply(.done) })
        }
    }

    @Test("The host's commands need remote control, but for those that are allowed in local")
    func localCommands() throws {
        let pair = try GemPair(isRemote: false) { equipment in
            try equipment.commands.add(GemRemoteCommands.Command("START") { $0.reply(.done) })
            try equipment.commands.add(GemRemoteCommands.Command("LAMP", isAllowedInLocal: true) { $0.reply(.done) })
        }
        #expect(try pair.answer { pair.host.command("START", completion: $0) }.code == 2)
        #expect(try pair.answer { pair.host.plainCommand("START", completion: $0) } == 2)
        #expect(try pair.answer { pair.host.command("LAMP", completion: $0) }.code == 0)
        pair.equipment.switchRemote()
        #expect(try pair.answer { pair.host.command("START", completion: $0) }.code == 0)
    }

    @Test("Terminals carry texts in both directions")
    func terminals() throws {
        let pair = try GemPair()
        var texts: [String] = []
        #expect(try pair.answer { pair.host.terminals.send("anyone?", completion: $0) } == .notDisplayed)
        pair.host.terminals.onText = {
            texts.append("host \($0.terminal) \($0.lines)")
            return .accepted
        }
        pair.equipment.terminals.onText = {
            texts.append("equipment \($0.terminal) \($0.lines)")
            return $0.terminal < 2 ? .accepted : .unavailable
        }
        #expect(try pair.answer { pair.equipment.terminals.send("help", terminal: 1, completion: $0) } == .accepted)
        #expect(try pair.answer { pair.host.terminals.send("on my way", completion: $0) } == .accepted)
        #expect(try pair.answer { pair.host.terminals.send("x", terminal: 2, completion: $0) } == .unavailable)
        #expect(try pair.answer { pair.host.terminals.send(lines: ["a", "b"], completion: $0) } == .accepted)
        #expect(try pair.answer { pair.host.terminals.broadcast("all", completion: $0) } == .accepted)
        pair.equipment.terminals.onBroadcast = { _ in .notDisplayed }
        #expect(try pair.answer { pair.host.terminals.broadcast("all", completion: $0) } == .notDisplayed)
        #expect(
            texts == [
                "host 1 [help]", "equipment 0 [on my way]", "equipment 2 [x]",
                "equipment 0 [a, b]", "equipment 0 [all]",
            ])
    }

    @Test("Either side tells its time, and the host sets the equipment's")
    func clock() throws {
        let pair = try GemPair()
        let now = pair.host.clock.now
        let there = try pair.answer(pair.host.clock.request)
        #expect(abs(there - now) < 1_000_000_000)
        #expect(abs(try pair.answer(pair.equipment.clock.request) - now) < 2_000_000_000)
        #expect(try pair.reply("S2F31 W <A \"20240229123456\">.") == "S2F32 <B 0x00>")
        #expect(pair.equipment.clock.text.hasPrefix("202402291234"))
        #expect(try pair.reply("S2F31 W <A \"20240230123456\">.") == "S2F32 <B 0x01>")
        pair.equipment.clock.onSet = { _ in false }
        #expect(try pair.answer(pair.host.clock.setPeer) == 1)
        pair.equipment.clock.onSet = nil
        #expect(try pair.answer(pair.host.clock.setPeer) == 0)
        // As exact as the format, which is hundredths.
        #expect(abs(pair.equipment.clock.offset) <= 1_000_000_000)
    }

    @Test("A trace samples at its interval, in groups, and ends by itself or by the host")
    func traces() throws {
        var sample: UInt8 = 0
        let pair = try GemPair { equipment in
            let variable = GemVariable(id: 10, name: "Counter") {
                sample += 1
                return .u1(sample)
            }
            try equipment.variables.add(statusVariable: variable)
        }
        let host = pair.host
        func trace(
            period: TimeAmount = .seconds(1), total: UInt64 = 5, groupSize: UInt64 = 2, variables: [GemID] = [10]
        ) throws -> UInt8 {
            try pair.answer {
                host.trace(
                    "t", period: period, total: total, groupSize: groupSize, variables: variables, completion: $0)
            }
        }
        #expect(try trace() == 0)
        pair.run(10)
        #expect(pair.takeLog() == ["trace t #2 <U1 1> <U1 2>", "trace t #4 <U1 3> <U1 4>", "trace t #5 <U1 5>"])
        #expect(pair.equipment.traces.active == [])
        #expect(try trace(period: .milliseconds(500), total: 1_000, groupSize: 1) == 0)
        pair.run(1)
        #expect(try trace(total: 0) == 0)
        pair.run(10)
        #expect(pair.takeLog() == ["trace t #1 <U1 6>", "trace t #2 <U1 7>"])
        #expect(try trace(period: .zero) == 3)
        #expect(try trace(variables: [99]) == 4)
        #expect(try trace(groupSize: 6) == 5)
        #expect(try trace(groupSize: 0) == 5)
        pair.equipment.traces.maximumVariables = 0
        #expect(try trace() == 1)
        pair.equipment.traces.maximumVariables = 10
        pair.equipment.traces.maximumTraces = 0
        #expect(try trace() == 2)
        #expect(try pair.reply("S2F23 W <L <U1 1> <A \"soon\"> <U1 1> <U1 1> <L>>.") == "S2F24 <B 0x03>")
    }

    @Test("A limit event tells variable, limits and direction when a bound is reached from the other side")
    func limits() throws {
        let pressure = GemVariable(id: 10, name: "Pressure", units: "Pa", value: .f4(5))
        let pair = try GemPair { equipment in
            try equipment.variables.add(statusVariable: pressure)
            for (id, name) in [(20, "LimitVariable"), (21, "EventLimit"), (22, "TransitionType")] {
                try equipment.variables.add(
                    dataValue: GemVariable(id: .number(UInt64(id)), name: SecsText(name), value: []))
            }
            try equipment.events.add(GemEvents.Event(id: 100, name: "PressureLimit"))
            equipment.limits.dataValues = (20, 21, 22)
            try equipment.limits.add(GemLimits.Monitored(variable: 10, event: 100, minimum: 0, maximum: 100))
            #expect(throws: GemDeclarationError.self) {
                try equipment.limits.add(GemLimits.Monitored(variable: 99, event: 100, minimum: 0, maximum: 1))
            }
        }
        let host = pair.host
        #expect(
            try pair.answer { host.subscribe(to: 100, report: 1, variables: [20, 21, 22], completion: $0) } == 0)
        let set = try pair.answer { (done: @escaping (SecsResult<UInt8>) -> Void) in
            host.setLimits(
                of: 10, [(1, (upper: .f4(10), lower: .f4(8))), (2, (upper: .f4(11), lower: .f4(9)))], completion: done)
        }
        #expect(set == 0)
        pair.run(3)
        #expect(pair.takeLog() == [])
        pressure.value = .f4(12)
        pair.run(1)
        pressure.value = .f4(9)
        pair.run(3)
        #expect(
            pair.takeLog() == [
                "event 100 1{20=<U1 10>, 21=<L [2] <B 0x01> <B 0x02> >, 22=<B 0x00>}",
                "event 100 1{20=<U1 10>, 21=<L [1] <B 0x02> >, 22=<B 0x01>}",
            ])
        #expect(
            try pair.reply("S2F47 W <L <U1 10> <U1 99>>.")
                == "S2F48 <L [2] <L [2] <U1 10> <L [4] <A \"Pa\"> <F8 0.0> <F8 100.0> <L [2] "
                + "<L [3] <B 0x01> <F8 10.0> <F8 8.0> > <L [3] <B 0x02> <F8 11.0> <F8 9.0> > > > > "
                + "<L [2] <U1 99> <L> > >")
        #expect(
            try pair.reply(
                "S2F45 W <L <U1 1> <L <L <U1 99> <L>> <L <U2 1002> <L>> "
                    + "<L <U1 10> <L <L <B 1> <L <U1 101> <U1 1>>> <L <B 2> <L <U1 1> <U1 2>>>>>>>.")
                == "S2F46 <L [2] <B 0x01> <L [3] <L [3] <U1 99> <B 0x01> <L> > <L [3] <U2 1002> <B 0x02> <L> > "
                + "<L [3] <U1 10> <B 0x04> <L [2] <L [2] <B 0x01> <B 0x02> > <L [2] <B 0x02> <B 0x04> > > > > >")
        // Refused as a whole: the old limits hold on.
        pressure.value = .f4(20)
        pair.run(1)
        #expect(pair.takeLog().count == 1)
        #expect(try pair.answer { host.setLimits(of: 10, [], completion: $0) } == 0)
        pressure.value = .f4(0)
        pair.run(5)
        #expect(pair.takeLog() == [])
    }

    @Test("Without communication events wait in the spool, and the host fetches them in order")
    func spool() throws {
        let pair = try GemPair { equipment in
            try equipment.events.add(GemEvents.Event(id: 100, name: "Started"))
            equipment.spool.isEnabled = true
        }
        let host = pair.host
        var changes: [Bool] = []
        pair.equipment.spool.onActiveChanged = { changes.append($0) }
        #expect(try pair.answer { host.enable(true, completion: $0) } == 0)
        #expect(try pair.answer { host.unloadSpool(completion: $0) } == 2)
        #expect(try pair.answer { host.spool(streams: [6: [11]], completion: $0) } == 0)
        #expect(
            try pair.reply("S2F43 W <L <L <U1 1> <L>> <L <U1 5> <L <U1 2>>>>.")
                == "S2F44 <L [2] <B 0x01> <L [2] <L [3] <U1 1> <B 0x01> <L> > "
                + "<L [3] <U1 5> <B 0x04> <L [1] <U1 2> > > > >")
        pair.equipment.events.trigger(100)
        #expect(pair.takeLog() == ["event 100 "])

        pair.cut()
        pair.equipment.events.trigger(100)
        pair.equipment.events.trigger(1)
        pair.equipment.terminals.send("lost")
        #expect(pair.equipment.spool.count == 2)
        pair.mend()
        #expect(host.isCommunicating)
        // What happens now waits behind what waits already.
        pair.equipment.events.trigger(2)
        #expect(pair.takeLog() == [])
        pair.equipment.spool.maximumTransmit = 2
        #expect(try pair.answer { host.unloadSpool(completion: $0) } == 0)
        #expect(pair.takeLog() == ["event 100 ", "event 1 "])
        #expect(pair.equipment.spool.isActive)
        #expect(try pair.answer { host.unloadSpool(completion: $0) } == 0)
        #expect(pair.takeLog() == ["event 2 "])
        #expect(!pair.equipment.spool.isActive)
        pair.equipment.events.trigger(100)
        #expect(pair.takeLog() == ["event 100 "])

        pair.cut()
        pair.equipment.events.trigger(100)
        pair.mend()
        #expect(try pair.answer { host.unloadSpool(purge: true, completion: $0) } == 0)
        #expect(pair.takeLog() == [])
        #expect(pair.equipment.spool.count == 0)
        #expect(changes == [true, false, true, false])
    }

    @Test("An event whose reply the end of the session has kept away goes to the spool, before those that follow")
    func unacknowledged() throws {
        let session = ScriptedSession(.equipment)
        var control = GemControlConfiguration()
        control.initialState = .online
        let handler = GemEquipmentHandler(
            session: session, identity: GemIdentity(model: "etcher", revision: "1.2"), control: control)
        try handler.events.add(GemEvents.Event(id: 100, name: "Started"))
        handler.spool.isEnabled = true
        var failures: [GemID] = []
        handler.events.onReportFailed = { id, _ in failures.append(id) }
        handler.enable()
        try session.answer(1, 14, [.binary(0), []])
        try session.receive(2, 43, [[.u1(6), []]])
        try session.receive(2, 37, [.boolean(true), []])
        _ = session.takeSent()
        handler.events.trigger(100)
        session.deselect()
        handler.events.trigger(1)
        session.select()
        _ = session.takeSent()
        try session.answer(1, 14, [.binary(0), []])
        try session.receive(6, 23, .u1(0))
        #expect(session.takeSent() == ["S6F24 <B 0x00>", "S6F11 W <L [3] <U4 1> <U1 100> <L> >"])
        try session.answer(6, 12, .binary(0))
        #expect(session.takeSent() == ["S6F11 W <L [3] <U4 2> <U1 1> <L> >"])
        try session.answer(6, 12, .binary(0))
        #expect(!handler.spool.isActive)
        #expect(failures == [])
    }

    @Test("Process programs go both ways, are listed and deleted")
    func processPrograms() throws {
        let pair = try GemPair()
        let host = pair.host.processPrograms
        let equipment = pair.equipment.processPrograms
        let body = SecsItem.binary([UInt8](repeating: 7, count: 200_000))
        #expect(try pair.answer { host.announce("P1", length: 200_000, completion: $0) } == .granted)
        #expect(try pair.answer { host.send("P1", body: body, completion: $0) } == .accepted)
        #expect(equipment.store == ["P1": body])
        #expect(try pair.answer { host.request("P1", completion: $0) } == body)
        #expect(try pair.answer { host.request("P9", completion: $0) } == nil)
        host.store["H"] = "text"
        #expect(try pair.answer { equipment.request("H", completion: $0) } == "text")
        #expect(try pair.answer { equipment.send("P2", body: "up", completion: $0) } == .accepted)
        #expect(host.store["P2"] == "up")
        equipment.store["P0"] = "zero"
        #expect(try pair.answer(host.list) == ["P0", "P1"])
        #expect(try pair.answer { host.delete(["P1", "P9"], completion: $0) } == .notFound)
        #expect(try pair.answer { host.delete(["P1"], completion: $0) } == .accepted)
        equipment.onDelete = { _ in .notPermitted }
        #expect(try pair.answer { host.delete([], completion: $0) } == .notPermitted)
        #expect(try pair.answer(host.list) == ["P0"])
        equipment.onAnnounced = { _, length in length > 10 ? .noSpace : .granted }
        equipment.onReceived = { _, _ in .overflow }
        #expect(try pair.answer { host.announce("P3", length: 11, completion: $0) } == .noSpace)
        #expect(try pair.answer { host.send("P3", body: "x", completion: $0) } == .overflow)
        #expect(equipment.store["P3"] == nil)
    }

    @Test("A lost connection ends communication on both sides, and requests under way; it comes back by itself")
    func reconnect() throws {
        let pair = try GemPair { equipment in
            try equipment.commands.add(GemRemoteCommands.Command("HANG") { _ in })
        }
        var results: [SecsResult<GemHostHandler.CommandReply>] = []
        pair.host.command("HANG") { results.append($0) }
        pair.run(1)
        for round in 1...3 {
            pair.cut()
            #expect(!pair.host.isCommunicating, "\(round)")
            #expect(!pair.equipment.isCommunicating, "\(round)")
            pair.mend()
            #expect(pair.host.isCommunicating, "\(round)")
            #expect(pair.equipment.isCommunicating, "\(round)")
        }
        #expect(results == [.failure(.closed)])
    }

    @Test("A command that is never answered ends with T3")
    func silence() throws {
        let pair = try GemPair { equipment in
            try equipment.commands.add(GemRemoteCommands.Command("HANG") { _ in })
        }
        var results: [SecsResult<GemHostHandler.CommandReply>] = []
        pair.host.command("HANG") { results.append($0) }
        pair.run(44)
        #expect(results == [])
        pair.run(2)
        #expect(results == [.failure(.timedOut)])
        #expect(pair.host.isCommunicating)
    }

    @Test("Two sessions of one connection have handlers of their own")
    func sessions() throws {
        let world = SimulatedWorld(seed: 3)
        var configuration = HsmsConfiguration()
        configuration.sessionModel = .general([1, 2])
        let active = try HsmsProtocol(
            environment: world.environment(named: "host", address: "10.0.0.1"), address: "10.0.0.2", active: true,
            name: "host", configuration: configuration)
        configuration.role = .equipment
        let passive = try HsmsProtocol(
            environment: world.environment(named: "tool", address: "10.0.0.2"), address: "10.0.0.1", active: false,
            name: "tool", configuration: configuration)
        var control = GemControlConfiguration()
        control.initialState = .online
        let ids: [UInt16] = [1, 2]
        let hosts = ids.map { GemHostHandler(session: HsmsSession(active, session: $0)) }
        let tools = ids.map { session in
            GemEquipmentHandler(
                session: HsmsSession(passive, session: session),
                identity: GemIdentity(model: SecsText("tool \(session)"), revision: ""),
                control: control)
        }
        for handler in hosts { handler.enable() }
        for handler in tools { handler.enable() }
        passive.enable()
        active.enable()
        world.run(for: .seconds(2))
        #expect(hosts.map { $0.peerIdentity?.model } == ["tool 1", "tool 2"])
        var answers: [SecsText?] = []
        for host in hosts { host.areYouThere { answers.append((try? $0.get())?.model) } }
        world.run(for: .seconds(1))
        #expect(answers == ["tool 1", "tool 2"])
        tools[0].disable()
        hosts[1].areYouThere { answers.append((try? $0.get())?.model) }
        world.run(for: .seconds(1))
        #expect(answers.last == "tool 2")
    }
}
