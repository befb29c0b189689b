import Testing

@testable import LuaRuntime

@Suite("Setting up a program's world")
struct SetUpTimeTests {
    @Test("It may take longer than a task of the program may, and the program is limited behind it")
    func isNotLimited() throws {
        var limits = LuaLimits()
        limits.taskBurst = .milliseconds(20)
        limits.slowTaskWarning = .zero
        let probe = try Probe(limits: limits)
        let runtime = try #require(probe.runtime)
        try runtime.withoutTimeLimits { () throws(LuaFault) in
            runtime.withoutTimeLimits {}
            try runtime.run(
                Array("for _ = 1, 30000000 do end".utf8), chunk: "=set-up",
                arguments: [])
        }
        #expect(throws: LuaFault.self) {
            try runtime.run(Array("while true do end".utf8), chunk: "=program", arguments: [])
        }
    }
}
