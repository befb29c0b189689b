import Bytes
import CInflate
import ControlCore

/// Decompresses a body: `gzip`, `deflate` with zlib's frame, and `deflate` without any, as some servers send it.
struct ContentDecoder {
    /// How much memory zlib takes for one stream.
    static let heldBytes = 48 << 10

    private enum Form {
        case gzip
        /// The first two bytes tell whether there is a frame.
        case deflate
    }

    private let form: Form
    private var stream: InflateStream?
    /// The first byte of `deflate`, until the second has come.
    private var first: UInt8?
    private var isBetweenMembers = false
    private var isEmpty = true

    /// - Returns: `nil` when `coding`, the value of `Content-Encoding`, is none that this side has asked for: the body
    ///   is then left as it is.
    init?(_ coding: String?) {
        guard let coding else { return nil }
        switch coding.lowercased() {
        case "gzip", "x-gzip": form = .gzip
        case "deflate": form = .deflate
        default: return nil
        }
    }

    /// Decompresses as much of `input` as `output` may take.
    /// - Parameters:
    ///   - input: what was decompressed is taken from its front.
    ///   - output: gets what comes out; at most up to `limit` readable bytes.
    /// - Throws: when the bytes are damaged, or zlib cannot be used.
    mutating func decode(_ input: inout ByteBuffer, into output: inout ByteBuffer, limit: Int) throws(HttpFailure) {
        if input.readableBytes > 0 { isEmpty = false }
        try begin(&input)
        while let stream, output.readableBytes < limit {
            if isBetweenMembers {
                guard let next = input.getInteger(at: input.readerIndex, as: UInt8.self) else { return }
                guard form == .gzip, next == 0x1F else {
                    throw .badResponse("bytes follow the end of the compressed body")
                }
                isBetweenMembers = false
                self.stream = try InflateStream(.gzip)
                continue
            }
            let room = min(limit - output.readableBytes, HttpLimits.pieceBytes)
            let step = try stream.run(&input, into: &output, room: room)
            if step.isEnd {
                isBetweenMembers = true
            } else if step.written < room, input.readableBytes == 0 {
                return
            }
        }
    }

    /// No more bytes come.
    /// - Throws: when some are missing.
    func finish() throws(HttpFailure) {
        guard isEmpty || isBetweenMembers else { throw .badResponse("the compressed body ends too early") }
    }

    private mutating func begin(_ input: inout ByteBuffer) throws(HttpFailure) {
        guard stream == nil, input.readableBytes > 0 else { return }
        guard form == .deflate else {
            stream = try InflateStream(.gzip)
            return
        }
        if first == nil {
            first = input.readInteger()
        }
        guard let first, let second = input.getInteger(at: input.readerIndex, as: UInt8.self) else { return }
        // RFC 1950: the method, and a checksum over both bytes.
        let isFramed = first & 0x0F == 8 && (UInt16(first) << 8 | UInt16(second)) % 31 == 0
        stream = try InflateStream(isFramed ? .zlib : .raw)
        var whole = ByteBuffer(bytes: [first])
        whole.writeImmutableBuffer(input)
        input = whole
    }
}

/// One stream of zlib's.
private final class InflateStream {
    private let stream: OpaquePointer

    init(_ format: cinflate_format) throws(HttpFailure) {
        if let problem = cinflate_load() { throw .connection(.other(String(cString: problem))) }
        guard let stream = cinflate_new(format) else { throw .connection(.other("zlib: out of memory")) }
        self.stream = stream
    }

    deinit { cinflate_free(stream) }

    /// Decompresses at most `room` bytes.
    func run(
        _ input: inout ByteBuffer, into output: inout ByteBuffer, room: Int
    ) throws(HttpFailure) -> (written: Int, isEnd: Bool) {
        var taken = 0
        var outcome = cinflate_outcome.more
        let written = output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
            var written = 0
            input.withUnsafeReadableBytes { bytes in
                outcome = cinflate_run(
                    stream, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
                    memory.baseAddress?.assumingMemoryBound(to: UInt8.self), room, &taken, &written)
            }
            return written
        }
        input.moveReaderIndex(forwardBy: taken)
        guard outcome != .damaged else { throw .badResponse("the compressed body is damaged") }
        return (written, outcome == .end)
    }
}
