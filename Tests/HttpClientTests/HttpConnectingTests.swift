import Bytes
import ControlCore
import Polling
import Testing

@testable import HttpClient

/// TLS and proxies.
@Suite("HTTP over TLS and proxies")
struct HttpConnectingTests {
    private static let certificate = SimulatedCertificate(names: ["device"])

    @Test func `https speaks TLS, and plain HTTP does not`() throws {
        let scene = try HttpScene()
        scene.server(port: 443, tls: Self.certificate) { connection, request in connection.answer(request["Host"] ?? "")
        }
        #expect(try scene.get("https://device/").body == "device")
        #expect(try scene.get("http://device:443/") { $0.timeout = .seconds(3) }.failure != nil)
        scene.server("plain", address: "10.0.0.4", port: 443) { _, _ in }
        #expect(try scene.get("https://plain/") { $0.timeout = .seconds(3) }.failure != nil)
    }

    @Test func `The certificate must be for the host, and is judged by the terms`() throws {
        let scene = try HttpScene()
        let other = SimulatedCertificate(names: ["other"])
        scene.server(port: 443, tls: other) { connection, _ in connection.answer() }
        let refused = try scene.get("https://device/").failure
        #expect(refused?.reason == "CertificateError")
        #expect(refused?.detail?.isEmpty == false)
        let pinned = TLSTerms(role: .client, verification: .pinned([other.fingerprint]))
        #expect(try scene.get("https://device/") { $0.tls = pinned }.response?.status == 200)
        let anybody = TLSTerms(role: .client, verification: .none)
        #expect(try scene.get("https://device/") { $0.tls = anybody }.response?.status == 200)
        #expect(scene.session.connectionCount == 2, "other terms, another connection")
        let useless = TLSTerms(role: .client, verification: .authorities([1, 2, 3]))
        #expect(throws: ParameterError.self) { try scene.begin("https://device/") { $0.tls = useless } }
    }

    @Test func `The time-out holds for a handshake`() throws {
        let scene = try HttpScene()
        scene.server(port: 443) { _, _ in }
        let began = scene.world.now
        let result = try scene.get("https://device/") { $0.timeout = .seconds(2) }
        #expect(result.failure == .timedOut)
        #expect(result.endedAt == began + .seconds(2))
    }

    // MARK: Proxies

    @Test func `A proxy is asked for whole URLs`() throws {
        let scene = try HttpScene { $0.options.proxy = try HttpProxy("http://user:secret@proxy:8080") }
        let proxy = scene.server("proxy", address: "10.0.0.9", port: 8080) { connection, request in
            connection.answer(request.target)
        }
        #expect(try scene.get("http://device/x?y").body == "http://device/x?y")
        #expect(proxy.requests[0]["Host"] == "device")
        #expect(proxy.requests[0]["Proxy-Authorization"] == "Basic dXNlcjpzZWNyZXQ=")
    }

    /// A proxy that makes a tunnel: what comes behind `CONNECT` goes on by TLS on the same connection, as if the server
    /// were behind it.
    @Test func `A proxy makes a tunnel for https`() throws {
        let scene = try HttpScene { $0.options.proxy = try HttpProxy("http://user:secret@proxy:8080") }
        let proxy = scene.server("proxy", address: "10.0.0.9", port: 8080) { connection, request in
            guard request.method == "CONNECT" else {
                return connection.answer("\(request.line) \(request["Proxy-Authorization"] ?? "-")")
            }
            connection.send("HTTP/1.1 200 Here it is\r\n\r\n")
            let terms = TLSTerms(role: .server, verification: .none, identity: Self.certificate.identity)
            (connection.transport as? any TLSCapableTransport)?.startTLS(terms, timeout: nil) { _ in }
        }
        #expect(try scene.get("https://device/x").body == "GET /x HTTP/1.1 -")
        #expect(try scene.get("https://device/y").body == "GET /y HTTP/1.1 -")
        #expect(proxy.requests[0].line == "CONNECT device:443 HTTP/1.1")
        #expect(proxy.requests[0]["Proxy-Authorization"] == "Basic dXNlcjpzZWNyZXQ=")
        #expect(proxy.connections.count == 1)
        let wrong = try scene.get("https://other/")
        #expect(wrong.failure?.reason == "CertificateError")
    }

