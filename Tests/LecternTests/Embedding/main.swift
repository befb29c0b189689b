// Sources/Room/main.swift
import Lectern
import Logging

let host = ControlHost(source: .file("main.lua")) { LoggerSink(Logger(label: "room")) }
try await host.run()
print("main.lua ended with \(host.exitCode ?? 0)")
try await runTexts()
try await countErrors()
try await runConfined()
try await stopFromOutside()
try await callFunctions()
try await switchLamp()
try await askRunning()
try await readMetrics()
try await countOnSockets()
try countInSimulation()
try simulateDay()
