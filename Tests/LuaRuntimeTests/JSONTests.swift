import LuaRuntime
import Testing

/// The library `json` of programs, beside the suite of texts in ``JSONSuiteTests``.
@Suite("JSON")
struct JSONTests {
    /// What a program prints.
    private func lines(_ text: String) throws -> [String] {
        let probe = try Probe(limits: ContainmentTests.patient())
        try probe.run(text)
        #expect(probe.failures.isEmpty, "\(probe.failures)")
        return probe.printed
    }

    /// What an expression gives, or the kind and message of its error.
    private func result(_ expression: String) throws -> String {
        try lines(
            """
            local ok, value = pcall(function() return \(expression) end)
            if ok then print(value) elseif type(value) == 'table' then print(value.kind .. ': ' .. value.message)
            else print(value) end
            """
        ).joined(separator: "\n")
    }

    // MARK: - Writing

    @Test(
        "A value is written as JSON",
        arguments: [
            ("nil", "null"), ("json.null", "null"), ("true", "true"), ("'x'", #""x""#), ("{}", "{}"),
            ("{1, 'a', {}}", #"[1,"a",{}]"#),
            ("{a = 1}", #"{"a":1}"#), ("{[''] = {}}", #"{"":{}}"#), ("math.mininteger", "-9223372036854775808"),
            ("math.maxinteger", "9223372036854775807"), ("1.0", "1.0"), ("-0.0", "-0.0"), ("0.1", "0.1"),
            ("1/3", "0.3333333333333333"),
            ("1e15", "1000000000000000.0"), ("1e16", "1e+16"), ("1e-4", "0.0001"), ("1e-5", "1e-05"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"), ("2^53", "9007199254740992.0"),
            ("123456.789", "123456.789"),
            (#"'\0\1\b\f\n\r\t"\\/\127'"#, "\"\\u0000\\u0001\\b\\f\\n\\r\\t\\\"\\\\/\u{7F}\""), ("'é€😀'", #""é€😀""#),
        ])
    func writes(_ value: String, _ text: String) throws {
        #expect(try result("json.encode(\(value))") == text)
    }

    @Test("A mark says what a table cannot: an array without elements or with holes, an object with numbers as names")
    func marks() throws {
        #expect(
            try lines(
                """
                print(json.encode(json.array()), json.encode(json.array({})), json.encode(json.object({})))
                print(json.encode(json.array({1, nil, 3})), json.encode(json.array({[4] = true})))
                print(json.encode(json.array(table.pack(nil, nil))), json.encode(json.array(table.pack())))
                print(json.encode(json.array(table.pack(1, nil, nil))), json.encode(json.array({1, 2, n = 1})))
                print(json.encode(json.object({'a', 'b', [2.5] = 'c'}), {sort_keys = true}))
                local t = {} print(json.array(t) == t, json.object(t) == t, json.encode(t))
                print(json.encode(json.decode('{"a":[],"b":{}}'), {sort_keys = true}))
                local list = json.decode('[1]') table.remove(list) print(json.encode(list), getmetatable(list))
                """) == [
                    "[]\t[]\t{}", "[1,null,3]\t[null,null,null,true]", "[null,null]\t[]", "[1,null,null]\t[1,2]",
                    #"{"1":"a","2":"b","2.5":"c"}"#, "true\ttrue\t{}", #"{"a":[],"b":{}}"#, "[]\tjson.array",
                ])
    }

    @Test("Numbers that become names of an object are written whole, and nothing behind them")
    func numberNames() throws {
        #expect(
            try lines(
                """
                local wrong = 0
                for i = 1, 50 do
                    local t = json.object({[1234567890 + i] = 1, [i] = 2, [-i] = 3, [i + 0.5] = 4, [math.mininteger + i] = 5})
                    for _, sorted in ipairs({false, true}) do
                        local count = 0
                        for name, value in next, json.decode(json.encode(t, {sort_keys = sorted})) do
                            if t[tonumber(name)] ~= value then wrong = wrong + 1 end
                            count = count + 1
                        end
                        if count ~= 5 then wrong = wrong + 1 end
                    end
                end
                print(wrong)
                """) == ["0"])
    }

    @Test("A program may give a list that was read a metatable of its own")
    func ownMetatable() throws {
        #expect(
            try lines(
                """
                local list = setmetatable(json.decode('[1, 2]'), {__index = function() return 'mine' end})
                print(list.x, json.encode(list), pcall(json.array, list))
                print(pcall(setmetatable, json.null, {}))
                """) == [
                    "mine\t[1,2]\tfalse\tmain.lua:2: ValueError: json.array: the table has a metatable, which is its own mark",
                    "false\tbad argument #1 to 'setmetatable' (table expected, got json.null)",
                ])
    }

    @Test("Tables are read raw: no metamethod runs, and a metatable changes nothing")
    func raw() throws {
        #expect(
            try lines(
                """
                local function never() error('called') end
                local all = {__index = never, __pairs = never, __len = never, __tostring = never, __name = never, __eq = never}
                print(json.encode({setmetatable({1, 2}, all), setmetatable({a = 1}, all), setmetatable({}, all)}))
                print(pcall(json.encode, {[setmetatable({}, all)] = 1}))
                print(pcall(json.encode, json.array({[setmetatable({}, all)] = 1})))
                """) == [
                    #"[[1,2],{"a":1},{}]"#, "false\tmain.lua:4: ValueError: json.encode: a table cannot be a name",
                    "false\tmain.lua:5: ValueError: json.encode: an array has no place for the key table",
                ])
    }

    @Test("Lists whose elements Lua keeps out of order are written in order")
    func disordered() throws {
        #expect(
            try lines(
                """
                local t = {} for i = 20, 1, -1 do t[i] = i end
                print(json.encode(t))
                local u = {x = 1, y = 2} u.x, u.y = nil, nil for i = 1, 5 do u[i] = {i} end
                print(json.encode(u))
                """) == [
                    "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]", "[[1],[2],[3],[4],[5]]",
                ])
    }

