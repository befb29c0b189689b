import Bytes
import ControlCore
import HSMS

/// A peer that sends and notes messages, or any bytes, and does nothing by itself.
final class RawPeer: StreamDelegate {
    let transport: any StreamTransport
    private(set) var received: [HsmsPacket] = []
    /// In how many pieces that came.
    private(set) var pieces = 0
    private(set) var isClosed = false
    var onPacket: ((HsmsPacket) -> Void)?
    var onClose: (() -> Void)?
    private var decoder = HsmsFrameDecoder(maximumLength: 64 << 20)

    init(_ transport: any StreamTransport) {
        self.transport = transport
    }

    func start() { transport.start(delegate: self) }

    func send(_ header: HsmsHeader, data: ByteBuffer = ByteBuffer()) {
        transport.send(HsmsPacket(header, data: data).encoded())
    }

    func send(hex: String) { transport.send(ByteBuffer(hex: hex)) }

    /// Answers the next Select.req and all Linktest.req.
    func answerControl() {
        onPacket = { [unowned self] packet in
            switch packet.header.messageType {
            case .selectRequest: send(.selectResponse(session: packet.header.sessionID, system: packet.header.system))
            case .deselectRequest:
                send(.deselectResponse(session: packet.header.sessionID, system: packet.header.system))
            case .linktestRequest: send(.linktestResponse(system: packet.header.system))
            default: break
            }
        }
    }

    func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
        pieces += 1
        decoder.feed(bytes)
        // What this side sends is always sound; if not, the test sees that messages are missing.
        while let packet = try? decoder.next() {
            received.append(packet)
            onPacket?(packet)
        }
    }

    func transportDidDrain(_ transport: any StreamTransport) {}

    func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) {
        isClosed = true
        onClose?()
    }
}

extension ByteBuffer {
    /// The bytes of hexadecimal digits; blanks between them do not count.
    init(hex: String) {
        self.init()
        let digits = hex.compactMap(\.hexDigitValue)
        precondition(digits.count % 2 == 0, "half a byte in '\(hex)'")
        for index in stride(from: 0, to: digits.count, by: 2) {
            writeInteger(UInt8(digits[index] << 4 | digits[index + 1]))
        }
    }

    /// The bytes as hexadecimal digits.
    var hex: String {
        readableBytesView.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension HsmsPacket {
    /// The message in a few words: `Select.rsp 0`, `Reject.req 4 of 0`, `S1F1 W`.
    var brief: String {
        switch header.messageType {
        case nil: "type \(header.sType)"
        case .data: "S\(header.stream)F\(header.function)\(header.requireResponse ? " W" : "")"
        case .rejectRequest: "Reject.req \(header.function) of \(header.byte2)"
        case .selectResponse?, .deselectResponse?: "\(header.messageType?.name ?? "") \(header.function)"
        case .some(let type): type.name
        }
    }
}
