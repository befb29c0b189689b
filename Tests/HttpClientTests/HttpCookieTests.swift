import ControlCore
import Polling
import Testing

@testable import HttpClient

@Suite("Cookies")
struct HttpCookieTests {
    private static let now: Int64 = 1_767_225_600

    private static func value(_ cookies: [String], from: String, to: String, after seconds: Int64 = 0) throws -> String?
    {
        var jar = CookieJar()
        for cookie in cookies { jar.take(HttpHeaders([("Set-Cookie", cookie)]), from: try HttpURL(from), now: now) }
        return jar.value(for: try HttpURL(to), now: now + seconds)
    }

    @Test(
        arguments: [
            ("a=b", "http://h/", "http://h/x", "a=b"),
            ("a=b", "http://h/", "http://i/", nil),
            ("a=b", "http://h/", "http://x.h/", nil),
            ("a=b", "http://h:81/", "https://h/", "a=b"),
            ("a=b; Domain=example.com", "http://x.example.com/", "http://example.com/", "a=b"),
            ("a=b; domain=.Example.com", "http://x.example.com/", "http://y.example.com/", "a=b"),
            ("a=b; Domain=example.com", "http://x.example.com/", "http://notexample.com/", nil),
            ("a=b; Domain=other.com", "http://x.example.com/", "http://x.example.com/", nil),
            ("a=b; Domain=com", "http://example.com/", "http://example.com/", nil),
            ("a=b; Domain=0.0.1", "http://10.0.0.1/", "http://10.0.0.1/", nil),
            ("a=b; Domain=10.0.0.1", "http://10.0.0.1/", "http://10.0.0.1/", "a=b"),
            ("a=b; Path=/api", "http://h/", "http://h/api/x", "a=b"),
            ("a=b; Path=/api", "http://h/", "http://h/apix", nil),
            ("a=b; Path=/api/", "http://h/", "http://h/api/x", "a=b"),
            ("a=b", "http://h/api/login", "http://h/api/x", "a=b"),
            ("a=b", "http://h/api/login", "http://h/", nil),
            ("a=b; Path=x", "http://h/api/login", "http://h/api", "a=b"),
            ("a=b; Secure", "https://h/", "https://h/", "a=b"),
            ("a=b; Secure", "https://h/", "http://h/", nil),
            ("a=b; secure", "http://h/", "https://h/", nil),
            ("a=b; HttpOnly; SameSite=Lax; Whatever", "http://h/", "http://h/", "a=b"),
            ("a=", "http://h/", "http://h/", "a="),
            ("a=b=c", "http://h/", "http://h/", "a=b=c"),
            (" a = \"b c\" ", "http://h/", "http://h/", "a=\"b c\""),
            ("=b", "http://h/", "http://h/", nil),
            ("ab", "http://h/", "http://h/", nil),
            ("", "http://h/", "http://h/", nil),
        ] as [(String, String, String, String?)])
    func `A cookie goes where RFC 6265 lets it go`(
        _ cookie: String, _ from: String, _ to: String, _ value: String?
    ) throws {
        let found = try Self.value([cookie], from: from, to: to)
        #expect(found == value)
    }

    @Test(arguments: [
        ("a=b; Max-Age=10", 9, true), ("a=b; Max-Age=10", 10, false), ("a=b; Max-Age=0", 0, false),
        ("a=b; Max-Age=-1", 0, false), ("a=b; Max-Age=x", 1_000_000, true),
        ("a=b; Max-Age=99999999999999999999", 3_000_000_000, true),
        ("a=b; Expires=Thu, 01 Jan 2026 00:00:10 GMT", 9, true),
        ("a=b; Expires=Thu, 01 Jan 2026 00:00:10 GMT", 10, false),
        ("a=b; Expires=Thu, 01-Jan-70 00:00:00 GMT", 0, false),
        ("a=b; Expires=Thu, 01 Jan 2026 00:00:00 GMT; Max-Age=5", 4, true),
        ("a=b; Expires=tomorrow", 1_000_000, true),
    ])
    func `A cookie ends when it is told to`(_ cookie: String, _ seconds: Int64, _ isThere: Bool) throws {
        let found = try Self.value([cookie], from: "http://h/", to: "http://h/", after: seconds)
        #expect((found != nil) == isThere)
    }

    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Mon, 01 Jan 1601 00:00:00 GMT", -11_644_473_600),
            ("1 Jan 2030 1:2:3", 1_893_459_723), ("", nil), ("Sun, 06 Nov 1994", nil), ("06 Nov 1600 08:49:37", nil),
            ("32 Nov 1994 08:49:37", nil), ("06 Nov 1994 24:49:37", nil),
        ] as [(String, Int64?)])
    func `Dates of cookies are read in their many forms`(_ text: String, _ seconds: Int64?) {
        #expect(CookieDate.seconds(text) == seconds)
    }

    @Test func `A cookie is replaced and removed, and longer paths come first`() throws {
        let cookies = ["a=1", "b=2; Path=/x", "c=3; Path=/x/y", "a=4", "d=5", "d=; Max-Age=0"]
        #expect(try Self.value(cookies, from: "http://h/", to: "http://h/x/y/z") == "c=3; b=2; a=4")
    }

    @Test func `The jar is bounded`() throws {
        var jar = CookieJar()
        let url = try HttpURL("http://h/")
        for number in 0..<60 { jar.take(HttpHeaders([("Set-Cookie", "n\(number)=1")]), from: url, now: Self.now) }
        #expect(jar.cookies.count == HttpLimits.cookiesPerDomain)
        #expect(jar.cookies.first?.name == "n10")
        for host in 0..<60 {
            for number in 0..<20 {
                let from = try HttpURL("http://h\(host)/")
                jar.take(HttpHeaders([("Set-Cookie", "n\(number)=1")]), from: from, now: Self.now)
            }
        }
        #expect(jar.cookies.count == HttpLimits.cookies)
        let large = "a=" + String(repeating: "x", count: HttpLimits.cookieBytes)
        #expect(try Self.value([large], from: "http://h/", to: "http://h/") == nil)
        let many = (0..<20).map { "n\($0)=" + String(repeating: "x", count: 4_000) }
        let value = try Self.value(many, from: "http://h/", to: "http://h/")
        #expect(value.map { (12_000...HttpLimits.cookieFieldBytes).contains($0.utf8.count) } == true)
    }

    @Test func `A session keeps cookies, and sends them back`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, _ in
            connection.answer(status: "302 Found", "Set-Cookie: s=1; Max-Age=60", "Set-Cookie: t=2", "Location: /in")
        }
        _ = try scene.get("http://device/login") { $0.redirects = 1 }
        #expect(device.requests.map { $0["Cookie"] } == [nil, "s=1; t=2"])
        scene.world.run(for: .seconds(61))
        _ = try scene.get("http://device/") { $0.redirects = 0 }
        #expect(device.requests.last?["Cookie"] == "t=2")
        scene.session.clearCookies()
        #expect(scene.session.cookies.isEmpty)
    }

    @Test func `A session that keeps no cookies sends none`() throws {
        let scene = try HttpScene { $0.keepsCookies = false }
        let device = scene.server { connection, _ in connection.answer("", "Set-Cookie: s=1") }
        _ = try scene.get("http://device/")
        _ = try scene.get("http://device/")
        #expect(device.requests.last?["Cookie"] == nil)
    }
}
