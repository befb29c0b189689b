import ControlCore
import HSMS
import NIOCore
import Testing

@Suite("GEM communication")
struct GemCommunicationTests {
    private let establish = "S1F13 W <L [2] <A \"etcher\"> <A \"1.2\"> >"
    private let accepted = "S1F14 <L [2] <B 0x00> <L [2] <A \"etcher\"> <A \"1.2\"> > >"

    private func equipment(
        _ link: ScriptedLink, initial: GemControlConfiguration.InitialState = .online
    ) -> GemEquipmentHandler {
        var control = GemControlConfiguration()
        control.initialState = initial
        return GemEquipmentHandler(
            link: link, identity: GemIdentity(model: "etcher", revision: "1.2"), control: control)
    }

    @Test("Equipment sends S1F13 when the session is selected, and communicates when S1F14 accepts")
    func accepts() throws {
        let link = ScriptedLink(.equipment, isSelected: false)
        let handler = equipment(link)
        var states: [GemCommunicationState] = []
        handler.onCommunicationStateChanged = { states.append($0) }
        handler.enable()
        #expect(link.takeSent() == [])
        link.select()
        #expect(link.takeSent() == [establish])
        try link.answer(1, 14, [.binary(0), []])
        #expect(states == [.notCommunicating, .waitCRA, .communicating])
        #expect(handler.peerIdentity == nil)
        link.deselect()
        #expect(handler.communicationState == .notCommunicating)
        link.select()
        #expect(link.takeSent() == [establish])
    }

    @Test(
        "A COMMACK other than 0 does not establish communication: S1F13 comes again after the delay",
        arguments: [
            SecsItem.list(.binary(1), []), .list(.binary(1), ["m", "1"]), .list(.binary(), []), .list(), "no",
        ])
    func denied(reply: SecsItem) throws {
        let link = ScriptedLink(.equipment)
        let handler = equipment(link)
        handler.establishDelay = .seconds(3)
        handler.enable()
        #expect(link.takeSent() == [establish])
        try link.answer(1, 14, reply)
        #expect(handler.communicationState == .waitDelay)
        link.world.run(for: .milliseconds(2_999))
        #expect(link.takeSent() == [])
        link.world.run(for: .milliseconds(1))
        #expect(link.takeSent() == [establish])
        try link.answer(1, 14, [.binary(0), []])
        #expect(handler.isCommunicating)
        link.world.run(for: .seconds(60))
        #expect(link.takeSent() == [])
    }

    @Test("A rejected S1F13 counts as unanswered; the session is not given up where any number of attempts is allowed")
    func unanswered() throws {
        let rejection = HsmsHeader.rejectRequest(
            of: .data(session: 0, stream: 1, function: 13, requireResponse: true, system: 1),
            reason: .entityNotSelected)
        let link = ScriptedLink(.host)
        let handler = GemHostHandler(link: link)
        handler.establishAttempts = 3
        handler.enable()
        for outcome in [HsmsOutcome.timedOut, .rejected(HsmsPacket(rejection)), .timedOut] {
            link.world.run(for: .seconds(1))
            #expect(link.takeSent() == ["S1F13 W <L>"])
            link.end(outcome)
            link.world.run(for: .seconds(9))
        }
        #expect(link.takeSent() == ["renew"])
        handler.establishAttempts = nil
        for _ in 1...20 {
            link.world.run(for: .seconds(1))
            #expect(link.takeSent() == ["S1F13 W <L>"])
            link.end(.timedOut)
            link.world.run(for: .seconds(9))
        }
    }

    @Test("Silence, an abort and a rejection are followed by the delay too")
    func noReply() throws {
        let link = ScriptedLink(.host)
        let handler = GemHostHandler(link: link)
        handler.enable()
        let abort = HsmsHeader.data(session: 0, stream: 1, function: 0, requireResponse: false, system: 1)
        for outcome in [HsmsOutcome.timedOut, .aborted(HsmsPacket(abort)), .busy] {
            #expect(link.takeSent() == ["S1F13 W <L>"])
            link.end(outcome)
            #expect(handler.communicationState == .waitDelay)
            link.world.run(for: .seconds(10))
        }
        #expect(link.takeSent() == ["S1F13 W <L>"])
    }

