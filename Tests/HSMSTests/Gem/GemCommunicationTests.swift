import Bytes
import ControlCore
import HSMS
import Polling
import Testing

@Suite("GEM communication")
struct GemCommunicationTests {
    private let establish = "S1F13 W <L [2] <A \"etcher\"> <A \"1.2\"> >"
    private let accepted = "S1F14 <L [2] <B 0x00> <L [2] <A \"etcher\"> <A \"1.2\"> > >"

    private func equipment(
        _ session: ScriptedSession, initial: GemControlConfiguration.InitialState = .online
    ) -> GemEquipmentHandler {
        var control = GemControlConfiguration()
        control.initialState = initial
        return GemEquipmentHandler(
            session: session, identity: GemIdentity(model: "etcher", revision: "1.2"), control: control)
    }

    @Test("Equipment sends S1F13 when the session is selected, and communicates when S1F14 accepts")
    func accepts() throws {
        let session = ScriptedSession(.equipment, isSelected: false)
        let handler = equipment(session)
        var states: [GemCommunicationState] = []
        handler.onCommunicationStateChanged = { states.append($0) }
        handler.enable()
        #expect(session.takeSent() == [])
        session.select()
        #expect(session.takeSent() == [establish])
        try session.answer(1, 14, [.binary(0), []])
        #expect(states == [.notCommunicating, .waitCRA, .communicating])
        #expect(handler.peerIdentity == nil)
        session.deselect()
        #expect(handler.communicationState == .notCommunicating)
        session.select()
        #expect(session.takeSent() == [establish])
    }

    @Test(
        "A COMMACK other than 0 does not establish communication: S1F13 comes again after the delay",
        arguments: [
            SecsItem.list(.binary(1), []), .list(.binary(1), ["m", "1"]), .list(.binary(), []), .list(), "no",
        ])
    func denied(reply: SecsItem) throws {
        let session = ScriptedSession(.equipment)
        let handler = equipment(session)
        handler.establishDelay = .seconds(3)
        handler.enable()
        #expect(session.takeSent() == [establish])
        try session.answer(1, 14, reply)
        #expect(handler.communicationState == .waitDelay)
        session.world.run(for: .milliseconds(2_999))
        #expect(session.takeSent() == [])
        session.world.run(for: .milliseconds(1))
        #expect(session.takeSent() == [establish])
        try session.answer(1, 14, [.binary(0), []])
        #expect(handler.isCommunicating)
        session.world.run(for: .seconds(60))
        #expect(session.takeSent() == [])
    }

    @Test("A rejected S1F13 counts as unanswered; the session is not given up where any number of attempts is allowed")
    func unanswered() throws {
        let rejection = HsmsHeader.rejectRequest(
            of: .data(session: 0, stream: 1, function: 13, requireResponse: true, system: 1),
            reason: .entityNotSelected)
        let session = ScriptedSession(.host)
        let handler = GemHostHandler(session: session)
        handler.establishAttempts = 3
        handler.enable()
        for outcome in [HsmsOutcome.timedOut, .rejected(HsmsPacket(rejection)), .timedOut] {
            session.world.run(for: .seconds(1))
            #expect(session.takeSent() == ["S1F13 W <L>"])
            session.end(outcome)
            session.world.run(for: .seconds(9))
        }
        #expect(session.takeSent() == ["renew"])
        handler.establishAttempts = nil
        for _ in 1...20 {
            session.world.run(for: .seconds(1))
            #expect(session.takeSent() == ["S1F13 W <L>"])
            session.end(.timedOut)
            session.world.run(for: .seconds(9))
        }
    }

    @Test("Silence, an abort and a rejection are followed by the delay too")
    func noReply() throws {
        let session = ScriptedSession(.host)
        let handler = GemHostHandler(session: session)
        handler.enable()
        let abort = HsmsHeader.data(session: 0, stream: 1, function: 0, requireResponse: false, system: 1)
        for outcome in [HsmsOutcome.timedOut, .aborted(HsmsPacket(abort)), .busy] {
            #expect(session.takeSent() == ["S1F13 W <L>"])
            session.end(outcome)
            #expect(handler.communicationState == .waitDelay)
            session.world.run(for: .seconds(10))
        }
        #expect(session.takeSent() == ["S1F13 W <L>"])
    }

