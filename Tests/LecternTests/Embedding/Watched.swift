// Sources/Room/Watched.swift
import ControlCore
import Lectern
import Polling

func countInSimulation() throws {
    let world = SimulatedWorld(seed: 1)
    let counter = WireCounter()
    let watched = TracedEnvironment(world.environment(named: "room", address: "10.0.0.1"), sink: counter)
    let text = "EthernetClientInterface('10.0.0.2', 5000, 'UDP'):Send('ping, too')"
    let program = try Program(
        source: .text(text, folder: "."), environment: watched, log: MemoryLog(capacity: 1000))
    try program.start()
    world.run(for: .seconds(1))
    program.stop()
    print("\(counter.sent) bytes sent in the simulation")
}
