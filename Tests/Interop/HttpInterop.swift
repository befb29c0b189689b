import Bytes
import ControlCore
import Foundation
import HttpClient
import LoopTesting
import Polling
import Testing

/// HTTP with servers in other processes: one that misbehaves, and nginx.
@Suite("HTTP, live")
struct HttpInterop {
    /// What became of an exchange.
    private struct Outcome: Sendable {
        var failure: String?
        var status = 0
        var body = ""
        var bodyBytes = 0
        var headers: [String: String] = [:]
        var seconds = 0.0
        var connections = 0
    }

    /// Makes exchanges one after the other in one session.
    private func run(
        _ urls: [String], _ change: @escaping @Sendable (inout HttpSessionSettings) throws -> Void = { _ in },
        request: @escaping @Sendable (inout HttpRequest) -> Void = { _ in }
    ) async throws -> [Outcome] {
        let result: Result<[Outcome], any Error> = try await onLiveLoop { loop, done in
            do {
                let environment = LiveEnvironment(loop: loop)
                var settings = HttpSessionSettings()
                settings.options.timeout = .seconds(20).here
                try change(&settings)
                let session = try HttpSession(environment: environment, settings: settings)
                var outcomes: [Outcome] = []
                func next() throws {
                    guard outcomes.count < urls.count else {
                        session.close()
                        environment.close()
                        return done(.success(outcomes))
                    }
                    var wanted = HttpRequest(url: try HttpURL(urls[outcomes.count]))
                    request(&wanted)
                    let began = environment.now
                    try session.send(wanted) { result in
                        var outcome = Outcome(seconds: Double((environment.now - began).nanoseconds) / 1e9)
                        switch result {
                        case .failure(let failure): outcome.failure = failure.text
                        case .success(let response):
                            outcome.status = response.status
                            outcome.bodyBytes = response.body.readableBytes
                            outcome.body = response.body.readableBytes < 100 ? String(buffer: response.body) : ""
                            for field in response.headers.fields { outcome.headers[field.name] = field.value }
                        }
                        outcome.connections = session.connectionCount
                        outcomes.append(outcome)
                        do { try next() } catch { done(.failure(error)) }
                    }
                }
                try next()
            } catch {
                done(.failure(error))
            }
        }
        return try result.get()
    }

    private func peer(_ arguments: String...) async throws -> (peer: Peer, port: String) {
        let peer = try Peer(
            "/usr/bin/env", ["python3", "-u", "\(Project.root)/Tests/Interop/http_peer.py"] + arguments)
        let line = try await peer.line(containing: "port ")
        return (peer, String(line.text.dropFirst(5)))
    }

    private static let early = "BadResponse: the connection has ended before the answer was complete"
    private static let head = "TooLarge: the headers have more than 100 fields or 65536 bytes"
    private static let body = "TooLarge: the body has more than 8388608 bytes; max_body allows more"

    private static let ways: [(String, String)] = [
        ("closes-at-once", "BadResponse: the server has closed the connection without an answer"),
        ("closes-in-the-head", early), ("closes-in-the-body", early), ("closes-in-a-chunk", early),
        ("closes-before-the-last-chunk", early), ("resets-in-the-body", "Connection reset by peer"),
        ("two-lengths", "BadResponse: it has two lengths"), ("length-and-chunks", "BadResponse: it has two lengths"),
        ("negative-length", "BadResponse: invalid character in content-length header"),
        ("bad-chunk", "BadResponse: invalid character in chunk size header"),
        ("wrong-chunk-length", "BadResponse: a chunk does not have the length that it says"),
        ("endless-headers", head), ("header-of-a-megabyte", head), ("endless-body", body), ("endless-chunks", body),
        ("endless-announcements", "BadResponse: more than 32 answers announce another"), ("bomb", body),
        ("cut-gzip", "BadResponse: the compressed body ends too early"),
        ("redirect-to-nonsense", "BadResponse: it redirects to a URL that has the protocol 'gopher'"),
        ("another-protocol", "BadResponse: it does not begin with HTTP/"),
        ("zero-in-a-header", "BadResponse: invalid character in header"),
    ]

