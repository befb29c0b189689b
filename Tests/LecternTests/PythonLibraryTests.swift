import Lectern
import LuaRuntime
import Testing

/// Python's libraries as programs see them; Tests/Interop/library_cases.py compares their results with CPython's.
@Suite("Python's libraries in programs")
struct PythonLibraryTests {
    private func lines(_ text: String, folder: String = "/tmp") throws -> [String] {
        let stage = Stage()
        let room = try stage.start("room", text, folder: folder)
        #expect(room.errors.isEmpty, "\(room.errors.map(\.text))")
        return room.lines
    }

    /// What an expression gives, or kind and message of its error.
    private func value(_ expression: String) throws -> String {
        try lines(
            """
            local ok, value = pcall(function() return \(expression) end)
            print(ok and value or not ok and value.kind .. ': ' .. value.message)
            """
        ).joined(separator: "\n")
    }

    static let names = [
        "base64", "binascii", "calendar", "collections", "csv", "datetime", "hashlib", "hmac", "random", "secrets",
        "struct", "time", "uuid",
    ]

    @Test("require gives the table of the global", arguments: names)
    func required(_ name: String) throws {
        #expect(try lines("local of = require '\(name)' print(type(of), of == \(name))") == ["table\ttrue"])
    }

    @Test("A program may bring a module of the same name", arguments: names)
    func replaced(_ name: String) throws {
        try ProjectFiles.withFolder(of: ["\(name).lua": "return 'my own'"]) { folder in
            let printed = try lines("print((require '\(name)'))", folder: folder)
            #expect(printed == ["my own"])
        }
    }

