import Bytes
internal import HSMS

/// Finds the messages of HSMS in one direction of a stream.
///
/// A stream is taken for one of HSMS when what comes first is a control message, as it always is: a length of ten and a
/// header that a select, linktest or separate request has. What does not go on that way is not followed any further.
struct HsmsFollower {
    /// What a piece of the stream holds.
    enum Part {
        /// The header of a message is whole. Of the message `bytes` are in the piece, the last `text` of which are
        /// behind the header; its `length` is that of header and text.
        case message(HsmsHeader, length: Int, bytes: Int, text: Int)
        /// So many bytes of the message that a piece before has begun.
        case more(Int)
        /// The beginning of a message, too short to tell what it is.
        case begun(Int)
    }

    private enum State {
        case unknown
        case following
        case lost
    }

    /// The length field and the header.
    private static let headLength = 4 + HsmsHeader.length
    /// More than any message that is accepted anywhere: what claims to be longer is none.
    private static let longest = 1 << 30

    private var state = State.unknown
    /// What has come of a length field and a header that are not whole yet.
    private var head = ByteBuffer()
    /// How much of the message under way is still to come.
    private var left = 0

    /// Takes the next piece.
    /// - Returns: what is in it; nil when the stream is none of HSMS, as far as can be seen.
    mutating func follow(_ piece: ByteBuffer) -> [Part]? {
        guard state != .lost, piece.readableBytes > 0 else { return nil }
        var bytes = piece
        var parts: [Part] = []
        while bytes.readableBytes > 0 {
            if left > 0 {
                let count = min(left, bytes.readableBytes)
                bytes.moveReaderIndex(forwardBy: count)
                left -= count
                parts.append(.more(count))
                continue
            }
            let before = head.readableBytes
            let missing = Self.headLength - before
            let count = min(missing, bytes.readableBytes)
            if let slice = bytes.readSlice(length: count) { head.writeImmutableBuffer(slice) }
            guard head.readableBytes == Self.headLength else {
                guard state == .following || Self.mayBegin(head) else { return lose() }
                parts.append(.begun(count))
                break
            }
            guard let length = head.readInteger(as: UInt32.self).map(Int.init),
                let header = HsmsHeader(readingFrom: &head), isGood(length, header)
            else { return lose() }
            head.clear()
            state = .following
            let text = min(length - HsmsHeader.length, bytes.readableBytes)
            bytes.moveReaderIndex(forwardBy: text)
            left = length - HsmsHeader.length - text
            parts.append(.message(header, length: length, bytes: count + text, text: text))
        }
        return parts
    }

    private mutating func lose() -> [Part]? {
        state = .lost
        head.clear()
        return nil
    }

    /// Whether it may be the beginning of a control message.
    private static func mayBegin(_ head: ByteBuffer) -> Bool {
        zip(head.readableBytesView, [0, 0, 0, UInt8(HsmsHeader.length)]).allSatisfy(==)
    }

    private func isGood(_ length: Int, _ header: HsmsHeader) -> Bool {
        guard (HsmsHeader.length...Self.longest).contains(length) else { return false }
        guard state == .unknown else { return true }
        let isControl = header.messageType != nil && header.messageType != .data && header.pType == 0
        return length == HsmsHeader.length && isControl && (header.messageType == .rejectRequest || header.byte2 == 0)
    }
}

extension HsmsHeader {
    /// `S1F13 W session 0 system 00000001`, or `Select.req session 65535 system 00000001`.
    var shown: String {
        let name: String
        if isData {
            name = "S\(stream)F\(function)" + (requireResponse ? " W" : "")
        } else {
            name = messageType?.name ?? "SType \(sType)"
        }
        let digits = String(system, radix: 16)
        let session = sessionID == Self.controlSession ? "ffff" : String(sessionID)
        return "\(name) session \(session) system " + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
