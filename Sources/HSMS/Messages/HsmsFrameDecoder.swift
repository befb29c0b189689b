public import Bytes

/// Cuts a stream of bytes into HSMS messages.
///
/// The length is checked before anything is kept for its sake, and what is kept grows with the bytes that came, not
/// with the length they announce. A message that arrives in many pieces is put together in a buffer of its own, in time
/// proportional to its length; one that arrives whole is not copied.
public struct HsmsFrameDecoder {
    /// The longest message that is taken, in bytes, header included.
    public let maximumLength: Int

    /// What was fed and not looked at yet.
    private var input = ByteBuffer()
    /// The announced length of the message under way; `nil` while it is unknown.
    private var length: Int?
    /// The bytes of the message under way when it did not arrive whole.
    private var partial = ByteBuffer()
    private var failure: HsmsFrameError?

    /// Makes a decoder at the beginning of a stream.
    /// - Parameter maximumLength: 10…4,294,967,295 bytes, header included.
    public init(maximumLength: Int) {
        precondition((HsmsHeader.length...Int(UInt32.max)).contains(maximumLength))
        self.maximumLength = maximumLength
    }

    /// Whether some bytes of a message have come, and not all.
    public var isMidMessage: Bool { length != nil || input.readableBytes > 0 }

    /// How many bytes it keeps.
    public var bufferedBytes: Int { input.readableBytes + partial.readableBytes }

    /// How many bytes of memory it has taken for the message under way.
    package var reservedBytes: Int { partial.capacity }

    /// Takes the next bytes of the stream.
    public mutating func feed(_ bytes: ByteBuffer) {
        guard failure == nil else { return }
        if input.readableBytes == 0 {
            input = bytes
        } else {
            // A buffer of its own: the old one would go on growing behind the few bytes that are left of it.
            var joined = ByteBuffer()
            joined.reserveCapacity(input.readableBytes + bytes.readableBytes)
            joined.writeImmutableBuffer(input)
            joined.writeImmutableBuffer(bytes)
            input = joined
        }
    }

    /// The next message; `nil` when it has not come as a whole.
    /// - Throws: when the stream is not one of HSMS messages. All later calls throw the same.
    public mutating func next() throws(HsmsFrameError) -> HsmsPacket? {
        if let failure { throw failure }
        if length == nil {
            guard let announced = input.readInteger(as: UInt32.self) else {
                if input.readableBytes == 0 { input = ByteBuffer() }
                return nil
            }
            try check(Int(announced))
            length = Int(announced)
        }
        guard let length else { return nil }
        guard var message = takeMessage(of: length) else { return nil }
        self.length = nil
        guard let header = HsmsHeader(readingFrom: &message) else {
            preconditionFailure("the length is at least that of a header")
        }
        return HsmsPacket(header, data: message)
    }

    private mutating func check(_ announced: Int) throws(HsmsFrameError) {
        let error: HsmsFrameError
        if announced < HsmsHeader.length {
            error = .tooShort(length: announced)
        } else if announced > maximumLength {
            error = .tooLong(length: announced, maximum: maximumLength)
        } else {
            return
        }
        failure = error
        input = ByteBuffer()
        throw error
    }

    /// The header and text of the message under way, once all its bytes are there.
    private mutating func takeMessage(of length: Int) -> ByteBuffer? {
        if partial.readableBytes == 0, let whole = input.readSlice(length: length) {
            return whole
        }
        let missing = length - partial.readableBytes
        if let part = input.readSlice(length: min(missing, input.readableBytes)) {
            partial.writeImmutableBuffer(part)
        }
        // What was read is let go of, lest a short rest keep a long chunk.
        if input.readableBytes == 0 { input = ByteBuffer() }
        guard partial.readableBytes == length else { return nil }
        defer { partial = ByteBuffer() }
        return partial
    }
}
