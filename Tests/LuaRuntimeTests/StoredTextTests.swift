import LuaRuntime
import Testing

@Suite("Tables as stored text")
struct StoredTextTests {
    /// A runtime in which a test takes tables from globals, and puts them there.
    private final class Scene {
        let probe: Probe

        init() throws { probe = try Probe() }

        private var failure: String?

        /// The text of the table that `text` returns.
        func stored(_ text: String, limit: Int = 1 << 20) throws -> String {
            var table: LuaReference?
            var parameters = ParameterList()
            let value = parameters.required("t", .table, "")
            probe.runtime.setGlobal(
                LuaFunction("keep", parameters, "") { (call) throws(LuaFault) in
                    table = call[value].reference
                    return .none
                })
            try probe.run("keep((function() \(text) end)())")
            try #require(probe.failures.isEmpty, "\(probe.failures.map(\.message))")
            let bytes = try probe.runtime.storedText(of: try #require(table), limit: limit)
            return String(decoding: bytes, as: UTF8.self)
        }

        func refusal(_ text: String, limit: Int = 1 << 20) -> String? {
            do {
                _ = try stored(text, limit: limit)
                return nil
            } catch let error as UnstorableValue {
                return "\(error.path): \(error.problem)"
            } catch {
                return "\(error)"
            }
        }

        /// Puts the table of a text into the global `t`.
        func load(_ text: String) throws {
            let table = try probe.runtime.table(fromStored: Array(text.utf8))
            probe.runtime.setGlobal("t") { $0.push(table) }
        }

        func damage(_ text: String) -> String? {
            do {
                _ = try probe.runtime.table(fromStored: Array(text.utf8))
                return nil
            } catch {
                return error.problem
            }
        }

        /// What the program prints.
        func printed(_ text: String) throws -> [String] {
            probe.printed = []
            try probe.run(text)
            try #require(probe.failures.isEmpty, "\(probe.failures.map(\.message))")
            return probe.printed
        }
    }