    @Test("A program may use the names of Lua's functions for its own before it uses a library")
    func takenNames() throws {
        #expect(
            try lines(
                """
                type, error, pairs, ipairs, tostring, select, next, isinstance, class, setmetatable = nil
                math.floor, table.concat, os.date = nil, nil, nil
                local text = "return date" .. "time.datetime(2024, 2, 29):isoformat() .. ' ' .. hash" .. "lib.md5('abc'):hexdigest()"
                print(load(text)())
                """) == ["2024-02-29T00:00:00 900150983cd24fb0d6963f7d28e17f72"])
    }

    @Test("A library is there from the first text on that names it, and costs nothing before")
    func opened() throws {
        #expect(
            try lines(
                """
                local name = 'hash' .. 'lib'
                print(_G[name], rawget(math, 'is' .. 'close'))
                print(load('return type(' .. name .. ')')(), type(_G[name]), type(math['is' .. 'close']))
                print(require('ca' .. 'lendar').isleap(2024), type(_G['ca' .. 'lendar']), _G['u' .. 'uid'])
                """) == ["nil\tnil", "table\ttable\tfunction", "true\ttable\tnil"])
    }

    @Test("What a program has under a library's name stays")
    func kept() throws {
        #expect(
            try lines(
                """
                local name = 'c' .. 'sv'
                _G[name] = 'mine'
                print(load('return ' .. name)(), _G[name])
                """) == ["mine\tmine"])
    }

    @Test("A program that refuses new globals gets what it names even so")
    func strictGlobals() throws {
        #expect(
            try lines(
                """
                setmetatable(_G, {__newindex = function(_, name) error('no global ' .. name) end})
                print(load('return type(ca' .. 'lendar), type(eve' .. 'nt), type(MES' .. 'et)')())
                """) == ["table\tfunction\ttable"])
    }

    @Test("math has Python's errors, also for what some builds of Lua have")
    func mathErrors() throws {
        #expect(try value("math.pow(1e300, 2)") == "ValueError: math.pow: math range error")
        #expect(try value("math.log10(0)") == "ValueError: math.log10: math domain error")
        #expect(try value("math.ldexp(1.0, 5000)") == "ValueError: math.ldexp: math range error")
    }

    @Test(
        "Digests and codes are those of the standards",
        arguments: [
            ("hashlib.md5('abc'):hexdigest()", "900150983cd24fb0d6963f7d28e17f72"),
            ("hashlib.sha1('abc'):hexdigest()", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "hashlib.new('SHA256', 'abc'):hexdigest()",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            ),
            ("#hashlib.sha512():digest()", "64"), ("hashlib.sha384().block_size", "128"),
            ("hashlib.md5().name", "md5"),
            (
                "hmac.new('Jefe', 'what do ya want for nothing?', 'md5'):hexdigest()",
                "750c783e6ab0b503eaa86e310a5db738"
            ),
            ("hmac.digest('k', 'm', hashlib.sha1):hex()", "772b71c8a2997e768be01d9711e4a4f34a24ef33"),
            ("hmac.compare_digest('abc', 'abc')", "true"), ("hmac.compare_digest('abc', 'abd')", "false"),
            ("hmac.compare_digest('abc', 'abcd')", "false"), ("hmac.compare_digest('', 'a')", "false"),
            (
                "hashlib.pbkdf2_hmac('sha1', 'password', 'salt', 2):hex()",
                "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"
            ),
        ])
    func digests(_ expression: String, _ expected: String) throws {
        #expect(try value(expression) == expected)
    }

    @Test("A digest takes bytes in parts, may be asked in between, and a copy goes on by itself")
    func parts() throws {
        #expect(
            try lines(
                """
                local h = hashlib.sha256()
                h:update('a') local copy = h:copy() h:update('bc')
                print(h:hexdigest() == hashlib.sha256('abc'):hexdigest(), h:digest() == h:digest())
                copy:update('x') print(copy:hexdigest() == hashlib.sha256('ax'):hexdigest(), tostring(h))
                """) == ["true\ttrue", "true\t<sha256 object>"])
    }

    @Test(
        "Mistakes are errors of Python's kinds that say what is wrong",
        arguments: [
            ("hashlib.new('sha999')", "ValueError: unsupported hash type sha999; there are md5, sha1"),
            ("hashlib.md5(5)", "TypeError: argument 'data' of hashlib.md5 must be a string, got a number"),
            (
                "hashlib.md5().update('x')",
                "TypeError: call update with a colon: object:update(…), not object.update(…)"
            ),
            ("base64.b64decode('abc')", "binascii.Error: base64.b64decode: Incorrect padding"),
            ("binascii.unhexlify('abc')", "binascii.Error: binascii.unhexlify: Odd-length string"),
            ("struct.pack('>H', 70000)", "struct.error: 'H' format requires 0 <= number <= 65535"),
            ("struct.unpack('>I', 'abc')", "struct.error: unpack requires a buffer of 4 bytes"),
            ("struct.pack('z')", "struct.error: bad char in struct format: 'z'"),
            ("datetime.date(2023, 2, 29)", "ValueError: day is out of range for month"),
            (
                "datetime.datetime.now() < datetime.datetime.now(datetime.timezone.utc)",
                "TypeError: can't compare offset-naive and offset-aware datetimes"
            ),
            (
                "datetime.timedelta({hour = 1})",
                "TypeError: datetime.timedelta has no parameter 'hour'; did you mean 'hours'?"
            ),
            ("time.strptime('x', '%Y')", "ValueError: time data 'x' does not match format '%Y'"),
            ("calendar.monthrange(2024, 13)", "ValueError: bad month number 13; must be 1-12"),
            ("collections.deque():pop()", "IndexError: pop from an empty deque"),
            ("collections.OrderedDict():popitem()", "KeyError: dictionary is empty"),
            ("random.choice({})", "IndexError: random.choice: Cannot choose from an empty sequence"),
            ("random.randint(2, 1)", "ValueError: random.randint: empty range (2, 1)"),
            ("secrets.randbelow(0)", "ValueError: secrets.randbelow: Upper bound must be positive."),
            ("uuid.UUID('x')", "ValueError: badly formed hexadecimal UUID string"),
            ("csv.reader({}, {delimiter = ';;'})", "TypeError: \"delimiter\" must be a 1-character string"),
            ("math.factorial(21)", "ValueError: math.factorial: the result has more than 64 bits; x is at most 20"),
            (
                "calendar.isleap()",
                "TypeError: argument 'year' of calendar.isleap is missing: it must be a whole number"
            ),
            ("calendar.isleap(1, 2)", "TypeError: calendar.isleap takes at most 1 argument (year), got 2"),
        ])
    func mistakes(_ expression: String, _ problem: String) throws {
        let found = try value(expression)
        #expect(found.hasPrefix(problem), "\(found)")
    }

    @Test("The error of a mistake names the program's line, and the classes of errors are there to be asked for")
    func places() throws {
        #expect(
            try lines(
                """
                local ok, e = pcall(function()
                    struct.pack('>B', 256)
                end)
                print(tostring(e):match('^[^:]+:%d+'), isinstance(e, struct.error), isinstance(e, Exception))
                ok, e = pcall(base64.b64decode, 'a')
                print(isinstance(e, binascii.Error), isinstance(e, ValueError), isinstance(e, csv.Error))
                """) == ["room.lua:2\ttrue\ttrue", "true\ttrue\tfalse"])
    }

    @Test("The clock and the zone are those of the world, not of the machine")
    func clocks() throws {
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            local begin, mono, day = time.time(), time.monotonic(), datetime.datetime.utcnow()
            print(tostring(day:replace({microsecond = 0})) == os.date('!%Y-%m-%d %H:%M:%S'))
            print(time.strftime('%H:%M') == os.date('%H:%M'), datetime.datetime.now():strftime('%H:%M') == os.date('%H:%M'))
            time.sleep(90)
            print(time.time() - begin, time.monotonic() - mono, datetime.datetime.utcnow() - day, time.perf_counter() - mono)
            print(datetime.datetime.now():timestamp() == time.time(), time.mktime(time.localtime()) == time.time() // 1)
            """)
        stage.run(100)
        #expect(room.lines == ["true", "true\ttrue", "90.0\t90.0\t0:01:30\t90.0", "true\ttrue"])
        stage.expectNoErrors()
    }

    @Test("A simulated world gives the same secrets and random numbers in each run, and others with another seed")
    func repeatable() throws {
        func run(_ seed: UInt64) throws -> [String] {
            let stage = Stage(seed: seed)
            return try stage.start(
                "room",
                """
                print(secrets.token_hex(8), uuid.uuid4(), random.random(), random.randint(1, 1000), secrets.randbelow(1000))
                print(#secrets.token_bytes(), #secrets.token_urlsafe(), uuid.uuid1().version, uuid.uuid4().version)
                """
            ).lines
        }
        #expect(try run(1) == run(1))
        #expect(try run(1)[0] != run(2)[0])
        #expect(try run(1)[1] == "32\t43\t1\t4")
    }

    @Test("A seed gives CPython's numbers")
    func seeded() throws {
        #expect(
            try lines(
                """
                random.seed(42)
                print(random.random() == 0.6394267984578837, random.randint(1, 100), random.getrandbits(40))
                random.seed('room') print(random.randint(1, 1000000))
                local own = random.Random(42) print(own:random() == 0.6394267984578837)
                """)
                == ["true\t4\t303832645883", "66133", "true"])
    }

    @Test("struct.unpack gives several results, and a Struct reads its format once")
    func records() throws {
        #expect(
            try lines(
                """
                local a, b = struct.unpack('>HH', '\\0\\1\\0\\2') print(a, b)
                local s = struct.Struct('<Hb') print(s.size, s:pack(1, -1):hex(), s:unpack('\\1\\0\\255'))
                for id, level in struct.iter_unpack('BB', '\\1\\2\\3\\4') do print(id, level) end
                print(struct.unpack_from('B', 'abc', 1), struct.unpack_from('B', 'abc', -1), struct.calcsize('bi'))
                print(struct.unpack('Q', ('\\255'):rep(8)))
                """) == ["1\t2", "3\t0100ff\t1\t-1", "1\t2", "3\t4", "98\t99\t8", "-1"])
    }

    @Test("Values of datetime are shown, compared and reckoned with as in Python")
    func dates() throws {
        #expect(
            try lines(
                """
                local d = datetime.datetime(2024, 2, 29, 12, 30)
                print(d, d:date(), d:time(), d + datetime.timedelta(1), d - datetime.timedelta({hours = 13}))
                print(d:isoformat(), d:strftime('%d.%m.%y'), d:weekday(), d:isocalendar())
                print(datetime.date(2024, 3, 1) - datetime.date(2024, 2, 1), d == datetime.datetime(2024, 2, 29, 12, 30))
                print(isinstance(d, datetime.date), isinstance(d, datetime.datetime), isinstance(d:date(), datetime.datetime))
                local later = datetime.datetime.strptime('2024-03-01 00:00 +0100', '%Y-%m-%d %H:%M %z')
                print(later, later:astimezone(datetime.timezone.utc), later:timestamp())
                local Meeting = class('Meeting', datetime.datetime) print(Meeting(2024, 1, 1, {hour = 9}))
                """) == [
                    "2024-02-29 12:30:00\t2024-02-29\t12:30:00\t2024-03-01 12:30:00\t2024-02-28 23:30:00",
                    "2024-02-29T12:30:00\t29.02.24\t3\t2024\t9\t4", "29 days, 0:00:00\ttrue", "true\ttrue\tfalse",
                    "2024-03-01 00:00:00+01:00\t2024-02-29 23:00:00+00:00\t1709247600.0", "2024-01-01 09:00:00",
                ])
    }

    @Test("Collections keep order, defaults, ends and names")
    func collected() throws {
        #expect(
            try lines(
                """
                local d = collections.OrderedDict({{'b', 1}, {'a', 2}}) d.c = 3 d.b = nil d.b = 4
                local seen = {} for key, value in pairs(d) do seen[#seen + 1] = key .. value end
                print(table.concat(seen, ' '), #d, d:popitem()) print(d:get('x', 0), d:pop('a'), #d)
                local groups = collections.defaultdict(function() return {} end) table.insert(groups.red, 1) print(#groups.red)
                local q = collections.deque({1, 2, 3}, 3) q:append(4) q:appendleft(0) print(q, #q, q[1], q[-1], q[9])
                local P = collections.namedtuple('P', 'x y') local p = P(1, {y = 2}) print(p, p.x, p[2], p == P(1, 2))
                local c = collections.Counter('abracadabra') print(c.a, c.z, c:most_common(1)[1][1], c:total())
                local Own = class('Own', collections.OrderedDict) local o = Own() o.z = 1 o.a = 2 print(o:keys()(), #o)
                """) == [
                    "a2 c3 b4\t3\tb\t4", "0\t2\t1", "1", "deque([0, 2, 3], maxlen=3)\t3\t0\t3\tnil",
                    "P(x=1, y=2)\t1\t2\ttrue", "5\t0\ta\t11", "z\t2",
                ])
    }

    @Test("csv reads and writes files, lists, strings and tables by names")
    func separated() throws {
        try ProjectFiles.withFolder(of: ["rooms.csv": "name,port\r\n\"Lobby, \"\"B\"\"\",23\r\n"]) { folder in
            let printed = try lines(
                """
                for row in csv.DictReader(File('rooms.csv')) do print(row.name, row.port) end
                local file = File('out.csv', 'w')
                local writer = csv.DictWriter(file, {'a', 'b'}, {delimiter = ';'})
                writer:writeheader() writer:writerow({a = 'x;y', b = 1.5}) writer:writerow({a = true}) file:close()
                print((File('out.csv'):read():gsub('\\r\\n', '|')))
                for row in csv.reader('1,2\\n3,4') do print(table.concat(row, '+')) end
                """, folder: folder)
            #expect(printed == ["Lobby, \"B\"\t23", "a;b|\"x;y\";1.5|True;|", "1+2", "3+4"])
        }
    }

    @Test("math has Python's functions beside Lua's, whose own stay")
    func mathematics() throws {
        #expect(
            try lines(
                """
                print(math.trunc(-2.5), math.floor(-2.5), math.isclose(0.1 + 0.2, 0.3), math.gcd(12, 18), math.factorial(5))
                print(math.hypot(3, 4), math.degrees(math.pi), math.copysign(3, -0.0), math.isnan(math.nan), math.log10(1000))
                print(math.type(math.pow(2, 3)), math.tau == 2 * math.pi, math.inf == math.huge)
                """) == ["-2\t-3\ttrue\t6\t120", "5.0\t180.0\t-3.0\ttrue\t3.0", "float\ttrue\ttrue"])
    }

    @Test(
        "Work on large strings and long loops is ended by the task's limit, and no result is larger than a string may be"
    )
    func bounded() throws {
        var configuration = Stage.configuration()
        configuration.limits.stringBytes = 1 << 20
        let stage = Stage()
        let room = try stage.start(
            "room",
            """
            local text = ('x'):rep(1 << 20)
            local function try(f, ...) local ok, e = pcall(f, ...) print(ok, ok or (type(e) == 'table' and e.kind or e:match('resulting string too large'))) end
            try(base64.b64encode, text)
            try(secrets.token_bytes, 1 << 30)
            try(struct.pack, '1000000000x')
            try(struct.unpack, '200000B', ('x'):rep(200000))
            try(hashlib.md5, text)
            """, configuration: configuration)
        #expect(
            room.lines == [
                "false\tValueError", "false\tValueError", "false\tresulting string too large", "false\tstruct.error",
                "true\ttrue",
            ])
    }

    @Test("The reference tells of each function that a library has, and of none that it has not")
    func declared() throws {
        let stage = Stage()
        let room = try stage.start("room", "")
        let pages = ReferenceWriter(room.program).pages().map(\.text).joined()
        let named = try lines(
            """
            local libraries = {\(Self.names.joined(separator: ", "))}
            for i, name in ipairs({\(Self.names.map { "'\($0)'" }.joined(separator: ", "))}) do
                local _ = time.localtime -- what is added to the host's own comes with the first of it
                for member, value in pairs(libraries[i]) do
                    if type(value) == 'function' then print(name .. '.' .. member) end
                end
            end
            """)
        #expect(named.count > 80)
        for name in named { #expect(pages.contains("### `\(name)("), "\(name)") }
    }
}
