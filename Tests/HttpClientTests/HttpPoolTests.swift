import Bytes
import ControlCore
import Polling
import Testing

@testable import HttpClient

@Suite("Kept HTTP connections")
struct HttpPoolTests {
    @Test func `A connection is kept for the next exchange`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, request in connection.answer(request.target) }
        for number in 1...5 { #expect(try scene.get("http://device/\(number)").body == "/\(number)") }
        #expect(device.requests.map(\.connection) == [1, 1, 1, 1, 1])
        #expect(scene.session.idleConnectionCount == 1)
    }

    @Test func `A connection is not kept that the server wants closed, or that has more to say`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, request in
            switch request.target {
            case "/close": connection.answer("x", "Connection: close")
            case "/more": connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n")
            default: connection.answer("x")
            }
        }
        for path in ["close", "more", "x", "y"] { #expect(try scene.get("http://device/\(path)").body == "x") }
        #expect(device.requests.map(\.connection) == [1, 2, 3, 3])
    }

    @Test func `A connection that speaks unasked while nobody has it is closed`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, _ in connection.answer("x") }
        _ = try scene.get("http://device/")
        device.connections[0].send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        scene.world.run(for: .milliseconds(10))
        #expect(scene.session.connectionCount == 0)
        #expect(try scene.get("http://device/").body == "x")
    }

    @Test func `A connection that the server has closed meanwhile is noticed`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, _ in connection.answer("x") }
        _ = try scene.get("http://device/")
        device.connections[0].close()
        scene.world.run(for: .milliseconds(10))
        #expect(scene.session.connectionCount == 0)
        let post = HttpRequest(method: "POST", url: try HttpURL("http://device/"), body: ByteBuffer(string: "1"))
        #expect(try scene.run(post).body == "x")
        #expect(device.requests.map(\.connection) == [1, 2])
    }

    @Test(arguments: [
        ("GET", true), ("HEAD", true), ("PUT", true), ("DELETE", true), ("POST", false), ("PATCH", false),
    ])
    func `What fails on a kept connection is tried once more if it may be done twice`(
        _ method: String, _ isRepeated: Bool
    ) throws {
        let scene = try HttpScene()
        let device = scene.server { connection, request in
            // As a server does whose patience ends just when the request comes.
            if connection.number == 1, request.target == "/2" { connection.close() } else { connection.answer() }
        }
        _ = try scene.get("http://device/1")
        let result = try scene.run(HttpRequest(method: method, url: HttpURL("http://device/2")))
        if isRepeated {
            #expect(result.response?.status == 200)
            #expect(device.requests.map(\.connection) == [1, 1, 2])
        } else {
            #expect(result.failure == .badResponse("the server has closed the connection without an answer"))
            #expect(device.requests.map(\.connection) == [1, 1])
        }
    }

    @Test func `It is tried once more only, and not at all on a fresh connection or after a part of an answer`() throws
    {
        let scene = try HttpScene()
        let device = scene.server { connection, request in
            switch request.target {
            case "/good": connection.answer()
            case "/part":
                connection.send("HTTP/1.1 200")
                connection.close()
            default: connection.close()
            }
        }
        #expect(try scene.get("http://device/bad").failure?.reason == "BadResponse")
        #expect(device.requests.count == 1)
        _ = try scene.get("http://device/good")
        #expect(try scene.get("http://device/bad").failure?.reason == "BadResponse")
        #expect(device.requests.map(\.connection) == [1, 2, 2, 3])
        _ = try scene.get("http://device/good")
        #expect(try scene.get("http://device/part").failure?.reason == "BadResponse")
        #expect(device.requests.map(\.connection) == [1, 2, 2, 3, 4, 4])
    }

    @Test func `More exchanges than connections wait in order`() throws {
        let scene = try HttpScene { $0.bounds.perHost = 2 }
        let device = scene.server { connection, request in
            connection.server.after(.milliseconds(100)) { connection.answer(request.target) }
        }
        let results = try (1...7).map { try scene.begin("http://device/\($0)") }
        scene.world.run(for: .milliseconds(50))
        #expect(scene.session.connectionCount == 2)
        #expect(scene.session.waitingCount == 5)
        scene.world.run(for: .seconds(2))
        #expect(results.map { $0.body } == (1...7).map { "/\($0)" })
        #expect(device.requests.map(\.target) == (1...7).map { "/\($0)" })
        #expect(device.connections.count == 2)
    }

    @Test func `The wait for a connection is part of the time-out, and can be called off`() throws {
        let scene = try HttpScene { $0.bounds.perHost = 1 }
        scene.server { _, _ in }
        _ = try scene.begin("http://device/1")
        let late = try scene.begin("http://device/2") { $0.timeout = .seconds(2) }
        let cancelled = try scene.begin("http://device/3")
        scene.world.run(for: .seconds(1))
        #expect(scene.session.waitingCount == 2)
        cancelled.exchange?.cancel()
        #expect(scene.session.waitingCount == 1)
        scene.world.run(for: .seconds(2))
        #expect(late.failure == .timedOut)
        #expect(scene.session.waitingCount == 0)
    }

    @Test func `The connections of all hosts are bounded, and the idle ones make room`() throws {
        let scene = try HttpScene { $0.bounds.altogether = 3 }
        let servers = (2...6).map { number in
            scene.server("d\(number)", address: "10.0.0.\(number)") { connection, _ in connection.answer() }
        }
        for number in 2...6 {
            #expect(try scene.get("http://d\(number)/").response?.status == 200)
            #expect(scene.session.connectionCount <= 3)
        }
        scene.world.run(for: .seconds(2))
        #expect(servers.map(\.openConnections) == [0, 0, 1, 1, 1])
    }

    @Test func `A connection that nobody wants is closed after its time`() throws {
        let scene = try HttpScene { $0.bounds.idleTime = .seconds(10) }
        let device = scene.server { connection, _ in connection.answer() }
        _ = try scene.get("http://device/")
        scene.world.run(for: .seconds(9))
        _ = try scene.get("http://device/")
        scene.world.run(for: .seconds(9))
        #expect(scene.session.idleConnectionCount == 1)
        scene.world.run(for: .seconds(3))
        #expect(scene.session.connectionCount == 0)
        #expect(device.openConnections == 0)
        #expect(scene.client.openTransports == 0)
        #expect(scene.world.pendingEvents == 0)
    }

    @Test func `A server that says how long it keeps a connection is asked no later`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, _ in connection.answer("", "Keep-Alive: timeout=5, max=100") }
        _ = try scene.get("http://device/")
        scene.world.run(for: .seconds(3))
        _ = try scene.get("http://device/")
        scene.world.run(for: .seconds(5))
        #expect(scene.session.connectionCount == 0)
        _ = try scene.get("http://device/")
        #expect(device.requests.map(\.connection) == [1, 1, 2])
    }

    @Test func `Who lets go of a session closes its connections`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, _ in connection.answer() }
        var session: HttpSession? = try HttpSession(environment: scene.client)
        var isDone = false
        try session?.send(HttpRequest(url: HttpURL("http://device/"))) { _ in isDone = true }
        #expect(scene.world.run(limit: .seconds(5)) { isDone })
        #expect(device.openConnections == 1)
        weak let old = session
        session = nil
        #expect(old == nil)
        scene.world.run(for: .seconds(2))
        #expect(device.openConnections == 0)
        #expect(scene.client.openTransports == 0)
        #expect(scene.world.pendingEvents == 0)
    }

    @Test func `Too many that wait are refused`() throws {
        let scene = try HttpScene { $0.bounds.perHost = 1 }
        scene.server { _, _ in }
        let results = try (0...1001).map { _ in try scene.begin("http://device/") }
        scene.world.run(for: .seconds(1))
        #expect(results.count { $0.outcome != nil } == 1)
        #expect(results.last?.failure?.text == "more than 1000 exchanges wait for a connection")
        #expect(scene.session.exchangeCount == 1001)
    }
}

