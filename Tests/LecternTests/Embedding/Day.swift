// Sources/Room/Day.swift
import ControlCore
import Lectern
import Polling

func simulateDay() throws {
    let world = SimulatedWorld(seed: 1)
    let log = MemoryLog(capacity: 1000)
    let program = try Program(
        source: .text("Timer(3600, function(_, hour) print('hour ' .. hour) end)", folder: "."),
        environment: world.environment(named: "room", address: "10.0.0.1"), log: log)
    try program.start()
    world.run(for: .hours(24))
    program.stop()
    print("\(log.entries.count) lines, the last: \(log.entries.last?.text ?? "")")
}
