import Dispatch
import Glibc
import Lectern
import LoopTesting
import LuaRuntime
import Polling
import Testing

/// Hosts on loops of their own that are stopped while something runs.
@Suite("Trials of stopping: the host", .serialized)
struct StoppingHostTests {
    private let lines = LiveProgramTests.Lines()
    private func host(
        _ text: String, register: @escaping @Sendable (LuaRuntime) throws -> Void = { _ in },
        adjust: (inout ProgramConfiguration) -> Void = { _ in }
    ) -> ControlHost {
        var configuration = Stage.configuration()
        adjust(&configuration)
        return ControlHost(
            source: .text(text, folder: "/tmp"), configuration: configuration,
            register: register, log: lines.sink("room"))
    }

    /// Calls `body` a moment later on a thread that is no program's. Not on one of those that tests share: they may be
    /// busy for long.
    private static func soon(_ body: @escaping @Sendable () -> Void) {
        do {
            try SystemThread(name: "soon") {
                usleep(50_000)
                body()
            }.detach()
        } catch {
            Issue.record("no thread: \(error)")
        }
    }

    /// Stops the host when its program says `ready`, and tells how long it took to end.
    private func stopWhenReady(
        _ text: String, adjust: (inout ProgramConfiguration) -> Void = { _ in }
    ) async throws -> (host: ControlHost, time: Duration) {
        let stopped = Locked<ContinuousClock.Instant?>(nil)
        let box = Locked<ControlHost?>(nil)
        let host = host(
            text,
            register: { runtime in
                runtime.setGlobal(
                    LuaFunction("ready", "Stops the host a moment later, from another thread.") {
                        (_) throws(LuaFault) in
                        Self.soon {
                            stopped.withLock { $0 = .now }
                            box.withLock { $0 }?.stop()
                        }
                        return .none
                    })
            }, adjust: adjust)
        box.withLock { $0 = host }
        let ended = try await PromptExecutor.span { try await host.run() }.upperBound
        let began = try #require(stopped.withLock { $0 })
        box.withLock { $0 = nil }
        return (host, ended - began)
    }

    @Test(
        "A stop ends what Lua runs at its next instruction, whatever it is",
        arguments: [
            "Wait(0, function() ready() while true do end end)",
            "ready() while true do end",
            "Wait(0, function() ready() while true do pcall(function() while true do end end) end end)",
            "Wait(0, function() ready() coroutine.wrap(function() while true do end end)() end)",
            "Wait(0, function() ready() while true do coroutine.wrap(function() for i = 1, 10 do end end)() end end)",
            "Wait(0, function() ready() local s = ('x'):rep(20000) while true do s:find('y') end end)",
            // Many short tasks that are all due, and each of which begins the next ones.
            "local function go() for i = 1, 1000 do end Wait(0, go) Wait(0, function() end) end go() Wait(0.01, ready)",
            "setmetatable({}, {__gc = function() ready() while true do end end}) collectgarbage()",
            "table.sort(setmetatable({}, {__len = function() ready() return 2 end, __index = function() while true do end end}))",
        ])
    func ends(_ text: String) async throws {
        // No limit of a burst: only the stop can end it.
        let (host, time) = try await stopWhenReady(text) { $0.limits.taskBurst = .seconds(60) }
        #expect(time < .seconds(2), "\(time)")
        #expect(host.exitCode == 0)
        #expect(lines.texts("room").isEmpty, "\(lines.texts("room"))")
    }

    @Test("The closers of a task that the stop has ended are closed, within the budget")
    func closers() async throws {
        let (_, time) = try await stopWhenReady(
            """
            local x <close> = setmetatable({}, {__close = function() print('closed') end})
            local y <close> = setmetatable({}, {__close = function() while true do end end})
            ready()
            while true do end
            """
        ) {
            $0.limits.taskBurst = .seconds(60)
            $0.limits.stop = .milliseconds(800)
        }
        #expect(time < .seconds(2), "\(time)")
    }

    @Test("The code of ExitProgram stands, whatever a closer does and whoever stops the host then")
    func standingCode() async throws {
        let text = """
            Wait(0, function() local x <close> = setmetatable({}, {__close = function() while true do end end}) time.sleep(9) end)
            Wait(0.05, function() ExitProgram(7) end)
            """
        let host = host(text, adjust: { $0.limits.stop = .milliseconds(400) })
        let time = try await PromptExecutor.time { try await host.run() }
        #expect(host.exitCode == 7)
        // The limit of a task is 30 s here: the one of the stop is noticed even so.
        #expect(time < .seconds(5), "\(time)")
        let (stopped, _) = try await stopWhenReady("ExitProgram(7) ready() while true do end") {
            $0.limits.taskBurst = .seconds(60)
        }
        #expect(stopped.exitCode == 7 && stopped.standingExitCode == 7)
    }

    @Test("A host that was stopped before it runs runs nothing")
    func beforeTheStart() async throws {
        let host = host("print('it ran')")
        host.stop()
        try await host.run()
        #expect(host.exitCode == 0)
        #expect(lines.texts("room").isEmpty)
    }

    @Test("From another thread it is told where Lua is that does not come back, and nothing when none runs")
    func whatRuns() async throws {
        let told = Locked<String?>(nil)
        let box = Locked<ControlHost?>(nil)
        let host = host(
            "Wait(0, function()\n  stuck()\n  ExitProgram()\nend)",
            register: { runtime in
                runtime.setGlobal(
                    LuaFunction("stuck", "Blocks the loop until another thread has asked.") {
                        (_) throws(LuaFault) in
                        let isTold = DispatchSemaphore(value: 0)
                        Self.soon {
                            told.withLock { $0 = box.withLock { $0 }?.runningDescription }
                            isTold.signal()
                        }
                        // Blocking is what the test is about.
                        isTold.wait()
                        return .none
                    })
            })
        box.withLock { $0 = host }
        #expect(host.runningDescription == nil)
        try await host.run()
        box.withLock { $0 = nil }
        #expect(
            told.withLock { $0 }?.hasPrefix("'stuck' at main.lua:2, for ") == true,
            "\(told.withLock { $0 } ?? "nil")")
        #expect(host.runningDescription == nil)
    }
}
