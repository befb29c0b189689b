// Sources/Room/Texts.swift
import Lectern

func runTexts() async throws {
    let source = ProgramSource.text("ExitProgram(4)", name: "short.lua", folder: ".")
    let host = ControlHost(source: source) { MemoryLog(capacity: 100) }
    try await host.run()
    print("short.lua ended with \(host.exitCode ?? 0)")

    let broken = ProgramSource.text("print('no end'", name: "broken.lua", folder: ".")
    do {
        try await ControlHost(source: broken) { MemoryLog(capacity: 100) }.run()
    } catch let error as ProgramError {
        print(error.message)
    }
}
