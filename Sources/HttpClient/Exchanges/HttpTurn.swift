import Bytes
import ControlCore
import Polling

/// One request and its answer on one connection, as a plain value: what is received and what happens to the connection
/// go in, what is to be done comes out.
struct HttpTurn {
    /// What is to be done.
    enum Action: Equatable {
        /// Send these bytes.
        case send(ByteBuffer)
        /// Send the body, piece by piece, see ``HttpTurn/nextPiece()``.
        case sendBody
        /// Wait for at most ``HttpLimits/continueWait``, then call ``HttpTurn/continueWaitEnded()``.
        case awaitContinue
        /// The head of the answer.
        case head(HttpResponseHead)
        /// Bytes of its body.
        case body(ByteBuffer)
        /// It is complete.
        case end(trailers: HttpHeaders, isReusable: Bool)
        /// It is none. Unanswered: no byte of an answer has come.
        case fail(HttpFailure, isUnanswered: Bool)
    }

    private enum Sending {
        case head
        case awaitsContinue
        case body
        /// The server has answered before it has asked for the body.
        case withheld
    }

    private let head: ByteBuffer
    private var body: ByteBuffer
    private let expectsContinue: Bool
    private var reader: HttpResponseReader
    private var sending = Sending.head
    private var isOver = false

    /// How long the server keeps the connection without a request, as far as it has said; less a second, as a request
    /// must not meet the end on its way.
    private(set) var patience: TimeAmount?

    /// - Parameters:
    ///   - head: the request's, as it stands on the wire.
    ///   - body: what follows it.
    ///   - expectsContinue: the head says that the body waits until the server asks for it.
    ///   - isHead: it is a `HEAD`, whose answer has no body.
    init(head: ByteBuffer, body: ByteBuffer, expectsContinue: Bool, isHead: Bool) throws(HttpFailure) {
        self.head = head
        self.body = body
        self.expectsContinue = expectsContinue
        reader = try HttpResponseReader(isHead ? .head : .ordinary)
    }

    /// How many bytes of memory it keeps, without the request's body.
    var heldBytes: Int { head.readableBytes + reader.heldBytes }

    /// Begins.
    mutating func begin() -> [Action] {
        guard expectsContinue else {
            sending = .body
            return [.send(head), .sendBody]
        }
        sending = .awaitsContinue
        return [.send(head), .awaitContinue]
    }

    /// The next piece of the body that may be sent; `nil` when there is none.
    mutating func nextPiece() -> ByteBuffer? {
        guard sending == .body, !isOver, body.readableBytes > 0 else { return nil }
        return body.readSlice(length: min(body.readableBytes, HttpLimits.pieceBytes))
    }

    /// The server was given its time to ask for the body.
    mutating func continueWaitEnded() -> [Action] { sendBody() }

    /// Bytes have come.
    mutating func receive(_ bytes: ByteBuffer) -> [Action] { take(reader.feed(bytes)) }

    /// The connection has ended.
    mutating func closed(_ reason: CloseReason) -> [Action] {
        guard !isOver else { return [] }
        switch reason {
        case .peer: return take(reader.finish())
        case .local: return fail(.calledOff)
        case .failed(let text): return fail(.connection(.other(text)))
        }
    }

    // MARK: -

    private mutating func sendBody() -> [Action] {
        guard sending == .awaitsContinue, !isOver else { return [] }
        sending = .body
        return [.sendBody]
    }

    private mutating func take(_ events: [HttpResponseReader.Event]) -> [Action] {
        var actions: [Action] = []
        for event in events where !isOver {
            switch event {
            case .informational(let head):
                if head.status == 100 { actions += sendBody() }
            case .head(let head):
                if sending == .awaitsContinue { sending = .withheld }
                patience = Self.patience(head.headers)
                actions.append(.head(head))
            case .body(let bytes): actions.append(.body(bytes))
            case .end(let ending):
                isOver = true
                // What was announced and not sent would be taken from the next request.
                let isSent = body.readableBytes == 0
                let isReusable = ending.keepsAlive && isSent && ending.rest.readableBytes == 0
                actions.append(.end(trailers: ending.trailers, isReusable: isReusable))
            case .failed(let failure): actions += fail(failure)
            }
        }
        return actions
    }

    /// `Keep-Alive: timeout=5, max=100`.
    private static func patience(_ headers: HttpHeaders) -> TimeAmount? {
        for part in (headers["Keep-Alive"] ?? "").lowercased().split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard part.hasPrefix("timeout="), let seconds = Int64(part.dropFirst(8)), seconds >= 0 else { continue }
            return max(.seconds(seconds) - .seconds(1), .zero)
        }
        return nil
    }

    private mutating func fail(_ failure: HttpFailure) -> [Action] {
        isOver = true
        return [.fail(failure, isUnanswered: !reader.hasBegun)]
    }
}
