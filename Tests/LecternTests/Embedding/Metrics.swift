// Sources/Room/Metrics.swift
import Lectern
import Metrics
import MetricsTestKit

func readMetrics() async throws {
    let metrics = TestMetrics()
    MetricsSystem.bootstrap(metrics)
    let source = ProgramSource.text("time.sleep(0.2) ExitProgram(0)", name: "measured.lua", folder: ".")
    try await ControlHost(source: source) { console() }.run()
    let tasks = try metrics.expectGauge("lectern_tasks", [("program", source.name)])
    print("lectern_tasks was \(tasks.lastValue ?? 0)")
}
