import Bytes
import ControlCore
import Testing

@testable import HSMS

@Suite("SECS handler")
struct SecsHandlerTests {
    private struct Broken: Error {}

    /// A handler with callbacks for S1F1, S2F1 and S2F3, of which the last two fail.
    private func handler(_ role: HsmsConfiguration.Role) -> (SecsHandler, ScriptedSession) {
        let session = ScriptedSession(role)
        let handler = SecsHandler(session: session)
        handler.register(stream: 1, function: 1) { $0.reply(["model", "1.0"]) }
        handler.register(stream: 2, function: 1) { _ in throw SecsIllegalData("no") }
        handler.register(stream: 2, function: 3) { _ in throw Broken() }
        return (handler, session)
    }

    @Test("A callback's item is the reply, under the request's system bytes")
    func reply() throws {
        let (handler, session) = handler(.equipment)
        try session.receive(1, 1, system: 0x0386_1967)
        #expect(session.takeSent() == ["S1F2 <L [2] <A \"model\"> <A \"1.0\"> >"])
        #expect(session.lastReply?.header.system == 0x0386_1967)
        try session.receive(1, 1, expectsReply: false)
        #expect(session.takeSent() == [])
        withExtendedLifetime(handler) {}
    }

    @Test("Equipment reports in stream 9 what it cannot handle, quoting the header")
    func equipmentErrors() throws {
        let (handler, session) = handler(.equipment)
        handler.textLimits.maximumItems = 2
        try session.receive(99, 1, system: 22)
        #expect(session.takeSent() == ["S9F3 <B 0x00 0x00 0xE3 0x01 0x00 0x00 0x00 0x00 0x00 0x16>"])
        try session.receive(1, 99, expectsReply: false, system: 23)
        #expect(session.takeSent() == ["S9F5 <B 0x00 0x00 0x01 0x63 0x00 0x00 0x00 0x00 0x00 0x17>"])
        session.receive(1, 1, text: ByteBuffer(bytes: bytes("41056162")))
        #expect(session.takeSent() == ["S9F7 <B 0x00 0x00 0x81 0x01 0x00 0x00 0x00 0x00 0x00 0x01>"])
        try session.receive(2, 1)
        #expect(session.takeSent() == ["S9F7 <B 0x00 0x00 0x82 0x01 0x00 0x00 0x00 0x00 0x00 0x01>"])
        try session.receive(1, 1, [[], []])
        #expect(session.takeSent() == ["S9F11 <B 0x00 0x00 0x81 0x01 0x00 0x00 0x00 0x00 0x00 0x01>"])
    }

    @Test("A host never sends stream 9: it aborts, if a reply is expected")
    func hostErrors() throws {
        let (handler, session) = handler(.host)
        try session.receive(99, 1)
        try session.receive(1, 99)
        session.receive(1, 1, text: ByteBuffer(bytes: bytes("41056162")))
        try session.receive(2, 1)
        #expect(session.takeSent() == ["S99F0", "S1F0", "S1F0", "S2F0"])
        try session.receive(99, 1, expectsReply: false)
        try session.receive(2, 1, expectsReply: false)
        #expect(session.takeSent() == [])
        withExtendedLifetime(handler) {}
    }

    @Test("An error of a callback aborts the transaction and is reported")
    func fault() throws {
        let (handler, session) = handler(.equipment)
        var faults: [String] = []
        handler.onFault = { faults.append($0) }
        try session.receive(2, 3)
        #expect(session.takeSent() == ["S2F0"])
        #expect(faults == ["S2F3: Broken()"])
    }

    @Test("A reply that cannot be written becomes an abort and is reported")
    func unencodable() throws {
        let (handler, session) = handler(.equipment)
        var faults: [String] = []
        handler.onFault = { faults.append($0) }
        handler.register(stream: 7, function: 5) { request in
            request.reply(.binary([UInt8](repeating: 0, count: SecsItem.maximumLength + 1)))
        }
        try session.receive(7, 5)
        #expect(session.takeSent() == ["S7F0"])
        #expect(faults == ["the reply to S7F5: B of length 16777216 is over 16777215"])
    }

    @Test("A request may be answered later, and only once")
    func laterReply() throws {
        let (handler, session) = handler(.equipment)
        var request: SecsRequest?
        handler.register(stream: 2, function: 41) { request = $0 }
        try session.receive(2, 41)
        #expect(session.takeSent() == [])
        #expect(request?.isAnswered == false)
        #expect(request?.reply(code: 0) == true)
        #expect(request?.reply(code: 1) == false)
        #expect(request?.abort() == false)
        #expect(session.takeSent() == ["S2F42 <B 0x00>"])
    }

