public import Bytes

/// The ten bytes that begin every HSMS message.
///
/// A control message uses the fields in its own way: ``function`` is the status of a response or the reason of a
/// Reject.req, and the byte that holds ``requireResponse`` and ``stream`` is what a Reject.req rejects.
public struct HsmsHeader: Hashable, Sendable {
    /// How many bytes a header takes on the wire.
    public static let length = 10
    /// The session ID of control messages where a connection carries a single session.
    public static let controlSession: UInt16 = 0xFFFF

    /// The session, which is the device ID where a connection carries a single session. `sessionID` in the older
    /// spelling.
    public var sessionID: UInt16
    /// The W bit: whether the sender of a primary message expects a reply. `requireResponse` in the older spelling.
    public var requireResponse: Bool
    /// The stream, 0…127. A greater value loses its highest bit on the wire, which is the W bit's.
    public var stream: UInt8
    /// The function. Odd ones are primary messages, even ones replies, 0 aborts.
    public var function: UInt8
    /// How the text is encoded: 0 is SECS-II, and nothing else is in use. `pType` in the older spelling.
    public var pType: UInt8
    /// The message type as it is on the wire, known or not; see ``messageType``. `sType` in the older spelling.
    public var sType: UInt8
    /// The system bytes, which a reply has in common with its request.
    public var system: UInt32

    /// Makes a header field by field.
    public init(
        sessionID: UInt16, requireResponse: Bool = false, stream: UInt8 = 0, function: UInt8 = 0, pType: UInt8 = 0,
        sType: UInt8, system: UInt32
    ) {
        self.sessionID = sessionID
        self.requireResponse = requireResponse
        self.stream = stream
        self.function = function
        self.pType = pType
        self.sType = sType
        self.system = system
    }

    /// The message type; `nil` when ``sType`` is none that SEMI E37 defines.
    public var messageType: HsmsMessageType? { HsmsMessageType(rawValue: sType) }

    /// Whether it is the header of a data message, in SECS-II.
    public var isData: Bool { sType == HsmsMessageType.data.rawValue && pType == 0 }

    /// Header byte 2 as it is on the wire: W bit and stream.
    public var byte2: UInt8 {
        get { (requireResponse ? 0x80 : 0) | (stream & 0x7F) }
        set {
            requireResponse = newValue & 0x80 != 0
            stream = newValue & 0x7F
        }
    }

    // MARK: The wire

    /// Takes a header from the front of `bytes`; `nil`, with `bytes` unchanged, when fewer than ten are there.
    public init?(readingFrom bytes: inout ByteBuffer) {
        guard bytes.readableBytes >= Self.length, let sessionID = bytes.readInteger(as: UInt16.self),
            let byte2 = bytes.readInteger(as: UInt8.self), let function = bytes.readInteger(as: UInt8.self),
            let pType = bytes.readInteger(as: UInt8.self), let sType = bytes.readInteger(as: UInt8.self),
            let system = bytes.readInteger(as: UInt32.self)
        else { return nil }
        self.init(sessionID: sessionID, function: function, pType: pType, sType: sType, system: system)
        self.byte2 = byte2
    }

    /// Writes the ten bytes to the end of `bytes`.
    public func write(to bytes: inout ByteBuffer) {
        bytes.reserveCapacity(minimumWritableBytes: Self.length)
        bytes.writeInteger(sessionID)
        bytes.writeInteger(byte2)
        bytes.writeInteger(function)
        bytes.writeInteger(pType)
        bytes.writeInteger(sType)
        bytes.writeInteger(system)
    }

    /// The ten bytes, as error messages of stream 9 quote them.
    public var bytes: [UInt8] {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return Array(buffer.readableBytesView)
    }
}
