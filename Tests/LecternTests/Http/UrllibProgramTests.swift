import Lectern
import Testing

/// `urllib` by Python's names.
@Suite("urllib in programs")
struct UrllibProgramTests {
    @Test("urlopen and Request give what Python's give")
    func opening() throws {
        let room = try HttpProgramTests.play(
            """
            local urllib = require 'urllib'
            local request = require 'urllib.request'
            local parse = require 'urllib.parse'
            print(urllib.request == request, urllib.parse == parse, urllib.error == require 'urllib.error')
            local answer = request.urlopen('http://device/echo')
            print(answer.status, answer:getcode(), answer:geturl(), answer:getheader('content-TYPE'))
            print(answer:read(3), answer:read(), answer:read() == '')
            print(request.urlopen('http://device/echo', parse.urlencode({b = 2, a = 'x y'}), {timeout = 5}):read())
            local r = request.Request('http://device/echo', {data = '{}', headers = {['Content-Type'] = 'a/b'}, method = 'PUT'})
            r:add_header('X-A', '5')
            print(r:get_method(), r:get_header('content-type'), request.urlopen(r):read())
            print(request.urlopen(request.Request('http://device/header', nil, {['x-a'] = '1'})):read())
            local lines <close> = request.urlopen('http://device/lines')
            for line in lines do print(#line) end
            """, device: "routes['/lines'] = function(client) reply(client, 200, nil, 'a\\nbcd\\ne') end")
        #expect(
            room.lines == [
                "true\ttrue\ttrue", "200\t200\thttp://device/echo\ttext/plain", "GET\t|/echo|nil|\ttrue",
                "POST|/echo|application/x-www-form-urlencoded|a=x+y&b=2", "PUT\ta/b\tPUT|/echo|a/b|{}", "nil|1", "2",
                "4",
                "1",
            ])
    }

    @Test("Failures are URLErrors, and statuses from 400 on HTTPErrors")
    func errors() throws {
        let room = try HttpProgramTests.play(
            """
            local request = require 'urllib.request'
            local ok, problem = pcall(request.urlopen, 'http://device/none')
            print(ok, problem.kind, problem.code, problem.reason, problem.body, problem)
            ok, problem = pcall(request.urlopen, 'http://device:81/')
            print(ok, problem.kind, problem.reason, problem.message)
            local errors = require 'urllib.error'
            print(isinstance(problem, errors.URLError), isinstance(problem, errors.HTTPError), isinstance(problem, IOError))
            print(pcall(request.urlopen, 'http://device/', {timout = 3}))
            print(pcall(request.urlopen, 5))
            print(pcall(request.urlopen, 'http://device/', {1}))
            """)
        #expect(
            room.lines.first
                == "false\tHTTPError\t404\tNot Found\tnothing here\troom.lua:2: HTTPError: HTTP Error 404: Not Found")
        #expect(
            room.lines.dropFirst().first?.hasPrefix(
                "false\tURLError\tConnectionRefused\t<urlopen error ConnectionRefused")
                == true, "\(room.lines)")
        #expect(
            room.lines.dropFirst(3).first?.contains("urlopen has no parameter 'timout'; did you mean 'timeout'?")
                == true)
        #expect(room.lines.dropFirst(4).first?.contains("must be a string or a Request, got a number") == true)
        #expect(room.lines.dropFirst(2).first == "true\tfalse\ttrue")
        #expect(room.lines.last?.contains("argument 'data' of urlopen must be a string") == true)
    }

    @Test("Parts of URLs are quoted and taken apart as by Python")
    func parsing() throws {
        let room = try HttpProgramTests.play(
            """
            local p = require 'urllib.parse'
            print(p.quote('a b/c?ü-_.~'), p.quote('a/b', ''), p.quote_plus('a b&c/d'), p.quote('a]b^c-d%', ']^%'))
            print(p.unquote('a%20b%2Fc%zz'), p.unquote_plus('a+b%2B'))
            print(p.urlencode({{'z', 1}, {'a', 'ü'}}), p.urlencode({k = {1, 2}}))
            local u = p.urlsplit('HTTP://user:pa@Host:8080/a/b;c?x=1&y=#top')
            print(u.scheme, u.netloc, u.path, u.query, u.fragment, u.hostname, u.port, u.username, u.password)
            print(p.urlparse('http://h/a;b').params, p.urlsplit('http://[::1]:80/').hostname, tostring(u))
            print(p.parse_qs('a=1&a=2&b=x+y').a[2], p.parse_qs('b=x+y').b[1], #p.parse_qsl('a=&b=1'))
            print(pcall(p.quote, {}))
            """)
        #expect(
            Array(room.lines.dropLast()) == [
                "a%20b/c%3F%C3%BC-_.~\ta%2Fb\ta+b%26c%2Fd\ta]b^c-d%", "a b/c%zz\ta b+", "z=1&a=%C3%BC\tk=1&k=2",
                "http\tuser:pa@Host:8080\t/a/b;c\tx=1&y=\ttop\thost\t8080\tuser\tpa",
                "b\t::1\thttp://user:pa@Host:8080/a/b;c?x=1&y=#top", "2\tx y\t1",
            ])
        #expect(room.lines.last?.contains("argument 'string' of quote must be a string, got a table") == true)
    }

    @Test("A program may have modules of its own by these names")
    func replaced() throws {
        try ProjectFiles.withFolder(of: ["urllib.lua": "return 'mine'"]) { folder in
            let room = try Stage().start("room", "print(require 'urllib')", folder: folder)
            #expect(room.lines.first?.hasPrefix("mine") == true, "\(room.lines)")
        }
    }
}
