import NIOCore
import Testing

@testable import HSMS

@Suite("HSMS state machine")
struct HsmsStateMachineTests {
    /// A machine in a situation that the table names.
    private static func machine(_ situation: String, _ configuration: HsmsConfiguration) -> HsmsStateMachine {
        let isActive = situation.hasPrefix("active")
        var machine = HsmsStateMachine(
            configuration: configuration, isActive: isActive, deviceID: 0, lastSystem: 100)
        guard !situation.hasSuffix("down") else { return machine }
        _ = machine.handle(.connected)
        guard !situation.hasSuffix("connected") else { return machine }
        if isActive {
            _ = machine.handle(.selectDue)
            guard !situation.hasSuffix("selecting") else { return machine }
            _ = machine.handle(.received(HsmsPacket(.selectResponse(system: 101))))
        } else {
            _ = machine.handle(.received(HsmsPacket(.selectRequest(system: 1))))
        }
        if situation.hasSuffix("asking") { _ = machine.handle(.request(s1f1(500))) }
        if situation.hasSuffix("probing") { _ = machine.handle(.peerSilent) }
        return machine
    }

    private static func s1f1(_ system: UInt32, session: UInt16 = 0) -> HsmsPacket {
        HsmsPacket(.data(session: session, stream: 1, function: 1, requireResponse: true, system: system))
    }

    private static func data(_ stream: UInt8, _ function: UInt8, _ system: UInt32, session: UInt16 = 0) -> HsmsPacket {
        HsmsPacket(
            .data(session: session, stream: stream, function: function, requireResponse: false, system: system))
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var situation: String
        var input: HsmsStateMachine.Input
        var outputs: [String]
        var state: HsmsConnectionState
        var configuration: HsmsConfiguration
        /// What comes before, in the situation.
        var before: [HsmsStateMachine.Input] = []
        var testDescription: String { "\(situation), \(input)" }

        init(
            _ situation: String, _ input: HsmsStateMachine.Input, _ outputs: [String], _ state: HsmsConnectionState,
            _ configure: (inout HsmsConfiguration) -> Void = { _ in }
        ) {
            self.situation = situation
            self.input = input
            self.outputs = outputs
            self.state = state
            configuration = HsmsConfiguration()
            configure(&configuration)
        }
    }

    static func header(_ header: HsmsHeader) -> HsmsStateMachine.Input { .received(HsmsPacket(header)) }

    static let connecting: [Row] = [
        Row("active down", .connected, ["start silence", "schedule select", "report connected"], .notSelected),
        Row("passive down", .connected, ["start silence", "start T7", "report connected"], .notSelected),
        Row("passive down", .request(s1f1(9)), ["complete NotConnected"], .notConnected),
        Row("active connected", .selectDue, ["send Select.req", "start T6"], .notSelected),
        Row(
            "active connected", .disconnected(.peer),
            ["cancel silence", "cancel select", "report disconnected: closed by the peer"], .notConnected),
        Row(
            "active selecting", header(.selectResponse(system: 101)), ["cancel reply timer", "report selected"],
            .selected),
        Row(
            "active selecting", header(.selectResponse(status: .notReady, system: 101)),
            ["cancel reply timer", "cancel silence", "close the peer refused the session with status 2"], .notConnected),
        Row(
            "active selecting", header(.selectResponse(status: .alreadyActive, system: 101)),
            ["cancel reply timer", "cancel silence", "close the peer refused the session with status 1"], .notConnected),
        Row(
            "active selecting", header(.selectRequest(system: 7)), ["send Select.rsp 0", "report selected"], .selected),
        Row("active selecting", .replyOverdue(101), ["send Select.req", "start T6"], .notSelected),
        Row(
            "active selecting", .replyOverdue(101), ["cancel silence", "close T6: no answer to Select.req"],
            .notConnected, { $0.selectAttempts = 1 }),
        Row("active selecting", header(.selectResponse(system: 9)), ["send Reject.req 3 of 2"], .notSelected),
        Row(
            "active selecting",
            header(.rejectRequest(of: .selectRequest(system: 101), reason: .sTypeNotSupported)),
            ["cancel reply timer", "cancel silence", "close the peer rejected Select.req for reason 1"], .notConnected),
        Row(
            "active selecting", .disconnected(.peer),
            [
                "cancel silence", "cancel reply timer", "report disconnected: closed by the peer",
            ], .notConnected),
        Row(
            "passive connected", header(.selectRequest(system: 7)),
            ["send Select.rsp 0", "cancel T7", "report selected"], .selected),
        Row(
            "passive connected", .notSelectedTooLong, ["cancel silence", "close T7: no session was selected"],
            .notConnected),
        Row("passive connected", .request(s1f1(9)), ["complete NotSelected"], .notSelected),
        Row("passive connected", .received(s1f1(9)), ["send Reject.req 4 of 0"], .notSelected),
        Row("passive connected", header(.linktestRequest(system: 7)), ["send Linktest.rsp"], .notSelected),
        Row("passive connected", header(.deselectRequest(system: 7)), ["send Deselect.rsp 1"], .notSelected),
        Row("passive connected", header(.separateRequest(system: 7)), [], .notSelected),
    ]