    @Test("A callback that is unregistered leaves its function unknown")
    func unregister() throws {
        let (handler, session) = handler(.equipment)
        handler.unregister(stream: 1, function: 1)
        try session.receive(1, 1)
        #expect(session.takeSent() == ["S9F3 <B 0x00 0x00 0x81 0x01 0x00 0x00 0x00 0x00 0x00 0x01>"])
    }

    static let outcomes: [(HsmsOutcome, SecsFailure)] = {
        func packet(_ stream: UInt8, _ function: UInt8, _ hex: String = "") -> HsmsPacket {
            let header = HsmsHeader.data(
                session: 0, stream: stream, function: function, requireResponse: false, system: 1)
            return HsmsPacket(header, data: ByteBuffer(bytes: bytes(hex)))
        }
        let rejection = HsmsHeader.rejectRequest(
            of: .data(session: 0, stream: 1, function: 1, requireResponse: true, system: 1), reason: .entityNotSelected)
        return [
            (.timedOut, .timedOut),
            (.rejected(HsmsPacket(rejection)), .rejected(.entityNotSelected)),
            (.aborted(packet(1, 0)), .aborted),
            (.errorReported(packet(9, 5)), .errorMessage(.unrecognizedFunction)),
            (.errorReported(packet(9, 99)), .errorMessage(nil)),
            (.reply(packet(1, 4)), .unexpectedReply(SecsMessage(stream: 1, function: 4))),
            (.reply(packet(2, 2)), .unexpectedReply(SecsMessage(stream: 2, function: 2))),
            (.reply(packet(1, 2, "4105")), .malformedReply(SecsDecodingError(reason: .truncated, offset: 0))),
            (.notConnected, .notConnected),
            (.notSelected, .notSelected),
            (.busy, .busy),
            (.closed, .closed),
        ]
    }()

    @Test("What keeps a reply away is told apart", arguments: outcomes)
    func failures(outcome: HsmsOutcome, failure: SecsFailure) {
        let (handler, session) = handler(.host)
        var results: [SecsResult<SecsMessage?>] = []
        handler.send(SecsMessage(stream: 1, function: 1, expectsReply: true)) { results.append($0) }
        session.end(outcome)
        #expect(results == [.failure(failure)])
    }

    @Test("A message without reply ends when it is sent, and not before the call has returned")
    func unanswered() {
        let (handler, session) = handler(.host)
        var results: [SecsResult<SecsMessage?>] = []
        handler.send(SecsMessage(stream: 6, function: 13, item: "x")) { results.append($0) }
        #expect(results == [])
        #expect(session.takeSent() == ["S6F13 <A \"x\">"])
        #expect(results == [.success(nil)])
        session.deselect()
        handler.send(SecsMessage(stream: 6, function: 13)) { results.append($0) }
        #expect(session.takeSent() == [])
        #expect(results == [.success(nil), .failure(.notSelected)])
    }

    @Test("A message that cannot be written is not sent")
    func unencodableRequest() {
        let (handler, session) = handler(.host)
        var result: SecsResult<SecsMessage?>?
        let item = SecsItem.binary([UInt8](repeating: 0, count: SecsItem.maximumLength + 1))
        handler.send(SecsMessage(stream: 7, function: 3, expectsReply: true, item: item)) { result = $0 }
        #expect(session.takeSent() == [])
        #expect(result == .failure(.unencodable(.tooLong(.binary, length: 0x100_0000))))
    }

    @Test("A host learns of errors in stream 9 and of the header they quote")
    func receivedError() throws {
        let (handler, session) = handler(.host)
        var errors: [String] = []
        handler.onErrorMessage = { errors.append("\($0) \($1.stream)/\($1.function)") }
        try session.receive(9, 7, .binary(bytes("0000 8603 0000 00000016")), expectsReply: false)
        try session.receive(9, 7, .binary(1), expectsReply: false)
        try session.receive(9, 0, expectsReply: false)
        #expect(errors == ["illegalData 6/3"])
        #expect(session.takeSent() == [])
    }

    @Test("Equipment reports a conversation that was not gone on with; a host does not")
    func conversation() {
        let (equipment, session) = handler(.equipment)
        equipment.reportConversationTimeout(expected: (2, 31), identifier: .u1(7))
        #expect(session.takeSent() == ["S9F13 <L [2] <A \"S02F31\"> <U1 7> >"])
        let (host, hostSession) = handler(.host)
        host.reportConversationTimeout(expected: (2, 31), identifier: .u1(7))
        #expect(hostSession.takeSent() == [])
    }
}
