import Bytes
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
            { $0.conformance = .strict }),
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

    /// What comes where it has no effect.
    static let outOfPlace: [Row] = [
        Row("active down", .leave, [], .notConnected),
        Row("active down", .separate(session: 0xFFFF, system: 9), [], .notConnected),
        Row("active down", .peerSilent, [], .notConnected),
        Row("active down", .selectDue, [], .notConnected),
        Row("active down", .sendQueueFull, [], .notConnected),
        Row("active down", .notSelectedTooLong, [], .notConnected),
        Row("active down", .disconnected(.peer), [], .notConnected),
        Row("active down", header(.linktestRequest(system: 1)), [], .notConnected),
        Row("active selected", .connected, [], .selected),
        Row("active selected", .notSent(999, .busy), [], .selected),
        Row("active selected", .replyOverdue(999), [], .selected),
        Row("passive selected", .leave, [], .notConnected).after(.sendQueueFull),
        Row("passive selected", .disconnected(.local), ["report disconnected: closed by this side"], .notConnected)
            .after(.leave),
        Row("active probing", .received(data(1, 2, 101)), ["report unexpected S1F2"], .selected),
        Row("active probing", .received(data(9, 5, 101)), ["report received S9F5"], .selected),
        Row("active asking", .received(data(9, 13, 500)), ["report received S9F13"], .selected),
        Row(
            "active asking",
            .received(HsmsErrorMessage.illegalData.packet(quoting: data(1, 3, 500).header, session: 0, system: 3)),
            ["report received S9F7"], .selected),
        Row(
            "active asking",
            .received(HsmsErrorMessage.illegalData.packet(quoting: s1f1(777).header, session: 0, system: 500)),
            ["cancel reply timer", "complete ErrorReported", "report received S9F7"], .selected),
        Row("active selected", .received(s1f1(3)), ["report received S1F1 W"], .selected, { $0.role = .equipment }),
        Row("passive probing", header(.selectResponse(system: 101)), ["send Reject.req 3 of 2"], .selected),
        Row(
            "active asking", header(HsmsHeader(sessionID: 0, stream: 0, function: 2, sType: 7, system: 500)),
            ["cancel reply timer", "complete Rejected"], .selected),
        Row(
            "active asking", header(HsmsHeader(sessionID: 0, stream: 5, function: 2, sType: 7, system: 500)), [],
            .selected),
        Row(
            "active asking", header(HsmsHeader(sessionID: 0, stream: 5, function: 1, sType: 7, system: 500)), [],
            .selected),
        Row("passive probing", .notSent(101, .notConnected), ["cancel reply timer"], .selected),
        Row(
            "passive probing", header(.deselectRequest(system: 8)),
            ["send Deselect.rsp 0", "start T7", "report deselected"], .notSelected),
        Row("passive selected", .received(s1f1(3)), ["report received S1F1 W"], .selected)
            .after(.disconnected(.peer), .connected, header(.selectRequest(system: 1))),
    ]

    /// What becomes of the control messages that the program sends.
    static let ofTheProgram: [Row] = [
        Row(
            "passive selected", header(.deselectResponse(status: .ended, system: 200)),
            ["cancel reply timer", "start T7", "complete Reply", "report deselected"], .notSelected
        )
        .after(.request(HsmsPacket(.deselectRequest(system: 200)))),
        Row(
            "passive selected", header(.deselectResponse(status: .notEstablished, system: 200)),
            ["cancel reply timer", "start T7", "complete Reply", "report deselected"], .notSelected
        )
        .after(.request(HsmsPacket(.deselectRequest(system: 200)))),
        Row(
            "passive selected", header(.deselectResponse(status: .busy, system: 200)),
            ["cancel reply timer", "complete Reply"], .selected
        )
        .after(.request(HsmsPacket(.deselectRequest(system: 200)))),
        Row(
            "passive selected", .replyOverdue(200),
            ["cancel silence", "close T6: no answer to Deselect.req", "complete TimedOut"], .notConnected
        )
        .after(.request(HsmsPacket(.deselectRequest(system: 200)))),
        Row("passive selected", .replyOverdue(200), ["complete TimedOut"], .selected)
            .after(.request(HsmsPacket(.selectRequest(system: 200)))),
        Row(
            "passive connected", .request(HsmsPacket(.selectRequest(system: 200))),
            ["send Select.req", "start T6", "cancel T7"], .notSelected),
        Row(
            "passive connected", .replyOverdue(200),
            ["cancel silence", "close T6: no answer to Select.req", "complete TimedOut"], .notConnected
        )
        .after(.request(HsmsPacket(.selectRequest(system: 200)))),
        Row(
            "passive connected", header(.rejectRequest(of: .selectRequest(system: 200), reason: .sTypeNotSupported)),
            ["cancel reply timer", "start T7", "complete Rejected"], .notSelected
        )
        .after(.request(HsmsPacket(.selectRequest(system: 200)))),
        Row(
            "passive connected", header(.selectResponse(status: .notReady, system: 200)),
            [
                "cancel reply timer", "cancel silence", "close the peer refused the session with status 2",
                "complete Reply",
            ],
            .notConnected
        )
        .after(.request(HsmsPacket(.selectRequest(system: 200)))),
    ]

    private static func strict(_ configuration: inout HsmsConfiguration) { configuration.conformance = .strict }

    private static func violation(_ header: HsmsHeader, _ before: [String] = []) -> [String] {
        ["cancel silence"] + before + ["close \(HsmsCloseReason.violation(header))"]
    }

    private static let strangerToLinktest = HsmsHeader(sessionID: 3, sType: 5, system: 7)
    private static let rejectOfData = HsmsHeader.rejectRequest(of: s1f1(999).header, reason: .entityNotSelected)
    private static let one = ByteBuffer(bytes: [1])

    /// What SEMI E37.1 allows at each point, and where SEMI E37 differs.
    static let conformances: [Row] = [
        Row("passive selected", header(strangerToLinktest), ["send Linktest.rsp"], .selected),
        Row("passive selected", header(strangerToLinktest), violation(strangerToLinktest), .notConnected, strict),
        Row("passive selected", header(rejectOfData), [], .selected, strict),
        Row("passive selected", .received(HsmsPacket(rejectOfData, data: one)), [], .selected),
        Row(
            "passive selected", .received(HsmsPacket(rejectOfData, data: one)), violation(rejectOfData), .notConnected,
            strict),
        Row(
            "passive selected", .received(HsmsPacket(s1f1(3).header, data: one)), ["report received S1F1 W"], .selected,
            strict),
        Row(
            "passive connected", header(.linktestRequest(system: 7)),
            violation(.linktestRequest(system: 7)) + ["cancel T7"], .notConnected, strict),
        Row("passive connected", .received(s1f1(3)), violation(s1f1(3).header) + ["cancel T7"], .notConnected, strict),
        Row(
            "passive connected", header(.selectRequest(system: 7)),
            ["send Select.rsp 0", "cancel T7", "report selected"],
            .selected, strict),
        Row("active connected", header(.linktestRequest(system: 7)), ["send Linktest.rsp"], .notSelected, strict),
        Row(
            "active connected", header(.selectRequest(system: 7)),
            violation(.selectRequest(system: 7), ["cancel select"]), .notConnected, strict),
        Row(
            "active selecting", header(.selectResponse(system: 101)), ["cancel reply timer", "report selected"],
            .selected,
            strict),
        Row(
            "active selected", header(.linktestResponse(system: 9)), violation(.linktestResponse(system: 9)),
            .notConnected, strict),
    ]

    @Test(
        "Each input has its outputs",
        arguments: connecting + established + transactions + outOfPlace + ofTheProgram + conformances)
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
        for attempt in 0..<3 as Range<UInt32> {
            #expect(rejected(504 + attempt).contains("send Select.req"))
            _ = machine.handle(Self.header(.selectResponse(system: machine.lastSystem)))
        }
        #expect(!rejected(507).contains("send Select.req"))
    }

    @Test("A second Select.req that is refused for another reason than that the session is active ends the connection")
    func refusedAgain() {
        var machine = Self.machine("active selecting", HsmsConfiguration())
        _ = machine.handle(.replyOverdue(101))
        let outputs = machine.handle(Self.header(.selectResponse(status: .notReady, system: 102))).map(\.brief)
        #expect(outputs.last == "close the peer refused the session with status 2")
        #expect(machine.state == .notConnected)
    }

    @Test("An error message that quotes a control message of this side ends nothing")
    func quotedControl() {
        var machine = Self.machine("active selected", HsmsConfiguration())
        _ = machine.handle(.peerSilent)
        let linktest = HsmsHeader.linktestRequest(system: machine.lastSystem)
        let error = HsmsErrorMessage.illegalData.packet(quoting: linktest, session: 0, system: 3)
        #expect(machine.handle(.received(error)).map(\.brief) == ["report received S9F7"])
        #expect(machine.transactions[linktest.system] != nil)
    }

    @Test("Linktests that failed on a connection without a session do not count on the next one")
    func anewWithoutSession() {
        var configuration = HsmsConfiguration()
        configuration.toleratedLinktestFailures = 1
        var machine = Self.machine("passive connected", configuration)
        for _ in 0..<3 {
            _ = machine.handle(.peerSilent)
            #expect(machine.handle(.replyOverdue(machine.lastSystem)).map(\.brief) == [])
            _ = machine.handle(.disconnected(.peer))
            _ = machine.handle(.connected)
        }
    }

    @Test("A new connection begins anew: tries, reselections and failed linktests of the former one do not count")
    func anew() {
        var configuration = HsmsConfiguration()
        configuration.toleratedLinktestFailures = 1
        var machine = Self.machine("active selecting", configuration)
        func input(_ input: HsmsStateMachine.Input) -> [String] { machine.handle(input).map(\.brief) }
        func reconnect() {
            for step in [HsmsStateMachine.Input.disconnected(.peer), .connected, .selectDue] {
                _ = machine.handle(step)
            }
        }
        _ = input(.replyOverdue(101))
        reconnect()
        // This is the first try on this connection.
        #expect(
            input(Self.header(.selectResponse(status: .alreadyActive, system: machine.lastSystem)))
                == [
                    "cancel reply timer", "cancel silence", "close the peer refused the session with status 1",
                ])
        reconnect()
        func rejected() -> [String] {
            let request = Self.s1f1(machine.allocateSystem())
            _ = machine.handle(.request(request))
            return input(Self.header(.rejectRequest(of: request.header, reason: .entityNotSelected)))
        }
        for _ in 0..<3 {
            _ = input(Self.header(.selectResponse(system: machine.lastSystem)))
            #expect(rejected().contains("send Select.req"))
        }
        reconnect()
        _ = input(Self.header(.selectResponse(system: machine.lastSystem)))
        #expect(rejected().contains("send Select.req"))
        _ = input(Self.header(.selectResponse(system: machine.lastSystem)))
        _ = input(.peerSilent)
        #expect(input(.replyOverdue(machine.lastSystem)) == [])
        reconnect()
        _ = input(Self.header(.selectResponse(system: machine.lastSystem)))
        _ = input(.peerSilent)
        #expect(input(.replyOverdue(machine.lastSystem)) == [])
    }

    @Test("Whatever comes from the peer, the count of failed linktests begins anew")
    func toleratedLinktests() {
        var configuration = HsmsConfiguration()
        configuration.toleratedLinktestFailures = 1
        var machine = Self.machine("passive selected", configuration)
        func failedLinktest() -> [String] {
            _ = machine.handle(.peerSilent)
            return machine.handle(.replyOverdue(machine.lastSystem)).map(\.brief)
        }
        #expect(failedLinktest() == [])
        _ = machine.handle(.received(Self.s1f1(3)))
        #expect(failedLinktest() == [])
        #expect(failedLinktest() == ["cancel silence", "close T6: no answer to Linktest.req"])
    }

    @Test("The answer to a request that was made before a session was selected anew still counts")
    func openOverReselection() {
        var machine = Self.machine("active asking", HsmsConfiguration())
        _ = machine.handle(.request(Self.s1f1(501)))
        let reject = HsmsHeader.rejectRequest(of: Self.s1f1(501).header, reason: .entityNotSelected)
        #expect(
            machine.handle(Self.header(reject)).map(\.brief) == [
                "cancel reply timer", "send Select.req", "start T6", "complete Rejected", "report deselected",
            ])
        _ = machine.handle(Self.header(.selectResponse(system: machine.lastSystem)))
        #expect(
            machine.handle(.received(Self.data(1, 2, 500))).map(\.brief) == ["cancel reply timer", "complete Reply"])
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

    @Test("Requests and control messages belong to their general session, and only a linktest to none")
    func apart() {
        var configuration = HsmsConfiguration()
        configuration.sessionModel = .general([1, 2])
        configuration.conformance = .strict
        var machine = HsmsStateMachine(configuration: configuration, isActive: false, deviceID: 0, lastSystem: 100)
        func input(_ input: HsmsStateMachine.Input) -> [String] { machine.handle(input).map(\.brief) }
        _ = machine.handle(.connected)
        // SEMI E37.1 has nothing to say of several sessions.
        #expect(input(Self.header(.linktestRequest(system: 5))) == ["send Linktest.rsp"])
        for session in [1, 2] as [UInt16] { _ = input(Self.header(.selectRequest(session: session, system: 1))) }
        _ = input(.request(Self.s1f1(501, session: 1)))
        _ = input(.request(Self.s1f1(502, session: 2)))
        #expect(input(.received(Self.data(1, 2, 502, session: 1))) == ["report unexpected S1F2"])
        _ = input(.peerSilent)
        #expect(
            input(Self.header(HsmsHeader(sessionID: 2, sType: 6, system: machine.lastSystem))) == ["cancel reply timer"]
        )
        #expect(
            input(.separate(session: 1, system: 9))
                == ["send Separate.req", "cancel reply timer", "complete Closed", "report deselected"])
        #expect(machine.transactions.keys.sorted() == [502])
        _ = input(Self.header(.selectRequest(session: 1, system: 1)))
        #expect(
            input(.leave) == [
                "send Separate.req", "send Separate.req", "cancel silence", "cancel reply timer",
                "close closed by this side", "complete Closed",
            ])
    }

    @Test("A general session that the peer rejects leaves the connection and the other sessions alone")
    func rejectedGeneralSession() {
        var configuration = HsmsConfiguration()
        configuration.sessionModel = .general([1, 2])
        var machine = HsmsStateMachine(configuration: configuration, isActive: true, deviceID: 0, lastSystem: 100)
        func input(_ input: HsmsStateMachine.Input) -> [String] { machine.handle(input).map(\.brief) }
        _ = machine.handle(.connected)
        _ = machine.handle(.selectDue)
        #expect(
            input(Self.header(.rejectRequest(of: .selectRequest(session: 1, system: 101), reason: .sTypeNotSupported)))
                == ["cancel reply timer"])
        // An answer in the name of another session is none.
        #expect(input(Self.header(.selectResponse(session: 1, system: 102))) == ["send Reject.req 3 of 2"])
        #expect(
            input(Self.header(.selectResponse(session: 2, system: 102))) == ["cancel reply timer", "report selected"])
        #expect(input(.selectDue) == ["send Select.req", "start T6"])
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
    func after(_ inputs: HsmsStateMachine.Input...) -> Self {
        var row = self
        row.before += inputs
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