    static let established: [Row] = [
        Row("passive selected", header(.selectRequest(system: 8)), ["send Select.rsp 1"], .selected),
        Row(
            "passive selected", header(.deselectRequest(system: 8)),
            ["send Deselect.rsp 0", "start T7", "report deselected"], .notSelected),
        Row(
            "passive selected", header(.separateRequest(system: 8)), ["cancel silence", "close separated"],
            .notConnected),
        Row(
            "passive selected", .separate(session: 0xFFFF, system: 9),
            [
                "send Separate.req", "cancel silence", "close separated",
            ], .notConnected),
        Row(
            "passive selected", .leave, ["send Separate.req", "cancel silence", "close closed by this side"],
            .notConnected),
        Row(
            "passive connected", .leave,
            [
                "cancel silence", "close closed by this side", "cancel T7",
            ], .notConnected),
        Row(
            "passive selected", .disconnected(.failed("broken")),
            ["cancel silence", "report disconnected: broken"], .notConnected),
        Row("passive selected", .peerSilent, ["send Linktest.req", "start T6", "start silence"], .selected),
        Row("passive probing", .peerSilent, ["start silence"], .selected),
        Row(
            "passive probing", .replyOverdue(101), ["cancel silence", "close T6: no answer to Linktest.req"],
            .notConnected),
        Row("passive probing", .replyOverdue(101), [], .selected, { $0.toleratedLinktestFailures = 1 }),
        Row("passive probing", header(.linktestResponse(system: 101)), ["cancel reply timer"], .selected),
        Row(
            "passive probing", header(.rejectRequest(of: .linktestRequest(system: 101), reason: .sTypeNotSupported)),
            ["cancel reply timer"], .selected),
        Row("passive selected", .sendQueueFull, ["cancel silence", "close the peer takes no data"], .notConnected),
        Row(
            "passive probing", .notSent(101, .busy),
            [
                "cancel reply timer", "cancel silence", "close the peer takes no data",
            ], .notConnected),
        Row(
            "passive selected", .request(HsmsPacket(.deselectRequest(system: 200))), ["send Deselect.req", "start T6"],
            .selected),
        Row(
            "active selected", .request(HsmsPacket(.selectRequest(system: 200))), ["send Select.req", "start T6"],
            .selected),
        Row("active selected", .selectDue, [], .selected),
        Row("active selected", .notSelectedTooLong, [], .selected),
    ]

