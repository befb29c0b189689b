import ByteText
import Bytes
import CHttpParser

extension HttpResponseReader {
    /// What http-parser has told of one message.
    struct Message {
        static let tooLargeHead = HttpFailure.tooLarge(
            "the headers have more than \(HttpLimits.fieldCount) fields or \(HttpLimits.headBytes) bytes")

        private enum Part {
            case status
            case name
            case value
        }

        var request = Request.ordinary
        var keepsAlive: (@convention(c) (UnsafePointer<http_parser>?) -> CInt)?
        var pause: (@convention(c) (UnsafeMutablePointer<http_parser>?, CInt) -> Void)?
        /// What is parsed now, and where its memory is.
        var source = ByteBuffer()
        var base: UnsafeRawPointer?

        private var reason: [UInt8] = []
        private var name: [UInt8] = []
        private var value: [UInt8] = []
        private var part = Part.status
        private var fields = HttpHeaders()
        private var fieldCount = 0
        private(set) var headBytes = 0
        private var isHeadComplete = false
        private(set) var isComplete = false
        private(set) var isInformational = false
        private(set) var isKeptAlive = false
        private(set) var failure: HttpFailure?
        private var events: [Event] = []
        /// What is missing of the chunk whose bytes come now; `nil` between chunks.
        private var chunkRest: UInt64?
        /// What must come next, behind a chunk: the library as Debian builds it does not look.
        private var chunkEnd: ArraySlice<UInt8> = []

        /// Whether nothing has come yet.
        private(set) var isEmpty = true

        /// The fields behind the body.
        var trailers: HttpHeaders { fields }

        mutating func takeEvents() -> [Event] {
            defer { events = [] }
            return events
        }

        // MARK: From the parser. Zero lets it go on.

        mutating func begin() -> CInt {
            isEmpty = false
            return 0
        }

        mutating func take(status bytes: UnsafeRawBufferPointer) -> CInt {
            reason += bytes
            return count(bytes.count)
        }

        mutating func take(name bytes: UnsafeRawBufferPointer) -> CInt {
            if part != .name {
                endField()
                part = .name
                fieldCount += 1
            }
            name += bytes
            return count(bytes.count)
        }

        mutating func take(value bytes: UnsafeRawBufferPointer) -> CInt {
            // The library takes spaces in names, as Debian builds it, and anything as the first byte of a value. The
            // words are its own, as it depends on how the bytes are split who finds a defect first.
            guard part == .value || HttpHeaders.isToken(String(rawBytes: name)),
                !bytes.contains(where: HttpHeaders.isControl)
            else { return fail(.badResponse("invalid character in header")) }
            part = .value
            value += bytes
            return count(bytes.count)
        }

        /// - Returns: 1 when no body follows, 2 when no HTTP does, -1 to give up.
        mutating func completeHead(_ parser: UnsafePointer<http_parser>) -> CInt {
            endField()
            part = .status
            let status = Int(parser.pointee.status_code)
            guard parser.pointee.http_major == 1, status >= 100 else {
                let version = "\(parser.pointee.http_major).\(parser.pointee.http_minor)"
                return fail(.badResponse("it has the version \(version) and the status \(status)"))
            }
            let head = HttpResponseHead(
                status: status, reason: String(rawBytes: HttpHeaders.trimmed(reason)),
                isHttp10: parser.pointee.http_minor == 0, headers: fields)
            fields = HttpHeaders()
            reason = []
            isHeadComplete = true
            switch status {
            case 101:
                guard request == .upgrade else {
                    return fail(.badResponse("it goes over to another protocol, which nobody has asked for"))
                }
                events.append(.head(head))
                return 2
            case 100...199:
                isInformational = true
                events.append(.informational(head))
                return 1
            default:
                events.append(.head(head))
                if request == .connect, head.isSuccess { return 2 }
                return request == .head || status == 204 || status == 304 ? 1 : 0
            }
        }

