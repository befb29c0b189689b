import ControlCore
import HttpClient
import Testing

@Suite("URLs")
struct HttpURLTests {
    @Test(arguments: [
        ("http://host", "http://host/", "host", 80),
        ("HTTP://Host.Example:8080/A/b?c=d#e", "http://host.example:8080/A/b?c=d", "host.example", 8080),
        ("https://host/", "https://host/", "host", 443),
        ("https://host:443/x", "https://host/x", "host", 443),
        ("http://host:/x", "http://host/x", "host", 80),
        ("http://[2001:DB8::1]/x", "http://[2001:db8::1]/x", "2001:db8::1", 80),
        ("http://[::1]:81?q", "http://[::1]:81/?q", "::1", 81),
        ("http://u:p@host/", "http://host/", "host", 80),
        ("http://host/a b?c d=\u{e4}", "http://host/a%20b?c%20d=%C3%A4", "host", 80),
        ("http://host/%41?%zz", "http://host/%41?%zz", "host", 80),
        ("http://host/a/../b/./c/..", "http://host/b/", "host", 80),
        ("http://host/../../x", "http://host/x", "host", 80),
        ("http://10.0.0.1/?", "http://10.0.0.1/?", "10.0.0.1", 80),
    ])
    func `A URL is taken apart and written anew`(_ text: String, _ whole: String, _ host: String, _ port: Int) throws {
        let url = try HttpURL(text)
        #expect(url.text == whole)
        #expect(url.host == host)
        #expect(url.port == port)
    }

    @Test func `Credentials of a URL are decoded, and not shown`() throws {
        let url = try HttpURL("http://ad%6Din:p%40ss:w@host/")
        #expect(url.credentials == Credentials(user: "admin", password: "p@ss:w"))
        #expect("\(url)" == "http://host/")
        #expect(try HttpURL("http://user@host/").credentials == Credentials(user: "user", password: ""))
    }

    @Test(arguments: [
        ("host/path", "is 'host/path', which names no protocol"),
        ("host:80/path", "is 'host:80/path', which names no protocol"),
        ("", "is '', which names no protocol"),
        ("ftp://host/", "has the protocol 'ftp'"),
        ("http:/host", "is 'http:/host', without // behind the protocol"),
        ("http://", "has no host"),
        ("http:///x", "has no host"),
        ("http://a b/", "has the host 'a b'"),
        ("http://b\u{fc}ro/", "has the host 'b\u{fc}ro'"),
        ("http://host:0/", "has the port '0' at byte 13"),
        ("http://host:65536/", "has the port '65536' at byte 13"),
        ("http://host:8x/", "has the port '8x' at byte 13"),
        ("http://[::1/", "has a '[' without a ']' at byte 8"),
        ("http://[1.2.3.4]/", "has '1.2.3.4' in brackets"),
        ("http://[::1]x/", "has 'x' behind the ']'"),
        ("http://host/a\r\nb", "has a control character at byte 14"),
        ("http://host/\0", "has a control character at byte 13"),
    ])
    func `What is no URL is refused with what is wrong and where`(_ text: String, _ problem: String) {
        let error = #expect(throws: ParameterError.self) { try HttpURL(text) }
        #expect(error?.parameter == "url")
        #expect(error?.problem == problem)
    }

    @Test func `A URL is bounded`() {
        let longest = "http://host/" + String(repeating: "a", count: 8180)
        #expect(throws: Never.self) { try HttpURL(longest) }
        let error = #expect(throws: ParameterError.self) { try HttpURL(longest + "a") }
        #expect(error?.problem == "has 8193 bytes")
    }

    // RFC 3986, 5.4, as far as the protocols are spoken here.
    @Test(arguments: [
        ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
        ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"),
        ("g#s", "http://a/b/c/g"), ("g?y#s", "http://a/b/c/g?y"), (";x", "http://a/b/c/;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("./", "http://a/b/c/"),
        ("..", "http://a/b/"), ("../", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"),
        ("../../", "http://a/"), ("../../g", "http://a/g"), ("../../../g", "http://a/g"), ("/./g", "http://a/g"),
        ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"), ("g..", "http://a/b/c/g.."),
        ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"), ("g/../h", "http://a/b/c/h"), ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
        ("g;x=1/../y", "http://a/b/c/y"), ("https://h/x", "https://h/x"),
    ])
    func `A relative URL is resolved by RFC 3986`(_ reference: String, _ result: String) throws {
        #expect(try HttpURL("http://a/b/c/d;p?q").resolving(reference).text == result)
    }

    @Test func `Names and values are escaped in queries and forms`() throws {
        let fields: [PercentCoding.Field] = [("a b", "c&d=e"), ("\u{e4}", "~.-_"), ("", "")]
        #expect(PercentCoding.query(fields) == "a%20b=c%26d%3De&%C3%A4=~.-_&=")
        #expect(PercentCoding.form(fields) == "a+b=c%26d%3De&%C3%A4=~.-_&=")
        #expect(try HttpURL("http://h/x").adding([("a", "1")]).text == "http://h/x?a=1")
        #expect(try HttpURL("http://h/x?z").adding([("a", "1")]).text == "http://h/x?z&a=1")
        #expect(PercentCoding.escaped("a/b") == "a%2Fb")
    }
}
