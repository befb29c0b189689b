// Sources/Room/Limits.swift
import Lectern
import LuaRuntime

func runConfined() async throws {
    var configuration = ProgramConfiguration()
    configuration.profile = .strict
    configuration.limits.memoryBytes = 16 << 20
    configuration.limits.taskBurst = .milliseconds(200)
    let text = """
        Wait(0.1, function() load('x = 1') end)
        Wait(0.2, function() while true do end end)
        Wait(0.3, function() ExitProgram(0) end)
        """
    let source = ProgramSource.text(text, name: "confined.lua", folder: ".")
    try await ControlHost(source: source, configuration: configuration) { ErrorCounter() }.run()
}