    @Test("The peer's S1F13 is answered and establishes communication while the own one is open or delayed")
    func crossing() throws {
        let session = ScriptedSession(.host)
        let handler = GemHostHandler(session: session)
        var changes: [GemCommunicationState] = []
        handler.onCommunicationStateChanged = { changes.append($0) }
        handler.enable()
        _ = session.takeSent()
        try session.receive(1, 13, ["etcher", "1.2"])
        #expect(session.takeSent() == ["S1F14 <L [2] <B 0x00> <L> >"])
        #expect(handler.peerIdentity == GemIdentity(model: "etcher", revision: "1.2"))
        // The answer to the own S1F13 is of no consequence any more, whatever it says.
        try session.answer(1, 14, [.binary(1), []])
        #expect(changes == [.waitCRA, .communicating])

        session.deselect()
        session.select()
        session.end(.timedOut)
        #expect(handler.communicationState == .waitDelay)
        _ = session.takeSent()
        try session.receive(1, 13, ["etcher", "1.2"])
        #expect(session.takeSent() == ["S1F14 <L [2] <B 0x00> <L> >"])
        #expect(handler.isCommunicating)
        session.world.run(for: .seconds(60))
        #expect(session.takeSent() == [])
    }

    @Test("A program may deny the peer's S1F13")
    func denies() throws {
        let session = ScriptedSession(.host)
        let handler = GemHostHandler(session: session, takesInitiative: false)
        handler.onEstablishRequest = { false }
        handler.enable()
        try session.receive(1, 13, ["etcher", "1.2"])
        #expect(session.takeSent() == ["S1F14 <L [2] <B 0x01> <L> >"])
        #expect(handler.communicationState == .waitCR)
        #expect(handler.peerIdentity == nil)
    }

    @Test("Until communication is established messages are neither sent nor answered; one in the delay brings S1F13")
    func gate() throws {
        let session = ScriptedSession(.equipment)
        let handler = equipment(session)
        var results: [SecsResult<SecsMessage?>] = []
        try session.receive(1, 13, [])
        #expect(session.takeSent() == [])
        handler.enable()
        #expect(session.takeSent() == [establish])
        handler.send(SecsMessage(stream: 6, function: 11, expectsReply: true)) { results.append($0) }
        try session.receive(1, 1)
        #expect(session.takeSent() == [])
        #expect(results == [.failure(.notCommunicating)])
        session.end(.timedOut)
        try session.receive(1, 1)
        #expect(session.takeSent() == [establish])
        session.deselect()
        handler.send(SecsMessage(stream: 6, function: 11)) { results.append($0) }
        session.world.run(for: .zero)
        #expect(results.last == .failure(.notSelected))
    }

    @Test("Disabling ends communication and leaves no timer; enabling begins again")
    func disabling() throws {
        let session = ScriptedSession(.equipment)
        let handler = equipment(session)
        handler.enable()
        session.end(.timedOut)
        handler.disable()
        #expect(session.world.pendingEvents == 0)
        _ = session.takeSent()
        handler.enable()
        #expect(session.takeSent() == [establish])
        try session.answer(1, 14, [.binary(0), []])
        handler.disable()
        try session.receive(1, 1)
        #expect(session.takeSent() == [])
        #expect(handler.communicationState == .disabled)
    }

    @Test("A handler that is let go leaves nothing behind")
    func lifetime() throws {
        let session = ScriptedSession(.equipment)
        var handler: GemEquipmentHandler? = equipment(session)
        weak let observed = handler
        handler?.enable()
        try session.receive(1, 13, [])
        handler = nil
        #expect(observed == nil)
    }

    /// The messages of the captured session that this side answers, and the answers of its equipment.
    static let captured: [(String, String)] = [
        (
            "0000000c 0000 81 0d 00 00 03861965 0100",
            "00000021 0000 01 0e 00 00 03861965 0102 210100 0102 4107 7365637367656d 4105 302e312e30"
        ),
        (
            "0000000a 0000 81 01 00 00 03861967",
            "0000001c 0000 01 02 00 00 03861967 0102 4107 7365637367656d 4105 302e312e30"
        ),
    ]

    @Test("The captured session's requests get the captured answers, byte for byte")
    func session() throws {
        let session = ScriptedSession(.equipment)
        var control = GemControlConfiguration()
        control.initialState = .online
        let handler = GemEquipmentHandler(
            session: session, identity: GemIdentity(model: "secsgem", revision: "0.1.0"), control: control)
        handler.enable()
        for (request, answer) in Self.captured {
            session.observer?.sessionReceived(try HsmsPacket(decoding: ByteBuffer(bytes: bytes(request))))
            #expect(session.lastReply?.encoded() == ByteBuffer(bytes: bytes(answer)))
        }
        #expect(handler.isCommunicating)
    }
}
