import LuaRuntime
import Testing

/// An object of which a program has very many.
private final class Lamp {
    let number: Int
    unowned(unsafe) var instance: LuaInstance?
    init(number: Int) { self.number = number }
}

@Suite("Objects that remember their instances")
struct RememberedInstanceTests {
    private final class Bench {
        let probe: Probe
        var lamps: [Lamp] = []

        init() throws {
            probe = try Probe()
            var c = LuaClass<Lamp>("Lamp", "A lamp.") { "\($0.number)" }
            let lit = c.event("Lit", "nothing", "")
            var parameters = ParameterList()
            let number = parameters.required("Number", .integer(1...9), "")
            c.constructor(parameters, "") { [unowned self] (call) throws(LuaFault) in
                lamps.append(Lamp(number: call[number]))
                return lamps[lamps.count - 1]
            }
            c.method("Light", "") { (lamp, _) throws(LuaFault) in
                lamp.instance?.call(lit)
                return .none
            }
            c.remembersInstance(recall: { $0.instance }, remember: { $0.instance = $1 })
            probe.runtime.register(c)
        }
    }

    @Test("They are found like others: by the object, and all of them in the order in which they were made")
    func found() throws {
        let bench = try Bench()
        let runtime = try #require(bench.probe.runtime)
        try bench.probe.run(
            """
            lamps = {Lamp(1), Lamp(2), Lamp(3)}
            lamps[2].Lit = function() print('lit') end
            lamps[2]:Light()
            """)
        #expect(bench.probe.printed == ["lit"])
        bench.lamps[1].instance?.setActive(true)
        #expect(runtime.objects.map { ($0 as? Lamp)?.number } == [1, 2, 3])
        #expect(runtime.objectCount == 3)
        for lamp in bench.lamps { #expect(runtime.instance(for: lamp, class: "Lamp") === lamp.instance) }
        let made = Lamp(number: 4)
        try bench.probe.run("lamps[1] = nil")
        let instance = runtime.instance(for: made, class: "Lamp")
        instance.setActive(true)
        #expect(made.instance === instance && runtime.objectCount == 4)
    }

    @Test("The object forgets its instance when Lua has dropped it, or the runtime is closed")
    func forgotten() throws {
        let bench = try Bench()
        let runtime = try #require(bench.probe.runtime)
        try bench.probe.run("keep = Lamp(1) Lamp(2) Lamp(3)")
        bench.lamps[2].instance?.setActive(true)
        runtime.collectGarbage()
        #expect(bench.lamps.map { $0.instance != nil } == [true, false, true])
        #expect(runtime.objects.count == 2 && runtime.objectCount == 2)
        runtime.close()
        #expect(bench.lamps.allSatisfy { $0.instance == nil })
        #expect(runtime.objects.isEmpty && runtime.objectCount == 0)
    }
}