    @Test func `A server that misbehaves is told by what it did, and no exchange hangs`() async throws {
        let (peer, port) = try await peer()
        let outcomes = try await run(Self.ways.map { "http://127.0.0.1:\(port)/\($0.0)" })
        for (way, outcome) in zip(Self.ways, outcomes) {
            #expect(outcome.failure == way.1, "\(way.0)")
            // A body that cannot be decompressed says nothing against its connection.
            if way.0 != "cut-gzip" { #expect(outcome.connections == 0, "\(way.0)") }
        }
        let loop = try await run(["http://127.0.0.1:\(port)/redirect-loop"])
        #expect(loop[0].failure?.hasPrefix("TooManyRedirects: more than 10") == true)
        await peer.kill()
    }

    @Test func `A server that is slow or silent is given up in time`() async throws {
        let (peer, port) = try await peer()
        let urls = ["silence", "slow-head"].map { "http://127.0.0.1:\(port)/\($0)" }
        let outcomes = try await run(urls) { $0.options.timeout = .seconds(2) }
        for outcome in outcomes {
            #expect(outcome.failure == "TimedOut")
            #expect(outcome.seconds >= 2 && outcome.seconds < 2 + 2 * Machine.slowness)
        }
        await peer.kill()
    }

    @Test func `A server that is odd, and right even so, is understood`() async throws {
        let (peer, port) = try await peer()
        let names = [
            "byte-by-byte", "line-feeds-alone", "old-version", "no-reason", "announcements", "keeps", "keeps",
            "closes-when-idle", "keeps",
        ]
        let outcomes = try await run(names.map { "http://127.0.0.1:\(port)/\($0)" })
        for (name, outcome) in zip(names, outcomes) {
            #expect(outcome.failure == nil, "\(name)")
            #expect(outcome.body == "good", "\(name)")
        }
        await peer.kill()
    }

    @Test(.timeLimit(.minutes(5))) func `A certificate is judged as by SSLWrap`() async throws {
        let files = try await TLSFiles.make()
        defer { files.remove() }
        let authority = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(files.folder)/ca.pem")))
        let trusting = TLSTerms(role: .client, verification: .authorities(authority))
        for (name, reason) in [("good", nil), ("expired", "CertificateError"), ("other", "CertificateError")] {
            let (peer, port) = try await peer("\(files.folder)/\(name).pem", "\(files.folder)/\(name).key")
            let trusted = try await run(["https://localhost:\(port)/keeps"]) { $0.options.tls = trusting }
            #expect(trusted[0].failure?.prefix { $0 != ":" } == reason.map { Substring($0) }, "\(name)")
            #expect(trusted[0].body == (reason == nil ? "good" : ""))
            let strange = try await run(["https://localhost:\(port)/keeps"])
            #expect(strange[0].failure?.hasPrefix("CertificateError: ") == true)
            let fingerprint = try #require(CertificateFingerprint(try await files.fingerprint(name)))
            let pinned = TLSTerms(role: .client, verification: .pinned([fingerprint]))
            let known = try await run(["https://localhost:\(port)/keeps"]) { $0.options.tls = pinned }
            #expect(known[0].body == "good", "\(name)")
            await peer.kill()
        }
    }

    // MARK: nginx

    private func nginx(in folder: String) async throws -> (peer: Peer, port: Int) {
        let port = try Project.freePort()
        try FileManager.default.createDirectory(atPath: "\(folder)/files", withIntermediateDirectories: true)
        try Project.write(String(repeating: "hello, nginx\n", count: 100_000), to: "\(folder)/files/text.txt")
        try Project.write("small", to: "\(folder)/files/small.bin")
        try Project.write("user:{PLAIN}secret\n", to: "\(folder)/passwords")
        try Project.write(
            """
            daemon off; master_process off; pid \(folder)/pid; error_log stderr notice;
            events { worker_connections 100; }
            http {
                access_log off; default_type text/plain; gzip on; gzip_types text/plain; keepalive_requests 3;
                client_body_temp_path \(folder)/a; proxy_temp_path \(folder)/b; fastcgi_temp_path \(folder)/c;
                uwsgi_temp_path \(folder)/d; scgi_temp_path \(folder)/e; client_max_body_size 1m;
                server {
                    listen 127.0.0.1:\(port); root \(folder)/files;
                    location /moved { return 301 /small.bin; }
                    location /secret { auth_basic "room"; auth_basic_user_file \(folder)/passwords; return 200 in; }
                    location /up { return 200 "$request_method $content_length"; }
                }
            }
            """, to: "\(folder)/nginx.conf")
        let peer = try Peer("/usr/sbin/nginx", ["-e", "stderr", "-c", "\(folder)/nginx.conf", "-p", folder])
        try await peer.line(containing: "using the")
        return (peer, port)
    }

    @Test func `nginx is talked to: kept connections, gzip, redirects, Basic, large bodies`() async throws {
        let folder = try Project.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (peer, port) = try await nginx(in: folder)
        let base = "http://127.0.0.1:\(port)"
        let paths = ["small.bin", "text.txt", "moved", "missing", "secret", "small.bin", "small.bin", "small.bin"]
        let outcomes = try await run(paths.map { "\(base)/\($0)" }) {
            $0.login = .automatic(Credentials(user: "user", password: "secret"))
        }
        #expect(outcomes.map(\.status) == [200, 200, 200, 404, 200, 200, 200, 200])
        #expect(outcomes[1].bodyBytes == 1_300_000)
        #expect(outcomes[1].headers["Content-Encoding"] == "gzip")
        #expect(outcomes[2].body == "small")
        #expect(outcomes[4].body == "in")
        let uploads = try await run(
            ["\(base)/up", "\(base)/up"],
            request: { request in
                request.method = "PUT"
                request.body = ByteBuffer(repeating: 0x61, count: 500_000)
                request.expectsContinue = true
            })
        #expect(uploads.map(\.body) == ["PUT 500000", "PUT 500000"])
        let refused = try await run(
            ["\(base)/up"],
            request: { request in
                request.method = "POST"
                request.body = ByteBuffer(repeating: 0x61, count: 8 << 20)
            })
        #expect(refused[0].status == 413)
        await peer.kill()
    }
}
