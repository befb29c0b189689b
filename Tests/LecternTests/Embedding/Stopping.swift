// Sources/Room/Stopping.swift
import Lectern

func waitForProgram(of host: ControlHost) async throws {
    while try await host.withProgram({ _ in true }) == nil { try await Task.sleep(for: .milliseconds(10)) }
}

func stopFromOutside() async throws {
    let source = ProgramSource.text("Timer(60, function() end)", name: "endless.lua", folder: ".")
    let host = ControlHost(source: source, onStopping: { print("endless.lua is stopping") }) { console() }
    let running = Task { try await host.run() }
    try await waitForProgram(of: host)
    host.stop()
    try await running.value
    print("endless.lua ended with \(host.exitCode ?? 1)")
}
