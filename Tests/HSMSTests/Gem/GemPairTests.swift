import ControlCore
import Polling
import Testing

@testable import HSMS

/// Host and equipment with one another over HSMS.
@Suite("GEM host and equipment")
struct GemPairTests {
    private func pair(
        initial: GemControlConfiguration.InitialState = .online, isRemote: Bool = true
    ) throws -> GemPair {
        try GemPair(initial: initial, isRemote: isRemote) { equipment in
            try equipment.variables.add(
                statusVariable: GemVariable(id: 10, name: "Pressure", units: "Pa", value: .f4(1.5)))
            try equipment.variables.add(statusVariable: GemVariable(id: "Mode", name: "Mode", value: "idle"))
            try equipment.variables.add(dataValue: GemVariable(id: 20, name: "Lot", value: ""))
            try equipment.variables.add(
                constant: GemEquipmentConstant(
                    id: 30, name: "Setpoint", units: "degC", initial: .i2(100), minimum: .i2(-50), maximum: .i2(200)))
            try equipment.variables.add(constant: GemEquipmentConstant(id: 31, name: "Recipe", initial: "none"))
            try equipment.events.add(GemEvents.Event(id: 100, name: "Started", dataValues: [20]))
            try equipment.events.add(GemEvents.Event(id: 101, name: "Overheated"))
            try equipment.alarms.add(GemAlarms.Alarm(id: 7, text: "hot", category: 2, setEvent: 101))
            try equipment.alarms.add(GemAlarms.Alarm(id: 8, text: "door", category: 1))
        }
    }

    @Test("Each learns that the other is there, and the host who the equipment is")
    func areYouThere() throws {
        let pair = try pair()
        #expect(pair.host.peerIdentity == GemIdentity(model: "etcher", revision: "1.2"))
        #expect(try pair.answer(pair.host.areYouThere) == GemIdentity(model: "etcher", revision: "1.2"))
        #expect(try pair.answer(pair.equipment.areYouThere) == nil)
    }

    // MARK: Control state

    @Test("Equipment goes on-line by itself when communication is established, and its events tell so")
    func attemptOnline() throws {
        var states: [GemControlState] = []
        let pair = try GemPair(initial: .attemptOnline) { equipment in
            equipment.onControlStateChanged = { states.append($0) }
        }
        #expect(states == [.onlineRemote])
        #expect(try pair.answer(pair.host.goOnline) == 2)
        #expect(try pair.answer { pair.host.enable(true, completion: $0) } == 0)
        pair.equipment.switchLocal()
        pair.equipment.switchOffline()
        // 3 was before the events were enabled.
        #expect(pair.takeLog() == ["event 2 ", "event 1 "])
        #expect(try pair.answer(pair.host.goOnline) == 1)
        pair.equipment.switchOnline()
        #expect(pair.takeLog() == ["event 2 "])
        #expect(states == [.onlineRemote, .onlineLocal, .equipmentOffline, .attemptOnline, .onlineLocal])
    }

    @Test("The host takes equipment off-line and on-line; off-line it aborts all but S1F13 and S1F17 and sends nothing")
    func offline() throws {
        let pair = try pair()
        #expect(try pair.answer { pair.host.enable(true, completion: $0) } == 0)
        #expect(try pair.answer(pair.host.goOffline) == 0)
        #expect(pair.equipment.controlState == .hostOffline)
        #expect(pair.takeLog() == ["event 1 "])
        #expect(try pair.result(pair.host.areYouThere) == .failure(.aborted))
        #expect(try pair.result { pair.host.statusVariables(completion: $0) } == .failure(.aborted))
        #expect(try pair.reply("S1F13 W <L>.").hasPrefix("S1F14 <L [2] <B 0x00>"))
        #expect(try pair.result { pair.equipment.terminals.send("hello", completion: $0) } == .failure(.offline))
        pair.equipment.events.trigger(100)
        #expect(pair.takeLog() == [])
        #expect(try pair.answer(pair.host.goOnline) == 0)
        #expect(pair.takeLog() == ["event 3 "])
    }

    // MARK: Variables