    static let transactions: [Row] = [
        Row("active selected", .request(s1f1(500)), ["send S1F1 W", "start T3"], .selected),
        Row("active selected", .request(s1f1(500)), ["complete Busy"], .selected, { $0.maximumOpenTransactions = 1 })
            .after(.request(s1f1(499))),
        Row(
            "active asking", .received(data(1, 2, 500)), ["cancel reply timer", "complete Reply"], .selected),
        Row("active asking", .received(data(1, 0, 500)), ["cancel reply timer", "complete Aborted"], .selected),
        Row("active asking", .received(data(1, 4, 500)), ["report unexpected S1F4"], .selected),
        Row("active asking", .received(data(2, 2, 500)), ["report unexpected S2F2"], .selected),
        Row("active asking", .received(data(1, 2, 501)), ["report unexpected S1F2"], .selected),
        Row(
            "active asking", .received(data(1, 2, 500, session: 4)), ["cancel reply timer", "complete Reply"],
            .selected),
        Row(
            "active asking", .received(data(1, 2, 500, session: 4)), ["report unexpected S1F2"], .selected,
            { $0.temperament = .strict }),
        Row("active asking", .replyOverdue(500), ["complete TimedOut"], .selected),
        Row(
            "active asking", .replyOverdue(500), ["send S9F9", "complete TimedOut"], .selected,
            { $0.role = .equipment }),
        Row(
            "active asking", header(.rejectRequest(of: s1f1(500).header, reason: .sTypeNotSupported)),
            ["cancel reply timer", "complete Rejected"], .selected),
        Row("active asking", header(.rejectRequest(of: s1f1(501).header, reason: .sTypeNotSupported)), [], .selected),
        Row(
            "active asking", header(.rejectRequest(of: s1f1(500).header, reason: .entityNotSelected)),
            [
                "cancel reply timer", "send Select.req", "start T6", "complete Rejected", "report deselected",
            ], .notSelected),
        Row(
            "passive asking", header(.rejectRequest(of: s1f1(500).header, reason: .entityNotSelected)),
            ["cancel reply timer", "complete Rejected"], .selected),
        Row("active asking", .notSent(500, .busy), ["cancel reply timer", "complete Busy"], .selected),
        Row(
            "active asking", .disconnected(.peer),
            [
                "cancel silence", "cancel reply timer", "complete Closed", "report disconnected: closed by the peer",
            ], .notConnected),
        Row(
            "active asking", header(.deselectRequest(system: 3)),
            [
                "cancel reply timer", "send Deselect.rsp 0", "start T7", "complete Closed", "report deselected",
            ], .notSelected),
        Row("active selected", .received(s1f1(3)), ["report received S1F1 W"], .selected),
        Row("active selected", .received(s1f1(3, session: 4)), ["report received S1F1 W"], .selected),
        Row(
            "active selected", .received(s1f1(3, session: 4)), ["send S9F1"], .selected, { $0.role = .equipment }),
        Row(
            "active asking", .received(data(9, 5, 500)),
            ["cancel reply timer", "complete ErrorReported", "report received S9F5"], .selected),
        Row(
            "active asking",
            .received(HsmsErrorMessage.illegalData.packet(quoting: s1f1(500).header, session: 0, system: 3)),
            ["cancel reply timer", "complete ErrorReported", "report received S9F7"], .selected),
        Row(
            "active asking",
            .received(HsmsErrorMessage.illegalData.packet(quoting: data(2, 1, 500).header, session: 0, system: 3)),
            ["report received S9F7"], .selected),
        Row(
            "active asking",
            .received(HsmsErrorMessage.transactionTimeout.packet(quoting: s1f1(500).header, session: 0, system: 3)),
            ["report received S9F9"], .selected),
    ]

    @Test("Each input has its outputs", arguments: connecting + established + transactions)
    func table(_ row: Row) {
        var machine = Self.machine(row.situation, row.configuration)
        for input in row.before { _ = machine.handle(input) }
        #expect(machine.handle(row.input).map(\.brief) == row.outputs)
        #expect(machine.state == row.state)
    }

