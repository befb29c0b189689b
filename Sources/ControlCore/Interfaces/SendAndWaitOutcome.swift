public import Bytes

/// What became of a `sendAndWait`.
public enum SendAndWaitOutcome {
    /// The delimiter held: the bytes up to its end. Without a delimiter: all that came, perhaps nothing.
    case response(ByteBuffer)
    /// There was no delimiter, and more came than a response may have: the first bytes of it, as many as it may have.
    /// The rest goes to ReceiveData.
    case cut(ByteBuffer)
    /// The delimiter did not hold. What came went to ReceiveData.
    case unmet(UnmetReason)
    /// Nothing was sent (``IOFault``), or the pattern's search failed (its own error; what came went to ReceiveData).
    case failed(any Error)

    /// Why a delimiter did not hold.
    public enum UnmetReason: Equatable, Sendable {
        /// The time-out passed.
        case timedOut
        /// The response outgrew the limit, ``DeviceTraffic/responseLimit``.
        case tooLong
        /// The connection was lost.
        case connectionLost
    }

    /// The response; empty when there is none.
    public var bytes: ByteBuffer {
        switch self {
        case .response(let bytes), .cut(let bytes): bytes
        case .unmet, .failed: ByteBuffer()
        }
    }
}