    @Test("Status variables are read and named; unknown ones are empty")
    func statusVariables() throws {
        let pair = try pair()
        let values = try pair.answer { pair.host.statusVariables([10, 99, "Mode", 1002], completion: $0) }
        #expect(values == [.f4(1.5), [], "idle", .u1(5)])
        #expect(try pair.answer { pair.host.statusVariables(completion: $0) }.count == 7)
        let names = try pair.answer { pair.host.statusVariableNames([10, 99], completion: $0) }
        #expect(names.map(\.name) == ["Pressure", ""])
        #expect(names.map(\.units) == ["Pa", ""])
        #expect(try pair.reply("S1F3 W <L <U8 10> <I2 10>>.") == "S1F4 <L [2] <F4 1.5> <F4 1.5> >")
        #expect(try pair.reply("S1F3 W <U4 10 99>.") == "S1F4 <L [2] <F4 1.5> <L> >")
        #expect(try pair.reply("S1F21 W <L>.") == "S1F22 <L [1] <L [3] <U1 20> <A \"Lot\"> <A> > >")
    }

    @Test("A text in the wrong form is answered with S9F7, and the request fails with it")
    func illegal() throws {
        let pair = try pair()
        let message = try SecsMessage(sml: "S2F15 W <L <A \"x\">>.")
        #expect(try pair.result { pair.host.send(message, completion: $0) } == .failure(.errorMessage(.illegalData)))
        let unknown = SecsMessage(stream: 64, function: 1, expectsReply: true)
        #expect(
            try pair.result { pair.host.send(unknown, completion: $0) }
                == .failure(.errorMessage(.unrecognizedStream)))
    }

    @Test("Constants are read, named and changed, all of a message or none")
    func constants() throws {
        let pair = try pair()
        let host = pair.host
        var changes: [SecsItem] = []
        pair.equipment.variables.constant(30)?.onChange = { changes.append($0) }
        #expect(try pair.answer { host.constants([30, 31, 99], completion: $0) } == [.i2(100), "none", []])
        // Another number format is converted.
        #expect(try pair.answer { host.setConstants([(30, .u1(42)), (31, "A7")], completion: $0) } == 0)
        #expect(try pair.answer { host.constants([30, 31], completion: $0) } == [.i2(42), "A7"])
        for (value, code) in [
            (SecsItem.i2(201), UInt8(3)), (.i2(-51), 3), ("hot", 3), (.i2(1, 2), 3), (.u4(70_000), 3), (.f4(1.5), 3),
        ] {
            #expect(try pair.answer { host.setConstants([(31, "B1"), (30, value)], completion: $0) } == code)
        }
        #expect(try pair.answer { host.setConstants([(30, .i2(1)), (99, .i2(1))], completion: $0) } == 1)
        pair.equipment.variables.acceptsConstants = { false }
        #expect(try pair.answer { host.setConstants([(30, .i2(1))], completion: $0) } == 2)
        #expect(try pair.answer { host.constants([30, 31], completion: $0) } == [.i2(42), "A7"])
        #expect(changes == [.i2(42)])
        let names = try pair.answer { host.constantNames([30], completion: $0) }
        #expect(
            names == [
                .init(id: 30, name: "Setpoint", minimum: .i2(-50), maximum: .i2(200), initial: .i2(100), units: "degC")
            ])
        #expect(try pair.answer { host.constantNames([99], completion: $0) }.map(\.name) == [""])
    }

    @Test("The standard constants set the delay of S1F13 and the form of times")
    func standardConstants() throws {
        let pair = try pair()
        #expect(try pair.answer { pair.host.setConstants([(1, .u2(9))], completion: $0) } == 3)
        #expect(try pair.answer { pair.host.setConstants([(1, .u2(30)), (2, .u1(0))], completion: $0) } == 0)
        #expect(pair.equipment.establishDelay == .seconds(30))
        #expect(pair.equipment.clock.text.count == 12)
        #expect(try pair.answer { pair.host.statusVariables([1001], completion: $0) }[0].count == 12)
    }

    @Test("An identifier exists once, and identifiers take the format that is set")
    func identifiers() throws {
        let pair = try pair()
        #expect(throws: GemDeclarationError("variable 10 exists already")) {
            try pair.equipment.variables.add(dataValue: GemVariable(id: 10, name: "Other", value: []))
        }
        pair.equipment.idFormat = .u4
        #expect(try pair.reply("S1F11 W <L <U1 10>>.") == "S1F12 <L [1] <L [3] <U4 10> <A \"Pressure\"> <A \"Pa\"> > >")
    }

    // MARK: Events

    @Test("A subscribed event comes with its reports, and the values that it was triggered with")
    func events() throws {
        let pair = try pair()
        let host = pair.host
        #expect(
            try pair.answer { host.subscribe(to: 100, report: 1, variables: [10, 20, 30], completion: $0) } == 0)
        pair.equipment.events.trigger(100, values: [20: "L17"])
        pair.equipment.events.trigger(101)
        #expect(pair.takeLog() == ["event 100 1{10=<F4 1.5>, 20=<A \"L17\">, 30=<I2 100>}"])
        // The second time the report exists.
        #expect(try pair.answer { host.subscribe(to: 101, report: 1, variables: [10], completion: $0) } == 3)
        #expect(try pair.answer { host.link(event: 101, reports: [1], completion: $0) } == 0)
        #expect(try pair.answer { host.report(of: 101, completion: $0) }.reports.map(\.id) == [1])
        #expect(try pair.answer { host.values(of: 1, completion: $0) } == [.f4(1.5), "", .i2(100)])
        #expect(try pair.answer { host.values(of: 9, completion: $0) } == [])
        #expect(try pair.reply("S6F21 W <U1 1>.").hasPrefix("S6F22 <L [3] <L [2] <U1 10> <F4 1.5> >"))
        #expect(try pair.answer { host.enable(false, events: [100], completion: $0) } == 0)
        pair.equipment.events.trigger(100)
        #expect(pair.takeLog() == [])
        #expect(try pair.answer(host.deleteReports) == 0)
        #expect(try pair.answer { host.enable(true, events: [100], completion: $0) } == 0)
        pair.equipment.events.trigger(100)
        #expect(pair.takeLog() == ["event 100 "])
    }

    @Test("Wrong definitions are refused with their codes")
    func wrongDefinitions() throws {
        let pair = try pair()
        let host = pair.host
        #expect(try pair.answer { host.define(report: 1, variables: [10, 99], completion: $0) } == 4)
        #expect(try pair.answer { host.link(event: 99, reports: [1], completion: $0) } == 4)
        #expect(try pair.answer { host.link(event: 100, reports: [1], completion: $0) } == 5)
        #expect(try pair.answer { host.enable(true, events: [99], completion: $0) } == 1)
        #expect(try pair.reply("S2F39 W <L <U4 1> <U4 100>>.") == "S2F40 <B 0x00>")
        #expect(
            try pair.reply("S1F23 W <L <U1 100>>.")
                == "S1F24 <L [1] <L [3] <U1 100> <A \"Started\"> <L [1] <U1 20> > > >")
    }

    @Test("A report that the host does not take is told to the equipment's program")
    func reportFailed() throws {
        let pair = try pair()
        pair.host.onEvent = { _ in 1 }
        var failures: [String] = []
        pair.equipment.events.onReportFailed = { failures.append("\($0) \($1)") }
        #expect(try pair.answer { pair.host.enable(true, completion: $0) } == 0)
        pair.equipment.events.trigger(100)
        pair.run(1)
        #expect(failures == ["100 success(1)"])
    }

    // MARK: Alarms

    @Test("Enabled alarms are reported when they are set and cleared, and trigger their events anyway")
    func alarms() throws {
        let pair = try pair()
        let host = pair.host
        #expect(try pair.answer { host.enable(true, completion: $0) } == 0)
        try pair.equipment.alarms.set(7)
        try pair.equipment.alarms.set(7)
        #expect(pair.takeLog() == ["event 101 "])
        #expect(try pair.answer { host.enable(true, alarm: 7, completion: $0) } == 0)
        try pair.equipment.alarms.clear(7)
        try pair.equipment.alarms.set(7)
        #expect(pair.takeLog() == ["alarm 7 cleared 2 hot", "alarm 7 set 2 hot", "event 101 "])
        let all = try pair.answer { host.alarms(completion: $0) }
        #expect(all.map(\.isSet) == [true, false])
        #expect(try pair.answer { host.alarms([99], completion: $0) }.map(\.text) == [""])
        #expect(try pair.answer(host.enabledAlarms).map(\.id) == [7])
        #expect(try pair.answer { host.enable(true, alarm: nil, completion: $0) } == 0)
        #expect(try pair.answer(host.enabledAlarms).map(\.id) == [7, 8])
        #expect(try pair.answer { host.enable(false, alarm: 7, completion: $0) } == 0)
        #expect(try pair.answer { host.enable(true, alarm: 99, completion: $0) } == 1)
        #expect(try pair.answer { host.statusVariables([1004, 1005], completion: $0) } == [[.u1(8)], [.u1(7)]])
        #expect(throws: GemDeclarationError("there is no alarm 99")) { try pair.equipment.alarms.set(99) }
    }
}