        /// Bytes of the body share the memory that they came in.
        mutating func take(body bytes: UnsafeRawBufferPointer) -> CInt {
            guard let base, let start = bytes.baseAddress,
                let piece = source.getSlice(at: source.readerIndex + (start - base), length: bytes.count)
            else { return 0 }
            // Chunks may be tiny.
            if case .body(var earlier)? = events.last {
                events.removeLast()
                earlier.writeImmutableBuffer(piece)
                events.append(.body(earlier))
            } else {
                events.append(.body(piece))
            }
            if let chunkRest {
                self.chunkRest = chunkRest - UInt64(bytes.count)
                if chunkRest == bytes.count {
                    self.chunkRest = nil
                    chunkEnd = [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
                    checkChunkEnd(from: source.readerIndex + (start - base) + bytes.count)
                }
            }
            return failure == nil ? 0 : -1
        }

        mutating func beginChunk(_ parser: UnsafePointer<http_parser>) -> CInt {
            chunkRest = parser.pointee.content_length
            return 0
        }

        /// Looks whether the bytes at `index` of what is parsed end a chunk, as far as one has to end there.
        mutating func checkChunkEnd(from index: Int) {
            var index = index
            while let expected = chunkEnd.first, let byte = source.getInteger(at: index, as: UInt8.self) {
                guard byte == expected else {
                    failure = .badResponse("a chunk does not have the length that it says")
                    return
                }
                chunkEnd = chunkEnd.dropFirst()
                index += 1
            }
        }

        /// The parser goes no further, so that what follows can be told from this message.
        mutating func complete(_ parser: UnsafeMutablePointer<http_parser>) -> CInt {
            endField()
            isComplete = true
            isKeptAlive = keepsAlive?(parser) != 0
            pause?(parser, 1)
            return 0
        }

        private mutating func endField() {
            guard part == .value || part == .name else { return }
            fields.add(String(rawBytes: name), String(rawBytes: HttpHeaders.trimmed(value)))
            name = []
            value = []
            part = .status
        }

        private mutating func count(_ bytes: Int) -> CInt {
            headBytes += bytes
            guard headBytes + 4 * fieldCount <= HttpLimits.headBytes, fieldCount <= HttpLimits.fieldCount else {
                return fail(Self.tooLargeHead)
            }
            return 0
        }

        private mutating func fail(_ failure: HttpFailure) -> CInt {
            self.failure = failure
            return -1
        }
    }

    /// What http-parser calls: each finds its message by the parser.
    static let callbacks: http_parser_settings = {
        var settings = http_parser_settings()
        settings.on_message_begin = { parser in message(parser) { $0.begin() } }
        settings.on_status = { parser, at, count in message(parser) { $0.take(status: bytes(at, count)) } }
        settings.on_header_field = { parser, at, count in message(parser) { $0.take(name: bytes(at, count)) } }
        settings.on_header_value = { parser, at, count in message(parser) { $0.take(value: bytes(at, count)) } }
        settings.on_headers_complete = { parser in
            guard let parser else { return -1 }
            return message(parser) { $0.completeHead(parser) }
        }
        settings.on_body = { parser, at, count in message(parser) { $0.take(body: bytes(at, count)) } }
        settings.on_chunk_header = { parser in
            guard let parser else { return -1 }
            return message(parser) { $0.beginChunk(parser) }
        }
        settings.on_message_complete = { parser in
            guard let parser else { return -1 }
            return message(parser) { $0.complete(parser) }
        }
        return settings
    }()

    private static func bytes(_ start: UnsafePointer<CChar>?, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start, count: count)
    }

    private static func message(
        _ parser: UnsafeMutablePointer<http_parser>?, _ body: (inout Message) -> CInt
    ) -> CInt {
        guard let message = parser?.pointee.data?.assumingMemoryBound(to: Message.self) else { return -1 }
        return body(&message.pointee)
    }
}
