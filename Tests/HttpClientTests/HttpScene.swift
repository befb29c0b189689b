import Bytes
import ControlCore
import HttpClient
import Polling
import Testing

/// A simulated room: one program with a session, and servers whose answers the test writes.
final class HttpScene {
    let world: SimulatedWorld
    let client: SimulatedEnvironment
    private(set) var servers: [ScriptedServer] = []
    private(set) var session: HttpSession

    init(seed: UInt64 = 1, _ change: (inout HttpSessionSettings) throws -> Void = { _ in }) throws {
        world = SimulatedWorld(seed: seed)
        client = world.environment(named: "client", address: "10.0.0.1")
        var settings = HttpSessionSettings()
        try change(&settings)
        session = try HttpSession(environment: client, settings: settings)
    }

    /// Puts a server into the room; it answers by `script`.
    @discardableResult
    func server(
        _ name: String = "device", address: String = "10.0.0.2", port: Int = 80, tls: SimulatedCertificate? = nil,
        _ script: @escaping ScriptedServer.Script
    ) -> ScriptedServer {
        let server = ScriptedServer(
            world.environment(named: name, address: address), port: port, certificate: tls, script)
        servers.append(server)
        world.run(for: .milliseconds(1))
        return server
    }

    /// What became of an exchange.
    final class Result {
        var outcome: Swift.Result<HttpResponse, HttpFailure>?
        var exchange: HttpExchange?
        var calls = 0
        var endedAt: Deadline?

        var response: HttpResponse? { try? outcome?.get() }
        var body: String? { response.map { String(buffer: $0.body) } }
        var failure: HttpFailure? {
            if case .failure(let failure)? = outcome { failure } else { nil }
        }
    }

    /// Begins an exchange.
    func begin(_ request: HttpRequest, _ change: (inout HttpOptions) throws -> Void = { _ in }) throws -> Result {
        var options = session.settings.options
        try change(&options)
        let result = Result()
        result.exchange = try session.send(request, options: options) { [client] outcome in
            result.outcome = outcome
            result.calls += 1
            result.endedAt = client.now
        }
        return result
    }

    func begin(_ url: String, _ change: (inout HttpOptions) throws -> Void = { _ in }) throws -> Result {
        try begin(HttpRequest(url: session.url(url)), change)
    }

    /// Makes an exchange and waits for what becomes of it.
    func run(_ request: HttpRequest, _ change: (inout HttpOptions) throws -> Void = { _ in }) throws -> Result {
        let result = try begin(request, change)
        #expect(world.run(limit: .minutes(2)) { result.outcome != nil })
        return result
    }

    func get(_ url: String, _ change: (inout HttpOptions) throws -> Void = { _ in }) throws -> Result {
        try run(HttpRequest(url: session.url(url)), change)
    }
}

/// A server whose answers a test writes: it reads whole requests, and calls its script with each.
final class ScriptedServer {
    /// One connection to the server.
    final class Connection: StreamDelegate {
        let number: Int
        let transport: any StreamTransport
        unowned let server: ScriptedServer
        private var arrived = ByteBuffer()
        private(set) var isClosed = false

        fileprivate init(_ transport: any StreamTransport, number: Int, server: ScriptedServer) {
            self.transport = transport
            self.number = number
            self.server = server
        }

        func send(_ text: String) { transport.send(ByteBuffer(string: text)) }
        func send(_ bytes: ByteBuffer) { transport.send(bytes) }
        func close() { transport.close() }

        /// Answers with a body and its length.
        func answer(_ body: String = "", status: String = "200 OK", _ headers: String...) {
            let fields = (headers + ["Content-Length: \(body.utf8.count)"]).map { $0 + "\r\n" }.joined()
            send("HTTP/1.1 \(status)\r\n\(fields)\r\n\(body)")
        }

        func transport(_ transport: any StreamTransport, didReceive bytes: ByteBuffer) {
            arrived.writeImmutableBuffer(bytes)
            server.received += bytes.readableBytes
            while let request = takeRequest() {
                server.requests.append(request)
                server.script(self, request)
            }
        }

        func transportDidDrain(_ transport: any StreamTransport) {}

        func transportDidClose(_ transport: any StreamTransport, reason: CloseReason) { isClosed = true }

        /// Takes a whole request, or one whose body waits to be asked for.
        private func takeRequest() -> Request? {
            let text = String(buffer: arrived)
            guard let end = text.range(of: "\r\n\r\n") else { return nil }
            let head = String(text[..<end.lowerBound])
            let request = Request(head: head, body: "", connection: number)
            let headLength = head.utf8.count + 4
            let length = Int(request["Content-Length"] ?? "0") ?? 0
            if request["Expect"] != nil, server.hasAsked.insert(number).inserted {
                server.onExpect(self, request)
            }
            guard arrived.readableBytes >= headLength + length else { return nil }
            arrived.moveReaderIndex(forwardBy: headLength)
            let body = arrived.readString(length: length) ?? ""
            arrived.discardReadBytes()
            return Request(head: head, body: body, connection: number)
        }
    }

    /// A request as it came.
    struct Request: Equatable {
        let head: String
        let body: String
        /// Which of the server's connections it came by, from 1 on.
        let connection: Int

        var line: String { String(head.split(separator: "\r\n")[0]) }
        var method: String { String(line.split(separator: " ")[0]) }
        var target: String { String(line.split(separator: " ")[1]) }

        subscript(name: String) -> String? {
            for line in head.split(separator: "\r\n").dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts[0].lowercased() == name.lowercased() { return String(parts[1].drop { $0 == " " }) }
            }
            return nil
        }
    }

    typealias Script = (Connection, Request) -> Void

    let environment: SimulatedEnvironment
    fileprivate let script: Script
    fileprivate(set) var requests: [Request] = []
    fileprivate(set) var received = 0
    fileprivate(set) var connections: [Connection] = []
    var openConnections: Int { connections.count { !$0.isClosed } }
    fileprivate var hasAsked: Set<Int> = []
    /// Called when a request waits to be asked for its body.
    var onExpect: Script = { connection, _ in connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
    /// Called with each connection, before anything has come.
    var onAccept: (Connection) -> Void = { _ in }

    fileprivate init(
        _ environment: SimulatedEnvironment, port: Int, certificate: SimulatedCertificate?, _ script: @escaping Script
    ) {
        self.environment = environment
        self.script = script
        let terms = certificate.map { TLSTerms(role: .server, verification: .none, identity: $0.identity) }
        environment.listenTCP(address: nil, port: port) { [unowned self] transport in
            let connection = Connection(transport, number: connections.count + 1, server: self)
            connections.append(connection)
            onAccept(connection)
            transport.start(delegate: connection)
            if let terms, let capable = transport as? any TLSCapableTransport {
                capable.startTLS(terms, timeout: nil) { _ in }
            }
        } completion: { result in
            if case .failure(let failure) = result { Issue.record("\(failure)") }
        }
    }

    /// Gives an answer a later time.
    func after(_ delay: TimeAmount, _ body: @escaping () -> Void) { environment.schedule(after: delay, body) }
}

extension String {
    /// The first place of `text`.
    func range(of text: String) -> Range<String.Index>? {
        let bytes = Array(utf8)
        let sought = Array(text.utf8)
        guard bytes.count >= sought.count else { return nil }
        for start in 0...(bytes.count - sought.count) where bytes[start..<start + sought.count].elementsEqual(sought) {
            let lower = utf8.index(utf8.startIndex, offsetBy: start)
            return lower..<utf8.index(lower, offsetBy: sought.count)
        }
        return nil
    }
}
