// Sources/Room/Functions.swift
import Lectern
import LuaRuntime

func callFunctions() async throws {
    let text = """
        print(SetLight('ceiling'), SetLight('ceiling', {Level = 20}))
        print(pcall(SetLight, 'floor'))
        print(pcall(SetLight, 'ceiling', 200))
        Pause(0.2)
        print('later')
        ExitProgram(0)
        """
    let source = ProgramSource.text(text, name: "lights.lua", folder: ".")
    let register: @Sendable (LuaRuntime) -> Void = { runtime in
        runtime.setGlobal(setLight())
        runtime.setGlobal(pause())
    }
    let check = ProgramCheck(source: source, configuration: ProgramConfiguration(), register: register)
    print("lights.lua has \(check.report().problems.count) problems")
    try await ControlHost(source: source, register: register) { console() }.run()
}
