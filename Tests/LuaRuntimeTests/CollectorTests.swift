import LuaRuntime
import Testing

@Suite("Collector")
struct CollectorTests {
    /// How far the memory of a program rises and falls, in KiB, while it runs `body` again and again, a task each time.
    private func range(of body: String, times: Int, prepare: String = "", limit: Int) throws -> (least: Int, most: Int)
    {
        var limits = LuaLimits()
        limits.memoryBytes = limit
        limits.taskBurst = .seconds(60)
        limits.slowTaskWarning = .seconds(60)
        let probe = try Probe(limits: limits)
        try probe.run(prepare)
        probe.runtime.collectGarbage()
        var used: [Int] = []
        for _ in 0..<times {
            try probe.run(body)
            used.append(probe.runtime.usedBytes >> 10)
        }
        #expect(probe.failures.isEmpty)
        return (try #require(used.min()), try #require(used.max()))
    }

    /// 64 KiB of garbage.
    private static let piece = "local s = ('x'):rep(65536)"

    @Test("A small program makes some 4 MiB of garbage before it is collected, each time anew")
    func floor() throws {
        let settled = try range(of: Self.piece, times: 3000, limit: 64 << 20)
        #expect((3 << 10..<8 << 10).contains(settled.most - settled.least))
    }

    @Test("A low memory limit is not used up by garbage")
    func lowLimit() throws {
        let settled = try range(of: Self.piece, times: 500, limit: 4 << 20)
        #expect(settled.most < 3 << 10)
    }

    @Test("A program that keeps much is collected when it holds about twice of that")
    func proportion() throws {
        let prepare = "kept = {} for i = 1, 200 do kept[i] = ('k'):rep(99999) .. i end"
        let settled = try range(of: Self.piece, times: 3000, prepare: prepare, limit: 128 << 20)
        #expect(settled.least > 19 << 10)
        #expect((30 << 10..<56 << 10).contains(settled.most))
    }
}
