public import Bytes

/// Splits a stream of bytes into lines. A plain value: it is fed with bytes, and gives lines without their ends.
public struct HttpLineSplitter: Sendable {
    /// What ends a line.
    public enum Ends: Sendable {
        /// A line feed, with or without a carriage return before it.
        case lineFeed
        /// As ``lineFeed``, or a carriage return alone, as server-sent events have it.
        case any
    }

    private let ends: Ends
    private let limit: Int
    private var partial = ByteBuffer()
    /// The last byte was a carriage return that has ended a line: a line feed behind it ends no other.
    private var skipsLineFeed = false

    /// Begins a stream.
    /// - Parameters:
    ///   - ends: what ends a line.
    ///   - limit: the most bytes of a line, at least 1.
    public init(_ ends: Ends = .lineFeed, limit: Int = HttpLimits.lineBytes) {
        self.ends = ends
        self.limit = limit
    }

    /// How many bytes of memory it keeps.
    public var heldBytes: Int { partial.storageCapacity }

    /// Takes the next bytes.
    /// - Returns: the lines that they complete.
    /// - Throws: ``HttpFailure/tooLarge(_:)`` when a line is longer than allowed; the stream is of no use then.
    public mutating func feed(_ bytes: ByteBuffer) throws(HttpFailure) -> [ByteBuffer] {
        var lines: [ByteBuffer] = []
        var rest = bytes
        while rest.readableBytes > 0 {
            if skipsLineFeed {
                skipsLineFeed = false
                if rest.getInteger(at: rest.readerIndex, as: UInt8.self) == UInt8(ascii: "\n") {
                    rest.moveReaderIndex(forwardBy: 1)
                    continue
                }
            }
            let end = rest.withUnsafeReadableBytes { memory in
                memory.firstIndex { $0 == UInt8(ascii: "\n") || ends == .any && $0 == UInt8(ascii: "\r") }
            }
            let count = end ?? rest.readableBytes
            guard partial.readableBytes + count <= limit else {
                throw .tooLarge("a line has more than \(limit) bytes")
            }
            guard let piece = rest.readSlice(length: count) else { return lines }
            partial.writeImmutableBuffer(piece)
            guard end != nil else { break }
            skipsLineFeed = rest.readInteger(as: UInt8.self) == UInt8(ascii: "\r")
            lines.append(takeLine())
        }
        return lines
    }

    /// The stream has ended.
    /// - Returns: the line that no end has come for; `nil` when there is none.
    public mutating func finish() -> ByteBuffer? {
        partial.readableBytes > 0 ? takeLine() : nil
    }

    private mutating func takeLine() -> ByteBuffer {
        var line = partial
        partial = ByteBuffer()
        let last = line.writerIndex - 1
        if ends == .lineFeed, line.getInteger(at: last, as: UInt8.self) == UInt8(ascii: "\r") {
            line.moveWriterIndex(to: last)
        }
        return line
    }
}
