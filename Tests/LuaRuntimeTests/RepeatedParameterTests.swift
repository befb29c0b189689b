import LuaRuntime
import Testing

@Suite("Repeated parameters")
struct RepeatedParameterTests {
    @Test("A repeated parameter takes any number of arguments, and each is checked")
    func repeated() throws {
        let probe = try Probe()
        var parameters = ParameterList()
        let unit = parameters.required("unit", .string, "")
        let values = parameters.repeated("value", .integer, "")
        probe.runtime.setGlobal(
            LuaFunction("total", parameters, "") { (call) throws(LuaFault) in
                call.returning("\(call[values].reduce(0, +)) \(call[unit])")
            })
        try probe.run(
            """
            print(total('dB'), total('dB', 1), total('dB', 1, 2, 3))
            print(total('dB', table.unpack({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1})))
            print(pcall(total, 'dB', 1, 'x'))
            print(pcall(total))
            print(total('dB', {value = 4}))
            """)
        #expect(
            probe.printed == [
                "0 dB\t1 dB\t6 dB", "25 dB",
                "false\tmain.lua:3: TypeError: argument 'value' of total must be a whole number, got the string 'x'",
                "false\tmain.lua:4: TypeError: argument 'unit' of total is missing: it must be a string", "4 dB",
            ], "\(probe.printed)")
    }
}
