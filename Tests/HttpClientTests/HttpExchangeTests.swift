import Bytes
import ControlCore
import Polling
import Testing

@testable import HttpClient

@Suite("HTTP exchanges")
struct HttpExchangeTests {
    @Test func `A request is made and its response collected`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, _ in connection.answer("on", "X-Kind: lamp") }
        let result = try scene.get("http://device/power?zone=1")
        #expect(result.response?.status == 200)
        #expect(result.response?.reason == "OK")
        #expect(result.response?.headers["x-kind"] == "lamp")
        #expect(result.body == "on")
        #expect(result.response?.url.text == "http://device/power?zone=1")
        #expect(
            device.requests[0].head
                == "GET /power?zone=1 HTTP/1.1\r\nHost: device\r\nUser-Agent: lectern\r\nAccept: */*\r\n"
                + "Accept-Encoding: gzip, deflate")
        #expect(result.calls == 1)
        #expect(scene.session.exchangeCount == 0)
    }

    @Test func `A body goes with its length, and an empty one of POST, too`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, request in connection.answer(request.body) }
        var request = HttpRequest(method: "POST", url: try HttpURL("http://device/"))
        request.setForm([("a", "1 2")])
        #expect(try scene.run(request).body == "a=1+2")
        #expect(device.requests[0]["Content-Type"] == "application/x-www-form-urlencoded")
        #expect(device.requests[0]["Content-Length"] == "5")
        _ = try scene.run(HttpRequest(method: "POST", url: request.url))
        #expect(device.requests[1]["Content-Length"] == "0")
        _ = try scene.run(HttpRequest(method: "DELETE", url: request.url))
        #expect(device.requests[2]["Content-Length"] == nil)
    }

    @Test func `A large body is sent in pieces, and comes whole`() throws {
        let scene = try HttpScene()
        scene.server { connection, request in connection.answer("\(request.body.utf8.count)") }
        let body = ByteBuffer(repeating: 0x61, count: 1 << 20)
        let result = try scene.run(HttpRequest(method: "PUT", url: HttpURL("http://device/"), body: body))
        #expect(result.body == "1048576")
    }

    @Test(arguments: [
        ("A\r\nB", "c", "headers: has the name 'A\r\nB'; allowed: letters, digits and any of !#$%&'*+-.^_`|~"),
        (
            "A", "b\r\nC: d",
            "headers: has a control character at byte 2 of 'A'; allowed: values without line ends and zero bytes"
        ),
        (
            "A", "\0",
            "headers: has a control character at byte 1 of 'A'; allowed: values without line ends and zero bytes"
        ),
        (
            "content-length", "5",
            "headers: has Content-Length; allowed: fields that do not say how the message is sent"
        ),
    ])
    func `Headers that would be another message are refused`(_ name: String, _ value: String, _ text: String) throws {
        let scene = try HttpScene()
        let request = HttpRequest(url: try HttpURL("http://device/"), headers: HttpHeaders([(name, value)]))
        let error = #expect(throws: ParameterError.self) { try scene.session.send(request) { _ in } }
        #expect(error?.description == text)
        #expect(throws: ParameterError.self) {
            try scene.session.send(HttpRequest(method: "GET /x", url: request.url)) { _ in }
        }
    }

    // MARK: Failures

    @Test func `Failures have the words of Connect`() throws {
        let scene = try HttpScene()
        scene.server { connection, _ in connection.answer() }
        #expect(try scene.get("http://nobody/").failure?.reason == "HostError")
        #expect(try scene.get("http://device:81/").failure?.reason == "ConnectionRefused")
        scene.world.network.inject(.drop)
        #expect(try scene.get("http://device/").failure == .timedOut)
    }

    @Test(arguments: [
        ("", "BadResponse: the server has closed the connection without an answer"),
        ("HTTP/1.1 200 OK\r\nContent-", "BadResponse: the connection has ended before the answer was complete"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
            "BadResponse: the connection has ended before the answer was complete"
        ),
        ("SIP/2.0 200 OK\r\n\r\n", "BadResponse: it does not begin with HTTP/"),
    ])
    func `A server that closes too early or speaks another protocol is a bad response`(
        _ text: String, _ failure: String
    ) throws {
        let scene = try HttpScene()
        scene.server { connection, _ in
            connection.send(text)
            connection.close()
        }
        #expect(try scene.get("http://device/").failure?.text == failure)
        #expect(scene.session.connectionCount == 0)
    }

    @Test func `A reset is told in the system's words`() throws {
        let scene = try HttpScene()
        scene.server { connection, _ in connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc") }
        let result = try scene.begin("http://device/")
        scene.world.run(for: .milliseconds(100))
        scene.world.network.reset(.everything)
        scene.world.run(for: .milliseconds(1))
        #expect(result.failure == .connection(.other("Connection reset by peer")))
    }

    @Test(arguments: [0, 1, 2, 3, 4])
    func `The time-out holds at every step`(_ step: Int) throws {
        let scene = try HttpScene()
        let server = scene.server { connection, _ in
            if step >= 2 { connection.send("HTTP/1.1 200 OK\r\n") }
            if step >= 3 { connection.send("Content-Length: 9\r\n\r\n") }
            if step >= 4 { connection.send("abc") }
        }
        if step == 0 { scene.world.network.inject(.drop) }
        let began = scene.world.now
        let result = try scene.get("http://device/") { $0.timeout = .seconds(3) }
        #expect(result.failure == .timedOut)
        #expect(result.endedAt == began + .seconds(3))
        scene.world.network.liftAllFaults()
        scene.world.run(for: .seconds(2))
        #expect(scene.session.connectionCount == 0)
        #expect(scene.session.exchangeCount == 0)
        #expect(server.openConnections == 0)
        #expect(result.calls == 1)
    }

    @Test(arguments: 0..<40)
    func `An exchange can be called off at any moment`(_ moment: Int) throws {
        let scene = try HttpScene()
        let server = scene.server { connection, _ in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
        }
        let result = try scene.begin("http://device/")
        scene.world.run(for: .microseconds(Int64(moment) * 50))
        result.exchange?.cancel()
        result.exchange?.cancel()
        scene.world.run(for: .minutes(1))
        #expect(result.calls == 0)
        #expect(scene.session.exchangeCount == 0)
        #expect(scene.session.connectionCount == 0)
        #expect(server.openConnections == 0)
    }

    @Test func `A session that closes ends its exchanges`() throws {
        let scene = try HttpScene()
        scene.server { _, _ in }
        let first = try scene.begin("http://device/")
        let second = try scene.begin("http://device/")
        scene.world.run(for: .milliseconds(10))
        scene.session.close()
        #expect(first.calls == 0, "not from inside the call")
        let third = try scene.begin("http://device/")
        scene.world.run(for: .seconds(2))
        for result in [first, second, third] {
            #expect(result.failure == .calledOff)
            #expect(result.failure?.reason == "Disconnected")
        }
        #expect(scene.client.openTransports == 0)
    }

    // MARK: Bounds

    @Test func `A body larger than allowed is a failure, early where it is announced`() throws {
        let scene = try HttpScene()
        scene.server { connection, request in
            let body = String(repeating: "x", count: 101)
            switch request.target {
            case "/length": connection.send("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n")
            case "/chunks": connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n\(body)")
            default: connection.send("HTTP/1.1 200 OK\r\n\r\n\(body)")
            }
        }
        for path in ["length", "chunks", "rest"] {
            let result = try scene.get("http://device/\(path)") { $0.largestBody = 100 }
            #expect(result.failure?.text == "TooLarge: the body has more than 100 bytes; max_body allows more")
        }
        let head = HttpRequest(method: "HEAD", url: try HttpURL("http://device/length"))
        #expect(try scene.run(head) { $0.largestBody = 100 }.response?.status == 200)
    }

    @Test func `What an exchange holds is told, and given back`() throws {
        let scene = try HttpScene()
        scene.server { connection, _ in
            connection.send("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 50_000))
        }
        let empty = scene.session.heldBytes
        let body = ByteBuffer(repeating: 0x61, count: 10_000)
        let result = try scene.begin(HttpRequest(method: "PUT", url: HttpURL("http://device/"), body: body))
        #expect(scene.session.heldBytes >= empty + 10_000)
        scene.world.run(for: .milliseconds(100))
        #expect(scene.session.heldBytes >= empty + 60_000)
        result.exchange?.cancel()
        #expect(scene.session.heldBytes == empty)
    }

    // MARK: Compression

    @Test func `Compressed bodies are asked for and decompressed`() throws {
        let scene = try HttpScene()
        scene.server { connection, request in
            #expect(request["Accept-Encoding"] == "gzip, deflate")
            let name = String(request.target.dropFirst())
            let bytes = CompressedBody.all[name] ?? []
            let coding = name.hasPrefix("gzip") ? "gzip" : name.hasPrefix("x") ? "X-GZip" : "deflate"
            connection.send("HTTP/1.1 200 OK\r\nContent-Encoding: \(coding)\r\nContent-Length: \(bytes.count)\r\n\r\n")
            connection.send(ByteBuffer(bytes: bytes))
        }
        for name in ["gzip", "x-gzip", "deflate", "deflate-raw", "gzip-twice"] {
            for sizes in [[], [1], [3, 1, 7]] {
                let fault = scene.world.network.inject(.split(sizes))
                let expected = name == "gzip-twice" ? "hello hello hello\nhello hello hello\n" : "hello hello hello\n"
                let result = try scene.get("http://device/\(name)")
                #expect(result.body == expected, "\(name) in \(sizes): \(String(describing: result.failure))")
                fault.cancel()
            }
        }
        #expect(
            try scene.get("http://device/gzip-cut").failure?.text == "BadResponse: the compressed body ends too early")
        #expect(try scene.get("http://device/gzip-bad").failure?.text == "BadResponse: the compressed body is damaged")
        let tail = "BadResponse: bytes follow the end of the compressed body"
        #expect(try scene.get("http://device/gzip-tail").failure?.text == tail)
        #expect(try scene.get("http://device/gzip") { $0.largestBody = 10 }.failure?.reason == "TooLarge")
    }

    @Test func `A body that nobody asked to be compressed stays as it is`() throws {
        let scene = try HttpScene()
        let bytes = CompressedBody.all["gzip"] ?? []
        scene.server { connection, _ in
            connection.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bytes.count)\r\n\r\n")
            connection.send(ByteBuffer(bytes: bytes))
        }
        #expect(try scene.get("http://device/") { $0.decompresses = false }.response?.body == ByteBuffer(bytes: bytes))
        let own = HttpRequest(url: try HttpURL("http://device/"), headers: HttpHeaders([("Accept-Encoding", "gzip")]))
        #expect(try scene.run(own).response?.body == ByteBuffer(bytes: bytes))
    }

    // MARK: Expect

    @Test func `A body waits until the server asks for it`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, request in connection.answer(request.body) }
        var request = HttpRequest(method: "POST", url: try HttpURL("http://device/"), body: ByteBuffer(string: "abc"))
        request.expectsContinue = true
        #expect(try scene.run(request).body == "abc")
        #expect(device.requests[0]["Expect"] == "100-continue")
        #expect(scene.session.idleConnectionCount == 1)
    }

    @Test func `A server that does not ask gets the body after a second`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, request in connection.answer(request.body) }
        device.onExpect = { _, _ in }
        var request = HttpRequest(method: "POST", url: try HttpURL("http://device/"), body: ByteBuffer(string: "abc"))
        request.expectsContinue = true
        let began = scene.world.now
        let result = try scene.run(request)
        #expect(result.body == "abc")
        #expect(result.endedAt.map { $0 - began > .seconds(1) } == true)
    }

    @Test func `A server that refuses gets no body, and its connection is not used again`() throws {
        let scene = try HttpScene()
        let device = scene.server { _, _ in Issue.record("no whole request was expected") }
        device.onExpect = { connection, _ in connection.answer("no", status: "403 Forbidden") }
        var request = HttpRequest(method: "POST", url: try HttpURL("http://device/"), body: ByteBuffer(string: "abc"))
        request.expectsContinue = true
        #expect(try scene.run(request).response?.status == 403)
        #expect(scene.session.connectionCount == 0)
    }

    @Test func `A server that cannot ask is sent the request without the question`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, request in connection.answer(request.body) }
        device.onExpect = { connection, _ in connection.answer(status: "417 Expectation Failed") }
        var request = HttpRequest(method: "POST", url: try HttpURL("http://device/"), body: ByteBuffer(string: "abc"))
        request.expectsContinue = true
        #expect(try scene.run(request).body == "abc")
        #expect(device.requests.map { $0["Expect"] } == [nil])
    }

    // MARK: The world

    @Test func `However the network splits and delays, the response is the same`() throws {
        let scene = try HttpScene()
        let lines = (1...200).map { "X-\($0 % 90): \($0)" }.prefix(90)
        scene.server { connection, _ in
            connection.send(
                "HTTP/1.1 200 OK\r\n\(lines.joined(separator: "\r\n"))\r\nTransfer-Encoding: chunked\r\n\r\n")
            for number in 1...50 {
                connection.send("\(String(number, radix: 16))\r\n\(String(repeating: "x", count: number))\r\n")
            }
            connection.send("0\r\n\r\n")
        }
        let expected = try scene.get("http://device/").response
        #expect(expected?.body.readableBytes == 1_275)
        for sizes in [[1], [2, 3], [1000, 1], [17]] {
            let faults = [
                scene.world.network.inject(.split(sizes)), scene.world.network.inject(.delay(.milliseconds(40))),
            ]
            #expect(try scene.get("http://device/").response == expected)
            for fault in faults { fault.cancel() }
        }
    }

    @Test func `Bytes that are changed on their way crash nothing, and every exchange ends`() throws {
        let scene = try HttpScene()
        scene.server { connection, _ in
            connection.answer(String(repeating: "text ", count: 100), "Connection: keep-alive")
        }
        scene.world.network.inject(.corrupt(probability: 0.004))
        var failures = 0
        for _ in 0..<200 {
            let result = try scene.get("http://device/") { $0.timeout = .seconds(2) }
            #expect(result.calls == 1)
            if result.failure != nil { failures += 1 }
        }
        #expect(failures > 10)
    }

    @Test func `Two runs with one seed are equal`() throws {
        func run() throws -> [String] {
            let scene = try HttpScene(seed: 99)
            scene.world.network.jitter = .milliseconds(5)
            scene.server { connection, request in
                connection.answer(String(repeating: "x", count: request.target.utf8.count * 100), "Set-Cookie: a=b")
            }
            scene.world.network.inject(.split([5, 70, 2]))
            scene.world.network.inject(.corrupt(probability: 0.0005))
            var results: [HttpScene.Result] = []
            for number in 0..<40 {
                results.append(try scene.begin("http://device/\(number)") { $0.timeout = .seconds(5) })
            }
            scene.world.run(for: .minutes(3))
            return scene.world.trace.lines
                + results.map { "\(String(describing: $0.outcome)) \(String(describing: $0.endedAt))" }
        }
        #expect(try run() == run())
    }
}
