import Bytes
import ControlCore
import Polling
import Testing

@testable import HttpClient

@Suite("One HTTP request on one connection")
struct HttpTurnTests {
    private static let head = ByteBuffer(string: "GET / HTTP/1.1\r\n\r\n")

    private static func turn(_ body: Int = 0, expects: Bool = false) throws -> HttpTurn {
        try HttpTurn(
            head: head, body: ByteBuffer(repeating: 0x61, count: body), expectsContinue: expects, isHead: false)
    }

    private static func response(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }

    private static let good = response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    private static func goodActions(isReusable: Bool) -> [HttpTurn.Action] {
        let head = HttpResponseHead(status: 200, reason: "OK", headers: HttpHeaders([("Content-Length", "2")]))
        return [.head(head), .body(response("ok")), .end(trailers: HttpHeaders(), isReusable: isReusable)]
    }

    @Test func `The head goes first, then the body in pieces`() throws {
        var turn = try Self.turn(150_000)
        #expect(turn.nextPiece() == nil)
        #expect(turn.begin() == [.send(Self.head), .sendBody])
        var sizes: [Int] = []
        while let piece = turn.nextPiece() { sizes.append(piece.readableBytes) }
        #expect(sizes == [65_536, 65_536, 18_928])
        #expect(turn.receive(Self.good) == Self.goodActions(isReusable: true))
        #expect(turn.closed(.peer) == [])
    }

    @Test func `A body that is not sent whole makes the connection useless`() throws {
        var turn = try Self.turn(150_000)
        _ = turn.begin()
        _ = turn.nextPiece()
        #expect(turn.receive(Self.good) == Self.goodActions(isReusable: false))
        #expect(turn.nextPiece() == nil)
    }

    @Test func `A body that waits goes when it is asked for, or after its time, and once`() throws {
        var asked = try Self.turn(3, expects: true)
        #expect(asked.begin() == [.send(Self.head), .awaitContinue])
        #expect(asked.nextPiece() == nil)
        #expect(asked.receive(Self.response("HTTP/1.1 103 Early\r\n\r\n")) == [])
        #expect(asked.receive(Self.response("HTTP/1.1 100 Continue\r\n\r\n")) == [.sendBody])
        #expect(asked.continueWaitEnded() == [])
        #expect(asked.nextPiece()?.readableBytes == 3)
        var late = try Self.turn(3, expects: true)
        _ = late.begin()
        #expect(late.continueWaitEnded() == [.sendBody])
        #expect(late.receive(Self.response("HTTP/1.1 100 Continue\r\n\r\n")) == [])
        var refused = try Self.turn(3, expects: true)
        _ = refused.begin()
        #expect(refused.receive(Self.good) == Self.goodActions(isReusable: false))
        #expect(refused.continueWaitEnded() == [])
        #expect(refused.nextPiece() == nil)
    }

    @Test(arguments: [
        ("", CloseReason.peer, HttpFailure.badResponse("the server has closed the connection without an answer"), true),
        ("H", .peer, .badResponse("the connection has ended before the answer was complete"), false),
        ("", .failed("Connection reset by peer"), .connection(.other("Connection reset by peer")), true),
        ("HTTP/1.1 200 OK\r\n", .failed("broken"), .connection(.other("broken")), false),
        ("", .local, .calledOff, true),
    ])
    func `The end of a connection is told, and whether anything was answered`(
        _ received: String, _ reason: CloseReason, _ failure: HttpFailure, _ isUnanswered: Bool
    ) throws {
        var turn = try Self.turn()
        _ = turn.begin()
        _ = turn.receive(Self.response(received))
        #expect(turn.closed(reason) == [.fail(failure, isUnanswered: isUnanswered)])
        #expect(turn.closed(reason) == [])
        #expect(turn.receive(Self.good) == [])
    }

    @Test(
        arguments: [
            ("timeout=5, max=100", TimeAmount.seconds(4)), ("max=100,Timeout=60", .seconds(59)), ("timeout=0", .zero),
            ("timeout=x", nil), ("", nil), ("timeout=-5", nil),
        ] as [(String, TimeAmount?)])
    func `How long a server keeps a connection is read`(_ value: String, _ patience: TimeAmount?) throws {
        var turn = try Self.turn()
        _ = turn.begin()
        _ = turn.receive(Self.response("HTTP/1.1 200 OK\r\nKeep-Alive: \(value)\r\nContent-Length: 0\r\n\r\n"))
        #expect(turn.patience == patience)
    }
}
