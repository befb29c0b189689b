// Sources/Room/ErrorCounter.swift
import Lectern

final class ErrorCounter: ProgramLogSink {
    private(set) var errors = 0

    func write(_ entry: ProgramLogEntry) {
        if entry.severity == .error {
            errors += 1
            print("error \(errors): \(entry.text)")
        }
    }
}

func countErrors() async throws {
    let text = """
        Wait(0.1, function() error('the lamp is old') end)
        Wait(0.2, function() ExitProgram(0) end)
        """
    let source = ProgramSource.text(text, name: "old.lua", folder: ".")
    try await ControlHost(source: source) { ErrorCounter() }.run()
}