    @Test("After a second Select.req the answer that the session is active is as good as success")
    func alreadyActive() {
        var machine = Self.machine("active selecting", HsmsConfiguration())
        #expect(machine.handle(.replyOverdue(101)).map(\.brief) == ["send Select.req", "start T6"])
        #expect(
            machine.handle(Self.header(.selectResponse(status: .alreadyActive, system: 102))).map(\.brief)
                == ["cancel reply timer", "report selected"])
        #expect(machine.state == .selected)
    }

    @Test("A session that the peer does not know of is selected again three times, and again only after data has come")
    func reselect() {
        var machine = Self.machine("active selected", HsmsConfiguration())
        func rejected(_ system: UInt32) -> [String] {
            _ = machine.handle(.request(Self.s1f1(system)))
            let reject = HsmsHeader.rejectRequest(of: Self.s1f1(system).header, reason: .entityNotSelected)
            return machine.handle(Self.header(reject)).map(\.brief)
        }
        for attempt in 0..<3 as Range<UInt32> {
            #expect(rejected(500 + attempt).contains("send Select.req"))
            _ = machine.handle(Self.header(.selectResponse(system: 102 + attempt)))
            #expect(machine.state == .selected)
        }
        #expect(!rejected(503).contains("send Select.req"))
        _ = machine.handle(.received(Self.s1f1(9)))
        #expect(rejected(504).contains("send Select.req"))
    }

    @Test("Requests that end together end in the order in which they were made")
    func order() {
        var machine = Self.machine("active selected", HsmsConfiguration())
        for system in [900, 20, 500] as [UInt32] { _ = machine.handle(.request(Self.s1f1(system))) }
        let completed = machine.handle(.disconnected(.peer)).compactMap { output -> UInt32? in
            if case .complete(let system, .closed) = output { system } else { nil }
        }
        #expect(completed == [900, 20, 500])
    }

    @Test("System bytes go round, and those of open transactions are not given out")
    func systemBytes() {
        var machine = HsmsStateMachine(
            configuration: HsmsConfiguration(), isActive: false, deviceID: 0, lastSystem: .max - 1)
        _ = machine.handle(.connected)
        _ = machine.handle(.received(HsmsPacket(.selectRequest(system: 1))))
        _ = machine.handle(.request(Self.s1f1(0)))
        #expect(machine.allocateSystem() == .max)
        #expect(machine.allocateSystem() == 1)
    }

    @Test("General sessions are selected, deselected and separated one by one, and the connection outlives them")
    func generalSessions() {
        var configuration = HsmsConfiguration()
        configuration.sessionModel = .general([1, 2])
        var machine = HsmsStateMachine(configuration: configuration, isActive: false, deviceID: 0, lastSystem: 100)
        func input(_ input: HsmsStateMachine.Input) -> [String] { machine.handle(input).map(\.brief) }
        _ = machine.handle(.connected)
        #expect(input(Self.header(.selectRequest(session: 3, system: 1))) == ["send Select.rsp 4"])
        #expect(
            input(Self.header(.selectRequest(session: 1, system: 1)))
                == ["send Select.rsp 0", "cancel T7", "report selected"])
        #expect(input(Self.header(.selectRequest(session: 1, system: 2))) == ["send Select.rsp 6"])
        #expect(input(.received(Self.s1f1(3, session: 2))) == ["send Reject.req 4 of 0"])
        #expect(input(.received(Self.s1f1(3, session: 1))) == ["report received S1F1 W"])
        #expect(input(.request(Self.s1f1(500, session: 2))) == ["complete NotSelected"])
        #expect(
            input(Self.header(.selectRequest(session: 2, system: 3))) == ["send Select.rsp 0", "report selected"])
        #expect(input(.request(Self.s1f1(501, session: 2))) == ["send S1F1 W", "start T3"])
        #expect(input(Self.header(.separateRequest(session: 1, system: 4))) == ["report deselected"])
        #expect(input(Self.header(.separateRequest(session: 1, system: 5))) == [])
        #expect(machine.state == .selected)
        #expect(
            input(Self.header(.deselectRequest(session: 2, system: 6)))
                == ["cancel reply timer", "send Deselect.rsp 0", "start T7", "complete Closed", "report deselected"])
        #expect(machine.state == .notSelected)
    }

    @Test("The active side selects all of its general sessions, and a refused one does not end the others")
    func generalActive() {
        var configuration = HsmsConfiguration()
        configuration.sessionModel = .general([1, 2])
        var machine = HsmsStateMachine(configuration: configuration, isActive: true, deviceID: 0, lastSystem: 100)
        _ = machine.handle(.connected)
        #expect(
            machine.handle(.selectDue).map(\.brief)
                == ["send Select.req", "start T6", "send Select.req", "start T6"])
        #expect(
            machine.handle(Self.header(.selectResponse(session: 1, status: .noSuchEntity, system: 101))).map(\.brief)
                == ["cancel reply timer"])
        #expect(
            machine.handle(Self.header(.selectResponse(session: 2, system: 102))).map(\.brief)
                == ["cancel reply timer", "report selected"])
        #expect(machine.selected == [2])
        #expect(machine.handle(.leave).map(\.brief).first == "send Separate.req")
    }
}

extension HsmsStateMachineTests.Row {
    func after(_ input: HsmsStateMachine.Input) -> Self {
        var row = self
        row.before.append(input)
        return row
    }
}

extension HsmsStateMachine.Output {
    /// The output in a few words.
    var brief: String {
        switch self {
        case .send(let packet): "send \(packet.brief)"
        case .close(let reason): "close \(reason)"
        case .startReplyTimer(_, let timer): timer == .t3 ? "start T3" : "start T6"
        case .cancelReplyTimer: "cancel reply timer"
        case .startNotSelectedTimer: "start T7"
        case .cancelNotSelectedTimer: "cancel T7"
        case .startSilenceTimer: "start silence"
        case .cancelSilenceTimer: "cancel silence"
        case .scheduleSelect: "schedule select"
        case .cancelSelect: "cancel select"
        case .complete(_, let outcome): "complete \(outcome.reason)"
        case .report(let event): "report \(event.brief)"
        }
    }
}
