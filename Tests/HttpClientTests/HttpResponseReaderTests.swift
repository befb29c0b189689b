import ByteText
import Bytes
import Testing

@testable import HttpClient

/// What became of the bytes of one response.
struct ReadResponse: Equatable {
    var informational: [Int] = []
    var head: HttpResponseHead?
    var body = ""
    var ending: HttpResponseReader.Ending?
    var failure: HttpFailure?

    /// Reads `pieces`, and then the end of the connection if `closes`.
    init(_ pieces: [ByteBuffer], _ request: HttpResponseReader.Request = .ordinary, closes: Bool = false) throws {
        var reader = try HttpResponseReader(request)
        var rest = ByteBuffer()
        for piece in pieces {
            if ending != nil {
                rest.writeImmutableBuffer(piece)
            } else {
                take(reader.feed(piece))
            }
        }
        ending?.rest.writeImmutableBuffer(rest)
        if closes { take(reader.finish()) }
    }

    init(_ text: String, _ request: HttpResponseReader.Request = .ordinary, closes: Bool = false) throws {
        try self.init([ByteBuffer(string: text)], request, closes: closes)
    }

    private mutating func take(_ events: [HttpResponseReader.Event]) {
        for event in events {
            #expect(failure == nil && ending == nil, "nothing follows the end")
            switch event {
            case .informational(let head): informational.append(head.status)
            case .head(let head): self.head = head
            case .body(let bytes):
                #expect(bytes.readableBytes > 0)
                body += String(buffer: bytes)
            case .end(let ending): self.ending = ending
            case .failed(let failure): self.failure = failure
            }
        }
    }
}

@Suite("Responses from bytes")
struct HttpResponseReaderTests {
    @Test func `A response with a length is taken apart`() throws {
        let read = try ReadResponse(
            "HTTP/1.1 200 All right\r\nContent-Length: 5\r\nX-Empty:\r\nx-twice: a\r\nX-Twice:  b \r\n\r\nhello")
        #expect(read.head?.status == 200)
        #expect(read.head?.reason == "All right")
        #expect(read.head?.headers["content-length"] == "5")
        #expect(read.head?.headers["X-Empty"] == "")
        #expect(read.head?.headers["X-TWICE"] == "a, b")
        #expect(read.body == "hello")
        #expect(read.ending?.keepsAlive == true)
        #expect(read.ending?.rest.readableBytes == 0)
    }

    @Test func `Chunks are joined, and trailers are told`() throws {
        let read = try ReadResponse(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n00a\r\n0123456789\r\n0\r\nT: u\r\n\r\n"
        )
        #expect(read.body == "abc0123456789")
        #expect(read.ending?.trailers["t"] == "u")
        #expect(read.head?.headers["T"] == nil)
        #expect(read.ending?.keepsAlive == true)
    }

    @Test func `Without a length the body goes to the end of the connection`() throws {
        let text = "HTTP/1.0 200 OK\r\n\r\nall of it"
        #expect(try ReadResponse(text).ending == nil)
        let read = try ReadResponse(text, closes: true)
        #expect(read.body == "all of it")
        #expect(read.head?.isHttp10 == true)
        #expect(read.ending?.keepsAlive == false)
    }

    @Test(arguments: [
        ("HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n", HttpResponseReader.Request.ordinary),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", .ordinary),
        ("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", .ordinary),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", .head),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .head),
        ("HTTP/1.1 404\r\n\r\n", .head),
    ])
    func `Some responses have no body, whatever they say`(
        _ text: String, _ request: HttpResponseReader.Request
    ) throws {
        let read = try ReadResponse(text, request)
        #expect(read.ending == HttpResponseReader.Ending(trailers: HttpHeaders(), keepsAlive: true, rest: ByteBuffer()))
        #expect(read.body.isEmpty)
    }

    @Test func `Answers that announce another are told apart, also of HTTP 1.0`() throws {
        let read = try ReadResponse(
            "HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nConnection: close\r\nLink: x\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
        #expect(read.informational == [100, 103])
        #expect(read.head?.headers["Link"] == nil)
        #expect(read.body == "x")
        let endless = try ReadResponse(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 33))
        #expect(endless.failure == .badResponse("more than 32 answers announce another"))
    }

