import Bytes

/// The error messages of stream 9 that quote a header, by their functions. Equipment sends them to its host.
public enum HsmsErrorMessage: UInt8, CaseIterable, Sendable {
    /// S9F1: a data message for another device.
    case unrecognizedDevice = 1
    /// S9F3: a primary message of an unknown stream.
    case unrecognizedStream = 3
    /// S9F5: a primary message of an unknown function.
    case unrecognizedFunction = 5
    /// S9F7: a text that is not what the message demands, or no SECS-II.
    case illegalData = 7
    /// S9F9: no reply came within T3. It quotes the request.
    case transactionTimeout = 9
    /// S9F11: more data than can be handled.
    case dataTooLong = 11

    /// The message: a primary one of its own, which expects no reply.
    /// - Parameters:
    ///   - quoted: the header of the offending message.
    ///   - session: the session in which it is sent.
    ///   - system: system bytes of its own.
    public func packet(quoting quoted: HsmsHeader, session: UInt16, system: UInt32) -> HsmsPacket {
        // One binary item of ten bytes.
        let text = ByteBuffer(bytes: [0x21, UInt8(HsmsHeader.length)] + quoted.bytes)
        let header = HsmsHeader.data(
            session: session, stream: Self.stream, function: rawValue, requireResponse: false, system: system)
        return HsmsPacket(header, data: text)
    }

    static let stream: UInt8 = 9

    /// The header that a received error message quotes; `nil` when it quotes none.
    static func quotedHeader(of packet: HsmsPacket) -> HsmsHeader? {
        var text = packet.data
        guard text.readInteger(as: UInt16.self) == 0x210A, text.readableBytes == HsmsHeader.length else { return nil }
        return HsmsHeader(readingFrom: &text)
    }
}
