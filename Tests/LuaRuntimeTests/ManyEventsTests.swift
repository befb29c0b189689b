import LuaRuntime
import Testing

/// A class with more events than an instance notes one by one whether they have a handler.
private final class Switchboard {
    static let lines = 70
}

@Suite("Classes with many events")
struct ManyEventsTests {
    @Test("Each event calls the handler that is set, and none when it was removed")
    func fire() throws {
        let probe = try Probe()
        var c = LuaClass<Switchboard>("Switchboard", "A switchboard.") { _ in "" }
        var lines: [LuaEvent] = []
        for line in 1...Switchboard.lines { lines.append(c.event("Line\(line)", "its number", "A call.")) }
        c.constructor("Makes one.") { (_) throws(LuaFault) in Switchboard() }
        var parameters = ParameterList()
        let number = parameters.required("line", .integer(1...Switchboard.lines), "Which.")
        c.method("Ring", parameters, "Rings a line.") { [lines] (_, call) throws(LuaFault) in
            let line = call[number]
            call.selfInstance?.fire(lines[line - 1], line)
            return .none
        }
        probe.runtime.register(c)
        try probe.run(
            """
            board = Switchboard()
            for _, line in ipairs {1, 62, 63, 64, 70} do board['Line' .. line] = function(_, n) print(n) end end
            for line = 1, 70 do board:Ring(line) end
            """)
        #expect(probe.printed == ["1", "62", "63", "64", "70"])
        try probe.run("board.Line62, board.Line63, board.Line1 = nil  for line = 1, 70 do board:Ring(line) end")
        #expect(probe.printed.dropFirst(5) == ["64", "70"])
        try probe.run("board.Line62 = function(_, n) print('again', n) end  board:Ring(61) board:Ring(62)")
        #expect(probe.printed.last == "again\t62")
        #expect(probe.failures.isEmpty)
    }
}
