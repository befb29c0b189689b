import ControlCore
import Lectern
import Logging
import LuaRuntime
import NIOCore
import Testing

/// What docs/embedding.md shows, word for word; a test compares.
@Suite("Embedding")
struct EmbeddingTests {
    final class Lamp {
        let name: String
        var onSwitched: ((String) -> Void)?

        init(name: String) { self.name = name }
    }

    func declareLamp() -> LuaClass<Lamp> {
        var lamp = LuaClass<Lamp>("Lamp", "A lamp.") { $0.name }
        lamp.constructor([.required("Name", .string, "Its name.")], "Makes a lamp.") { (call) throws(LuaFault) in
            Lamp(name: call.string(1) ?? "")
        }
        lamp.property("Name", .string, "Its name.") { $0.name }
        let switched = lamp.event("Switched", "'On' or 'Off'", "It was switched.")
        lamp.method("Switch", [.required("State", .oneOf(["On", "Off"]), "The new state.")], "Switches it.") {
            (lamp, call) throws(LuaFault) in
            lamp.onSwitched?(call.string(1) ?? "")
            return .none
        }
        lamp.whenAttached { lamp, instance, _ in
            lamp.onSwitched = { [weak instance] in instance?.fire(switched, $0) }
        }
        return lamp
    }

    final class ErrorCounter: ProgramLogSink {
        private(set) var errors = 0

        func write(_ entry: ProgramLogEntry) {
            if entry.severity == .error { errors += 1 }
        }
    }

    @Test("A host runs a program to its exit code")
    func exitCode() async throws {
        try await ProjectFiles.withFolder(of: ["main.lua": "Wait(0.01, function() ExitProgram(3) end)"]) { folder in
            let path = "\(folder)/main.lua"
            let host = ControlHost(source: .file(path)) { LoggerSink(Logger(label: "room")) }
            try await host.run()
            let code = host.exitCode
            #expect(code == 3)
            let tasks = try await host.withProgram { program in program.runtime.taskCount }
            #expect(tasks == nil)
        }
    }

    @Test("A program given as text runs like one in a file")
    func text() async throws {
        let folder = "/tmp"
        let source = ProgramSource.text("ExitProgram(3)", name: "main.lua", folder: folder)
        let host = ControlHost(source: source) { MemoryLog(capacity: 1) }
        try await host.run()
        #expect(host.exitCode == 3)
    }

    @Test("Own functions and classes are checked, wait and fire events as Lectern's own do")
    func registered() throws {
        let stage = Stage()
        let environment = stage.world.environment(named: "clock", address: "10.1.0.1")
        let setLight = LuaFunction(
            "SetLight",
            [
                .required("Name", .string, "The light."),
                .optional("Level", .integer(0...100), default: "100", "Its brightness in percent."),
            ], returns: "what is set", "Sets a light."
        ) { (call) throws(LuaFault) in
            guard let name = call.string(1), name == "ceiling" else {
                throw LuaFault(.valueError, "there is no light '\(call.string(1) ?? "")'")
            }
            return call.returning("\(name) \(call.integer(2) ?? 100) %")
        }
        let pause = LuaFunction(
            "Pause", [.required("Time", .seconds, "How long.")], waits: true, "Suspends the calling task."
        ) { (call) throws(LuaFault) in
            let time = TimeAmount.nanoseconds(Int64((call.number(1) ?? 0) * 1e9))
            return try call.wait { waiter in
                let scheduled = environment.schedule(after: time) { waiter.resume() }
                return { scheduled.cancel() }
            }
        }
        let room = try stage.start(
            "room",
            """
            print(SetLight('ceiling'), SetLight('ceiling', {Level = 20}))
            print(pcall(SetLight, 'floor'))
            print(pcall(SetLight, 'ceiling', 200))
            local lamp = Lamp('desk')
            event(lamp, 'Switched', function(lamp, state) print(lamp.Name, state) end)
            lamp:Switch('On')
            Pause(2)
            print('later')
            """
        ) { runtime in
            runtime.setGlobal(setLight)
            runtime.setGlobal(pause)
            runtime.register(declareLamp())
        }
        stage.run(1)
        #expect(
            room.lines == [
                "ceiling 100 %\tceiling 20 %", "false\troom.lua:2: ValueError: there is no light 'floor'",
                "false\troom.lua:3: ValueError: argument 'Level' of SetLight must be a whole number from 0 to 100, "
                    + "got 200", "desk\tOn",
            ], "\(room.lines)")
        stage.run(1.5)
        #expect(room.lines.last == "later")
    }

    @Test("A program runs in a simulated world, with limits and a log of the embedder's")
    func simulated() throws {
        let folder = "/tmp"
        let text = "Timer(3600, function(_, hour) print(hour) end)"
        let world = SimulatedWorld(seed: 1)
        let log = MemoryLog(capacity: 1000)
        let program = try Program(
            source: .text(text, folder: folder), environment: world.environment(named: "room", address: "10.0.0.1"),
            log: log)
        try program.start()
        world.run(for: .hours(24))
        program.stop()
        #expect(log.entries.map(\.text) == (1...24).map(String.init))

        var configuration = ProgramConfiguration()
        configuration.profile = .strict
        configuration.limits.memoryBytes = 16 << 20
        configuration.limits.taskBurst = .milliseconds(200)
        let errors = ErrorCounter()
        let confined = try Program(
            source: .text("Wait(1, function() load('x') end)", folder: folder),
            environment: world.environment(named: "other", address: "10.0.0.2"), configuration: configuration,
            log: errors)
        try confined.start()
        world.run(for: .seconds(2))
        confined.stop()
        #expect(errors.errors == 1)
    }

    final class Counter: WireSink {
        private(set) var sent = 0

        func record(_ event: WireEvent) {
            if case .sent(let piece) = event.content { sent += piece.bytes.readableBytes }
        }
    }

    @Test("An embedder's sink counts what a program sends, on live sockets and in a simulation")
    func traces() async throws {
        let text = """
            local device = EthernetClientInterface('10.0.0.2', 23, 'UDP')
            device:Send('ping')
            ExitProgram(4)
            """
        try await ProjectFiles.withFolder(of: ["main.lua": text]) { folder in
            let path = "\(folder)/main.lua"
            let host = ControlHost(source: .file(path), trace: { Counter() }) { MemoryLog(capacity: 1000) }
            try await host.run()
            #expect(host.exitCode == 4)
        }
        let world = SimulatedWorld(seed: 1)
        let counter = Counter()
        let watched = TracedEnvironment(world.environment(named: "room", address: "10.0.0.1"), sink: counter)
        let program = try Program(
            source: .text(text.replacing("ExitProgram(4)", with: ""), folder: "/tmp"), environment: watched,
            log: MemoryLog(capacity: 10))
        try program.start()
        world.run(for: .seconds(1))
        program.stop()
        #expect(counter.sent == 4)
    }

    @Test("The Swift of docs/embedding.md is what is tested here")
    func document() throws {
        func lines(_ text: Substring) -> [String] {
            text.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }.map(String.init)
        }
        let tested = lines(try ProjectFiles.text(of: "Tests/LecternTests/EmbeddingTests.swift")[...])
            .joined(separator: "\n")
        let blocks = try ProjectFiles.text(of: "docs/embedding.md").split(separator: "```swift\n").dropFirst()
            .map { $0.prefix(upTo: $0.firstRange(of: "```")?.lowerBound ?? $0.endIndex) }
        #expect(blocks.count > 7)
        for block in blocks where !block.hasPrefix(".package") {
            #expect(tested.contains(lines(block).joined(separator: "\n")), "\(block)")
        }
    }
}
