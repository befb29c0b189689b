import ControlCore
import Lectern
import LuaRuntime
import Polling
import Testing

/// `http` as programs see it; Tests/HttpClientTests has how exchanges are made.
@Suite("HTTP in programs")
struct HttpProgramTests {
    /// Runs a program in a room with a device at 10.0.0.1.
    static func play(
        _ text: String, device: String = "", seconds: Double = 30, errors: Int = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Stage.Actor {
        let stage = Stage()
        let peer = try stage.start("device", address: "10.0.0.1", HttpDevice.server + HttpDevice.echo + device)
        let room = try stage.start("room", address: "10.0.0.2", text)
        stage.run(seconds)
        #expect(peer.errors.map(\.text) == [], sourceLocation: sourceLocation)
        #expect(room.errors.count == errors, "\(room.errors.map(\.text))", sourceLocation: sourceLocation)
        return room
    }

    @Test("A response has status, reason, headers in any case, body and URL")
    func response() throws {
        let room = try Self.play(
            """
            local r = http.get('http://device/state')
            print(r.status, r.reason, r.ok, r.url, r.body, r)
            print(r.headers['CONTENT-type'], r.headers['x-a'], r.headers['none'], r.headers[1])
            for name, value in pairs(r.headers) do print(name, value) end
            print(r:json().power, r:json().levels[2])
            local missing = http.get('http://device/none')
            print(missing.status, missing.reason, missing.ok, missing.body)
            print(pcall(missing.json, missing))
            """,
            device: """
                routes['/state'] = function(client)
                    reply(client, 200, {'Content-Type: application/json', 'X-A: 1', 'X-A: 2'},
                        '{"power": true, "levels": [1, -2.5]}')
                end
                """)
        #expect(
            room.lines.dropLast() == [
                "200\tOK\ttrue\thttp://device/state\t{\"power\": true, \"levels\": [1, -2.5]}\t<HttpResponse 200 OK>",
                "application/json\t1, 2\tnil\tnil", "Content-Type\tapplication/json", "X-A\t1", "X-A\t2",
                "Content-Length\t36", "true\t-2.5", "404\tNot Found\tfalse\tnothing here",
            ])
        #expect(
            room.lines.last?.hasPrefix("false\troom.lua:8: ValueError: json.decode: line 1, column 1") == true,
            "\(room.lines)")
    }

    @Test("Queries, forms and JSON are written in the order of their names, and lists in their own")
    func requests() throws {
        let room = try Self.play(
            """
            local url = 'http://device/echo'
            local function say(r) print(r.body) end
            say(http.get(url, {query = {b = 2, a = 'x y', c = {1, 2}, d = true}}))
            say(http.get(url .. '?z=1', {query = {{'b', 1.5}, {'a', '&'}}}))
            say(http.post(url, {form = {name = 'A B', ['ü'] = '1'}}))
            say(http.post(url, {json = {level = -10}}))
            say(http.put(url, {json = false}))
            say(http.patch(url, {body = 'raw\\0bytes', headers = {['Content-Type'] = 'x/y'}}))
            say(http.delete(url))
            say(http.request('PROPFIND', url))
            say(http.get(url, {}))
            print(#http.head(url).body)
            """)
        #expect(
            room.lines == [
                "GET|/echo?a=x%20y&b=2&c=1&c=2&d=true|nil|", "GET|/echo?z=1&b=1.5&a=%26|nil|",
                "POST|/echo|application/x-www-form-urlencoded|name=A+B&%C3%BC=1",
                "POST|/echo|application/json|{\"level\":-10}", "PUT|/echo|application/json|false",
                "PATCH|/echo|x/y|raw\0bytes", "DELETE|/echo|nil|", "PROPFIND|/echo|nil|", "GET|/echo|nil|", "0",
            ])
    }

    @Test("A login is given as the server asks for it, and a token with every request")
    func logins() throws {
        let room = try Self.play(
            """
            local function say(options) print(http.get('http://device/secret', options).body) end
            say({auth = {'admin', 'pw'}})
            say({auth = {user = 'admin', password = 'pw', scheme = 'basic'}})
            print(http.get('http://device/header', {auth = {bearer = 'token1'}, headers = {{'X-A', 7}}}).body)
            print(http.get('http://device/digest', {auth = {'admin', 'pw'}}).body)
            print(http.get('http://device/secret').status)
            """,
            device: """
                routes['/secret'] = function(client, request)
                    local field = request.field('authorization')
                    if field then return reply(client, 200, nil, field) end
                    reply(client, 401, {'WWW-Authenticate: Basic realm="r"'})
                end
                routes['/digest'] = function(client, request)
                    local field = request.field('authorization')
                    if not (field and field:startswith('Digest')) then
                        return reply(client, 401, {'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"'})
                    end
                    local nonce, count = field:match('cnonce="([^"]*)"'), field:match('nc=(%x+)')
                    local ha1, ha2 = checksum.md5('admin:r:pw'):hex(), checksum.md5('GET:/digest'):hex()
                    local hash = checksum.md5(table.concat({ha1, 'n', count, nonce, 'auth', ha2}, ':')):hex()
                    reply(client, 200, nil, field:find('response="' .. hash .. '"', 1, true) and 'digest right' or field)
                end
                """)
        #expect(
            room.lines == [
                "Basic YWRtaW46cHc=", "Basic YWRtaW46cHc=", "Bearer token1|7", "digest right", "401",
            ])
    }

    @Test("Redirects are followed as far as the program allows")
    func redirects() throws {
        let room = try Self.play(
            """
            local r = http.get('http://device/old')
            print(r.status, r.url)
            print(http.get('http://device/old', {redirects = 0}).status)
            print(http.get('http://device/loop', {redirects = 3}))
            """,
            device: """
                routes['/old'] = function(client) reply(client, 302, {'Location: /echo'}) end
                routes['/loop'] = function(client) reply(client, 302, {'Location: /loop'}) end
                """)
        #expect(
            room.lines == [
                "200\thttp://device/echo", "302", "nil\tTooManyRedirects\tmore than 3, the last to http://device/loop",
            ],
            "\(room.lines)")
    }

    @Test("What fails returns nil, the word and the details; a time-out passes in virtual time")
    func failures() throws {
        let room = try Self.play(
            """
            local began = GetSystemUpTime()
            print(http.get('http://device/silent', {timeout = 5}))
            print(http.get('http://device:81/'))
            print((select(2, http.get('http://nowhere.invalid/'))))
            print((select(2, http.get('http://device/broken'))))
            print(http.get('http://device/large', {max_body = 10}))
            local other
            Wait(0, function() other = http.get('http://device/echo') end)
            http.get('http://device/silent', {timeout = 2})
            print('meanwhile', other.status)
            """,
            device: """
                routes['/silent'] = function() end
                routes['/broken'] = function(client) client:Send('nonsense\\r\\n\\r\\n') end
                routes['/large'] = function(client) reply(client, 200, nil, ('x'):rep(11)) end
                """)
        #expect(room.timeline.first?.hasPrefix("5.") == true, "\(room.timeline)")
        #expect(room.lines.first?.hasPrefix("nil\tTimedOut") == true)
        #expect(room.lines.dropFirst().first?.hasPrefix("nil\tConnectionRefused") == true, "\(room.lines)")
        #expect(Array(room.lines.dropFirst(2).prefix(2)) == ["HostError", "BadResponse"], "\(room.lines)")
        #expect(room.lines.dropFirst(4).first?.hasPrefix("nil\tTooLarge\t") == true)
        #expect(room.lines.last == "meanwhile\t200")
    }

    @Test("Mistakes are errors that say what to write, and show no secret")
    func mistakes() throws {
        let room = try Self.play(
            """
            local function try(...) print(select(2, pcall(...))) end
            local url = 'http://device/echo'
            try(http.get, url, {timout = 5})
            try(http.get, url, {foo = 5})
            try(http.get, 'ftp://device/')
            try(http.get, '/relative')
            try(http.get, url, {headers = {['X-A'] = 'a\\r\\nX-B: b'}})
            try(http.get, url, {headers = {['X A'] = 'a'}})
            try(http.get, url, {query = 5})
            try(http.get, url, {query = {a = print}})
            try(http.get, url, {auth = {'user', {'secret1'}}})
            try(http.get, url, {auth = {user = 'u', passwort = 'secret1'}})
            try(http.post, url, {json = 1, body = 'x'})
            try(http.post, url, {json = print})
            try(http.get, url, {tls = {cert_req = 'CERT_NONE'}})
            try(http.get, url, {tls = {cert_reqs = 'NONE'}})
            try(http.get, url, {timeout = -1})
            try(http.request, 'BAD METHOD', url)
            try(http.get)
            """)
        let text = room.lines.joined(separator: "\n")
        #expect(room.lines.count == 17)
        #expect(text.contains("http.get has no parameter 'timout'; did you mean 'timeout'?"), "\(text)")
        #expect(text.contains("http.get has no parameter of a name that was given; it has url, timeout, headers"))
        #expect(text.contains("argument 'headers' has a control character at byte 2 of 'X-A'"))
        #expect(text.contains("argument 'headers' has the name 'X A'"))
        #expect(text.contains("argument 'query': the value of 'a' must be a string, a number or a boolean"))
        #expect(text.contains("argument 'auth' must be {user, password}"))
        #expect(text.contains("a request has one body"))
        #expect(text.contains("room.lua:1: ValueError: json.encode: a function cannot be encoded"))
        #expect(text.contains("argument 'tls' has no field 'cert_req'; did you mean 'cert_reqs'?"))
        #expect(text.contains("argument 'url' of http.get is missing"))
        #expect(!text.contains("secret1"))
        for line in room.lines { #expect(line.contains("Error: "), "\(line)") }
    }

    @Test("A session has a base, headers and cookies of its own; the plain functions have no cookies")
    func sessions() throws {
        let room = try Self.play(
            """
            local session <close> = http.session{base = 'http://device/api/', headers = {['X-A'] = 'mine'}}
            print(session, session.base)
            print(session:get('login').status, #session.cookies, session.cookies[1].name, session.cookies[1].value)
            print(session:get('who').body)
            print(session:get('/header').body)
            http.get('http://device/api/login')
            print(http.get('http://device/api/who').body)
            session:clear_cookies()
            print(session:post('who', {body = 'x'}).body, #session.cookies)
            session:close()
            print(pcall(session.get, session, 'who'))
            local other = http.session{base = 'http://device', cookies = false}
            other:get('/api/login')
            print(#other.cookies, other:get('/api/who').body)
            print(pcall(http.session, {base = 'device'}))
            print(http.session{}.base)
            """,
            device: """
                routes['/api/login'] = function(client) reply(client, 200, {'Set-Cookie: id=42; Path=/'}) end
                routes['/api/who'] = function(client, request) reply(client, 200, nil, tostring(request.field('cookie'))) end
                """)
        #expect(
            Array(room.lines.prefix(6)) == [
                "<HttpSession http://device/api/>\thttp://device/api/", "200\t1\tid\t42", "id=42", "nil|mine", "nil",
                "nil\t0",
            ])
        #expect(room.lines.dropFirst(6).first?.contains("RuntimeError: the session is closed") == true)
        #expect(room.lines.dropFirst(7).first == "0\tnil")
        #expect(room.lines.dropFirst(8).first?.contains("ValueError: argument 'base' ") == true, "\(room.lines)")
        #expect(room.lines.last == "nil")
    }

    @Test("Whatever a program does to its globals, requests and json of a response work")
    func globals() throws {
        let room = try Self.play(
            """
            json.decode, json.encode = nil, nil
            json = nil
            local r = http.post('http://device/echo', {json = {1}})
            print(r.body)
            print(http.post('http://device/json', {json = {1}}):json()[1])
            """,
            device: "routes['/json'] = function(client, request) reply(client, 200, nil, request.body) end")
        #expect(room.lines == ["POST|/echo|application/json|[1]", "1"])
    }

    @Test("A program that ends while requests are under way leaves nothing open")
    func ending() throws {
        let stage = Stage()
        let device = try stage.start(
            "device",
            HttpDevice.server + """
                routes['/silent'] = function() end
                routes['/stream'] = function(client) client:Send('HTTP/1.1 200 OK\\r\\n\\r\\nline\\n') end
                Timer(20, function() print('gone', gone) end)
                """)
        let room = try stage.start(
            "room",
            """
            Wait(0, function() http.get('http://device/silent') print('never') end)
            Wait(0, function() http.session{base = 'http://device'}:get('/silent') print('never') end)
            Wait(0, function() for line in http.stream('http://device/stream'):lines() do print(line) end end)
            Wait(10, function() ExitProgram(3) end)
            """)
        stage.run(25)
        #expect(room.lines == ["line"])
        #expect(room.ending == .exited(code: 3))
        #expect(device.lines == ["gone\t3"])
        stage.expectNoErrors()
    }

    @Test("A body that is collected counts as the program's memory", .needsMemory)
    func memory() throws {
        let stage = Stage()
        try stage.start(
            "device",
            HttpDevice.server + """
                routes['/large'] = function(client)
                    client:Send('HTTP/1.1 200 OK\\r\\nContent-Length: 5000001\\r\\n\\r\\n')
                    for i = 1, 5 do client:Send(('x'):rep(1000000)) end
                end
                """)
        let room = try stage.start(
            "room",
            "http.session{} http.get('http://device/none') Wait(1, function() http.get('http://device/large') end)")
        stage.run(0.5)
        let before = room.program.runtime.account.heldBytes
        stage.run(10)
        let grown = room.program.runtime.account.heldBytes - before
        #expect(grown > 5_000_000, "\(grown) bytes are charged")
        stage.run(60)
        #expect(room.program.runtime.account.heldBytes - before < 100_000)
        stage.expectNoErrors()
    }

    @Test("A response for which the program's memory does not suffice is too large", .needsMemory)
    func fullMemory() throws {
        let stage = Stage()
        try stage.start(
            "device",
            HttpDevice.server + "routes['/large'] = function(client) reply(client, 200, nil, ('x'):rep(7 << 20)) end")
        var configuration = Stage.configuration()
        configuration.limits.memoryBytes = 6 << 20
        let room = try stage.start(
            "room", "print(http.get('http://device/large')) print(http.get('http://device/none').status)",
            configuration: configuration)
        stage.run(30)
        #expect(room.lines.first?.hasPrefix("nil\tTooLarge\tthe program's memory") == true, "\(room.lines)")
        #expect(room.lines.last == "404")
    }

    /// A device that is polled for a day, with losses.
    private func day(seed: UInt64) throws -> (trace: String, lines: [String]) {
        let device =
            HttpDevice.server + """
                local polls = 0
                routes['/state'] = function(client)
                    polls = polls + 1
                    reply(client, polls % 97 == 0 and 500 or 200, {'Content-Type: application/json'},
                        json.encode({polls = polls, power = polls % 2 == 0}))
                end
                """
        let stage = Stage(seed: seed)
        stage.world.network.jitter = .milliseconds(3)
        stage.world.trace.isEnabled = true
        var text = ""
        stage.world.trace.sink = { text += $0 + "\n" }
        try stage.start("device", device)
        let room = try stage.start(
            "room",
            """
            local session = http.session{base = 'http://device', timeout = 4}
            local counts, last = {}, nil
            Timer(10, function()
                local r, reason = session:get('state', {query = {b = 1, a = 2}})
                local word = r and tostring(r.status) or reason
                counts[word] = (counts[word] or 0) + 1
                if word ~= last then print(word) last = word end
            end)
            Wait(86390, function() for word, count in pairs(counts) do print(word, count) end end)
            """)
        for hour in stride(from: 2, to: 24, by: 4) {
            let begin = UInt64(hour) * 3_600_000_000_000
            stage.world.schedule(at: .uptimeNanoseconds(begin)) { stage.stop("device") }
            stage.world.schedule(at: .uptimeNanoseconds(begin + 90_000_000_000)) {
                _ = try? stage.start("device", device)
            }
        }
        stage.run(86_400)
        stage.expectNoErrors()
        return (text, room.timeline)
    }

    @Test("A day of polling a device by HTTP with losses goes on after each, and one seed gives one trace")
    func repeatable() throws {
        let first = try day(seed: 3)
        let second = try day(seed: 3)
        #expect(first.trace == second.trace)
        #expect(first.lines == second.lines)
        #expect(first.trace.utf8.count > 100_000)
        #expect(first.lines.count { $0.hasSuffix(" ConnectionRefused") } == 6, "\(first.lines)")
        #expect(first.lines.count { $0.hasSuffix(" 500") } > 50)
    }
}
