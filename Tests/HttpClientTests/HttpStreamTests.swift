import Bytes
import ControlCore
import Polling
import Testing

@testable import HttpClient

@Suite("HTTP streams")
struct HttpStreamTests {
    /// What a streamed exchange has told.
    private final class Log {
        var events: [String] = []
        var bytes = 0
        var largest = 0
        var exchange: HttpExchange?
        var onBody: () -> Void = {}
        var failure: HttpFailure?
        var isOver = false
    }

    private static func stream(
        _ scene: HttpScene, _ path: String = "", _ change: (inout HttpOptions) -> Void = { _ in }
    ) throws -> Log {
        var options = HttpOptions()
        change(&options)
        let log = Log()
        log.exchange = try scene.session.stream(
            HttpRequest(url: HttpURL("http://device/\(path)")), options: options,
            onHead: { log.events.append("head \($0.status)") },
            onBody: { bytes in
                log.bytes += bytes.readableBytes
                log.largest = max(log.largest, bytes.readableBytes)
                if bytes.readableBytes < 40 { log.events.append(String(buffer: bytes)) }
                log.onBody()
            },
            completion: { result in
                log.isOver = true
                switch result {
                case .success(let response): log.events.append("end \(response.body.readableBytes)")
                case .failure(let failure): log.failure = failure
                }
            })
        return log
    }

    @Test func `A response is handed on as it comes, for longer than the time-out`() throws {
        let scene = try HttpScene()
        scene.server { connection, _ in
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in 1...3 {
                connection.server.after(.seconds(Int64(number) * 60)) { connection.send("2\r\nn\(number)\r\n") }
            }
            connection.server.after(.seconds(200)) { connection.send("0\r\n\r\n") }
        }
        let log = try Self.stream(scene) { $0.largestBody = 1 }
        scene.world.run(for: .seconds(61))
        #expect(log.events == ["head 200", "n1"])
        scene.world.run(for: .seconds(150))
        #expect(log.events == ["head 200", "n1", "n2", "n3", "end 0"])
        #expect(scene.session.idleConnectionCount == 1)
    }

    @Test func `The time-out holds until the head, and the silence from then on`() throws {
        let scene = try HttpScene()
        scene.server { connection, request in
            guard request.target == "/pushes" else { return }
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            for second in [4, 8, 12] { connection.server.after(.seconds(Int64(second))) { connection.send("x") } }
        }
        let mute = try Self.stream(scene)
        let pushes = try Self.stream(scene, "pushes") { $0.silence = .seconds(5) }
        scene.world.run(for: .seconds(16))
        #expect(!pushes.isOver)
        scene.world.run(for: .seconds(2))
        #expect(pushes.failure == .timedOut)
        #expect(pushes.bytes == 3)
        scene.world.run(for: .seconds(20))
        #expect(mute.failure == .timedOut)
        #expect(scene.session.connectionCount == 0)
    }

    @Test func `A response that is held back slows the server down, and loses nothing`() throws {
        let scene = try HttpScene()
        let total = 2_000_000
        let device = scene.server { connection, _ in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            connection.send(ByteBuffer(repeating: 0x61, count: total))
        }
        let log = try Self.stream(scene)
        log.onBody = { log.exchange?.pause() }
        scene.world.run(for: .seconds(60))
        #expect(log.bytes > 0 && log.bytes <= HttpLimits.pieceBytes)
        #expect(device.connections[0].transport.queuedBytes > total - 300_000)
        #expect(scene.session.heldBytes < 300_000)
        var rounds = 0
        while !log.isOver, rounds < 1_000 {
            log.exchange?.resume()
            scene.world.run(for: .milliseconds(10))
            rounds += 1
        }
        #expect(log.bytes == total)
        #expect(log.events.last == "end 0")
        #expect(rounds >= total / HttpLimits.pieceBytes)
    }

