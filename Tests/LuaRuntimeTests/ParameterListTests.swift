import LuaRuntime
import Testing

@Suite("Typed parameters")
struct ParameterListTests {
    private enum Direction { case up, down }

    private final class Box {
        var content = 1
    }

    @Test("A word gives the value that it stands for, and any other word is refused with the list of all")
    func words() throws {
        let probe = try Probe()
        var parameters = ParameterList()
        let direction = parameters.optional(
            "direction", .oneOf(["UP": Direction.up, "DOWN": .down]), default: .down, "")
        probe.runtime.setGlobal(
            LuaFunction("move", parameters, "") { (call) throws(LuaFault) in
                call.returning(call[direction] == .up ? "up" : "down")
            })
        try probe.run("print(move('UP'), move('DOWN'), move()); print(pcall(move, 'LEFT'))")
        #expect(
            probe.printed == [
                "up\tdown\tdown",
                "false\tmain.lua:1: ValueError: argument 'direction' of move must be one of 'UP', 'DOWN', got 'LEFT'",
            ], "\(probe.printed)")
        #expect(parameters.declarations[0].defaultText == "'DOWN'")
    }

    @Test("A parameter whose value comes from elsewhere is nil when it is left out; the reference shows what is usual")
    func usual() throws {
        let probe = try Probe()
        var parameters = ParameterList()
        let delay = parameters.optional("delay", .seconds, usual: 0.5, "")
        probe.runtime.setGlobal(
            LuaFunction("wait_for", parameters, "") { (call) throws(LuaFault) in call.returning(call[delay] ?? 7) })
        try probe.run("print(wait_for(), wait_for(0.5), wait_for({delay = 2}))")
        #expect(probe.printed == ["7.0\t0.5\t2.0"], "\(probe.printed)")
        #expect(parameters.declarations[0].defaultText == "0.5")
    }

    @Test("A list that continues another reads the parameters of both")
    func continued() throws {
        let probe = try Probe()
        var one = ParameterList()
        let first = one.required("first", .integer, "")
        var two = one
        let second = two.required("second", .integer, "")
        probe.runtime.setGlobal(
            LuaFunction("same", one, "") { (call) throws(LuaFault) in call.returning(call[first]) })
        probe.runtime.setGlobal(
            LuaFunction("minus", two, "") { (call) throws(LuaFault) in call.returning(call[first] - call[second]) })
        try probe.run("print(same(5), minus(5, 3)); print(pcall(same, 5, 3))")
        #expect(
            probe.printed == [
                "5\t2", "false\tmain.lua:1: TypeError: same takes at most 1 argument (first), got 2",
            ], "\(probe.printed)")
    }

    @Test("An instance gives its object, one of a derived class too, and an instance of another class is refused")
    func objects() throws {
        let probe = try Probe()
        var box = LuaClass<Box>("Box", "") { _ in "" }
        box.constructor(ParameterList(), "") { (_) throws(LuaFault) in Box() }
        probe.runtime.register(box)
        var other = LuaClass<Box>("Other", "") { _ in "" }
        other.constructor(ParameterList(), "") { (_) throws(LuaFault) in Box() }
        probe.runtime.register(other)
        var parameters = ParameterList()
        let given: Parameter<Box?> = parameters.optional("box", .object(of: "Box"), "")
        probe.runtime.setGlobal(
            LuaFunction("content", parameters, "") { (call) throws(LuaFault) in call.returning(call[given]?.content) })
        try probe.run(
            """
            local Derived = class('Derived', Box)
            print(content(Box()), content(Derived()), content())
            print(pcall(content, Other()))
            """)
        #expect(
            probe.printed == [
                "1\t1\tnil", "false\tmain.lua:3: TypeError: argument 'box' of content must be a Box, got a Other",
            ], "\(probe.printed)")
    }

    @Test("A property keeps a new value that its check takes, and the old one when the check throws")
    func kept() throws {
        let probe = try Probe()
        var box = LuaClass<Box>("Box", "") { _ in "" }
        box.constructor(ParameterList(), "") { (_) throws(LuaFault) in Box() }
        let slot = box.slot()
        box.property("label", .any, "", keptIn: slot) { (_, value) throws(LuaFault) in
            guard value.isNil || value.isTable else { throw LuaFault(.typeError, "no table: a \(value.typeName)") }
        }
        probe.runtime.register(box)
        try probe.run(
            """
            local box, first = Box(), {}
            print(box.label)
            box.label = first
            print(pcall(function() box.label = 5 end))
            print(box.label == first)
            box.label = nil
            print(box.label)
            """)
        #expect(
            probe.printed == ["nil", "false\tmain.lua:4: TypeError: no table: a number", "true", "nil"],
            "\(probe.printed)")
    }
}