    @Test(arguments: [
        ("HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n", "AuthenticationFailed: the proxy answers 407 Who?"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "the proxy answers 502 Bad Gateway"),
        ("SOCKS\r\n", "BadResponse: of the proxy: it does not begin with HTTP/"),
        ("HTTP/1.1 200 OK\r\n\r\nHTTP", "BadResponse: of the proxy: bytes follow its answer"),
        ("", "TimedOut"),
    ])
    func `A proxy that makes no tunnel is a failure`(_ answer: String, _ failure: String) throws {
        let scene = try HttpScene {
            $0.options.proxy = try HttpProxy("http://proxy:8080")
            $0.options.timeout = .seconds(5)
        }
        let proxy = scene.server("proxy", address: "10.0.0.9", port: 8080) { connection, _ in connection.send(answer) }
        #expect(try scene.get("https://device/").failure?.text == failure)
        scene.world.run(for: .seconds(2))
        #expect(proxy.openConnections == 0)
        #expect(scene.session.connectionCount == 0)
    }

    @Test func `A proxy that closes instead of answering is a failure`() throws {
        let scene = try HttpScene { $0.options.proxy = try HttpProxy("http://proxy:8080") }
        scene.server("proxy", address: "10.0.0.9", port: 8080) { connection, _ in connection.close() }
        let text = "BadResponse: of the proxy: the server has closed the connection without an answer"
        #expect(try scene.get("https://device/").failure?.text == text)
    }

    @Test(arguments: ["https://proxy:1/", "http://proxy/path", "proxy:8080", "http://"])
    func `What is no proxy is refused`(_ text: String) {
        let error = #expect(throws: ParameterError.self) { try HttpProxy(text) }
        #expect(error?.parameter == "proxy")
    }

    // MARK: The dialer by itself

    @Test func `A dialer gives a line to protocols other than HTTP, by a proxy's tunnel where there is one`() throws {
        let scene = try HttpScene()
        let proxy = scene.server("proxy", address: "10.0.0.9", port: 8080) { connection, _ in
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
        }
        let origin = HttpURL.Origin(scheme: .http, host: "device", port: 80)
        let route = HttpRoute(to: origin, proxy: try HttpProxy("http://proxy:8080"))
        var line: HttpLine?
        let dialer = HttpDialer(environment: scene.client)
        _ = dialer.dial(route, tunnels: true, timeout: .seconds(5)) { line = try? $0.get() }
        scene.world.run(for: .seconds(1))
        #expect(line?.isOpen == true)
        #expect(proxy.requests[0].line == "CONNECT device:80 HTTP/1.1")
        line?.close()
        scene.world.run(for: .seconds(2))
        #expect(proxy.openConnections == 0)
    }

    @Test(arguments: 0..<20)
    func `A dialer can be called off at any moment`(_ moment: Int) throws {
        let scene = try HttpScene()
        let proxy = scene.server("proxy", address: "10.0.0.9", port: 8080) { connection, _ in
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
        }
        let origin = HttpURL.Origin(scheme: .https, host: "device", port: 443)
        let route = HttpRoute(to: origin, proxy: try HttpProxy("http://proxy:8080"))
        var calls = 0
        let dial = HttpDialer(environment: scene.client).dial(route, timeout: .seconds(5)) { _ in calls += 1 }
        scene.world.run(for: .microseconds(Int64(moment) * 110))
        dial.cancel()
        scene.world.run(for: .minutes(1))
        #expect(calls == 0)
        #expect(proxy.openConnections == 0)
        #expect(scene.client.openTransports == 0)
    }
}