    @Test func `A compressed stream is handed on in pieces that are bounded, in turns that are bounded`() throws {
        let scene = try HttpScene()
        // Forty members, each of 100,000 zeros.
        let bytes = [[UInt8]](repeating: CompressedBody.all["gzip-zeros"] ?? [], count: 40).flatMap { $0 }
        scene.server { connection, _ in
            connection.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bytes.count)\r\n\r\n")
            connection.send(ByteBuffer(bytes: bytes))
        }
        let log = try Self.stream(scene)
        var inOneTurn = 0
        var most = 0
        log.onBody = {
            inOneTurn += 1
            most = max(most, inOneTurn)
        }
        while !log.isOver, scene.world.step() { inOneTurn = 0 }
        #expect(log.bytes == 4_000_000)
        #expect(log.largest == HttpLimits.pieceBytes)
        #expect(most == HttpLimits.piecesPerTurn)
        #expect(log.events.last == "end 0")
        let bomb = try scene.get("http://device/") { $0.largestBody = 1_000_000 }
        #expect(bomb.failure?.reason == "TooLarge")
    }

    @Test func `A stream may be called off from inside its own calls`() throws {
        let scene = try HttpScene()
        scene.server { connection, _ in connection.answer(String(repeating: "x", count: 300_000)) }
        let log = try Self.stream(scene)
        log.onBody = { log.exchange?.cancel() }
        scene.world.run(for: .seconds(10))
        #expect(log.events == ["head 200"])
        #expect(!log.isOver)
        #expect(scene.session.exchangeCount == 0)
    }

    @Test func `The end of a stream that breaks is told behind what has come`() throws {
        let scene = try HttpScene()
        scene.server { connection, _ in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            connection.close()
        }
        let log = try Self.stream(scene)
        scene.world.run(for: .seconds(10))
        #expect(log.events == ["head 200", "abc"])
        #expect(log.failure?.reason == "BadResponse")
    }

    @Test func `What came before damage is delivered first, also to one who holds back`() throws {
        let scene = try HttpScene()
        scene.server { connection, _ in
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
        }
        let log = Log()
        log.exchange = try scene.session.stream(
            HttpRequest(url: HttpURL("http://device/")), onHead: { _ in log.exchange?.pause() },
            onBody: { log.events.append(String(buffer: $0)) },
            completion: { result in
                if case .failure(let failure) = result { log.failure = failure }
            })
        scene.world.run(for: .seconds(5))
        #expect(log.events.isEmpty)
        #expect(log.failure == nil)
        log.exchange?.resume()
        #expect(log.events.isEmpty, "not from inside the call")
        scene.world.run(for: .seconds(1))
        #expect(log.events == ["abc"])
        #expect(log.failure == .badResponse("invalid character in chunk size header"))
    }

    // MARK: Lines

    private static func lines(_ pieces: [String], _ ends: HttpLineSplitter.Ends = .lineFeed) throws -> [String] {
        var splitter = HttpLineSplitter(ends)
        var lines: [String] = []
        for piece in pieces { lines += try splitter.feed(ByteBuffer(string: piece)).map { String(buffer: $0) } }
        if let rest = splitter.finish() { lines.append("\(String(buffer: rest))<") }
        return lines
    }

    @Test func `Lines are told without their ends, however they are split`() throws {
        let text = "one\r\n\r\ntwo\nthr\ree\n\nlast"
        let expected = ["one", "", "two", "thr\ree", "", "last<"]
        #expect(try Self.lines([text]) == expected)
        #expect(try Self.lines(text.unicodeScalars.map { String($0) }) == expected)
        #expect(try Self.lines(["a\rb\r\n\rc\n"], .any) == ["a", "b", "", "c"])
        #expect(try Self.lines(["a\r", "\nb\r", "c\n"], .any) == ["a", "b", "c"])
        #expect(try Self.lines(["a\n"]) == ["a"])
        #expect(try Self.lines(["\r", "\n"]) == [""])
    }

    @Test func `A line is bounded`() throws {
        var splitter = HttpLineSplitter(limit: 4)
        #expect(try splitter.feed(ByteBuffer(string: "1234\n123")).count == 1)
        #expect(throws: HttpFailure.tooLarge("a line has more than 4 bytes")) {
            try splitter.feed(ByteBuffer(string: "45"))
        }
    }

    // MARK: Server-sent events

    private static func events(_ text: String, split: Bool) throws -> [ServerSentEvent] {
        var reader = ServerSentEventReader()
        guard split else { return try reader.feed(ByteBuffer(string: text)) }
        return try text.utf8.map { try reader.feed(ByteBuffer(bytes: [$0])) }.flatMap { $0 }
    }

    // The examples of the HTML standard, and what they leave out.
    @Test(arguments: [
        ("data: YHOO\ndata: +2\ndata: 10\n\n", [ServerSentEvent(event: "message", data: "YHOO\n+2\n10", id: "")]),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            [
                ServerSentEvent(event: "message", data: "first event", id: "1"),
                ServerSentEvent(event: "message", data: "second event", id: ""),
                ServerSentEvent(event: "message", data: " third event", id: ""),
            ]
        ),
        (
            "data\n\ndata\ndata\n\ndata:",
            [
                ServerSentEvent(event: "message", data: "", id: ""),
                ServerSentEvent(event: "message", data: "\n", id: ""),
            ]
        ),
        (
            "data:test\n\ndata: test\n\n",
            [
                ServerSentEvent(event: "message", data: "test", id: ""),
                ServerSentEvent(event: "message", data: "test", id: ""),
            ]
        ),
        (
            "\u{feff}event: add\rdata: 1\r\revent: remove\r\ndata: 2\r\n\r\n",
            [ServerSentEvent(event: "add", data: "1", id: ""), ServerSentEvent(event: "remove", data: "2", id: "")]
        ),
        ("event: nothing\n\ndata: x\n\n", [ServerSentEvent(event: "message", data: "x", id: "")]),
        ("id: 1\nid: 2\0\ndata: x\n\n", [ServerSentEvent(event: "message", data: "x", id: "1")]),
        ("other: y\ndata: x\n\ndata: cut", [ServerSentEvent(event: "message", data: "x", id: "")]),
    ])
    func `Events are read as the HTML standard has them`(_ text: String, _ events: [ServerSentEvent]) throws {
        #expect(try Self.events(text, split: false) == events)
        #expect(try Self.events(text, split: true) == events)
    }

    @Test func `The time until a stream is opened again is told, and an event is bounded`() throws {
        var reader = ServerSentEventReader(lastID: "7", limit: 10)
        _ = try reader.feed(ByteBuffer(string: "retry: 1500\nretry: x\nretry\nid:\n"))
        #expect(reader.retry == 1500)
        #expect(reader.lastID == "")
        #expect(throws: HttpFailure.tooLarge("an event has more than 10 bytes")) {
            try reader.feed(ByteBuffer(string: "data: 123\ndata: 123\ndata: 123\n"))
        }
    }
}
