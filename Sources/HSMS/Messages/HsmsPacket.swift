public import Bytes

/// One HSMS message: its header and, in a data message, its text.
public struct HsmsPacket: Hashable, Sendable {
    /// The most bytes of text that one message can carry; the length on the wire has four bytes and counts the header.
    public static let longestText = Int(UInt32.max) - HsmsHeader.length

    /// The header.
    public var header: HsmsHeader
    /// The text: SECS-II items of a data message, otherwise empty.
    public var data: ByteBuffer

    /// Makes a message. A control message has no text.
    public init(_ header: HsmsHeader, data: ByteBuffer = ByteBuffer()) {
        self.header = header
        self.data = data
    }

    /// Takes a whole message, its length included, from `bytes`.
    ///
    /// For single messages at rest, such as captured ones; a stream of them goes through ``HsmsFrameDecoder``.
    /// - Throws: when the length is not that of the bytes, or less than a header's.
    public init(decoding bytes: ByteBuffer) throws(HsmsFrameError) {
        var rest = bytes
        guard let length = rest.readInteger(as: UInt32.self) else { throw .tooShort(length: rest.readableBytes) }
        guard length >= HsmsHeader.length, let header = HsmsHeader(readingFrom: &rest) else {
            throw .tooShort(length: min(Int(length), rest.readableBytes))
        }
        guard rest.readableBytes == Int(length) - HsmsHeader.length else {
            throw .wrongLength(announced: Int(length), found: bytes.readableBytes - 4)
        }
        self.init(header, data: rest.readSlice(length: rest.readableBytes) ?? rest)
    }

    /// About the bytes of memory that it holds. Its text may be a part of a longer one that came with it; then all of
    /// that is held.
    public var heldBytes: Int { MemoryLayout<HsmsPacket>.size + data.storageCapacity }

    /// The bytes on the wire: length, header, text.
    public func encoded() -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(4 + HsmsHeader.length + data.readableBytes)
        write(to: &bytes)
        return bytes
    }

    /// Writes length, header and text.
    func write(to bytes: inout ByteBuffer) {
        writePrefix(to: &bytes)
        bytes.writeImmutableBuffer(data)
    }

    /// Writes length and header, which come before the text.
    func writePrefix(to bytes: inout ByteBuffer) {
        bytes.writeInteger(UInt32(HsmsHeader.length + data.readableBytes))
        header.write(to: &bytes)
    }

    /// The status of a Select.rsp; `nil` for any other message.
    public var selectStatus: HsmsSelectStatus? {
        header.messageType == .selectResponse ? HsmsSelectStatus(rawValue: header.function) : nil
    }

    /// The status of a Deselect.rsp; `nil` for any other message.
    public var deselectStatus: HsmsDeselectStatus? {
        header.messageType == .deselectResponse ? HsmsDeselectStatus(rawValue: header.function) : nil
    }

    /// The reason of a Reject.req; `nil` for any other message.
    public var rejectReason: HsmsRejectReason? {
        header.messageType == .rejectRequest ? HsmsRejectReason(rawValue: header.function) : nil
    }
}

extension HsmsPacket: CustomStringConvertible, CustomDebugStringConvertible {
    /// The message in one line, as the documented transcripts show received ones. The text is not shown.
    public func text(_ spelling: HsmsSpelling = .snakeCase) -> String { "header: \(header.text(spelling))" }

    /// The constructor's form, as the documented transcripts show results. Bytes of the text that are not printable
    /// ASCII appear as `\xNN`.
    public func constructorText(_ spelling: HsmsSpelling = .snakeCase) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(data.readableBytes + 16)
        for byte in data.readableBytesView {
            switch byte {
            case UInt8(ascii: "'"), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0x20...0x7E: text.append(byte)
            default: text.append(contentsOf: "\\x\(byte.hexadecimal)".utf8)
            }
        }
        let header = header.constructorText(spelling)
        return "secsgem.hsms.HsmsPacket({'header': \(header), 'data': '\(String(decoding: text, as: UTF8.self))'})"
    }

    /// ``text(_:)`` in the newer spelling.
    public var description: String { text() }

    /// ``constructorText(_:)`` in the newer spelling.
    public var debugDescription: String { constructorText() }
}
