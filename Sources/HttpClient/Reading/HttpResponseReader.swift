import ByteText
public import Bytes
import CHttpParser

/// Takes the bytes of one response apart, by http-parser. A plain value: bytes in, events out, the same ones however
/// the bytes are split.
public struct HttpResponseReader {
    /// What the request was, as far as its answer's form depends on that.
    public enum Request: Sendable {
        /// The answer may have a body.
        case ordinary
        /// `HEAD`: the answer tells of a body that does not follow.
        case head
        /// `CONNECT`: what follows a good answer is no HTTP.
        case connect
        /// With `Upgrade`: what follows an answer with 101 is no HTTP.
        case upgrade
    }

    /// What was found.
    public enum Event: Equatable, Sendable {
        /// An answer of the kind `1xx`, before the one that counts.
        case informational(HttpResponseHead)
        /// The head of the answer.
        case head(HttpResponseHead)
        /// Bytes of its body: one at least.
        case body(ByteBuffer)
        /// The answer is complete.
        case end(Ending)
        /// It is none. Nothing follows.
        case failed(HttpFailure)
    }

    /// How an answer has ended.
    public struct Ending: Equatable, Sendable {
        /// What was said behind the body.
        public var trailers: HttpHeaders
        /// Whether the connection may be used again, as far as the server says.
        public var keepsAlive: Bool
        /// What came behind the answer. Behind `CONNECT` and `Upgrade` it belongs to the protocol that follows; else
        /// nobody has asked for it, and the connection is of no use any more.
        public var rest: ByteBuffer
    }

    private let library: chttp_parser_functions
    private let request: Request
    private var parser = http_parser()
    private var message = Message()
    private var informationalCount = 0
    private var isOver = false

    /// Begins with an answer's first byte.
    /// - Throws: when http-parser cannot be loaded.
    public init(_ request: Request) throws(HttpFailure) {
        library = try HttpParserLibrary.functions()
        self.request = request
        begin()
    }

    /// Whether any byte of the answer has come.
    public private(set) var hasBegun = false

    /// How many bytes of memory it keeps.
    var heldBytes: Int { message.headBytes }

    /// Takes the next bytes.
    public mutating func feed(_ bytes: ByteBuffer) -> [Event] {
        var rest = bytes
        var events: [Event] = []
        while !isOver, rest.readableBytes > 0 {
            hasBegun = true
            let taken = run(rest, into: &events)
            rest.moveReaderIndex(forwardBy: taken)
            settle(rest, &events)
        }
        return events
    }

    /// The connection has ended in good order.
    public mutating func finish() -> [Event] {
        guard !isOver else { return [] }
        var events: [Event] = []
        if message.isEmpty {
            isOver = true
            return [.failed(.badResponse("the server has closed the connection without an answer"))]
        }
        _ = run(ByteBuffer(), into: &events)
        settle(ByteBuffer(), &events)
        if !isOver {
            isOver = true
            events.append(.failed(.badResponse("the connection has ended before the answer was complete")))
        }
        return events
    }

    // MARK: -

    private mutating func begin() {
        message = Message()
        message.request = request
        message.keepsAlive = library.should_keep_alive
        message.pause = library.parser_pause
        library.parser_init(&parser, HTTP_RESPONSE)
    }

    private mutating func run(_ bytes: ByteBuffer, into events: inout [Event]) -> Int {
        // Taken out, as the parser calls back while it changes.
        var current = message
        message = Message()
        current.source = bytes
        current.checkChunkEnd(from: bytes.readerIndex)
        guard current.failure == nil else {
            message = current
            return 0
        }
        let taken = withUnsafeMutablePointer(to: &current) { message in
            parser.data = UnsafeMutableRawPointer(message)
            return bytes.withUnsafeReadableBytes { memory in
                message.pointee.base = memory.baseAddress
                return withUnsafePointer(to: Self.callbacks) { callbacks in
                    library.parser_execute(
                        &parser, callbacks, memory.baseAddress?.assumingMemoryBound(to: CChar.self), memory.count)
                }
            }
        }
        parser.data = nil
        current.base = nil
        current.source = ByteBuffer()
        events += current.takeEvents()
        message = current
        return taken
    }

    /// Looks at how the parser has stopped.
    private mutating func settle(_ rest: ByteBuffer, _ events: inout [Event]) {
        if let failure = message.failure {
            isOver = true
            events.append(.failed(failure))
        } else if message.isComplete {
            complete(rest, &events)
        } else if parser.http_errno != UInt32(HPE_OK.rawValue) {
            isOver = true
            events.append(.failed(failure()))
        }
    }

    private mutating func complete(_ rest: ByteBuffer, _ events: inout [Event]) {
        guard message.isInformational else {
            isOver = true
            events.append(
                .end(Ending(trailers: message.trailers, keepsAlive: message.isKeptAlive, rest: rest)))
            return
        }
        informationalCount += 1
        guard informationalCount <= HttpLimits.informationalCount else {
            isOver = true
            events.append(.failed(.badResponse("more than \(HttpLimits.informationalCount) answers announce another")))
            return
        }
        begin()
    }

    private func failure() -> HttpFailure {
        let number = http_errno(UInt32(parser.http_errno))
        switch number {
        case HPE_HEADER_OVERFLOW: return Message.tooLargeHead
        case HPE_INVALID_EOF_STATE:
            return .badResponse("the connection has ended before the answer was complete")
        case HPE_INVALID_CONSTANT: return .badResponse("it does not begin with HTTP/")
        case HPE_UNEXPECTED_CONTENT_LENGTH: return .badResponse("it has two lengths")
        default: return .badResponse(library.errno_description(number).map { String(cString: $0) } ?? "it is none")
        }
    }
}
