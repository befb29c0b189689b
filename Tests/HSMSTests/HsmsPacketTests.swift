import Bytes
import HSMS
import Testing

@Suite("HSMS messages")
struct HsmsPacketTests {
    @Test("The longest text leaves room for the header, which the length on the wire counts")
    func longestText() { #expect(HsmsPacket.longestText == 4_294_967_285) }

    /// The session of the reference: secsgem 0.1.0 equipment and host, device ID 0, and messages by construction.
    static let session: [(hex: String, brief: String)] = [
        ("0000000a ffff 00 00 00 01 03861964", "Select.req"),
        ("0000000a ffff 00 00 00 02 03861964", "Select.rsp 0"),
        ("0000000c 0000 81 0d 00 00 03861965 0100", "S1F13 W"),
        ("0000001c 0000 81 0d 00 00 7d37b29d 0102 4107 7365637367656d 4105 302e312e30", "S1F13 W"),
        ("00000011 0000 01 0e 00 00 7d37b29d 0102 210100 0100", "S1F14"),
        ("00000021 0000 01 0e 00 00 03861965 0102 210100 0102 4107 7365637367656d 4105 302e312e30", "S1F14"),
        ("0000000a ffff 00 00 00 05 03861966", "Linktest.req"),
        ("0000000a ffff 00 00 00 06 03861966", "Linktest.rsp"),
        ("0000000a 0000 81 01 00 00 03861967", "S1F1 W"),
        ("0000001c 0000 01 02 00 00 03861967 0102 4107 7365637367656d 4105 302e312e30", "S1F2"),
        ("0000000c 0000 01 02 00 00 7d37b29f 0100", "S1F2"),
        ("0000000a ffff 00 00 00 03 03861969", "Deselect.req"),
        ("0000000a ffff 00 00 00 04 03861969", "Deselect.rsp 0"),
        ("0000000a ffff 00 04 00 07 0386196a", "Reject.req 4 of 0"),
        ("0000000a ffff 00 00 00 09 0386196d", "Separate.req"),
        ("0000000a ffff 00 01 00 02 0386196d", "Select.rsp 1"),
        ("0000000a 0000 05 02 00 07 0386196d", "Reject.req 2 of 5"),
        ("0000000a ffff 08 01 00 07 0386196d", "Reject.req 1 of 8"),
        ("0000000a ffff 06 03 00 07 0386196d", "Reject.req 3 of 6"),
    ]

    @Test("Captured messages are read, and written to the same bytes", arguments: session)
    func captured(_ sample: (hex: String, brief: String)) throws {
        let bytes = ByteBuffer(hex: sample.hex)
        let packet = try HsmsPacket(decoding: bytes)
        #expect(packet.brief == sample.brief)
        #expect(packet.encoded() == bytes)
    }

    @Test("The makers of control headers give the captured bytes")
    func makers() throws {
        let data = HsmsHeader.data(session: 0, stream: 1, function: 1, requireResponse: true, system: 7)
        var otherText = data
        otherText.pType = 5
        let made: [(HsmsHeader, String)] = [
            (.selectRequest(system: 0x0386_1964), "ffff 00 00 00 01 03861964"),
            (.selectResponse(status: .alreadyActive, system: 1), "ffff 00 01 00 02 00000001"),
            (.deselectRequest(session: 3, system: 2), "0003 00 00 00 03 00000002"),
            (.deselectResponse(status: .busy, system: 2), "ffff 00 02 00 04 00000002"),
            (.linktestRequest(system: 3), "ffff 00 00 00 05 00000003"),
            (.linktestResponse(system: 3), "ffff 00 00 00 06 00000003"),
            (.separateRequest(system: 4), "ffff 00 00 00 09 00000004"),
            (.rejectRequest(of: data, reason: .entityNotSelected), "0000 00 04 00 07 00000007"),
            (.rejectRequest(of: otherText, reason: .pTypeNotSupported), "0000 05 02 00 07 00000007"),
            (
                .rejectRequest(of: .linktestResponse(system: 9), reason: .transactionNotOpen),
                "ffff 06 03 00 07 00000009"
            ),
            (data, "0000 81 01 00 00 00000007"),
        ]
        for (header, hex) in made { #expect(ByteBuffer(bytes: header.bytes) == ByteBuffer(hex: hex)) }
    }

    @Test("Texts are those of the documented transcripts, in both spellings")
    func texts() {
        let reject = HsmsPacket(HsmsHeader(sessionID: 0, function: 4, sType: 7, system: 0))
        #expect(
            "Packet received \(reject)"
                == "Packet received header: {session_id:0x0000, stream:00, function:04, p_type:0x00, s_type:0x07, "
                + "system:0x00000000, require_response:0}")
        #expect(
            reject.text(.camelCase)
                == "header: {sessionID:0x0000, stream:00, function:04, pType:0x00, sType:0x07, system:0x00000000, "
                + "requireResponse:0}")
        let linktest = HsmsPacket(.linktestResponse(system: 13))
        #expect(
            linktest.debugDescription
                == "secsgem.hsms.HsmsPacket({'header': secsgem.hsms.HsmsHeader({'function': 0, 'stream': 0, "
                + "'p_type': 0, 'system': 13, 'session_id': 65535, 'require_response': False, 's_type': 6}), 'data': ''})"
        )
        #expect(
            linktest.constructorText(.camelCase)
                == "secsgem.hsms.HsmsPacket({'header': secsgem.hsms.HsmsHeader({'function': 0, 'stream': 0, "
                + "'pType': 0, 'system': 13, 'sessionID': 65535, 'requireResponse': False, 'sType': 6}), 'data': ''})")
        let data = HsmsPacket(
            .data(session: 1, stream: 101, function: 3, requireResponse: true, system: 0xABCD_EF01),
            data: ByteBuffer(bytes: [0x01, 0x41, 0x27]))
        #expect(
            "\(data.header)"
                == "{session_id:0x0001, stream:101, function:03, p_type:0x00, s_type:0x00, system:0xabcdef01, "
                + "require_response:1}")
        #expect(data.debugDescription.hasSuffix("'data': '\\x01A\\''})"))
    }

    @Test("A message whose length is not that of its bytes is refused")
    func wrongLengths() {
        #expect(throws: HsmsFrameError.tooShort(length: 2)) { try HsmsPacket(decoding: ByteBuffer(hex: "0001")) }
        #expect(throws: HsmsFrameError.tooShort(length: 9)) {
            try HsmsPacket(decoding: ByteBuffer(hex: "00000009 ffff0000000100000001"))
        }
        #expect(throws: HsmsFrameError.wrongLength(announced: 11, found: 14)) {
            try HsmsPacket(decoding: ByteBuffer(hex: "0000000b ffff0000000100000001 01020304"))
        }
    }

    @Test("Error messages quote the header of the offending message")
    func errorMessages() {
        let offending = HsmsHeader.data(session: 0, stream: 99, function: 1, requireResponse: true, system: 22)
        let packet = HsmsErrorMessage.unrecognizedFunction.packet(quoting: offending, session: 0, system: 5)
        #expect(
            packet.encoded() == ByteBuffer(hex: "00000016 0000 09 05 00 00 00000005 210a 0000 e3 01 00 00 00000016"))
    }
}