    @Test(
        "What JSON does not have is an error with its path",
        arguments: [
            ("{rooms = {{}, {}, {on = print}}}", "at rooms[3].on: a function cannot be encoded"),
            ("print", "a function cannot be encoded"), ("{a = {['b c'] = 0/0}}", "at a['b c']: NaN cannot be encoded"),
            ("{-1/0}", "at [1]: an infinite number cannot be encoded"),
            ("{io.open}", "at [1]: a function cannot be encoded"),
            ("{x = coroutine.create(print)}", "at x: a thread cannot be encoded"),
            ("{a = {1, 2, x = 1}}", "at a: a list that also has the key x; json.object(t) writes all keys as names"),
            ("{1, [0] = 1}", "a list that also has the key 0; json.object(t) writes all keys as names"),
            ("{1, [-0.5] = 1}", "a list that also has the key -0.5; json.object(t) writes all keys as names"),
            ("{1, 2, nil, 4}", "a list with a hole: [3] is nil; json.array(t) writes null there"),
            ("{1, [9] = 1}", "a list with a hole: [2] is nil; json.array(t) writes null there"),
            (
                "{[7] = 1}",
                "the key 7 is a number, and no element of a list without holes; json.object(t) writes it as a name, "
                    + "json.array(t) writes holes as null"
            ),
            ("{[true] = 1}", "a boolean cannot be a name"),
            ("json.object({[print] = 1})", "a function cannot be a name"),
            ("json.object({[1/0] = 1})", "an infinite number cannot be a name"),
            ("json.array({1, x = 2})", "an array has no place for the key x"),
            ("json.array({1, n = 'x'})", "an array has no place for the key n"),
            (
                "{a = 'caf\\xe9'}",
                "at a: the byte 0xe9, number 4 of the string, is not UTF-8; encoding='latin-1' takes it for a character, "
                    + "encoding='bytes' as it is"
            ),
            ("{['\\xff\\n'] = print}", "at ['\\xff\\x0a']: a function cannot be encoded"),
        ])
    func refusesValues(_ value: String, _ problem: String) throws {
        #expect(
            try result("json.encode(\(value), {encoding = '\(value.contains("xff") ? "bytes" : "utf-8")'})")
                == "ValueError: json.encode: \(problem)")
    }

    @Test("What the collector takes out of a weak table while it is written is not there")
    func weakTables() throws {
        #expect(
            try lines(
                """
                local taken = 0
                for _ = 1, 3000 do
                    local t = setmetatable({}, {__mode = 'v'})
                    for k = 1, 200 do t['k' .. k] = {} end
                    local count = 0
                    for name, value in next, json.decode(json.encode(t, {sort_keys = true})) do count = count + 1 end
                    if count < 200 then taken = taken + 1 end
                end
                print(taken > 0)
                """) == ["true"])
    }

    @Test("A table within itself is an error where it comes again")
    func cycles() throws {
        #expect(
            try lines(
                """
                local t = {a = {b = {}}} t.a.b[1] = t.a
                print(pcall(json.encode, t))
                local u = {} u.u = u
                print(pcall(json.encode, u, {sort_keys = true}))
                """) == [
                    "false\tmain.lua:2: ValueError: json.encode: at a.b[1]: a table that is within itself cannot be encoded",
                    "false\tmain.lua:4: ValueError: json.encode: at u: a table that is within itself cannot be encoded",
                ])
    }

    @Test("A thousand tables and lists may be within one another, and no more, in both directions")
    func depth() throws {
        let limit = LuaLimits.jsonDepth
        #expect(
            try lines(
                """
                local function nested(n) local t = json.array() for _ = 2, n do t = {t} end return t end
                local text = ('['):rep(\(limit)) .. (']'):rep(\(limit))
                print(json.encode(nested(\(limit))) == text, json.encode(json.decode(text)) == text)
                local function problem(f, ...) local _, e = pcall(f, ...) return e.message:match('…: .*'), #e.message < 400 end
                print(problem(json.encode, nested(\(limit + 1))))
                print(problem(json.decode, '[' .. text .. ']'))
                print(problem(json.decode, ('{"a":'):rep(100000)))
                """) == [
                    "true\ttrue", "…: more than 1000 tables within one another\ttrue",
                    "…: more than 1000 lists and objects within one another\ttrue",
                    "…: more than 1000 lists and objects within one another\ttrue",
                ])
    }

    @Test("A result over the limit of strings is refused", .needsMemory)
    func size() throws {
        #expect(
            try result("#json.encode(('x'):rep((16 << 20) - 2))") == "16777216")
        let problem =
            "resulting string too large: 'json.encode' would make more than 16777216 bytes, which is the limit"
        #expect(try result("json.encode(('x'):rep((16 << 20) - 1))").hasSuffix(problem))
        #expect(try result("json.encode(('\\1'):rep(3 << 20))").hasSuffix(problem))
        #expect(try result("json.encode(json.array({[1 << 50] = 1}))").hasSuffix(problem))
    }

    // MARK: - Ways of writing

    @Test("pretty, sort_keys and ascii do what they say, by name and by position")
    func options() throws {
        #expect(
            try lines(
                """
                local t = {b = {1, {}, {c = json.array()}}, a = 'é😀'}
                print(json.encode(t, {pretty = true, sort_keys = true}))
                print(json.encode(t, true, true) == json.encode(t, {pretty = true, sort_keys = true}))
                print(json.encode(t, {sort_keys = true, ascii = true}))
                print(json.encode({pretty = true}), json.encode({}, {}))
                """) == [
                    """
                    {
                      "a": "é😀",
                      "b": [
                        1,
                        {},
                        {
                          "c": []
                        }
                      ]
                    }
                    """, "true", #"{"a":"\u00e9\ud83d\ude00","b":[1,{},{"c":[]}]}"#, #"{"pretty":true}"# + "\t{}",
                ])
    }

    @Test("dumps and loads have Python's parameters and defaults")
    func python() throws {
        #expect(
            try lines(
                """
                local t = {b = {1, 'é'}, a = {}}
                print(json.dumps(t, {sort_keys = true}))
                print(json.dumps(t, {sort_keys = true, ensure_ascii = false, separators = {',', ':'}}))
                print(json.dumps(t, {sort_keys = true, indent = 1, ensure_ascii = false}))
                print(json.dumps({1}, {indent = '\\t'}), json.dumps({1}, {indent = 0}), json.dumps({1, 2}, 0, nil, nil, {'; ', '='}))
                print(json.loads('{"a": [1, 2.5]}').a[2])
                """) == [
                    #"{"a": {}, "b": [1, "\u00e9"]}"#, #"{"a":{},"b":[1,"é"]}"#,
                    "{\n \"a\": {},\n \"b\": [\n  1,\n  \"é\"\n ]\n}",
                    "[\n\t1\n]\t[\n1\n]\t[\n1; \n2\n]", "2.5",
                ])
    }

    @Test("Bytes of Latin-1 are characters or bytes when the program says so")
    func encodings() throws {
        #expect(
            try lines(
                #"""
                print(json.encode('\xe9', {encoding = 'latin-1'}), json.encode('\xe9', {encoding = 'latin-1', ascii = true}))
                print(json.encode('\xe9', {encoding = 'bytes'}) == '"\xe9"', json.decode('"\xe9"', {encoding = 'bytes'}) == '\xe9')
                print(json.decode('"\xe9\\u00e9"', {encoding = 'latin-1'}), json.decode('["é"]', {encoding = 'latin-1'})[1])
                print(json.decode('"' .. ('\xe9'):rep(1000) .. '"', {encoding = 'latin-1'}) == ('é'):rep(1000))
                print(pcall(json.encode, 'x', {encoding = 'bytes', ascii = true}))
                """#) == [
                    #""é""# + "\t" + #""\u00e9""#, "true\ttrue", "éé\tÃ©", "true",
                    "false\tmain.lua:5: ValueError: json.encode: with 'ascii' the encoding cannot be 'bytes': escapes are of characters",
                ])
    }

    // MARK: - Reading

    @Test("Integers of 64 bits stay integers, and all other numbers are floats")
    func numbers() throws {
        #expect(
            try lines(
                """
                for _, text in ipairs({'0', '-0', '-0.0', '1e2', '9223372036854775807', '-9223372036854775808',
                    '9223372036854775808', '-9223372036854775809', '1.0', '0.1e-2', '123456789012345678901234567890e-10',
                    '2.2250738585072011e-308', '4.9e-324', '1e-400', '1.7976931348623158e308', '9007199254740993.0',
                    '0.' .. ('0'):rep(400) .. '1e400', '1' .. ('0'):rep(400) .. 'e-400'}) do
                    local value = json.decode(text)
                    print(math.type(value), json.encode(value))
                end
                """) == [
                    "integer\t0", "integer\t0", "float\t-0.0", "float\t100.0", "integer\t9223372036854775807",
                    "integer\t-9223372036854775808", "float\t9.223372036854776e+18", "float\t-9.223372036854776e+18",
                    "float\t1.0",
                    "float\t0.001", "float\t1.2345678901234567e+19", "float\t2.225073858507201e-308", "float\t5e-324",
                    "float\t0.0",
                    "float\t1.7976931348623157e+308", "float\t9007199254740992.0", "float\t0.1", "float\t1.0",
                ])
    }

    @Test("Of a name that comes twice the last counts, null is json.null, and NUL is a byte")
    func values() throws {
        #expect(
            try lines(
                #"""
                local t = json.decode('{"a":1,"a":null,"b":[null],"c":"x\\u0000y"}')
                print(t.a == json.null, t.b[1] == json.null, #t.c, tostring(json.null), type(json.null))
                t = json.decode('{"a":1,"a":null,"b":[null]}', {drop_nulls = true})
                print(t.a, t.b[1], json.decode('null', {drop_nulls = true}), json.encode(t))
                print(json.decode('\u{FEFF} "\\ud83d\\ude00\\/" '), json.decode('"' .. ('é\\n'):rep(300) .. '"') == ('é\n'):rep(300))
                print(pcall(function() return t.b[1].x end))
                """#) == [
                    "true\ttrue\t3\tjson.null\tuserdata", "nil\tjson.null\tjson.null\t" + #"{"b":[null]}"#, "😀/\ttrue",
                    "false\tmain.lua:6: attempt to index a json.null value (field 'integer index')",
                ])
    }

    @Test(
        "An error of a text has line, column and path",
        arguments: [
            (
                #"{"result":[{"name":1},{"name":\n\n  x}]}"#,
                "line 3, column 3, at result[2].name: a value should be where 'x' is"
            ),
            ("", "line 1, column 1: the text ends where a value should be"),
            (#"[1,]"#, "line 1, column 4, at [2]: a value should be where ']' is"),
            (#"{"a":1,}"#, "line 1, column 8: a name in double quotes should be where '}' is"),
            (#"{\'a\':1}"#, #"line 1, column 2: a name in double quotes should be where "'" is"#),
            (#"{"a" 1}"#, "line 1, column 6: ':' should be where '1' is"),
            (#"{"a":1 "b":2}"#, "line 1, column 8: ',' or '}' should be where '\"' is"),
            (#"{"a":[1 2]}"#, "line 1, column 9, at a: ',' or ']' should be where '2' is"),
            ("1 2", "line 1, column 3: the end of the text should be where '2' is"),
            (#"[1,\0]"#, "line 1, column 4, at [2]: a value should be where the byte 0x00 is"),
            (#"["é€😀", x]"#, "line 1, column 9, at [2]: a value should be where 'x' is"),
            (#"["abc, 1]"#, "line 1, column 2, at [1]: the string has no end"),
            (#"["abc\\"#, "line 1, column 7, at [1]: the text ends where one of"),
            (#"["a\nb"]"#, "line 1, column 4, at [1]: an escape, as \\n or \\u0000, should be where the byte 0x0A is"),
            (#""\\x""#, "line 1, column 3: one of \", \\, /, b, f, n, r, t, u should be where 'x' is"),
            (#""\\u12g4""#, "line 1, column 2: \\u needs four hexadecimal digits"),
            (#"{"a":"\\ud83d\\n"}"#, "line 1, column 7, at a: half of a pair of \\u escapes, which is no character"),
            ("01", "line 1, column 1: a number may not begin with 0"),
            ("[1.]", "line 1, column 4, at [1]: a digit should be"),
            ("-", "line 1, column 2: the text ends where a digit should be"),
            ("[-1e999]", "line 1, column 2, at [1]: the number is too large for a float"),
            (
                #"{"caf\xe9":1}"#,
                "line 1, column 6: the byte 0xE9, number 6 of the text, is not UTF-8; encoding='latin-1' takes it for a character, "
                    + "encoding='bytes' as it is"
            ),
            (#"\xff\xfe1\0"#, "line 1, column 1: this is UTF-16; only UTF-8 is read"),
            (
                #"{"a":{"x y":["#, "line 1, column 14, at a['x y'][1]: the text ends where a value should be"
            ),
        ])
    func refusesTexts(_ text: String, _ problem: String) throws {
        let found = try result("json.decode('\(text)')")
        #expect(found.hasPrefix("ValueError: json.decode: \(problem)"), "\(found)")
        let python = try result("json.loads('\(text)')")
        #expect(python == found.replacing("json.decode", with: "json.loads"))
    }

    @Test(
        "A wrong argument is named",
        arguments: [
            ("json.encode()", "argument 'value' of json.encode is missing"),
            (
                "json.encode(1, {prety = true})",
                "json.encode has no parameter 'prety'; it has pretty, sort_keys, ascii, encoding"
            ),
            ("json.encode(1, 1)", "argument 'pretty' of json.encode must be a boolean, got a number"),
            (
                "json.encode(1, nil, nil, nil, 'x')",
                "argument 'encoding' of json.encode must be one of 'utf-8', 'latin-1', 'bytes', got 'x'"
            ),
            ("json.decode(5)", "argument 'text' of json.decode must be a string, got a number"),
            ("json.decode(nil)", "argument 'text' of json.decode is missing: it must be a string"),
            (
                "json.decode('1', {object_hook = print})",
                "json.decode has no parameter 'object_hook'; it has encoding, drop_nulls"
            ),
            ("json.dumps(1, {indent = 17})", "argument 'indent' of json.dumps must be at most 16, got 17"),
            (
                "json.dumps(1, {indent = true})",
                "argument 'indent' of json.dumps must be a whole number or a string, got a boolean"
            ),
            (
                "json.dumps(1, {separators = {','}})",
                "argument 'separators' of json.dumps must be a list of two strings, got a table"
            ),
            ("json.array(1)", "argument 't' of json.array must be a table, got a number"),
            (
                "json.encode(1, nil, nil, nil, nil, 6)",
                "json.encode takes at most 5 arguments (value, pretty, sort_keys, ascii, encoding), got 6"
            ),
            ("json.object({}, 1)", "json.object takes at most 1 argument (t), got 2"),
        ])
    func refusesArguments(_ call: String, _ problem: String) throws {
        let found = try result(call)
        #expect(found == "TypeError: \(problem)" || found == "ValueError: \(problem)", "\(found)")
    }

    // MARK: - Both

    @Test("Random values come back as they were", arguments: [UInt64(1), 2, 3, 4])
    func roundTrips(_ seed: UInt64) throws {
        #expect(
            try lines(
                """
                math.randomseed(\(seed))
                local random = math.random
                local function text()
                    local pieces = {}
                    for i = 1, random(0, 6) do
                        local kind = random(5)
                        pieces[i] = kind == 1 and utf8.char(random(0x10000, 0x10FFFF)) or kind == 2 and utf8.char(random(0x80, 0xD7FF))
                            or kind == 3 and string.char(random(0, 31)) or kind == 4 and ('plain text'):rep(random(0, 40))
                            or random(2) == 1 and '"' or '\\\\'
                    end
                    return table.concat(pieces)
                end
                local function float()
                    local f = string.unpack('d', string.pack('i8', random(math.mininteger, math.maxinteger)))
                    return (f ~= f or f - f ~= 0) and random() or f
                end
                local function value(depth)
                    local kind = random(depth > 0 and 9 or 6)
                    if kind == 1 then return random(math.mininteger, math.maxinteger) end
                    if kind == 2 then return float() end
                    if kind == 3 then return random(-1000, 1000) / 10 end
                    if kind == 4 then return text() end
                    if kind == 5 then return random(2) == 1 end
                    if kind == 6 then return json.null end
                    local t = kind < 8 and json.array() or {}
                    for i = 1, random(0, 8) do t[kind < 8 and i or text()] = value(depth - 1) end
                    return t
                end
                local function same(a, b)
                    if type(a) ~= type(b) or math.type(a) ~= math.type(b) then return false end
                    if math.type(a) == 'float' then return string.pack('d', a) == string.pack('d', b) end
                    if type(a) ~= 'table' then return a == b end
                    if (getmetatable(a) == 'json.array') ~= (getmetatable(b) == 'json.array') then return false end
                    for k, v in next, a do if not same(v, b[k]) then return false end end
                    for k in next, b do if a[k] == nil then return false end end
                    return true
                end
                local wrong = 0
                for i = 1, 400 do
                    local v = value(5)
                    local way = {pretty = random(2) == 1, ascii = random(2) == 1, sort_keys = random(2) == 1}
                    if not same(v, json.decode(json.encode(v, way))) then wrong = wrong + 1 end
                end
                print(wrong)
                """) == ["0"])
    }

    @Test("Cut and changed texts are read or refused, and never anything else", arguments: [UInt64(1), 2, 3])
    func damaged(_ seed: UInt64) throws {
        #expect(
            try lines(
                #"""
                math.randomseed(\#(seed))
                local whole = '{"a":[1,-2.5e3,"x\\u00e9\\ud83d\\ude00é€😀\\n",null,true,false,{},[]],"b c":{"d":[[1]]}}'
                local pieces = {'"', '\\', '{', '}', '[', ']', ',', ':', '\0', '\xff', '\xe2\x82', '1e', '-', '\\u', '\\ud800', 'nul'}
                local other = 0
                for i = 1, 4000 do
                    local text = whole:sub(1, math.random(0, #whole))
                    if i % 2 == 0 then
                        local at = math.random(#whole)
                        text = whole:sub(1, at) .. pieces[math.random(#pieces)] .. whole:sub(at + math.random(0, 3))
                    end
                    local ok, e = pcall(json.decode, text, {encoding = ({'utf-8', 'latin-1', 'bytes'})[i % 3 + 1]})
                    if not ok and not (type(e) == 'table' and e.kind == 'ValueError') then other = other + 1 print(e) end
                end
                print(other)
                """#) == ["0"])
    }

    /// Reads and writes whatever has an allocation of its own: large texts, escapes, sorting, errors.
    private static let walked = #"""
        local t = json.decode('{"a":[1,2.5,"x\\u00e9",{"b":[[]]}],"' .. ('k'):rep(60) .. '":"' .. ('\\n'):rep(300) .. '"}')
        t.more = json.array({1, nil, 3})
        t.numbers = json.object({1, [2.5] = 2})
        local text = json.encode(t, {pretty = true, sort_keys = true}) .. json.dumps({('x'):rep(2000), t})
        pcall(json.decode, '{"a":[1,{"b":x}]}')
        pcall(json.encode, {a = {b = print}})
        print(#text)
        print(pause('w'))
        """#

    @Test("Whatever allocation is refused, the runtime stands and the error is the program's")
    func refusedAllocations() throws {
        try ContainmentTests().refusedAllocations(Self.walked)
    }

    @Test(
        "The watchdog ends what takes long", .needsMemory,
        arguments: [
            "local s = '[' .. ('1.25,'):rep(400000) .. '1]' while true do json.decode(s) end",
            "local s = '\"' .. ('\\\\n'):rep(1000000) .. '\"' while true do json.decode(s) end",
            "local s = '[' .. ('{\"a\":[]},'):rep(100000) .. 'x' while true do pcall(json.decode, s) end",
            "local t = {} for i = 1, 200000 do t[i] = i + 0.5 end while true do json.encode(t) end",
            "local t = {} for i = 1, 100000 do t['k' .. i] = i end while true do json.encode(t, {sort_keys = true}) end",
            "local t = json.array({[1 << 50] = 1}) while true do pcall(json.encode, t) end",
        ])
    func isEnded(_ text: String) throws { try ContainmentTests().expectContained(text, .ranTooLong, line: 1) }

    @Test("A text that takes all memory is an error of the task, and the program goes on", .needsMemory)
    func outOfMemory() throws {
        var limits = ContainmentTests.patient()
        limits.memoryBytes = 8 << 20
        try ContainmentTests().expectContained(
            "json.decode('[' .. ('{\"a\":1},'):rep(300000) .. '1]')", .outOfMemory, line: nil, limits: limits)
        try ContainmentTests().expectContained(
            "local s = ('x'):rep(1 << 20) json.encode({s, s, s, s, s, s, s, s})", .outOfMemory, line: nil,
            limits: limits)
    }

    @Test("A run that must be repeatable writes the names in their order")
    func repeatable() throws {
        let probe = try Probe(isRepeatable: true)
        try probe.run(
            "local t = {} for i = 1, 30 do t['k' .. i % 7 .. i] = i end print(json.encode(t), json.dumps({b = 1, a = 2}))"
        )
        let names = (1...30).map { "k\($0 % 7)\($0)" }.sorted()
        let text = names.map { name in "\"\(name)\":\(name.dropFirst(2))" }.joined(separator: ",")
        #expect(probe.printed == ["{\(text)}\t{\"a\": 2, \"b\": 1}"])
    }
}