    @Test("The peer's S1F13 is answered and establishes communication while the own one is open or delayed")
    func crossing() throws {
        let link = ScriptedLink(.host)
        let handler = GemHostHandler(link: link)
        var changes: [GemCommunicationState] = []
        handler.onCommunicationStateChanged = { changes.append($0) }
        handler.enable()
        _ = link.takeSent()
        try link.receive(1, 13, ["etcher", "1.2"])
        #expect(link.takeSent() == ["S1F14 <L [2] <B 0x00> <L> >"])
        #expect(handler.peerIdentity == GemIdentity(model: "etcher", revision: "1.2"))
        // The answer to the own S1F13 is of no consequence any more, whatever it says.
        try link.answer(1, 14, [.binary(1), []])
        #expect(changes == [.waitCRA, .communicating])

        link.deselect()
        link.select()
        link.end(.timedOut)
        #expect(handler.communicationState == .waitDelay)
        _ = link.takeSent()
        try link.receive(1, 13, ["etcher", "1.2"])
        #expect(link.takeSent() == ["S1F14 <L [2] <B 0x00> <L> >"])
        #expect(handler.isCommunicating)
        link.world.run(for: .seconds(60))
        #expect(link.takeSent() == [])
    }

    @Test("A program may deny the peer's S1F13")
    func denies() throws {
        let link = ScriptedLink(.host)
        let handler = GemHostHandler(link: link, takesInitiative: false)
        handler.onEstablishRequest = { false }
        handler.enable()
        try link.receive(1, 13, ["etcher", "1.2"])
        #expect(link.takeSent() == ["S1F14 <L [2] <B 0x01> <L> >"])
        #expect(handler.communicationState == .waitCR)
        #expect(handler.peerIdentity == nil)
    }

    @Test("Until communication is established messages are neither sent nor answered; one in the delay brings S1F13")
    func gate() throws {
        let link = ScriptedLink(.equipment)
        let handler = equipment(link)
        var results: [SecsResult<SecsMessage?>] = []
        try link.receive(1, 13, [])
        #expect(link.takeSent() == [])
        handler.enable()
        #expect(link.takeSent() == [establish])
        handler.send(SecsMessage(stream: 6, function: 11, expectsReply: true)) { results.append($0) }
        try link.receive(1, 1)
        #expect(link.takeSent() == [])
        #expect(results == [.failure(.notCommunicating)])
        link.end(.timedOut)
        try link.receive(1, 1)
        #expect(link.takeSent() == [establish])
        link.deselect()
        handler.send(SecsMessage(stream: 6, function: 11)) { results.append($0) }
        link.world.run(for: .zero)
        #expect(results.last == .failure(.notSelected))
    }

    @Test("Disabling ends communication and leaves no timer; enabling begins again")
    func disabling() throws {
        let link = ScriptedLink(.equipment)
        let handler = equipment(link)
        handler.enable()
        link.end(.timedOut)
        handler.disable()
        #expect(link.world.pendingEvents == 0)
        _ = link.takeSent()
        handler.enable()
        #expect(link.takeSent() == [establish])
        try link.answer(1, 14, [.binary(0), []])
        handler.disable()
        try link.receive(1, 1)
        #expect(link.takeSent() == [])
        #expect(handler.communicationState == .disabled)
    }

    @Test("A handler that is let go leaves nothing behind")
    func lifetime() throws {
        let link = ScriptedLink(.equipment)
        var handler: GemEquipmentHandler? = equipment(link)
        weak let observed = handler
        handler?.enable()
        try link.receive(1, 13, [])
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
        let link = ScriptedLink(.equipment)
        var control = GemControlConfiguration()
        control.initialState = .online
        let handler = GemEquipmentHandler(
            link: link, identity: GemIdentity(model: "secsgem", revision: "0.1.0"), control: control)
        handler.enable()
        for (request, answer) in Self.captured {
            link.observer?.linkReceived(try HsmsPacket(decoding: ByteBuffer(bytes: bytes(request))))
            #expect(link.lastReply?.encoded() == ByteBuffer(bytes: bytes(answer)))
        }
        #expect(handler.isCommunicating)
    }
}
