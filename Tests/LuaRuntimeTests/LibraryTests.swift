import ByteText
import LuaRuntime
import Testing

@Suite("Libraries that are opened when they are first named")
struct LibraryTests {
    /// A probe with a library that says when it is opened.
    private func probe(_ names: [String] = ["lamp", "Lantern"], needs: [String] = []) throws -> Probe {
        let probe = try Probe()
        add(names, needs: needs, to: probe)
        return probe
    }

    private func add(_ names: [String], needs: [String] = [], to probe: Probe) {
        let runtime: LuaRuntime = probe.runtime
        runtime.addLibrary(names, needs: needs) { [unowned runtime] () throws(LuaFault) in
            let fields = names.map { "\($0) = {name = '\($0)'}" }.joined(separator: " ")
            try runtime.run(Array("print('opens \(names[0])') \(fields)".utf8), chunk: "=library", arguments: [])
        }
    }

    @Test("A text that names one of its globals opens all of them, once, before it runs")
    func opensByName() throws {
        let probe = try probe()
        try probe.run("print('nothing')")
        try probe.run("print(Lantern.name)")
        try probe.run("print(lamp.name)")
        #expect(probe.printed == ["nothing", "opens lamp", "Lantern", "lamp"])
    }

    @Test("A word that only has the name in it opens nothing", arguments: ["lamps", "_lamp", "lamp2", "Lamp", "xlamp"])
    func needsTheWholeWord(_ word: String) throws {
        let probe = try probe()
        try probe.run("local \(word) = 1 print(\(word), rawget(_G, 'la' .. 'mp'))")
        #expect(probe.printed == ["1\tnil"])
    }

    @Test(
        "A name opens at each end of a text, in strings, and behind a dot", arguments: ["lamp", "x='lamp'", "(x).lamp"])
    func findsTheWord(_ text: String) throws {
        let probe = try probe()
        try probe.run("x = {} pcall(load, \"\(text)\")")
        #expect(probe.printed == ["opens lamp"])
    }

    @Test("load opens what its string names, and everything when the text comes in pieces")
    func opensByLoad() throws {
        let probe = try probe()
        add(["torch"], to: probe)
        try probe.run("local name = 'tor' .. 'ch' print(load('return ' .. name .. '.name')())")
        #expect(probe.printed == ["opens torch", "torch"])
        try probe.run("local done print(load(function() if not done then done = true return 'return 1' end end)())")
        #expect(probe.printed == ["opens torch", "torch", "opens lamp", "1"])
    }

    @Test("What it needs is opened before it")
    func opensWhatItNeeds() throws {
        let probe = try probe()
        add(["torch"], needs: ["lamp"], to: probe)
        try probe.run("print(torch.name)")
        #expect(probe.printed == ["opens lamp", "opens torch", "torch"])
    }

    @Test("A global that the program has set by then stays the program's")
    func leavesTheProgramsOwn() throws {
        let probe = try probe()
        try probe.run("_G['la' .. 'mp'] = 'mine'")
        try probe.run("print(lamp, Lantern.name)")
        #expect(probe.printed == ["opens lamp", "mine\tLantern"])
    }

    @Test("It opens in a program that has used up its memory, and that program is refused the next byte")
    func opensWithoutMemory() throws {
        var limits = LuaLimits()
        limits.memoryBytes = 1_000_000
        let probe = try Probe(limits: limits)
        let runtime: LuaRuntime = probe.runtime
        runtime.addLibrary(["lamp"]) { [unowned runtime] () throws(LuaFault) in
            try runtime.run(Array("lamp = ('x'):rep(300000)".utf8), chunk: "=library", arguments: [])
        }
        try probe.run(
            """
            local ok = pcall(function() held = {} for i = 1, 1e6 do held[i] = {} end end)
            local f = load('return #lamp')
            held = nil
            print(ok, f and f())
            """)
        #expect(probe.printed == ["false\t300000"])
    }

    @Test("Its opening does not count against the time of the task that names it")
    func takesNoTime() throws {
        var limits = Probe.limits
        limits.taskBurst = .milliseconds(20)
        let probe = try Probe(limits: limits)
        let runtime: LuaRuntime = probe.runtime
        runtime.addLibrary(["lamp"]) { [unowned runtime] () throws(LuaFault) in
            let text = "for i = 1, 3e7 do end lamp = 'lit'"
            try runtime.run(Array(text.utf8), chunk: "=library", arguments: [])
        }
        try probe.run("local f = load('return lamp') print(f())")
        #expect(probe.printed == ["lit"])
        #expect(probe.failures.isEmpty)
    }
}