    @Test func `What follows a tunnel or an upgrade is handed over`() throws {
        let tunnel = try ReadResponse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\u{1}\u{2}", .connect)
        #expect(tunnel.ending?.rest == ByteBuffer(bytes: [1, 2]))
        let refused = try ReadResponse("HTTP/1.1 407 No\r\nContent-Length: 1\r\n\r\nx", .connect)
        #expect(refused.body == "x")
        let upgrade = "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nHTTP/1.1"
        #expect(try ReadResponse(upgrade, .upgrade).ending?.rest == ByteBuffer(string: "HTTP/1.1"))
        #expect(try ReadResponse(upgrade, .upgrade).head?.headers["upgrade"] == "websocket")
        let unasked = HttpFailure.badResponse("it goes over to another protocol, which nobody has asked for")
        #expect(try ReadResponse(upgrade).failure == unasked)
    }

    @Test func `Bytes behind a response are told, and are no part of it`() throws {
        let read = try ReadResponse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n")
        #expect(read.body == "x")
        #expect(read.ending?.rest == ByteBuffer(string: "HTTP/1.1 200 OK\r\n"))
    }

    @Test func `A server's wish to close is told`() throws {
        let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        #expect(try ReadResponse(closing).ending?.keepsAlive == false)
        #expect(try ReadResponse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").ending?.keepsAlive == false)
        let keeping = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
        #expect(try ReadResponse(keeping).ending?.keepsAlive == true)
    }

    @Test(arguments: [
        ("SSH-2.0-OpenSSH\r\n", "it does not begin with HTTP/"),
        ("HTTP/2.0 200 OK\r\n\r\n", "it has the version 2.0 and the status 200"),
        ("HTTP/1.1 99 No\r\n\r\n", "it has the version 1.1 and the status 99"),
        ("HTTP/1.1 2000 No\r\n\r\n", "invalid HTTP status code"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "it has two lengths"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "it has two lengths"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "invalid character in content-length header"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "invalid character in content-length header"
        ),
        ("HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", "invalid character in header"),
        ("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", "invalid character in header"),
        ("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", "invalid character in header"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "invalid character in chunk size header"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
            "a chunk does not have the length that it says"
        ),
    ])
    func `What is no response is refused with what is wrong`(_ text: String, _ problem: String) throws {
        let failure = try ReadResponse(text).failure
        #expect(failure == .badResponse(problem))
    }

    @Test(arguments: [
        ("", "the server has closed the connection without an answer"),
        ("HTTP/1.1 200 OK\r\nCont", "the connection has ended before the answer was complete"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "the connection has ended before the answer was complete"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "the connection has ended before the answer was complete"
        ),
        ("HTTP/1.1 100 Continue\r\n\r\n", "the server has closed the connection without an answer"),
    ])
    func `A connection that ends too early is a failure`(_ text: String, _ problem: String) throws {
        let failure = try ReadResponse(text, closes: true).failure
        #expect(failure == .badResponse(problem))
    }

    @Test func `The head is bounded in bytes and in fields`() throws {
        let start = "HTTP/1.1 200 OK\r\n"
        func fields(_ count: Int) -> String { String(repeating: "A: b\r\n", count: count) }
        #expect(try ReadResponse(start + fields(99) + "Content-Length: 0\r\n\r\n").ending != nil)
        let tooMany = try ReadResponse(start + fields(101) + "\r\n")
        #expect(tooMany.failure?.reason == "TooLarge")
        let long = start + "A: " + String(repeating: "x", count: 65_530)
        #expect(try ReadResponse(long + "\r\nContent-Length: 0\r\n\r\n").failure?.reason == "TooLarge")
        // Without an end, and of nothing that is kept.
        #expect(try ReadResponse(String(repeating: "\r\n", count: 50_000)).failure?.reason == "TooLarge")
        let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"
        #expect(try ReadResponse(chunk + String(repeating: "x", count: 100_000)).failure?.reason == "TooLarge")
        let trailers = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + fields(120)
        #expect(try ReadResponse(trailers).failure?.reason == "TooLarge")
    }

    @Test func `Bytes that are no text stay as they are`() throws {
        var bytes = ByteBuffer(string: "HTTP/1.1 200 ")
        bytes.writeBytes([0xE9])
        bytes.writeString("\r\nName: ")
        bytes.writeBytes([0xFF, 0xC3, 0xA4])
        bytes.writeString("\r\nContent-Length: 0\r\n\r\n")
        let read = try ReadResponse([bytes])
        #expect(read.head?.reason.rawBytes == [0xE9])
        #expect(read.head?.headers["Name"]?.rawBytes == [0xFF, 0xC3, 0xA4])
    }
}
