/// Bytes that cannot be an HSMS message. The stream cannot be followed any further, so the connection is closed.
public enum HsmsFrameError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A length below that of a header. Another protocol, such as SECS-I, speaks so.
    case tooShort(length: Int)
    /// A length above the configured maximum.
    case tooLong(length: Int, maximum: Int)
    /// A message at rest with more or fewer bytes than it announces. Not found in a stream.
    case wrongLength(announced: Int, found: Int)

    /// The whole as one line, for messages.
    public var description: String {
        switch self {
        case .tooShort(let length):
            "a message of \(length) bytes is shorter than an HSMS header: the peer may speak another protocol"
        case .tooLong(let length, let maximum):
            "a message of \(length) bytes is longer than the maximum of \(maximum)"
        case .wrongLength(let announced, let found):
            "a message announces \(announced) bytes and has \(found)"
        }
    }
}
