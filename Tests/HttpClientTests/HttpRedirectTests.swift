import Bytes
import ControlCore
import Testing

@testable import HttpClient

@Suite("HTTP redirects")
struct HttpRedirectTests {
    private static func course(
        _ method: String, _ url: String, _ change: (inout HttpOptions) -> Void = { _ in }
    ) throws
        -> HttpCourse
    {
        var options = HttpOptions()
        change(&options)
        let headers = HttpHeaders([
            ("Content-Type", "text/plain"), ("Authorization", "X y"), ("Cookie", "a=b"), ("X", "1"),
        ])
        let request = HttpRequest(
            method: method, url: try HttpURL(url), headers: headers, body: ByteBuffer(string: "body"))
        return HttpCourse(request, login: .basic(Credentials(user: "u", password: "p")), options: options)
    }

    private static func head(_ status: Int, _ location: String?) -> HttpResponseHead {
        HttpResponseHead(
            status: status, reason: "", headers: HttpHeaders(location.map { [("Location", $0)] } ?? []))
    }

    @Test(arguments: [
        (301, "POST", "GET"), (302, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST"), (308, "POST", "POST"),
        (301, "PUT", "PUT"), (302, "DELETE", "DELETE"), (303, "PUT", "GET"), (303, "HEAD", "HEAD"),
        (301, "HEAD", "HEAD"),
    ])
    func `The method that follows is that of RFC 9110`(_ status: Int, _ method: String, _ next: String) throws {
        var course = try Self.course(method, "http://a/b/c")
        var book = LoginBook()
        #expect(course.judge(Self.head(status, "../d?e"), book: &book) == .again)
        #expect(course.request.method == next)
        #expect(course.request.url.text == "http://a/d?e")
        let hasBody = next == method
        #expect((course.request.body.readableBytes > 0) == hasBody || method == "HEAD")
        #expect(course.request.headers.has("Content-Type") == hasBody || method == "HEAD")
        #expect(course.request.headers["X"] == "1")
        #expect(course.login != nil)
    }

    @Test(arguments: ["http://b/", "http://a:81/", "https://a/", "//b/x"])
    func `What proves something is told to no other origin`(_ location: String) throws {
        var course = try Self.course("GET", "http://a/") { $0.allowsDowngrade = true }
        var book = LoginBook()
        #expect(course.judge(Self.head(302, location), book: &book) == .again)
        #expect(course.login == nil)
        #expect(!course.request.headers.has("Authorization"))
        #expect(!course.request.headers.has("Cookie"))
        #expect(course.request.headers["X"] == "1")
        #expect(course.judge(Self.head(302, "http://a/"), book: &book) == .again)
        #expect(course.login == nil, "nor when the other leads back")
    }

    @Test func `A redirect from https to http is refused unless allowed`() throws {
        var book = LoginBook()
        var course = try Self.course("GET", "https://a/")
        let refusal = HttpFailure.badResponse("it redirects from https to http://a/, which nothing protects")
        #expect(course.judge(Self.head(302, "http://a/"), book: &book) == .fail(refusal))
        var allowed = try Self.course("GET", "https://a/") { $0.allowsDowngrade = true }
        #expect(allowed.judge(Self.head(302, "http://a/"), book: &book) == .again)
    }

    @Test func `A redirect that leads nowhere is told`() throws {
        var book = LoginBook()
        var course = try Self.course("GET", "http://a/")
        #expect(course.judge(Self.head(302, nil), book: &book) == .deliver)
        #expect(course.judge(Self.head(304, "http://b/"), book: &book) == .deliver)
        let foreign = HttpFailure.badResponse("it redirects to a URL that has the protocol 'ftp'")
        #expect(course.judge(Self.head(302, "ftp://a/"), book: &book) == .fail(foreign))
        var none = try Self.course("GET", "http://a/") { $0.redirects = 0 }
        #expect(none.judge(Self.head(302, "/b"), book: &book) == .deliver)
    }

    @Test func `Redirects are followed over one connection, and bounded`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, request in
            let number = Int(request.target.dropFirst()) ?? 0
            if number == 0 {
                connection.answer("there")
            } else {
                connection.answer("moved", status: "302 Found", "Location: /\(number - 1)")
            }
        }
        let result = try scene.get("http://device/10")
        #expect(result.body == "there")
        #expect(result.response?.url.text == "http://device/0")
        #expect(device.connections.count == 1)
        let failure = try scene.get("http://device/11").failure
        #expect(failure == .tooManyRedirects("more than 10, the last to http://device/0"))
    }

    @Test func `A redirect with an endless body is followed over another connection`() throws {
        let scene = try HttpScene()
        let device = scene.server { connection, request in
            if request.target == "/end" { return connection.answer("there") }
            connection.send("HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n" + String(repeating: "x", count: 200_000))
        }
        #expect(try scene.get("http://device/").body == "there")
        #expect(device.requests.map(\.connection) == [1, 2])
    }

    @Test func `A redirect to another host drops the login there`() throws {
        let scene = try HttpScene { $0.login = .bearer("token") }
        let first = scene.server { connection, _ in connection.answer(status: "307 Go", "Location: http://other/x") }
        let other = scene.server("other", address: "10.0.0.3") { connection, _ in connection.answer() }
        let post = HttpRequest(method: "POST", url: try HttpURL("http://device/"), body: ByteBuffer(string: "b"))
        #expect(try scene.run(post).response?.status == 200)
        #expect(first.requests[0]["Authorization"] == "Bearer token")
        #expect(other.requests[0]["Authorization"] == nil)
        #expect(other.requests[0].body == "b")
        #expect(other.requests[0]["Host"] == "other")
    }
}
