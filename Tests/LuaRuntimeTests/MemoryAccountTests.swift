import Testing

@testable import LuaRuntime

/// What objects of the host hold is the program's memory.
@Suite("Memory account")
struct MemoryAccountTests {
    private final class Crate {
        var content: [UInt8]
        init(_ content: [UInt8]) { self.content = content }
    }

    private func makeProbe(limit: Int) throws -> Probe {
        var limits = Probe.limits
        limits.memoryBytes = limit
        let probe = try Probe(limits: limits)
        var crate = LuaClass<Crate>("Crate", "Holds bytes.") { _ in "" }
        var making = ParameterList()
        let firstBytes = making.optional("bytes", .bytes, default: [], "")
        crate.constructor(making, "Makes one.") { call in Crate(call[firstBytes]) }
        var filling = ParameterList()
        let bytes = filling.required("bytes", .bytes, "")
        crate.method("fill", filling, "Fills it.") { (crate, call) throws(LuaFault) in
            crate.content = call[bytes]
            return .none
        }
        crate.holds(64, also: { $0.content.count })
        probe.runtime.register(crate)
        return probe
    }

    @Test("An object is charged with what it holds, also when that changes, and gives it back when it goes")
    func charges() throws {
        let probe = try makeProbe(limit: 64 << 20)
        let account = probe.runtime.account
        try probe.run("crate = Crate(('x'):rep(100000))")
        let before = account.heldBytes
        #expect(before >= 100_000)
        try probe.run("crate:fill('')")
        #expect(account.heldBytes == before - 100_000)
        try probe.run("crate:fill(('x'):rep(50000)) crate = nil")
        probe.runtime.collectGarbage()
        #expect(account.heldBytes < 2_000)
    }

    @Test("Objects that are dropped make room: a program may make many more than it may hold at once")
    func garbageMakesRoom() throws {
        let probe = try makeProbe(limit: 8 << 20)
        try probe.run("local big = ('x'):rep(1000000) for i = 1, 40 do Crate(big) end print('done')")
        #expect(probe.printed == ["done"])
        #expect(probe.memoryReports == 0)
    }

    @Test("Objects that are kept are refused at the limit, and the program is told why")
    func refusal() throws {
        let probe = try makeProbe(limit: 8 << 20)
        try probe.run("kept, big = {}, ('x'):rep(1000000) for i = 1, 200 do kept[i] = Crate(big) end", name: "hoarder")
        #expect(probe.failures.map(\.reason) == [.outOfMemory])
        #expect(probe.memoryReports == 1)
        #expect(probe.runtime.account.heldBytes < 12 << 20)
        try probe.run("kept = nil print('alive')")
        #expect(probe.printed == ["alive"])
    }

    @Test("Tasks are charged while they wait")
    func tasks() throws {
        let probe = try makeProbe(limit: 64 << 20)
        let before = probe.runtime.account.heldBytes
        let slot = probe.runtime.takeSlot()
        let another = probe.runtime.takeSlot()
        #expect(probe.runtime.account.heldBytes >= before + TaskSlot.ownBytes)
        _ = (slot, another)
    }
}
