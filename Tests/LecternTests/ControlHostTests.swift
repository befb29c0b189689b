import ControlCore
import Lectern
import Logging
import LoopTesting
import LuaRuntime
import Polling
import ServiceLifecycle
import Testing

/// What a Swift developer does with a host.
@Suite("The host")
struct ControlHostTests {
    /// A class of the embedder's.
    final class Lamp {
        var level = 0
    }

    @Test("A host runs as a service of a group, with own functions and classes, and ends with its program")
    func service() async throws {
        let lines = LiveProgramTests.Lines()
        let doubled = Locked(0)
        let host = ControlHost(
            source: .text(
                """
                local lamp = Lamp()
                lamp.Level = Double(21)
                print('level', lamp.Level)
                Wait(0.01, function() ExitProgram(4) end)
                """, folder: "/tmp"),
            register: { runtime in
                var parameters = ParameterList()
                let n = parameters.required("n", .integer, "A number.")
                runtime.setGlobal(
                    LuaFunction("Double", parameters, returns: "twice n", "Doubles a number.") {
                        (call) throws(LuaFault) in
                        doubled.withLock { $0 += 1 }
                        return call.returning(2 * call[n])
                    })
                var lamp = LuaClass<Lamp>("Lamp", "A lamp.") { _ in "" }
                lamp.constructor("Makes a lamp.") { (_) throws(LuaFault) in Lamp() }
                lamp.property(
                    "Level", .integer(0...100), "The level.", get: { $0.level },
                    set: { lamp, level in lamp.level = level })
                runtime.register(lamp)
            }, log: lines.sink("room"))
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: host, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        try await group.run()
        #expect(host.exitCode == 4)
        #expect(lines.texts("room") == ["level\t42"])
        #expect(doubled.withLock { $0 } == 1)
    }

    @Test("A graceful shutdown of the group stops the program and closes what it had opened")
    func gracefulShutdown() async throws {
        let lines = LiveProgramTests.Lines()
        let started = Promise<Void>()
        let host = ControlHost(
            source: .text(
                """
                server = EthernetServerInterfaceEx(0)
                print(server:StartListen())
                Timer(0.1, function() end)
                Started()
                """, folder: "/tmp"),
            register: { runtime in
                runtime.setGlobal(
                    LuaFunction("Started", "Tells the test.") { (_) throws(LuaFault) in
                        started.keep(())
                        return .none
                    })
            }, log: lines.sink("room"))
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: host)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        async let running: Void = group.run()
        await started.value
        let state = try await host.withProgram { program in
            (program.isRunning, program.runtime.usedBytes, program.runtime.surface.count)
        }
        #expect(try #require(state).0)
        #expect(try #require(state).1 > 10_000)
        await group.triggerGracefulShutdown()
        try await running
        #expect(host.exitCode == 0)
        #expect(lines.texts("room") == ["Listening"])
        #expect(try await host.withProgram { _ in true } == nil)
    }

    @Test("A host that runs refuses to run once more, and the program goes on; after its end it may run again")
    func runsOnce() async throws {
        let lines = LiveProgramTests.Lines()
        let host = ControlHost(
            source: .text("print('started') Wait(0.05, function() ExitProgram(3) end)", folder: "/tmp"),
            log: lines.sink("room"))
        async let first: Void = host.run()
        async let second: Void = host.run()
        var refusals = 0
        do { try await first } catch { refusals += 1 }
        do { try await second } catch { refusals += 1 }
        #expect(refusals == 1)
        #expect(host.exitCode == 3)
        try await host.run()
        #expect(lines.texts("room") == ["started", "started"])
    }

    @Test("A program that does not load is the caller's error, however often")
    func failsToLoad() async throws {
        let lines = LiveProgramTests.Lines()
        for _ in 1...20 {
            let host = ControlHost(
                source: .text("EthernetServerInterfaceEx(0):StartListen() local x = nil .. 'a'", folder: "/tmp"),
                log: lines.sink("room"))
            async let running: Void = host.run()
            host.stop()
            do { try await running } catch {
                #expect("\(error)".contains("main.lua:1: attempt to concatenate a nil value"))
            }
            let bad = ControlHost(source: .text("local x = nil .. 'a'", folder: "/tmp"), log: lines.sink("room"))
            await #expect(throws: ProgramError.self) { try await bad.run() }
            await #expect(throws: ProgramError.self) {
                try await ControlHost(source: .file("/nowhere/main.lua"), log: lines.sink("room")).run()
            }
        }
    }
}
