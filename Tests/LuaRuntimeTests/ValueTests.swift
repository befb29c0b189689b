import LuaRuntime
import Testing

@Suite("Values that programs hand in")
struct ValueTests {
    /// Hands `expression` to a host function and returns what it read, in words.
    private func read(_ expression: String) throws -> String {
        let probe = try Probe()
        var parameters = ParameterList()
        let value = parameters.optional("value", .any, "")
        probe.runtime.setGlobal(
            LuaFunction("read", parameters, "") { (call) throws(LuaFault) in
                call.returning(describe(try call.value(of: value)))
            })
        try probe.run("local ok, text = pcall(read, \(expression)) print(ok and text or text.message)")
        return probe.printed.joined()
    }

    @Test("Numbers keep their kind, and tables are lists or fields")
    func kinds() throws {
        #expect(try read("nil") == "none")
        #expect(try read("1") == "integer 1")
        #expect(try read("1.0") == "number 1.0")
        #expect(try read("'a'") == "string [97]")
        #expect(try read("{}") == "list []")
        #expect(try read("{1, {true}}") == "list [integer 1, list [boolean true]]")
        #expect(try read("{a = 1}") == "fields [string [97]: integer 1]")
        #expect(try read("{1, nil, 3}").hasPrefix("fields"))
        #expect(try read("{1, nil, 3, x = 1}").hasPrefix("fields"))
        #expect(try read("print") == "other function")
    }

    @Test("A table that contains itself is an error, not an endless loop")
    func depth() throws {
        #expect(
            try read("(function() local t = {} t[1] = t return t end)()")
                == "tables are nested deeper than 64; does one contain itself?")
        #expect(
            try read("(function() local t = {} t.t = t return t end)()")
                == "tables are nested deeper than 64; does one contain itself?")
    }
}

private func describe(_ value: LuaValue) -> String {
    switch value {
    case .none: "none"
    case .boolean(let value): "boolean \(value)"
    case .integer(let value): "integer \(value)"
    case .number(let value): "number \(value)"
    case .string(let bytes): "string \(bytes)"
    case .list(let values): "list [\(values.map(describe).joined(separator: ", "))]"
    case .fields(let fields):
        "fields [\(fields.map { "\(describe($0.key)): \(describe($0.value))" }.joined(separator: ", "))]"
    case .instance(let instance): "instance \(instance.describe())"
    case .other(let type): "other \(type)"
    }
}
