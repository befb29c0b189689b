import LuaRuntime
import Testing

/// What comes and goes often, as the match of a pattern does.
private final class Crumb {
    /// How many have gone. An object of its own, which outlives what the test has made.
    final class Count { var ended = 0 }

    private let count: Count
    init(count: Count) { self.count = count }
    deinit { count.ended += 1 }
}

@Suite("Instances of objects that the host has just made")
struct NewInstanceTests {
    private final class Bench {
        let probe: Probe
        let count = Crumb.Count()

        init(limits: LuaLimits = Probe.limits) throws {
            probe = try Probe(limits: limits)
            var c = LuaClass<Crumb>("Crumb", "A crumb.") { _ in "" }
            let first = c.slot()
            let second = c.slot()
            c.method("Kept", returns: "what it keeps", "") { (_, call) throws(LuaFault) in
                call.pushKept(first)
                call.pushKept(second)
                return .values(2)
            }
            c.method("Itself", returns: "itself", "") { (_, call) throws(LuaFault) in
                call.pushSelf()
                return .values(1)
            }
            let crumb = probe.runtime.register(c)
            var parameters = ParameterList()
            let a = parameters.optional("a", .any, "")
            let b = parameters.optional("b", .any, "")
            probe.runtime.setGlobal(
                LuaFunction("crumb", parameters, "") { [unowned self] (call) throws(LuaFault) in
                    let kept = call[a] == nil ? 0 : 2
                    if kept > 0 {
                        call.stack.push(call[a])
                        call.stack.push(call[b])
                    }
                    probe.runtime.push(new: Crumb(count: count), of: crumb, keeping: kept, onto: call.stack)
                    return .values(1)
                })
        }
    }

    @Test("They keep values in the order of the slots, and are instances like others")
    func use() throws {
        let bench = try Bench()
        try bench.probe.run(
            """
            local c = crumb('a', {5})
            local x, y = c:Kept()
            c.note = 'n'
            print(x, y[1], c.note, c:Itself() == c, isinstance(c, Crumb), tostring(c))
            print(crumb():Kept())
            print(pcall(crumb('a', 'b').Kept, {}))
            """)
        #expect(bench.probe.failures.isEmpty)
        #expect(bench.probe.printed.prefix(2) == ["a\t5\tn\ttrue\ttrue\t<Crumb>", "nil\tnil"])
        #expect(bench.probe.printed.last?.hasPrefix("false\t") == true)
    }

    @Test("They go with their last reference, or with the runtime")
    func end() throws {
        let bench = try Bench()
        try bench.probe.run("for i = 1, 10 do crumb(i, 'x') end  keep = {crumb('a', 'b'), crumb()}")
        #expect(bench.probe.runtime.objects.isEmpty)
        bench.probe.runtime.collectGarbage()
        #expect(bench.count.ended == 10)
        #expect(bench.probe.runtime.instanceCount == 2)
        bench.probe.runtime.close()
        #expect(bench.count.ended == 12)
    }

    @Test("They are made though the program has used up its memory")
    func withoutMemory() throws {
        var limits = LuaLimits()
        limits.memoryBytes = 4 << 20
        let bench = try Bench(limits: limits)
        try bench.probe.run(
            """
            local hoard, f, a, made = {}, crumb, {}, {}
            local function hoard_texts(size) while true do hoard = {hoard, ('x'):rep(size) .. #hoard} end end
            local function hoard_tables() while true do hoard = {hoard} end end
            for _, size in ipairs {100000, 1000, 100, 40} do pcall(hoard_texts, size) end
            for i = 1, 10 do pcall(hoard_tables) end
            local done, c = pcall(f, a, a)
            hoard = nil
            collectgarbage()
            print(done, c:Kept() == a)
            """)
        #expect(bench.probe.failures.isEmpty)
        #expect(bench.probe.printed.last == "true\ttrue")
    }
}