@Suite("The ledger of HTTP connections")
struct HttpPoolLedgerTests {
    private static func route(_ host: String) -> HttpRoute {
        HttpRoute(to: HttpURL.Origin(scheme: .http, host: host, port: 80))
    }

    private static func ledger(perHost: Int = 2, altogether: Int = 3) -> HttpPoolLedger {
        var bounds = HttpPoolBounds()
        bounds.perHost = perHost
        bounds.altogether = altogether
        bounds.idleTime = .seconds(10)
        return HttpPoolLedger(bounds)
    }

    private static func time(_ seconds: UInt64) -> Deadline { .uptimeNanoseconds(seconds * 1_000_000_000) }

    @Test func `The connection that was used last is used first, and the one that is idle longest goes first`() {
        var ledger = Self.ledger()
        let a = Self.route("a")
        #expect(ledger.wish(1, for: a, isFresh: false) == [.dial(1)])
        #expect(ledger.wish(2, for: a, isFresh: false) == [.dial(2)])
        #expect(ledger.dialed(1) == 1)
        #expect(ledger.dialed(2) == 2)
        #expect(ledger.release(2, at: Self.time(1)) == [])
        #expect(ledger.release(1, at: Self.time(2)) == [])
        #expect(ledger.wish(3, for: a, isFresh: false) == [.use(1, 3)])
        #expect(ledger.release(1, at: Self.time(3)) == [])
        #expect(ledger.nextExpiry == Self.time(11))
        #expect(ledger.expire(at: Self.time(11)) == [.close(2)])
        #expect(ledger.expire(at: Self.time(12)) == [])
        #expect(ledger.lineCount == 1)
    }

    @Test func `Who wants a fresh connection gets none that was used`() {
        var ledger = Self.ledger(perHost: 1)
        let a = Self.route("a")
        _ = ledger.wish(1, for: a, isFresh: false)
        _ = ledger.dialed(1)
        #expect(ledger.wish(2, for: a, isFresh: true) == [])
        #expect(ledger.release(1, at: Self.time(1)) == [.close(1), .dial(2)])
    }

    @Test func `One who waits for a full host holds up no other host`() {
        var ledger = Self.ledger(perHost: 1, altogether: 2)
        _ = ledger.wish(1, for: Self.route("a"), isFresh: false)
        #expect(ledger.wish(2, for: Self.route("a"), isFresh: false) == [])
        #expect(ledger.wish(3, for: Self.route("b"), isFresh: false) == [.dial(3)])
        #expect(ledger.wish(4, for: Self.route("c"), isFresh: false) == [])
        #expect(ledger.dialed(3) == 1)
        #expect(ledger.release(1, at: Self.time(1)) == [.close(1), .dial(4)])
        #expect(ledger.withdraw(1) == [.dial(2)])
    }

    @Test func `A failed or withdrawn attempt makes room for the next`() {
        var ledger = Self.ledger(perHost: 1)
        let a = Self.route("a")
        _ = ledger.wish(1, for: a, isFresh: false)
        _ = ledger.wish(2, for: a, isFresh: false)
        _ = ledger.wish(3, for: a, isFresh: false)
        #expect(ledger.withdraw(2) == [])
        #expect(ledger.withdraw(1) == [.dial(3)])
        #expect(ledger.dialed(1) == nil)
        #expect(ledger.waitingCount == 0)
    }
}