    @Test(
        "A table gives this text",
        arguments: [
            ("{}", "{}"),
            ("{b = 1, a = 2, ['a b'] = 3}", #"{"a b":3,"a":2,"b":1}"#),
            ("{1, 2.0, 'x', true, {false}}", #"[1,2.0,"x",true,[false]]"#),
            (
                "{math.maxinteger, math.mininteger, 0.1, -0.0, 1e100, 5e-324}",
                "[9223372036854775807,-9223372036854775808,0.1,-0.0,1e+100,5e-324]"
            ),
            ("{1/0, -1/0, 0/0}", #"[{"$float":"inf"},{"$float":"-inf"},{"$float":"nan"}]"#),
            (#"{'a\n\0"\\é\127'}"#, #"["a\n\u0000\"\\é\u007f"]"#),
            (#"{'\2PWR\255'}"#, #"[{"$bytes":"\u0002PWRÿ"}]"#),
            (#"{['\255'] = 1}"#, #"{"$table":[[{"$bytes":"ÿ"},1]]}"#),
            ("{1, 2, nil, 4}", #"{"$table":[[1,1],[2,2],[4,4]]}"#),
            ("{10, x = 1}", #"{"$table":[["x",1],[1,10]]}"#),
            ("{[true] = 1, [1.5] = 2, [7] = 3}", #"{"$table":[[1.5,2],[7,3],[true,1]]}"#),
            ("{['$x'] = 1}", #"{"$table":[["$x",1]]}"#),
            (
                "{json.null, json.array{}, json.object{}, json.array{1}}",
                #"[null,{"$array":{}},{"$object":{}},{"$array":[1]}]"#
            ),
        ])
    func texts(_ table: String, _ text: String) throws {
        let scene = try Scene()
        #expect(try scene.stored("return \(table)") == text)
        // It comes back, and gives the same text again.
        try scene.load(text)
        #expect(try scene.stored("return t") == text)
    }

    @Test("What comes back is what was stored, type for type")
    func types() throws {
        let scene = try Scene()
        let text = try scene.stored(
            """
            return {i = 1, f = 1.0, inf = 1/0, nan = 0/0, z = -0.0, b = false, s = '', raw = '\\0\\255',
                list = {1, 'a', {}}, [3] = 'three', [2.5] = 'half', decoded = json.decode('{"a": [], "b": null}')}
            """)
        try scene.load(text)
        let lines = try scene.printed(
            """
            print(math.type(t.i), math.type(t.f), t.inf == math.huge, t.nan ~= t.nan, 1 / t.z == -math.huge)
            print(t.b, t.s == '', t.raw == '\\0\\255', #t.list, t.list[2], next(t.list[3]), t[3], t[2.5])
            print(json.encode(t.decoded, {sort_keys = true}), getmetatable(t.list), getmetatable(t))
            """)
        #expect(
            lines == [
                "integer\tfloat\ttrue\ttrue\ttrue", "false\ttrue\ttrue\t3\ta\tnil\tthree\thalf",
                "{\"a\":[],\"b\":null}\tnil\tnil",
            ])
    }

    @Test(
        "What cannot be stored is named by its place",
        arguments: [
            ("{volume = {curve = print}}", "volume.curve: is a function, which cannot be stored"),
            ("{1, {2, coroutine.create(print)}}", "[2][2]: is a coroutine, which cannot be stored"),
            ("{['a b'] = {io.stdout or print}}", "['a b'][1]: is a function, which cannot be stored"),
            ("setmetatable({}, {})", ": is a table with a metatable, which cannot be stored"),
            (
                "(function() local t = {} t.inner = {t} return t end)()",
                "inner[1]: is a table that holds itself, which cannot be stored"
            ),
            ("{[{}] = 1}", "[a table]: is a key that cannot be stored: keys are strings, numbers and booleans"),
            (
                "{x = {[print] = 1}}",
                "x[a function]: is a key that cannot be stored: keys are strings, numbers and booleans"
            ),
            ("{[1.5] = print}", "[1.5]: is a function, which cannot be stored"),
            ("{error = ValueError('x')}", "error: is a table with a metatable, which cannot be stored"),
        ])
    func refusals(_ table: String, _ refusal: String) throws {
        #expect(try Scene().refusal("local io = {} return \(table)") == refusal)
    }

    @Test("A table that is in two places is stored twice, and one that is too deep not at all")
    func shapes() throws {
        let scene = try Scene()
        #expect(try scene.stored("local t = {1} return {t, t}") == "[[1],[1]]")
        let deep = "local t = {} for i = 2, %d do t = {t} end return t"
        #expect(scene.refusal(deep.replacing("%d", with: "100")) == nil)
        #expect(
            scene.refusal(deep.replacing("%d", with: "101"))?.hasSuffix(
                ": is more than 100 tables deep, which cannot be stored") == true)
    }

    @Test("What is larger than the limit is refused before it is gone through")
    func limit() throws {
        let scene = try Scene()
        #expect(try scene.stored("return {('x'):rep(96)}", limit: 100).count == 100)
        #expect(scene.refusal("return {('x'):rep(97)}", limit: 100) == ": is too large to be stored")
        #expect(scene.refusal("return {a = {('x'):rep(2000)}}", limit: 100) == "a[1]: is too large to be stored")
        #expect(
            scene.refusal("local t = {} for i = 1, 1e4 do t['k' .. i] = i end return {t}", limit: 1000)
                == "[1]: is too large to be stored")
    }

    @Test(
        "A text that is none is refused with the place",
        arguments: [
            ("", "the text ends at byte 1"),
            ("1", "a table should be at byte 1"),
            ("[1", "the text ends at byte 3"),
            ("[1 2]", "a comma or ']' should be at byte 4"),
            ("{\"a\" 1}", "a colon should be at byte 6"),
            ("{} x", "the end of the text should be at byte 4"),
            ("[\"a", "the text ends at byte 4"),
            ("[\"\\x\"]", "an escape should be at byte 4"),
            ("[\"\\ud800\"]", "a character should be at byte 9"),
            ("[1e999]", "a number is too large at byte 2"),
            ("{\"$x\":1}", "a name that begins with a $ has no meaning at byte 2"),
            ("{\"$float\":\"x\"}", "one of inf, -inf, nan should be at byte 11"),
            ("{\"$bytes\":\"€\"}", "a character is no byte at byte 11"),
            ("{\"$table\":[[{},1]]}", "a key should be at byte 12"),
            ("{\"$table\":[[1]]}", "a pair should be at byte 12"),
            ("{\"$array\":1}", "a table should be at byte 11"),
            ("{\"$array\":[],\"a\":1}", "no other member should be at byte 14"),
        ])
    func damage(_ text: String, _ problem: String) throws {
        #expect(try Scene().damage(text) == problem)
    }

    @Test("Text of other hands is read: spaces, escapes and pairs of them")
    func written() throws {
        let scene = try Scene()
        try scene.load("\n{ \"a\" : [ 1 , -2.5e1 ] ,\t\"b\\u00e9\": \"\\ud83d\\ude00\\/\" }\r\n")
        #expect(try scene.printed("print(t.a[1], t.a[2], t['bé'])") == ["1\t-25.0\t😀/"])
    }

    @Test("A text is read no deeper than it may be, whatever it is")
    func depth() throws {
        let text = String(repeating: "[", count: 100_000)
        #expect(try Scene().damage(text) == "more than 404 lists and objects within one another at byte 405")
    }

    @Test("Random tables come back as they were")
    func random() throws {
        let scene = try Scene()
        let lines = try scene.printed(
            """
            math.randomseed(7)
            function value(depth)
                local kind = math.random(depth > 3 and 6 or 9)
                if kind == 1 then return math.random(0) elseif kind == 2 then return math.random(-9, 9)
                elseif kind == 3 then return math.random() * 10 ^ math.random(-300, 300)
                elseif kind == 4 then return math.random(2) == 1
                elseif kind == 5 then local s = {} for i = 1, math.random(0, 12) do s[i] = string.char(math.random(0, 255)) end return table.concat(s)
                elseif kind == 6 then return ('aé€😀\\n"$'):sub(math.random(1, 12)) end
                local t = {}
                for i = 1, math.random(0, 6) do
                    if kind == 7 then t[i] = value(depth + 1) else t[kind == 8 and ('k' .. i) or value(9)] = value(depth + 1) end
                end
                return t
            end
            function same(a, b)
                if type(a) ~= 'table' then return math.type(a) == math.type(b) and a == b end
                for k, v in pairs(a) do if not same(v, b[k]) then return false end end
                for k in pairs(b) do if a[k] == nil then return false end end
                return true
            end
            print('ready')
            """)
        #expect(lines == ["ready"])
        for _ in 0..<300 {
            let text = try scene.stored("original = {value(1), value(1)} return original")
            try scene.load(text)
            #expect(try scene.printed("print(same(original, t))") == ["true"], "\(text)")
        }
    }
}
