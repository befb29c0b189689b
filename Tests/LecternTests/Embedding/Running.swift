// Sources/Room/Running.swift
import Lectern
import LuaRuntime

func askRunning() async throws {
    let source = ProgramSource.text("time.sleep(60)", name: "sleeping.lua", folder: ".")
    let host = ControlHost(source: source) { console() }
    let running = Task { try await host.run() }
    try await waitForProgram(of: host)
    if let tasks = try await host.withProgram({ program in program.runtime.taskCount }) {
        print("sleeping.lua has \(tasks) task")
    }
    host.stop()
    try await running.value
    let tasks = try await host.withProgram { program in program.runtime.taskCount }
    if tasks == nil { print("sleeping.lua has ended") }
}
