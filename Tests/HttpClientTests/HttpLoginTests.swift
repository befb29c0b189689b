import ByteText
import Bytes
import ControlCore
import Testing

@testable import HttpClient

@Suite("HTTP logins")
struct HttpLoginTests {
    private static let mufasa = Credentials(user: "Mufasa", password: "Circle of Life")

    // RFC 7616, 3.9.1, with the values that its errata give.
    @Test(arguments: [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ])
    func `Digest is that of the examples of RFC 7616`(_ algorithm: String, _ response: String) throws {
        let value = """
            Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=\(algorithm), \
            nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
            """
        var digest = try #require(HttpChallenge.all(in: [value]).compactMap { DigestLogin($0) }.first)
        // The examples' client nonce is no hexadecimal number, so it is set here.
        digest.setClientNonce("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
        let line = try digest.value(
            method: "GET", target: "/dir/index.html", body: ByteBuffer(), credentials: Self.mufasa, random: { 0 })
        #expect(line.contains("response=\"\(response)\""))
        #expect(line.contains("nc=00000001, "))
        #expect(line.contains("qop=auth, "))
        #expect(line.contains("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""))
    }

    @Test(arguments: [
        // RFC 2617, 3.5; and RFC 2069 as its errata have it.
        (
            #"Digest realm="testrealm@host.com", qop="auth", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#,
            "Circle Of Life", "6629fae49393a05397450978507c4ef1"
        ),
        (
            #"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093""#, "CircleOfLife",
            "1949323746fe6a43ef61f9606e7febea"
        ),
    ])
    func `Digest is that of older examples, too`(_ value: String, _ password: String, _ response: String) throws {
        var digest = try #require(HttpChallenge.all(in: [value]).compactMap { DigestLogin($0) }.first)
        digest.setClientNonce("0a4f113b")
        let line = try digest.value(
            method: "GET", target: "/dir/index.html", body: ByteBuffer(),
            credentials: Credentials(user: "Mufasa", password: password), random: { 0 })
        #expect(line.contains("response=\"\(response)\""))
    }

    @Test func `Challenges are told apart, with their commas and quotes`() {
        let values = [
            #"Basic realm="a, \"b\" = c", charset="UTF-8", Digest realm=x,nonce="n" , qop=auth"#, "Negotiate", ", ,",
            "Bearer error=\"x\"", "NTLM TlRMTVNTUAAC=, Custom a=1",
        ]
        let found = HttpChallenge.all(in: values)
        #expect(found.map(\.scheme).prefix(4) == ["basic", "digest", "negotiate", "bearer"])
        #expect(found[0].parameters == ["realm": #"a, "b" = c"#, "charset": "UTF-8"])
        #expect(found[1].parameters == ["realm": "x", "nonce": "n", "qop": "auth"])
        #expect(HttpChallenge.all(in: [String(repeating: "a,", count: 1000)]).count == HttpLimits.challenges)
    }

    @Test func `Base64 is that of RFC 4648`() {
        let pairs = [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
        for (text, encoded) in pairs { #expect(Base64.encode(text.utf8) == Array(encoded.utf8)) }
    }

    // MARK: Against a server

    /// A server that asks for a login, and judges digests as RFC 7616 has it.
    private final class Guard {
        var challenge = ""
        var lastCount: [String: Int] = [:]
        var nonce = "first"
        var uses = 0
        var usesPerNonce = Int.max

        func answer(_ connection: ScriptedServer.Connection, _ request: ScriptedServer.Request) {
            guard let value = request["Authorization"] else { return refuse(connection, stale: false) }
            if value == "Basic dXNlcjpzZWNyZXQ=" { return connection.answer("basic") }
            guard let challenge = HttpChallenge.all(in: [value]).first, challenge.scheme == "digest" else {
                return refuse(connection, stale: false)
            }
            let count = Int(challenge.parameters["nc"] ?? "", radix: 16) ?? 0
            uses += 1
            guard challenge.parameters["nonce"] == nonce, uses <= usesPerNonce else {
                nonce += "+"
                uses = 0
                return refuse(connection, stale: true)
            }
            let isCounted = challenge.parameters["qop"] == nil || count > lastCount[nonce, default: 0]
            guard isCounted, isRight(challenge, request) else {
                return refuse(connection, stale: false)
            }
            lastCount[nonce] = count
            connection.answer("digest \(challenge.parameters["algorithm"] ?? "") \(challenge.parameters["qop"] ?? "-")")
        }

        private func isRight(_ given: HttpChallenge, _ request: ScriptedServer.Request) -> Bool {
            var asked = HttpChallenge(scheme: "digest", parameters: given.parameters)
            asked.parameters["userhash"] = nil
            guard var expected = DigestLogin(asked) else { return false }
            expected.setClientNonce(given.parameters["cnonce"] ?? "")
            let target = given.parameters["uri"] ?? ""
            guard target == request.target else { return false }
            for _ in 0..<(Int(given.parameters["nc"] ?? "1", radix: 16) ?? 1) {
                let line = try? expected.value(
                    method: request.method, target: target, body: ByteBuffer(string: request.body),
                    credentials: Credentials(user: "user", password: "secret"), random: { 0 })
                if line?.contains("response=\"\(given.parameters["response"] ?? "")\"") == true { return true }
            }
            return false
        }

        private func refuse(_ connection: ScriptedServer.Connection, stale: Bool) {
            let headers = challenge.split(separator: "|").map { part -> String in
                let isDigest = part.hasPrefix("Digest")
                return "WWW-Authenticate: \(part)" + (isDigest ? ", nonce=\"\(nonce)\", stale=\(stale)" : "")
            }
            connection.answer("who?", status: "401 Unauthorized", headers.joined(separator: "\r\n"))
        }
    }

    private static let user = HttpLogin.automatic(Credentials(user: "user", password: "secret"))

    @Test(arguments: [
        (#"Basic realm="r""#, "basic"),
        (#"Digest realm="r", qop="auth""#, "digest MD5 auth"),
        (#"Digest realm="r""#, "digest MD5 -"),
        (#"Digest realm="r", qop="auth-int", algorithm=SHA-256"#, "digest SHA-256 auth-int"),
        (#"Digest realm="r", qop="auth", algorithm=MD5-sess"#, "digest MD5-sess auth"),
        (#"Digest realm="r", qop="auth", algorithm=SHA-256-sess"#, "digest SHA-256-sess auth"),
        (
            #"Basic realm="r"|Digest realm="r", qop=auth, algorithm=MD5|Digest realm="r", qop=auth, algorithm=SHA-256"#,
            "digest SHA-256 auth"
        ),
        (#"Digest realm="r", qop="auth", algorithm=SHA-999|Digest realm="r", qop="auth""#, "digest MD5 auth"),
    ])
    func `The strongest way that the server offers is taken, and kept`(_ challenge: String, _ body: String) throws {
        let door = Guard()
        door.challenge = challenge
        let scene = try HttpScene { $0.login = Self.user }
        let device = scene.server { connection, request in door.answer(connection, request) }
        var post = HttpRequest(method: "POST", url: try HttpURL("http://device/x?y=\"z"))
        post.body = ByteBuffer(string: "content")
        #expect(try scene.run(post).body == body)
        #expect(try scene.run(post).body == body)
        #expect(try scene.get("http://device/other").body == body)
        #expect(device.requests.count == 4, "only the first one was refused")
        #expect(device.connections.count == 1)
    }

    @Test func `A nonce that is too old is replaced`() throws {
        let door = Guard()
        door.challenge = #"Digest realm="r", qop="auth""#
        door.usesPerNonce = 3
        let scene = try HttpScene { $0.login = Self.user }
        let device = scene.server { connection, request in door.answer(connection, request) }
        for _ in 1...10 { #expect(try scene.get("http://device/").body == "digest MD5 auth") }
        #expect(device.requests.count == 14)
    }

    @Test(arguments: [#"Basic realm="r""#, #"Digest realm="r", qop="auth""#])
    func `A wrong password is an answer with 401, after one attempt`(_ challenge: String) throws {
        let door = Guard()
        door.challenge = challenge
        let scene = try HttpScene { $0.login = .automatic(Credentials(user: "user", password: "wrong")) }
        let device = scene.server { connection, request in door.answer(connection, request) }
        let result = try scene.get("http://device/")
        #expect(result.response?.status == 401)
        #expect(result.body == "who?")
        #expect(device.requests.count == 2)
    }

    @Test func `Who wants Digest gives no password to a server that asks for Basic`() throws {
        let door = Guard()
        door.challenge = #"Basic realm="r""#
        let scene = try HttpScene { $0.login = .digest(Credentials(user: "user", password: "secret")) }
        let device = scene.server { connection, request in door.answer(connection, request) }
        #expect(try scene.get("http://device/").response?.status == 401)
        #expect(device.requests.map { $0["Authorization"] } == [nil])
    }

    @Test func `Credentials come from the request, the URL or the session, and of that for its base only`() throws {
        let scene = try HttpScene {
            $0.base = try HttpURL("http://device/api/")
            $0.login = .basic(Credentials(user: "user", password: "secret"))
        }
        let device = scene.server { connection, _ in connection.answer() }
        let other = scene.server("other", address: "10.0.0.3") { connection, request in
            if request["Authorization"] == nil {
                connection.answer(status: "401 No", "WWW-Authenticate: Basic")
            } else {
                connection.answer()
            }
        }
        _ = try scene.get("power")
        #expect(device.requests.last?.target == "/api/power")
        #expect(device.requests.last?["Authorization"] == "Basic dXNlcjpzZWNyZXQ=")
        _ = try scene.run(HttpRequest(url: scene.session.url("x"), login: .bearer("abc")))
        #expect(device.requests.last?["Authorization"] == "Bearer abc")
        _ = try scene.get("http://other/")
        #expect(other.requests.map { $0["Authorization"] } == [nil])
        _ = try scene.get("http://user:secret@other/")
        #expect(other.requests.last?["Authorization"] == "Basic dXNlcjpzZWNyZXQ=")
    }

    @Test(arguments: [
        HttpLogin.basic(Credentials(user: "a:b", password: "")), .basic(Credentials(user: "a", password: "\n")),
        .bearer(""), .bearer("a b"), .digest(Credentials(user: "a\r\n", password: "")),
    ])
    func `Credentials that cannot be sent are refused`(_ login: HttpLogin) throws {
        let scene = try HttpScene()
        let request = HttpRequest(url: try HttpURL("http://device/"), login: login)
        let error = #expect(throws: ParameterError.self) { try scene.session.send(request) { _ in } }
        #expect(error?.parameter == "auth")
    }

    @Test func `No description of a login shows a secret`() {
        let logins: [HttpLogin] = [
            .automatic(Credentials(user: "u", password: "secret")), .bearer("secret"),
            .digest(Credentials(user: "u", password: "secret")), .basic(Credentials(user: "u", password: "secret")),
        ]
        for login in logins { #expect(!"\(login)".contains("secret")) }
    }
}
